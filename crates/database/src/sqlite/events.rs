//! Events as they were told.

use std::collections::HashMap;

use sqlx::SqliteConnection;
use stillframe_domain::{AppId, Event, EventId, JobId};

use super::error::{at, conflict_or};
use super::jobs::read_origin;
use super::rows::{Row, keep_sound, read_all, read_one};
use super::writer::Tx;
use crate::{Result, stored};

/// Stores an event; its number orders it among all.
pub(super) async fn insert(tx: &mut Tx, event: &Event) -> Result<i64> {
    const DOING: &str = "events::insert";
    let done = sqlx::query(
        "INSERT INTO events (id, app_id, kind, origin_dialect, origin_kind, job_id, created_ms, payload)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(event.id.as_str())
    .bind(event.app_id.0)
    .bind(event.kind.name())
    .bind(event.origin.dialect.name())
    .bind(stored::name(DOING, &event.origin.kind)?)
    .bind(event.job_id().map(JobId::as_str))
    .bind(event.created_at.as_millis())
    .bind(stored::document(DOING, &event.payload)?)
    .execute(tx.connection())
    .await
    .map_err(conflict_or("an event of this id", DOING))?;
    Ok(done.last_insert_rowid())
}

pub(super) async fn find(
    connection: &mut SqliteConnection,
    app_id: AppId,
    id: &EventId,
) -> Result<Option<Event>> {
    const DOING: &str = "events::find";
    let row = sqlx::query("SELECT * FROM events WHERE id = ? AND app_id = ?")
        .bind(id.as_str())
        .bind(app_id.0)
        .fetch_optional(connection)
        .await
        .map_err(at(DOING))?;
    read_one(row.as_ref(), DOING, read_event)
}

pub(super) async fn list_of_job(
    connection: &mut SqliteConnection,
    app_id: AppId,
    job_id: &JobId,
) -> Result<Vec<Event>> {
    const DOING: &str = "events::list_of_job";
    let rows = sqlx::query("SELECT * FROM events WHERE job_id = ? AND app_id = ? ORDER BY seq")
        .bind(job_id.as_str())
        .bind(app_id.0)
        .fetch_all(connection)
        .await
        .map_err(at(DOING))?;
    read_all(&rows, DOING, read_event)
}

/// The events of a JSON list of numbers; those that cannot be read are left out.
pub(super) async fn find_all(connection: &mut SqliteConnection, seqs: &str) -> Result<HashMap<i64, Event>> {
    const DOING: &str = "events::find_all";
    let rows =
        sqlx::query("SELECT events.* FROM json_each(?) AS asked JOIN events ON events.seq = asked.value")
            .bind(seqs)
            .fetch_all(connection)
            .await
            .map_err(at(DOING))?;
    let read = |row| {
        let row = Row::new(row, DOING);
        Ok((row.get("seq")?, read_event(row)?))
    };
    Ok(keep_sound(rows.iter().map(read)).into_iter().collect())
}

pub(super) fn read_event(row: Row<'_>) -> Result<Event> {
    Ok(Event {
        id: row.id("id", EventId::parse)?,
        app_id: AppId(row.get("app_id")?),
        kind: row.variant("kind")?,
        origin: read_origin(row)?,
        created_at: row.time("created_ms")?,
        payload: row.document("payload")?,
    })
}
