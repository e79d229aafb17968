//! Telling events: within the transaction that makes them true, each is stored once and goes to every
//! endpoint and queue that hears of it.

use stillframe_domain::{AppId, AppSettings, DeliveryId, Endpoint, Event, routing};

use super::error::{at, unexpected};
use super::writer::Tx;
use super::{endpoints, events, media, queues};
use crate::traits::Topic;
use crate::{Result, stored};

/// Stores events and fans them out.
pub(super) async fn tell(tx: &mut Tx, events: &[Event]) -> Result<()> {
    let mut listeners: Option<Listeners> = None;
    for event in events {
        let known = match listeners.take().filter(|known| known.app_id == event.app_id) {
            Some(known) => known,
            None => Listeners::of(tx, event.app_id).await?,
        };
        tell_one(tx, event, &known).await?;
        listeners = Some(known);
    }
    Ok(())
}

async fn tell_one(tx: &mut Tx, event: &Event, listeners: &Listeners) -> Result<()> {
    let event_seq = events::insert(tx, event).await?;
    media::note_stored(tx, event).await?;
    for endpoint in routing::listeners(&listeners.endpoints, &listeners.settings, event) {
        insert_delivery(tx, event_seq, &endpoint).await?;
    }
    if routing::is_queued_for_tencent(&listeners.settings, event) {
        queues::push(tx, event.app_id, event_seq).await?;
    }
    Ok(())
}

/// Adds a delivery, in the lane of those that may be slow when the endpoint is failing.
pub(super) async fn insert_delivery(tx: &mut Tx, event_seq: i64, endpoint: &Endpoint) -> Result<DeliveryId> {
    let now_ms = tx.now_ms();
    let done = sqlx::query(
        "INSERT INTO deliveries (event_seq, endpoint_id, state, next_ms, is_retry)
         VALUES (?, ?, 'pending', ?, ?)",
    )
    .bind(event_seq)
    .bind(endpoint.id.as_str())
    .bind(now_ms)
    .bind(endpoint.health.failing_since.is_some())
    .execute(tx.connection())
    .await
    .map_err(at("deliveries::insert"))?;
    tx.hint(Topic::Deliveries);
    Ok(DeliveryId(done.last_insert_rowid()))
}

/// Who may hear of an app's events.
struct Listeners {
    app_id: AppId,
    settings: AppSettings,
    endpoints: Vec<Endpoint>,
}

impl Listeners {
    async fn of(tx: &mut Tx, app_id: AppId) -> Result<Self> {
        let settings = settings(tx, app_id).await?;
        Ok(Self { app_id, settings, endpoints: endpoints::list(tx.connection(), app_id).await? })
    }
}

/// The settings of an app that has events.
pub(super) async fn settings(tx: &mut Tx, app_id: AppId) -> Result<AppSettings> {
    const DOING: &str = "apps::find_settings";
    let settings: Option<String> = sqlx::query_scalar("SELECT settings FROM apps WHERE id = ?")
        .bind(app_id.0)
        .fetch_optional(tx.connection())
        .await
        .map_err(at(DOING))?;
    let Some(settings) = settings else {
        return Err(unexpected(DOING, format_args!("an event of app {app_id}, which is not there")));
    };
    stored::value(DOING, &settings)
}
