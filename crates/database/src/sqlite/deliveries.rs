//! Deliveries: one event to one endpoint each, and their attempts.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use stillframe_domain::{
    AppId, AppSettings, Attempt, Delivery, DeliveryId, DeliveryState, Endpoint, EndpointId, Event, EventId,
    JobId, Owner,
};

use super::error::at;
use super::rows::{Row, json_list, keep_sound, read_all, stored_count, stored_limit, stored_ms};
use super::writer::Tx;
use super::{SqliteDatabase, apps, endpoints, events, health};
use crate::records::{DeliveryLane, DeliveryRecord, DueDelivery};
use crate::traits::{Deliveries, Topic};
use crate::{Result, stored};

#[async_trait]
impl Deliveries for SqliteDatabase {
    async fn insert_endpoint(&self, endpoint: &Endpoint) -> Result<()> {
        let endpoint = endpoint.clone();
        self.write("endpoints::insert", |tx| Box::pin(endpoints::insert(tx, endpoint))).await
    }

    async fn find_endpoint(&self, app_id: AppId, id: &EndpointId) -> Result<Option<Endpoint>> {
        endpoints::find(&mut *self.read("endpoints::find").await?, app_id, id).await
    }

    async fn list_endpoints(&self, app_id: AppId) -> Result<Vec<Endpoint>> {
        endpoints::list(&mut *self.read("endpoints::list").await?, app_id).await
    }

    async fn update_endpoint(&self, endpoint: &Endpoint) -> Result<bool> {
        let endpoint = endpoint.clone();
        self.write("endpoints::update", |tx| Box::pin(endpoints::update(tx, endpoint))).await
    }

    async fn configure_callback(
        &self,
        app_id: AppId,
        settings: &AppSettings,
        owner: Owner,
        endpoint: Option<&Endpoint>,
    ) -> Result<bool> {
        let (settings, endpoint) = (settings.clone(), endpoint.cloned());
        self.write("endpoints::configure", move |tx| {
            Box::pin(async move {
                let is_found = apps::update_settings(tx, app_id, settings).await?;
                if is_found {
                    endpoints::replace(tx, (app_id, owner), endpoint).await?;
                }
                Ok(is_found)
            })
        })
        .await
    }

    async fn delete_endpoint(&self, app_id: AppId, id: &EndpointId) -> Result<bool> {
        let id = id.clone();
        self.write("endpoints::delete", move |tx| Box::pin(endpoints::delete(tx, app_id, id))).await
    }

    async fn find_event(&self, app_id: AppId, id: &EventId) -> Result<Option<Event>> {
        events::find(&mut *self.read("events::find").await?, app_id, id).await
    }

    async fn list_events_of_job(&self, app_id: AppId, job_id: &JobId) -> Result<Vec<Event>> {
        events::list_of_job(&mut *self.read("events::list_of_job").await?, app_id, job_id).await
    }

    async fn lease_deliveries(
        &self,
        lane: DeliveryLane,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<DueDelivery>> {
        const DOING: &str = "deliveries::lease_due";
        let leased = self.write(DOING, move |tx| Box::pin(lease_due(tx, lane, lease_for, limit))).await?;
        self.with_all_they_need(leased).await
    }

    async fn record_attempt(
        &self,
        id: DeliveryId,
        attempt: &Attempt,
        state: DeliveryState,
        next_wait: Duration,
    ) -> Result<()> {
        let attempt = attempt.clone();
        self.write("deliveries::record_attempt", move |tx| {
            Box::pin(record_attempt(tx, id, attempt, (state, next_wait)))
        })
        .await
    }

    async fn list_deliveries(&self, app_id: AppId, event_id: &EventId) -> Result<Vec<DeliveryRecord>> {
        const DOING: &str = "deliveries::list";
        let mut reading = self.read(DOING).await?;
        let rows = sqlx::query(
            "SELECT deliveries.*, events.id AS event_id FROM deliveries
             JOIN events ON events.seq = deliveries.event_seq
             WHERE events.id = ? AND events.app_id = ? ORDER BY deliveries.id",
        )
        .bind(event_id.as_str())
        .bind(app_id.0)
        .fetch_all(&mut *reading)
        .await
        .map_err(at(DOING))?;
        let mut records = Vec::with_capacity(rows.len());
        for delivery in read_all(&rows, DOING, |row| read_delivery(row, row.id("event_id", EventId::parse)?))?
        {
            let attempts = attempts(&mut reading, delivery.id).await?;
            records.push(DeliveryRecord { delivery, attempts });
        }
        Ok(records)
    }

    async fn void_delivery_leases(&self) -> Result<u64> {
        self.write("deliveries::void_leases", |tx| Box::pin(void_leases(tx))).await
    }

    async fn next_delivery_due(&self) -> Result<Option<Duration>> {
        let next_ms: Option<i64> = sqlx::query_scalar(
            "SELECT min(next_ms) FROM (
                 SELECT min(next_ms) AS next_ms FROM deliveries
                 WHERE state = 'pending' AND is_held = 0 AND is_retry = 0 AND ?1 < next_ms
                 UNION ALL SELECT min(next_ms) FROM deliveries
                 WHERE state = 'pending' AND is_held = 0 AND is_retry = 1 AND ?1 < next_ms)",
        )
        .bind(self.now_ms())
        .fetch_one(&self.readers)
        .await
        .map_err(at("deliveries::next_due"))?;
        Ok(next_ms.map(|next_ms| self.until(next_ms)))
    }
}

impl SqliteDatabase {
    /// Adds what a relay needs. Read after the lease is durable, so that the writer is free again; a
    /// delivery whose endpoint was removed in between is left out.
    async fn with_all_they_need(&self, rows: Vec<SqliteRow>) -> Result<Vec<DueDelivery>> {
        const DOING: &str = "deliveries::lease_due";
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut reading = self.read(DOING).await?;
        let seqs = read_all(&rows, DOING, |row| row.get::<i64>("event_seq"))?;
        let events = events::find_all(&mut reading, &json_list(DOING, &seqs)?).await?;
        let ids = read_all(&rows, DOING, |row| row.get::<String>("endpoint_id"))?;
        let endpoints = endpoints::find_all(&mut reading, &json_list(DOING, &ids)?).await?;
        let app_ids: Vec<AppId> = events.values().map(|event| event.app_id).collect();
        let apps = apps::find_all(&mut reading, &json_list(DOING, &app_ids)?).await?;
        let due = |row| {
            let row = Row::new(row, DOING);
            let Some(event) = events.get(&row.get("event_seq")?) else { return Ok(None) };
            let delivery = read_delivery(row, event.id.clone())?;
            let Some(app) = apps.get(&event.app_id) else { return Ok(None) };
            let own = event.own_callback(&app.settings).filter(|own| own.id == delivery.endpoint_id);
            let endpoint = own.or_else(|| endpoints.get(&delivery.endpoint_id).cloned());
            let due = |endpoint| DueDelivery { delivery, endpoint, event: event.clone(), app: app.clone() };
            Ok(endpoint.map(due))
        };
        Ok(keep_sound(rows.iter().map(due)).into_iter().flatten().collect())
    }
}

async fn lease_due(
    tx: &mut Tx,
    lane: DeliveryLane,
    lease_for: Duration,
    limit: usize,
) -> Result<Vec<SqliteRow>> {
    let now_ms = tx.now_ms();
    let mut rows = sqlx::query(
        "UPDATE deliveries SET next_ms = ?2, is_leased = 1 WHERE id IN
             (SELECT id FROM deliveries
              WHERE state = 'pending' AND is_held = 0 AND is_retry = ?4 AND next_ms <= ?1
              ORDER BY next_ms, id LIMIT ?3)
         RETURNING *",
    )
    .bind(now_ms)
    .bind(now_ms.saturating_add(stored_ms(lease_for)))
    .bind(stored_limit(limit))
    .bind(lane == DeliveryLane::Retried)
    .fetch_all(tx.connection())
    .await
    .map_err(at("deliveries::lease_due"))?;
    rows.sort_by_key(|row| row.try_get::<i64, _>("id").unwrap_or(i64::MAX));
    Ok(rows)
}

/// Adds an attempt and moves the delivery on. A relay whose lease ran out may come late: what was
/// delivered stays so, and a late success counts over a failure.
pub(super) async fn record_attempt(
    tx: &mut Tx,
    id: DeliveryId,
    attempt: Attempt,
    (state, next_wait): (DeliveryState, Duration),
) -> Result<()> {
    const DOING: &str = "deliveries::record_attempt";
    let next_ms = tx.now_ms().saturating_add(stored_ms(next_wait));
    let endpoint_id: Option<String> = sqlx::query_scalar(
        "UPDATE deliveries SET attempt_count = attempt_count + 1,
             next_ms = CASE state WHEN 'pending' THEN ?3 ELSE next_ms END,
             is_leased = 0, is_retry = 1,
             state = CASE WHEN state = 'pending' OR ?2 = 'delivered' THEN ?2 ELSE state END
         WHERE id = ?1 RETURNING endpoint_id",
    )
    .bind(id.0)
    .bind(stored::name(DOING, &state)?)
    .bind(next_ms)
    .fetch_optional(tx.connection())
    .await
    .map_err(at(DOING))?;
    // Its endpoint was removed, and the delivery with it.
    let Some(endpoint_id) = endpoint_id else { return Ok(()) };
    health::follow(tx, &endpoint_id, &attempt).await?;
    insert_attempt(tx, id, attempt).await?;
    tx.hint(Topic::Deliveries);
    Ok(())
}

/// Whether a delivery is still to be made.
pub(super) async fn is_pending(tx: &mut Tx, id: DeliveryId) -> Result<bool> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM deliveries WHERE id = ? AND state = 'pending'")
            .bind(id.0)
            .fetch_optional(tx.connection())
            .await
            .map_err(at("deliveries::is_pending"))?;
    Ok(found.is_some())
}

async fn insert_attempt(tx: &mut Tx, id: DeliveryId, attempt: Attempt) -> Result<()> {
    sqlx::query(
        "INSERT INTO attempts (delivery_id, at_ms, status, duration_ms, answer, is_success)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(id.0)
    .bind(attempt.at.as_millis())
    .bind(attempt.status)
    .bind(stored_count(attempt.duration_ms))
    .bind(attempt.answer)
    .bind(attempt.is_success)
    .execute(tx.connection())
    .await
    .map_err(at("attempts::insert"))?;
    Ok(())
}

async fn void_leases(tx: &mut Tx) -> Result<u64> {
    let now_ms = tx.now_ms();
    let done = sqlx::query(
        "UPDATE deliveries SET next_ms = ?, is_leased = 0 WHERE state = 'pending' AND is_leased = 1",
    )
    .bind(now_ms)
    .execute(tx.connection())
    .await
    .map_err(at("deliveries::void_leases"))?;
    tx.hint(Topic::Deliveries);
    Ok(done.rows_affected())
}

/// All attempts of a delivery, first one first.
pub(super) async fn attempts(connection: &mut SqliteConnection, id: DeliveryId) -> Result<Vec<Attempt>> {
    const DOING: &str = "attempts::list";
    let rows = sqlx::query("SELECT * FROM attempts WHERE delivery_id = ? ORDER BY id")
        .bind(id.0)
        .fetch_all(connection)
        .await
        .map_err(at(DOING))?;
    read_all(&rows, DOING, read_attempt)
}

pub(super) fn read_delivery(row: Row<'_>, event_id: EventId) -> Result<Delivery> {
    Ok(Delivery {
        id: DeliveryId(row.get("id")?),
        event_id,
        endpoint_id: row.id("endpoint_id", EndpointId::parse)?,
        state: row.variant("state")?,
        attempt_count: row.number("attempt_count")?,
        attempts_before: row.number("attempts_before")?,
        next_at: row.time("next_ms")?,
    })
}

fn read_attempt(row: Row<'_>) -> Result<Attempt> {
    Ok(Attempt {
        at: row.time("at_ms")?,
        status: row.optional_number("status")?,
        duration_ms: row.number("duration_ms")?,
        answer: row.get("answer")?,
        is_success: row.get("is_success")?,
    })
}
