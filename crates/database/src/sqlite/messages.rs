//! Messages of message queues: priorities, delays, visibility timeouts, and handles that die with them.
//!
//! A message is visible, or hidden until a time. Before anything is received, those whose time has come are
//! made visible; so what can be received is the beginning of one index, and costs the same however much is
//! delayed or under way. A whole batch is one statement.

use std::time::Duration;

use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};
use stillframe_domain::message_queue::{MessageCounts, NewMessage, QueuedMessage, ReceivedMessage};
use stillframe_domain::{MessageId, MessageQueue, QueueId, ReceiptHandle};

use super::error::at;
use super::rows::{Row, json_list, read_all, read_one, stored_ms};
use super::writer::Tx;
use crate::Result;
use crate::records::ConfirmReport;

/// Most expired messages that one write removes, so that no caller waits long for what others left.
const EXPIRED_MAX: i64 = 256;

/// A row to be inserted.
#[derive(Serialize)]
struct NewRow {
    id: MessageId,
    priority: u8,
    hidden_until_ms: Option<i64>,
    handle: Option<ReceiptHandle>,
    body: String,
}

/// Adds messages, and gives the handles of those that are delayed.
pub(super) async fn send(
    tx: &mut Tx,
    queue: &MessageQueue,
    messages: Vec<NewMessage>,
) -> Result<Vec<Option<ReceiptHandle>>> {
    const DOING: &str = "messages::insert";
    let now_ms = tx.now_ms();
    drop_expired(tx, queue).await?;
    let row = |message: NewMessage| {
        let delay = message.delay.unwrap_or(queue.attributes.delay);
        let is_delayed = !delay.is_zero();
        NewRow {
            id: message.id,
            priority: message.priority,
            hidden_until_ms: is_delayed.then(|| now_ms.saturating_add(stored_ms(delay))),
            handle: is_delayed.then(|| ReceiptHandle::mint(tx.rng.as_ref())),
            body: message.body,
        }
    };
    let rows: Vec<NewRow> = messages.into_iter().map(row).collect();
    sqlx::query(
        "INSERT INTO messages (id, queue_id, priority, sent_ms, hidden_until_ms, handle, body)
         SELECT new.value ->> 'id', ?1, new.value ->> 'priority', ?2, new.value ->> 'hidden_until_ms',
             new.value ->> 'handle', new.value ->> 'body'
         FROM json_each(?3) AS new ORDER BY new.key",
    )
    .bind(queue.id.0)
    .bind(now_ms)
    .bind(json_list(DOING, &rows)?)
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    tx.hint_messages(queue.id);
    Ok(rows.into_iter().map(|row| row.handle).collect())
}

/// A handle for the message of that number.
#[derive(Serialize)]
struct NewHandle {
    seq: i64,
    handle: ReceiptHandle,
}

/// Takes visible messages and hides them.
pub(super) async fn receive(tx: &mut Tx, queue: &MessageQueue, limit: usize) -> Result<Vec<ReceivedMessage>> {
    const DOING: &str = "messages::receive";
    let now_ms = tx.now_ms();
    drop_expired(tx, queue).await?;
    show_due(tx, queue.id).await?;
    let seqs: Vec<i64> = sqlx::query_scalar(
        "SELECT seq FROM messages WHERE queue_id = ? AND hidden_until_ms IS NULL AND ? < sent_ms
         ORDER BY priority, seq LIMIT ?",
    )
    .bind(queue.id.0)
    .bind(expired_until_ms(queue, now_ms))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(tx.connection())
    .await
    .map_err(at(DOING))?;
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let mint = |seq| NewHandle { seq, handle: ReceiptHandle::mint(tx.rng.as_ref()) };
    let handles: Vec<NewHandle> = seqs.into_iter().map(mint).collect();
    let rows = sqlx::query(
        "UPDATE messages SET hidden_until_ms = ?1, receive_count = receive_count + 1,
             first_received_ms = coalesce(first_received_ms, ?2), handle = new.value ->> 'handle'
         FROM json_each(?3) AS new WHERE seq = new.value ->> 'seq'
         RETURNING seq, messages.id, body, priority, sent_ms, hidden_until_ms, messages.handle,
             first_received_ms, receive_count",
    )
    .bind(now_ms.saturating_add(stored_ms(queue.attributes.visibility_timeout)))
    .bind(now_ms)
    .bind(json_list(DOING, &handles)?)
    .fetch_all(tx.connection())
    .await
    .map_err(at(DOING))?;
    in_order(&rows, DOING, read_received)
}

/// What [`receive`] would give.
pub(super) async fn peek(
    connection: &mut SqliteConnection,
    queue: &MessageQueue,
    now_ms: i64,
    limit: usize,
) -> Result<Vec<QueuedMessage>> {
    const DOING: &str = "messages::peek";
    let rows = sqlx::query(
        "SELECT * FROM
             (SELECT * FROM messages WHERE queue_id = ?1 AND hidden_until_ms IS NULL AND ?3 < sent_ms
              ORDER BY priority, seq LIMIT ?4)
         UNION ALL
         SELECT * FROM
             (SELECT * FROM messages WHERE queue_id = ?1 AND hidden_until_ms <= ?2 AND ?3 < sent_ms
              ORDER BY priority, seq LIMIT ?4)
         ORDER BY priority, seq LIMIT ?4",
    )
    .bind(queue.id.0)
    .bind(now_ms)
    .bind(expired_until_ms(queue, now_ms))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await
    .map_err(at(DOING))?;
    read_all(&rows, DOING, read_message)
}

/// Removes the messages of valid handles.
pub(super) async fn delete(
    tx: &mut Tx,
    queue_id: QueueId,
    handles: Vec<ReceiptHandle>,
) -> Result<ConfirmReport> {
    const DOING: &str = "messages::delete";
    let now_ms = tx.now_ms();
    let removed: Vec<String> = sqlx::query_scalar(
        "DELETE FROM messages INDEXED BY messages_by_handle
         WHERE handle IN (SELECT value FROM json_each(?)) AND queue_id = ? AND ? < hidden_until_ms
         RETURNING handle",
    )
    .bind(json_list(DOING, &handles)?)
    .bind(queue_id.0)
    .bind(now_ms)
    .fetch_all(tx.connection())
    .await
    .map_err(at(DOING))?;
    let texts = handles.iter().map(|handle| handle.as_str().to_owned());
    let (confirmed, stale) = texts.partition(|handle| removed.contains(handle));
    Ok(ConfirmReport { confirmed, stale })
}

/// Hides the message of a valid handle anew.
pub(super) async fn change_visibility(
    tx: &mut Tx,
    queue_id: QueueId,
    handle: ReceiptHandle,
    visibility: Duration,
) -> Result<Option<ReceivedMessage>> {
    const DOING: &str = "messages::change_visibility";
    let now_ms = tx.now_ms();
    let new = ReceiptHandle::mint(tx.rng.as_ref());
    let row = sqlx::query(
        "UPDATE messages SET hidden_until_ms = ?, handle = ?
         WHERE handle = ? AND queue_id = ? AND ? < hidden_until_ms RETURNING *",
    )
    .bind(now_ms.saturating_add(stored_ms(visibility)))
    .bind(new.as_str())
    .bind(handle.as_str())
    .bind(queue_id.0)
    .bind(now_ms)
    .fetch_optional(tx.connection())
    .await
    .map_err(at(DOING))?;
    // It may be visible earlier than those who wait for it think.
    tx.hint_messages(queue_id);
    read_one(row.as_ref(), DOING, read_received)
}

/// Counts what is there and not expired.
pub(super) async fn count(
    connection: &mut SqliteConnection,
    queue: &MessageQueue,
    now_ms: i64,
) -> Result<MessageCounts> {
    const DOING: &str = "messages::count";
    let row = sqlx::query(
        "SELECT count(*) FILTER (WHERE hidden_until_ms IS NULL OR hidden_until_ms <= ?2) AS visible,
             count(*) FILTER (WHERE ?2 < hidden_until_ms AND 0 < receive_count) AS hidden,
             count(*) FILTER (WHERE ?2 < hidden_until_ms AND receive_count = 0) AS delayed
         FROM messages WHERE queue_id = ?1 AND ?3 < sent_ms",
    )
    .bind(queue.id.0)
    .bind(now_ms)
    .bind(expired_until_ms(queue, now_ms))
    .fetch_one(connection)
    .await
    .map_err(at(DOING))?;
    let row = Row::new(&row, DOING);
    Ok(MessageCounts {
        visible: row.number("visible")?,
        hidden: row.number("hidden")?,
        delayed: row.number("delayed")?,
    })
}

/// When the earliest hidden message becomes visible.
pub(super) async fn next_visible_ms(readers: &SqlitePool, id: QueueId, now_ms: i64) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT min(hidden_until_ms) FROM messages WHERE queue_id = ? AND ? < hidden_until_ms")
        .bind(id.0)
        .bind(now_ms)
        .fetch_one(readers)
        .await
        .map_err(at("messages::next_visible"))
}

/// Makes those visible whose time has come; their handles die.
async fn show_due(tx: &mut Tx, id: QueueId) -> Result<()> {
    let now_ms = tx.now_ms();
    sqlx::query(
        "UPDATE messages SET hidden_until_ms = NULL, handle = NULL
         WHERE queue_id = ? AND hidden_until_ms <= ?",
    )
    .bind(id.0)
    .bind(now_ms)
    .execute(tx.connection())
    .await
    .map_err(at("messages::show_due"))?;
    Ok(())
}

async fn drop_expired(tx: &mut Tx, queue: &MessageQueue) -> Result<()> {
    let expired_until_ms = expired_until_ms(queue, tx.now_ms());
    sqlx::query(
        "DELETE FROM messages WHERE seq IN
             (SELECT seq FROM messages WHERE queue_id = ? AND sent_ms <= ? ORDER BY sent_ms LIMIT ?)",
    )
    .bind(queue.id.0)
    .bind(expired_until_ms)
    .bind(EXPIRED_MAX)
    .execute(tx.connection())
    .await
    .map_err(at("messages::drop_expired"))?;
    Ok(())
}

/// Messages that were sent until then have been kept long enough.
fn expired_until_ms(queue: &MessageQueue, now_ms: i64) -> i64 {
    now_ms.saturating_sub(stored_ms(queue.attributes.retention))
}

/// Reads returned rows, which come in no order, in that of receiving.
fn in_order<T>(
    rows: &[SqliteRow],
    doing: &'static str,
    read: impl Fn(Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let keyed = |row: Row<'_>| Ok((row.get::<i64>("priority")?, row.get::<i64>("seq")?, read(row)?));
    let mut keyed = read_all(rows, doing, keyed)?;
    keyed.sort_unstable_by_key(|(priority, seq, _)| (*priority, *seq));
    Ok(keyed.into_iter().map(|(.., read)| read).collect())
}

fn read_received(row: Row<'_>) -> Result<ReceivedMessage> {
    Ok(ReceivedMessage {
        message: read_message(row)?,
        handle: row.id("handle", ReceiptHandle::parse)?,
        visible_at: row.time("hidden_until_ms")?,
    })
}

fn read_message(row: Row<'_>) -> Result<QueuedMessage> {
    Ok(QueuedMessage {
        id: row.id("id", MessageId::parse)?,
        body: row.get("body")?,
        priority: row.number("priority")?,
        sent_at: row.time("sent_ms")?,
        first_received_at: row.optional_time("first_received_ms")?,
        receive_count: row.number("receive_count")?,
    })
}
