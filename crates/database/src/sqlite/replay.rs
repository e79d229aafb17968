//! Deliveries made again by hand: due at once in the lane of what is retried, with their schedule from the
//! beginning. What is under way is left alone, and what goes to an endpoint that is disabled is held.

use sqlx::sqlite::SqliteRow;
use stillframe_domain::{AppId, AppSettings, DeliveryId, Endpoint, EndpointId, Event, routing};

use super::error::at;
use super::rows::{Row, read_all, stored_limit};
use super::writer::Tx;
use super::{endpoints, events, outbox};
use crate::Result;
use crate::delivery_control::{Replay, ReplayOutcome, Replayed};
use crate::traits::Topic;

/// Makes one delivery again.
pub(super) async fn one(tx: &mut Tx, app_id: AppId, id: DeliveryId) -> Result<ReplayOutcome> {
    const DOING: &str = "deliveries::replay";
    let row = sqlx::query(
        "SELECT deliveries.endpoint_id, events.* FROM deliveries
         JOIN events ON events.seq = deliveries.event_seq WHERE deliveries.id = ? AND events.app_id = ?",
    )
    .bind(id.0)
    .bind(app_id.0)
    .fetch_optional(tx.connection())
    .await
    .map_err(at(DOING))?;
    let Some(row) = row else { return Ok(ReplayOutcome::NotFound) };
    let row = Row::new(&row, DOING);
    let endpoint_id: String = row.get("endpoint_id")?;
    let endpoint = match endpoints::find_any(tx.connection(), &endpoint_id).await? {
        Some(endpoint) => Some(endpoint),
        None => {
            let own = events::read_event(row)?.own_callback(&outbox::settings(tx, app_id).await?);
            own.filter(|own| own.id.as_str() == endpoint_id)
        }
    };
    let Some(endpoint) = endpoint else { return Ok(ReplayOutcome::NoEndpoint) };
    make_due(tx, id, &endpoint).await?;
    Ok(ReplayOutcome::Due)
}

/// Makes dead letters of an endpoint due again, oldest first; says how many.
pub(super) async fn dead(
    tx: &mut Tx,
    (app_id, id): (AppId, EndpointId),
    since: stillframe_domain::Timestamp,
    limit: usize,
) -> Result<u64> {
    const DOING: &str = "deliveries::recover";
    let Some(endpoint) = endpoints::find(tx.connection(), app_id, &id).await? else { return Ok(0) };
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT deliveries.id FROM deliveries JOIN events ON events.seq = deliveries.event_seq
         WHERE deliveries.endpoint_id = ? AND deliveries.state = 'dead' AND ? <= events.created_ms
         ORDER BY deliveries.id LIMIT ?",
    )
    .bind(id.as_str())
    .bind(since.as_millis())
    .bind(stored_limit(limit))
    .fetch_all(tx.connection())
    .await
    .map_err(at(DOING))?;
    for id in &ids {
        make_due(tx, DeliveryId(*id), &endpoint).await?;
    }
    Ok(ids.len() as u64)
}

/// Tells events again that an endpoint would hear.
pub(super) async fn told(
    tx: &mut Tx,
    (app_id, id): (AppId, EndpointId),
    replay: Replay,
    limit: usize,
) -> Result<Replayed> {
    const DOING: &str = "events::replay";
    let Some(endpoint) = endpoints::find(tx.connection(), app_id, &id).await? else {
        return Ok(Replayed::default());
    };
    let settings = outbox::settings(tx, app_id).await?;
    let rows = look_at(tx, app_id, &replay, limit).await?;
    let mut replayed = Replayed::default();
    for (seq, event) in read_all(&rows, DOING, |row| Ok((row.get::<i64>("seq")?, events::read_event(row)?)))?
    {
        if is_heard(&endpoint, &settings, &event)
            && tell_again(tx, seq, &endpoint, replay.is_missing_only).await?
        {
            replayed.count += 1;
        }
        replayed.next = Some(format!("{}-{seq}", event.created_at.as_millis()));
    }
    if rows.len() < limit {
        replayed.next = None;
    }
    Ok(replayed)
}

/// Whether an endpoint would hear of an event, were it enabled. What a request named in its place counts.
fn is_heard(endpoint: &Endpoint, settings: &AppSettings, event: &Event) -> bool {
    let mut enabled = endpoint.clone();
    enabled.health.disabled = None;
    let listeners = routing::listeners(std::slice::from_ref(&enabled), settings, event);
    listeners.iter().any(|listener| listener.id == endpoint.id)
}

async fn look_at(tx: &mut Tx, app_id: AppId, replay: &Replay, limit: usize) -> Result<Vec<SqliteRow>> {
    let since_ms = replay.since.as_millis();
    // A place that was never given is the beginning.
    let place = replay.after.as_deref().and_then(|after| after.rsplit_once('-'));
    let place = place.and_then(|(at, seq)| Some((at.parse().ok()?, seq.parse().ok()?)));
    let (after_ms, after_seq): (i64, i64) = place.unwrap_or((since_ms, i64::MIN));
    sqlx::query(
        "SELECT * FROM events WHERE app_id = ? AND ? <= created_ms AND created_ms < ?
             AND (created_ms, seq) > (?, ?)
         ORDER BY created_ms, seq LIMIT ?",
    )
    .bind(app_id.0)
    .bind(since_ms)
    .bind(replay.before.as_millis())
    .bind(after_ms)
    .bind(after_seq)
    .bind(stored_limit(limit))
    .fetch_all(tx.connection())
    .await
    .map_err(at("events::replay"))
}

/// Says whether the event is on its way again.
async fn tell_again(tx: &mut Tx, event_seq: i64, endpoint: &Endpoint, is_missing_only: bool) -> Result<bool> {
    let known: Option<i64> =
        sqlx::query_scalar("SELECT id FROM deliveries WHERE event_seq = ? AND endpoint_id = ?")
            .bind(event_seq)
            .bind(endpoint.id.as_str())
            .fetch_optional(tx.connection())
            .await
            .map_err(at("events::replay"))?;
    match known {
        Some(_) if is_missing_only => return Ok(false),
        Some(id) => make_due(tx, DeliveryId(id), endpoint).await?,
        None => {
            let id = outbox::insert_delivery(tx, event_seq, endpoint).await?;
            make_due(tx, id, endpoint).await?;
        }
    }
    Ok(true)
}

async fn make_due(tx: &mut Tx, id: DeliveryId, endpoint: &Endpoint) -> Result<()> {
    let now_ms = tx.now_ms();
    sqlx::query(
        "UPDATE deliveries SET state = 'pending', next_ms = ?2, attempts_before = attempt_count,
             is_retry = 1, is_held = ?3
         WHERE id = ?1 AND NOT (state = 'pending' AND is_leased = 1)",
    )
    .bind(id.0)
    .bind(now_ms)
    .bind(endpoint.is_disabled())
    .execute(tx.connection())
    .await
    .map_err(at("deliveries::make_due"))?;
    tx.hint(Topic::Deliveries);
    Ok(())
}
