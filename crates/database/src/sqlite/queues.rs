//! Pull queues: visibility timeouts, and receipt handles that die with them.
//!
//! A handle is valid while its message is hidden: the next receive gives the message another one, and
//! once its time is up the message is visible again. So a handle that confirms was never superseded.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use stillframe_domain::{AppId, ReceiptHandle};

use super::error::at;
use super::rows::{Row, json_list, read_all, stored_ms};
use super::writer::Tx;
use super::{SqliteDatabase, events};
use crate::Result;
use crate::records::{ConfirmReport, PulledEvent, QueueDepth};
use crate::traits::{Queues, Topic};

#[async_trait]
impl Queues for SqliteDatabase {
    async fn pull_events(
        &self,
        app_id: AppId,
        visibility: Duration,
        limit: usize,
    ) -> Result<Vec<PulledEvent>> {
        const DOING: &str = "queue_messages::receive";
        let times = (visibility, self.queue_retention);
        let rows = self.write(DOING, move |tx| Box::pin(receive(tx, app_id, times, limit))).await?;
        self.with_events(rows).await
    }

    async fn confirm_events(&self, app_id: AppId, handles: &[ReceiptHandle]) -> Result<ConfirmReport> {
        const DOING: &str = "queue_messages::confirm";
        let asked = json_list(DOING, handles)?;
        let rows = self.write(DOING, move |tx| Box::pin(confirm(tx, app_id, asked))).await?;
        let removed = read_all(&rows, DOING, |row| row.get::<String>("handle"))?;
        let texts = handles.iter().map(|handle| handle.as_str().to_owned());
        let (confirmed, stale) = texts.partition(|handle| removed.contains(handle));
        Ok(ConfirmReport { confirmed, stale })
    }

    async fn queue_depth(&self, app_id: AppId) -> Result<QueueDepth> {
        const DOING: &str = "queue_messages::depth";
        let now_ms = self.now_ms();
        let row = sqlx::query(
            "SELECT count(*) FILTER (WHERE visible_ms <= ?2) AS visible,
                 count(*) FILTER (WHERE ?2 < visible_ms) AS hidden, coalesce(?2 - min(queued_ms), 0) AS age_ms
             FROM queue_messages WHERE ?3 < queued_ms AND
                 queue_id = (SELECT id FROM queues WHERE app_id = ?1 AND purpose = 'tencent')",
        )
        .bind(app_id.0)
        .bind(now_ms)
        .bind(expired_until_ms(now_ms, self.queue_retention))
        .fetch_one(&self.readers)
        .await
        .map_err(at(DOING))?;
        let row = Row::new(&row, DOING);
        let age_ms: i64 = row.get("age_ms")?;
        Ok(QueueDepth {
            visible: row.number("visible")?,
            hidden: row.number("hidden")?,
            // A clock that was set back makes no age negative.
            oldest_age: Duration::from_millis(u64::try_from(age_ms).unwrap_or(0)),
        })
    }

    async fn next_event_visible(&self, app_id: AppId) -> Result<Option<Duration>> {
        let now_ms = self.now_ms();
        let visible_ms: Option<i64> = sqlx::query_scalar(
            "SELECT min(visible_ms) FROM queue_messages WHERE ?2 < visible_ms AND ?3 < queued_ms AND
                 queue_id = (SELECT id FROM queues WHERE app_id = ?1 AND purpose = 'tencent')",
        )
        .bind(app_id.0)
        .bind(now_ms)
        .bind(expired_until_ms(now_ms, self.queue_retention))
        .fetch_one(&self.readers)
        .await
        .map_err(at("queue_messages::next_visible"))?;
        Ok(visible_ms.map(|visible_ms| self.until(visible_ms)))
    }
}

impl SqliteDatabase {
    /// Adds the events of received messages. Read after the receive is durable, so that the writer is
    /// free again.
    async fn with_events(&self, rows: Vec<SqliteRow>) -> Result<Vec<PulledEvent>> {
        const DOING: &str = "queue_messages::receive";
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut received = read_all(&rows, DOING, |row| {
            Ok((
                row.get::<i64>("event_seq")?,
                row.id("handle", ReceiptHandle::parse)?,
                row.number("receive_count")?,
            ))
        })?;
        received.sort_unstable_by_key(|(seq, ..)| *seq);
        let seqs: Vec<i64> = received.iter().map(|(seq, ..)| *seq).collect();
        let mut reading = self.read(DOING).await?;
        let mut events: HashMap<_, _> = events::find_all(&mut reading, &json_list(DOING, &seqs)?).await?;
        let pulled = received.into_iter().filter_map(|(seq, handle, receive_count)| {
            Some(PulledEvent { handle, event: events.remove(&seq)?, receive_count })
        });
        Ok(pulled.collect())
    }
}

/// Makes the queue of a new app.
pub(super) async fn insert(tx: &mut Tx, app_id: AppId) -> Result<()> {
    sqlx::query("INSERT INTO queues (app_id, purpose) VALUES (?, 'tencent')")
        .bind(app_id.0)
        .execute(tx.connection())
        .await
        .map_err(at("queues::insert"))?;
    Ok(())
}

/// Puts an event into the app's queue.
pub(super) async fn push(tx: &mut Tx, app_id: AppId, event_seq: i64) -> Result<()> {
    let now_ms = tx.now_ms();
    sqlx::query(
        "INSERT INTO queue_messages (queue_id, event_seq, visible_ms, queued_ms)
         SELECT id, ?2, ?3, ?3 FROM queues WHERE app_id = ?1 AND purpose = 'tencent'",
    )
    .bind(app_id.0)
    .bind(event_seq)
    .bind(now_ms)
    .execute(tx.connection())
    .await
    .map_err(at("queue_messages::insert"))?;
    tx.hint(Topic::Queues);
    Ok(())
}

/// A handle for the message of that event.
#[derive(Serialize)]
struct NewHandle {
    queue_id: i64,
    event_seq: i64,
    handle: ReceiptHandle,
}

async fn receive(
    tx: &mut Tx,
    app_id: AppId,
    (visibility, retention): (Duration, Duration),
    limit: usize,
) -> Result<Vec<SqliteRow>> {
    const DOING: &str = "queue_messages::receive";
    let now_ms = tx.now_ms();
    drop_expired(tx, app_id, retention).await?;
    let messages: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT queue_id, event_seq FROM queue_messages WHERE visible_ms <= ? AND
             queue_id = (SELECT id FROM queues WHERE app_id = ? AND purpose = 'tencent')
         ORDER BY event_seq LIMIT ?",
    )
    .bind(now_ms)
    .bind(app_id.0)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(tx.connection())
    .await
    .map_err(at(DOING))?;
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let mint = |(queue_id, event_seq)| {
        let handle = ReceiptHandle::mint(tx.rng.as_ref());
        NewHandle { queue_id, event_seq, handle }
    };
    let handles: Vec<NewHandle> = messages.into_iter().map(mint).collect();
    // Both parts of the primary key come from the list, so that nothing but its messages is looked at.
    sqlx::query(
        "UPDATE queue_messages SET visible_ms = ?, receive_count = receive_count + 1,
             handle = new.value ->> 'handle'
         FROM json_each(?) AS new
         WHERE queue_id = new.value ->> 'queue_id' AND event_seq = new.value ->> 'event_seq'
         RETURNING event_seq, queue_messages.handle, receive_count",
    )
    .bind(now_ms.saturating_add(stored_ms(visibility)))
    .bind(json_list(DOING, &handles)?)
    .fetch_all(tx.connection())
    .await
    .map_err(at(DOING))
}

/// All messages wait equally long, so the expired ones are the oldest: nothing else is looked at.
async fn drop_expired(tx: &mut Tx, app_id: AppId, retention: Duration) -> Result<()> {
    let expired_until_ms = expired_until_ms(tx.now_ms(), retention);
    sqlx::query(
        "WITH queue AS (SELECT id FROM queues WHERE app_id = ?1 AND purpose = 'tencent')
         DELETE FROM queue_messages WHERE queue_id = (SELECT id FROM queue) AND event_seq < coalesce(
             (SELECT event_seq FROM queue_messages
              WHERE queue_id = (SELECT id FROM queue) AND ?2 < queued_ms ORDER BY event_seq LIMIT 1),
             9223372036854775807)",
    )
    .bind(app_id.0)
    .bind(expired_until_ms)
    .execute(tx.connection())
    .await
    .map_err(at("queue_messages::drop_expired"))?;
    Ok(())
}

async fn confirm(tx: &mut Tx, app_id: AppId, handles: String) -> Result<Vec<SqliteRow>> {
    let now_ms = tx.now_ms();
    sqlx::query(
        "DELETE FROM queue_messages INDEXED BY queue_messages_by_handle
         WHERE handle IN (SELECT value FROM json_each(?)) AND ? < visible_ms
             AND queue_id = (SELECT id FROM queues WHERE app_id = ? AND purpose = 'tencent')
         RETURNING handle",
    )
    .bind(handles)
    .bind(now_ms)
    .bind(app_id.0)
    .fetch_all(tx.connection())
    .await
    .map_err(at("queue_messages::confirm"))
}

/// Messages that were queued until then have waited too long.
fn expired_until_ms(now_ms: i64, retention: Duration) -> i64 {
    now_ms.saturating_sub(stored_ms(retention))
}
