//! Messages of message queues: priorities, delays, visibility timeouts, and handles that die with them.
//!
//! A message is visible, or hidden until a time. Before anything is received, those whose time has come are
//! made visible; so what can be received is the beginning of one index, and costs the same however much is
//! delayed or under way. That index is named in the statement: left to itself, the database may go by age
//! and sort the whole queue for each receive. A whole batch is one statement.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::{SqliteConnection, SqlitePool};
use stillframe_domain::message_queue::{MessageCounts, NewMessage, QueuedMessage, ReceivedMessage};
use stillframe_domain::{MessageId, MessageQueue, QueueId, ReceiptHandle, Timestamp};

use super::error::at;
use super::rows::{Row, json_list, read_all, read_one, stored_limit, stored_ms};
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

/// Takes visible messages and hides them.
pub(super) async fn receive(tx: &mut Tx, queue: &MessageQueue, limit: usize) -> Result<Vec<ReceivedMessage>> {
    let mut look = Look::new(tx, queue, limit).await?;
    if look.has_expired || look.has_due {
        drop_expired(tx, queue).await?;
        show_due(tx, queue.id).await?;
        look = Look::new(tx, queue, limit).await?;
    }
    if look.picked.is_empty() {
        return Ok(Vec::new());
    }
    let now_ms = tx.now_ms();
    let visible_ms = now_ms.saturating_add(stored_ms(queue.attributes.visibility_timeout));
    hide(tx, &look.picked, visible_ms).await?;
    let received = |one: Picked| one.received(now_ms, visible_ms);
    Ok(look.picked.into_iter().map(received).collect())
}

/// What stands at the head of a queue, in one row: each row of an answer costs a change of threads.
struct Look {
    has_expired: bool,
    has_due: bool,
    picked: Vec<Picked>,
}

impl Look {
    async fn new(tx: &mut Tx, queue: &MessageQueue, limit: usize) -> Result<Self> {
        const DOING: &str = "messages::look";
        let now_ms = tx.now_ms();
        let row = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE queue_id = ?1 AND sent_ms <= ?2) AS has_expired,
                 EXISTS (SELECT 1 FROM messages WHERE queue_id = ?1 AND hidden_until_ms <= ?3) AS has_due,
                 (SELECT json_group_array(json_object('seq', seq, 'id', id, 'body', body,
                      'priority', priority, 'sent_ms', sent_ms, 'first_received_ms', first_received_ms,
                      'receive_count', receive_count) ORDER BY priority, seq)
                  FROM (SELECT * FROM messages INDEXED BY messages_visible
                        WHERE queue_id = ?1 AND hidden_until_ms IS NULL AND ?2 < sent_ms
                        ORDER BY priority, seq LIMIT ?4)) AS picked",
        )
        .bind(queue.id.0)
        .bind(expired_until_ms(queue, now_ms))
        .bind(now_ms)
        .bind(stored_limit(limit))
        .fetch_one(tx.connection())
        .await
        .map_err(at(DOING))?;
        let row = Row::new(&row, DOING);
        let mint = |stored| Picked { stored, handle: ReceiptHandle::mint(tx.rng.as_ref()) };
        let stored: Vec<StoredMessage> = row.json("picked")?;
        Ok(Self {
            has_expired: row.get("has_expired")?,
            has_due: row.get("has_due")?,
            picked: stored.into_iter().map(mint).collect(),
        })
    }
}

/// A message that is about to be received, and the handle that it gets.
struct Picked {
    stored: StoredMessage,
    handle: ReceiptHandle,
}

impl Picked {
    fn received(self, now_ms: i64, visible_ms: i64) -> ReceivedMessage {
        let stored = self.stored;
        let message = QueuedMessage {
            id: stored.id,
            body: stored.body,
            priority: stored.priority,
            sent_at: Timestamp::from_millis(stored.sent_ms),
            first_received_at: Some(Timestamp::from_millis(stored.first_received_ms.unwrap_or(now_ms))),
            receive_count: stored.receive_count.saturating_add(1),
        };
        ReceivedMessage { message, handle: self.handle, visible_at: Timestamp::from_millis(visible_ms) }
    }
}

/// The columns of a message that its receiver is told, and its number.
#[derive(Deserialize)]
struct StoredMessage {
    seq: i64,
    id: MessageId,
    body: String,
    priority: u8,
    sent_ms: i64,
    first_received_ms: Option<i64>,
    receive_count: u32,
}

async fn hide(tx: &mut Tx, picked: &[Picked], until_ms: i64) -> Result<()> {
    const DOING: &str = "messages::hide";
    let handles: Vec<(i64, &ReceiptHandle)> =
        picked.iter().map(|one| (one.stored.seq, &one.handle)).collect();
    let now_ms = tx.now_ms();
    sqlx::query(
        "UPDATE messages SET hidden_until_ms = ?1, receive_count = receive_count + 1,
             first_received_ms = coalesce(first_received_ms, ?2), handle = new.value ->> 1
         FROM json_each(?3) AS new WHERE seq = new.value ->> 0",
    )
    .bind(until_ms)
    .bind(now_ms)
    .bind(json_list(DOING, &handles)?)
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    Ok(())
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
             (SELECT * FROM messages INDEXED BY messages_visible
              WHERE queue_id = ?1 AND hidden_until_ms IS NULL AND ?3 < sent_ms
              ORDER BY priority, seq LIMIT ?4)
         UNION ALL
         SELECT * FROM
             (SELECT * FROM messages INDEXED BY messages_hidden
              WHERE queue_id = ?1 AND hidden_until_ms <= ?2 AND ?3 < sent_ms
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
    let row = sqlx::query(
        "SELECT json_group_array(handle) AS valid FROM messages INDEXED BY messages_by_handle
         WHERE handle IN (SELECT value FROM json_each(?)) AND queue_id = ? AND ? < hidden_until_ms",
    )
    .bind(json_list(DOING, &handles)?)
    .bind(queue_id.0)
    .bind(now_ms)
    .fetch_one(tx.connection())
    .await
    .map_err(at(DOING))?;
    let valid: Vec<String> = Row::new(&row, DOING).json("valid")?;
    sqlx::query(
        "DELETE FROM messages INDEXED BY messages_by_handle
                 WHERE handle IN (SELECT value FROM json_each(?))",
    )
    .bind(json_list(DOING, &valid)?)
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    let texts = handles.iter().map(|handle| handle.as_str().to_owned());
    let (confirmed, stale) = texts.partition(|handle| valid.contains(handle));
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
