//! Endpoints switched off and on, deliveries looked at and made again.

use async_trait::async_trait;
use stillframe_domain::{AppId, DeliveryId, EndpointId, Event, EventId, Timestamp};

use super::error::at;
use super::rows::{Row, page, page_start, read_all, read_one, rows_of_page};
use super::writer::Tx;
use super::{SqliteDatabase, deliveries, endpoints, events, health, outbox, replay};
use crate::Result;
use crate::delivery_control::{
    DeliveryControl, DeliveryFilter, DeliverySummary, Replay, ReplayOutcome, Replayed,
};
use crate::records::{DeliveryRecord, Page};

#[async_trait]
impl DeliveryControl for SqliteDatabase {
    async fn disable_endpoint(&self, app_id: AppId, id: &EndpointId) -> Result<bool> {
        let id = id.clone();
        self.write("endpoints::disable", move |tx| Box::pin(health::disable(tx, app_id, id))).await
    }

    async fn enable_endpoint(&self, app_id: AppId, id: &EndpointId) -> Result<bool> {
        let id = id.clone();
        self.write("endpoints::enable", move |tx| Box::pin(health::enable(tx, app_id, id))).await
    }

    async fn tell_endpoint(&self, event: &Event, id: &EndpointId) -> Result<Option<DeliveryId>> {
        let (event, id) = (event.clone(), id.clone());
        self.write("events::tell_endpoint", move |tx| Box::pin(tell_one(tx, event, id))).await
    }

    async fn find_delivery(&self, app_id: AppId, id: DeliveryId) -> Result<Option<DeliveryRecord>> {
        const DOING: &str = "deliveries::find";
        let mut reading = self.read(DOING).await?;
        let row = sqlx::query(
            "SELECT deliveries.*, events.id AS event_id FROM deliveries
             JOIN events ON events.seq = deliveries.event_seq
             WHERE deliveries.id = ? AND events.app_id = ?",
        )
        .bind(id.0)
        .bind(app_id.0)
        .fetch_optional(&mut *reading)
        .await
        .map_err(at(DOING))?;
        let read = |row: Row<'_>| deliveries::read_delivery(row, row.id("event_id", EventId::parse)?);
        let Some(delivery) = read_one(row.as_ref(), DOING, read)? else { return Ok(None) };
        let attempts = deliveries::attempts(&mut reading, id).await?;
        Ok(Some(DeliveryRecord { delivery, attempts }))
    }

    async fn search_deliveries(
        &self,
        app_id: AppId,
        filter: &DeliveryFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeliverySummary>> {
        const DOING: &str = "deliveries::search";
        let Some(start) = page_start(after) else { return Ok(Page { items: Vec::new(), next: None }) };
        let state = filter.state.as_ref().map(|state| crate::stored::name(DOING, state)).transpose()?;
        let rows = sqlx::query(
            "SELECT deliveries.*, events.id AS event_id, events.kind, events.created_ms FROM deliveries
             JOIN events ON events.seq = deliveries.event_seq
             WHERE events.app_id = ?1 AND deliveries.id < ?2
                 AND (?3 IS NULL OR deliveries.endpoint_id = ?3) AND (?4 IS NULL OR events.id = ?4)
                 AND (?5 IS NULL OR deliveries.state = ?5)
             ORDER BY deliveries.id DESC LIMIT ?6",
        )
        .bind(app_id.0)
        .bind(start)
        .bind(filter.endpoint_id.as_ref().map(EndpointId::as_str))
        .bind(filter.event_id.as_ref().map(EventId::as_str))
        .bind(state)
        .bind(rows_of_page(limit))
        .fetch_all(&mut *self.read(DOING).await?)
        .await
        .map_err(at(DOING))?;
        let found = read_all(&rows, DOING, |row| {
            let delivery = deliveries::read_delivery(row, row.id("event_id", EventId::parse)?)?;
            let kind = row.variant("kind")?;
            let event_created_at: Timestamp = row.time("created_ms")?;
            Ok((delivery.id.0, DeliverySummary { delivery, kind, event_created_at }))
        })?;
        Ok(page(found, limit))
    }

    async fn replay_delivery(&self, app_id: AppId, id: DeliveryId) -> Result<ReplayOutcome> {
        self.write("deliveries::replay", move |tx| Box::pin(replay::one(tx, app_id, id))).await
    }

    async fn recover_deliveries(
        &self,
        app_id: AppId,
        id: &EndpointId,
        since: Timestamp,
        limit: usize,
    ) -> Result<u64> {
        const DOING: &str = "deliveries::recover";
        let id = id.clone();
        self.write(DOING, move |tx| Box::pin(replay::dead(tx, (app_id, id), since, limit))).await
    }

    async fn replay_events(
        &self,
        app_id: AppId,
        id: &EndpointId,
        replay: &Replay,
        limit: usize,
    ) -> Result<Replayed> {
        const DOING: &str = "events::replay";
        let (id, replay) = (id.clone(), replay.clone());
        self.write(DOING, move |tx| Box::pin(replay::told(tx, (app_id, id), replay, limit))).await
    }
}

async fn tell_one(tx: &mut Tx, event: Event, id: EndpointId) -> Result<Option<DeliveryId>> {
    let Some(endpoint) = endpoints::find(tx.connection(), event.app_id, &id).await? else { return Ok(None) };
    let event_seq = events::insert(tx, &event).await?;
    outbox::insert_delivery(tx, event_seq, &endpoint).await.map(Some)
}
