//! Message queues: their rows, and the repository over them and their messages.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use stillframe_domain::message_queue::{MessageCounts, NewMessage, QueuedMessage, ReceivedMessage};
use stillframe_domain::{
    AppId, Attempt, DeliveryId, DeliveryState, MessageQueue, QueueAttributes, QueueId, QueueName,
    ReceiptHandle,
};
use tokio::sync::watch;

use super::error::{at, conflict_or};
use super::rows::{Row, read_all, read_one, rows_of_page, stored_count, stored_ms};
use super::writer::Tx;
use super::{SqliteDatabase, deliveries, messages};
use crate::message_queues::{MessageQueues, QueueDelivery};
use crate::records::{ConfirmReport, Page};
use crate::{Result, stored};

#[async_trait]
impl MessageQueues for SqliteDatabase {
    async fn insert_message_queue(
        &self,
        app_id: AppId,
        name: &QueueName,
        attributes: &QueueAttributes,
    ) -> Result<MessageQueue> {
        let (name, attributes) = (name.clone(), attributes.clone());
        self.write("message_queues::insert", move |tx| Box::pin(insert(tx, app_id, name, attributes))).await
    }

    async fn find_message_queue(&self, app_id: AppId, name: &QueueName) -> Result<Option<MessageQueue>> {
        find(&mut *self.read("message_queues::find").await?, app_id, name).await
    }

    async fn list_message_queues(
        &self,
        app_id: AppId,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<MessageQueue>> {
        const DOING: &str = "message_queues::list";
        let rows = sqlx::query(
            "SELECT * FROM message_queues
             WHERE app_id = ?1 AND ?2 < name AND substr(name, 1, length(?3)) = ?3 ORDER BY name LIMIT ?4",
        )
        .bind(app_id.0)
        .bind(after.unwrap_or_default())
        .bind(prefix)
        .bind(rows_of_page(limit))
        .fetch_all(&self.readers)
        .await
        .map_err(at(DOING))?;
        let mut items = read_all(&rows, DOING, read_queue)?;
        let has_more = limit < items.len();
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(|last| last.name.to_string());
        Ok(Page { items, next })
    }

    async fn count_message_queues(&self, app_id: AppId) -> Result<u64> {
        const DOING: &str = "message_queues::count";
        let row = sqlx::query("SELECT count(*) AS queues FROM message_queues WHERE app_id = ?")
            .bind(app_id.0)
            .fetch_one(&self.readers)
            .await
            .map_err(at(DOING))?;
        Row::new(&row, DOING).number("queues")
    }

    async fn update_message_queue(
        &self,
        app_id: AppId,
        name: &QueueName,
        attributes: &QueueAttributes,
    ) -> Result<bool> {
        let (name, attributes) = (name.clone(), attributes.clone());
        self.write("message_queues::update", move |tx| Box::pin(update(tx, app_id, name, attributes))).await
    }

    async fn delete_message_queue(&self, app_id: AppId, name: &QueueName) -> Result<bool> {
        let name = name.clone();
        self.write("message_queues::delete", move |tx| Box::pin(delete(tx, app_id, name))).await
    }

    async fn send_messages(
        &self,
        app_id: AppId,
        name: &QueueName,
        messages: &[NewMessage],
    ) -> Result<Option<Vec<Option<ReceiptHandle>>>> {
        let (name, messages) = (name.clone(), messages.to_vec());
        self.write("messages::send", move |tx| {
            Box::pin(async move {
                let Some(queue) = find(tx.connection(), app_id, &name).await? else { return Ok(None) };
                messages::send(tx, &queue, messages).await.map(Some)
            })
        })
        .await
    }

    async fn receive_messages(
        &self,
        app_id: AppId,
        name: &QueueName,
        limit: usize,
    ) -> Result<Option<Vec<ReceivedMessage>>> {
        let name = name.clone();
        self.write("messages::receive", move |tx| {
            Box::pin(async move {
                let Some(queue) = find(tx.connection(), app_id, &name).await? else { return Ok(None) };
                messages::receive(tx, &queue, limit).await.map(Some)
            })
        })
        .await
    }

    async fn peek_messages(
        &self,
        app_id: AppId,
        name: &QueueName,
        limit: usize,
    ) -> Result<Option<Vec<QueuedMessage>>> {
        let mut reading = self.read("messages::peek").await?;
        let Some(queue) = find(&mut reading, app_id, name).await? else { return Ok(None) };
        messages::peek(&mut reading, &queue, self.now_ms(), limit).await.map(Some)
    }

    async fn delete_messages(
        &self,
        app_id: AppId,
        name: &QueueName,
        handles: &[ReceiptHandle],
    ) -> Result<Option<ConfirmReport>> {
        let (name, handles) = (name.clone(), handles.to_vec());
        self.write("messages::delete", move |tx| {
            Box::pin(async move {
                let Some(queue) = find(tx.connection(), app_id, &name).await? else { return Ok(None) };
                messages::delete(tx, queue.id, handles).await.map(Some)
            })
        })
        .await
    }

    async fn change_visibility(
        &self,
        app_id: AppId,
        name: &QueueName,
        handle: &ReceiptHandle,
        visibility: Duration,
    ) -> Result<Option<Option<ReceivedMessage>>> {
        let (name, handle) = (name.clone(), handle.clone());
        self.write("messages::change_visibility", move |tx| {
            Box::pin(async move {
                let Some(queue) = find(tx.connection(), app_id, &name).await? else { return Ok(None) };
                messages::change_visibility(tx, queue.id, handle, visibility).await.map(Some)
            })
        })
        .await
    }

    async fn count_messages(&self, app_id: AppId, name: &QueueName) -> Result<Option<MessageCounts>> {
        let mut reading = self.read("messages::count").await?;
        let Some(queue) = find(&mut reading, app_id, name).await? else { return Ok(None) };
        messages::count(&mut reading, &queue, self.now_ms()).await.map(Some)
    }

    async fn deliver_message(
        &self,
        id: DeliveryId,
        attempt: &Attempt,
        (app_id, name): (AppId, &QueueName),
        message: &NewMessage,
    ) -> Result<QueueDelivery> {
        let (attempt, name, message) = (attempt.clone(), name.clone(), message.clone());
        self.write("messages::deliver", move |tx| {
            Box::pin(async move {
                let Some(queue) = find(tx.connection(), app_id, &name).await? else {
                    return Ok(QueueDelivery::NoQueue);
                };
                if !deliveries::is_pending(tx, id).await? {
                    return Ok(QueueDelivery::NotPending);
                }
                messages::send(tx, &queue, vec![message]).await?;
                let made = (DeliveryState::Delivered, Duration::ZERO);
                deliveries::record_attempt(tx, id, attempt, made).await?;
                Ok(QueueDelivery::Sent)
            })
        })
        .await
    }

    fn subscribe_messages(&self, id: QueueId) -> watch::Receiver<u64> {
        self.hints.subscribe_messages(id)
    }

    async fn next_message_visible(&self, id: QueueId) -> Result<Option<Duration>> {
        let visible_ms = messages::next_visible_ms(&self.readers, id, self.now_ms()).await?;
        Ok(visible_ms.map(|visible_ms| self.until(visible_ms)))
    }
}

async fn insert(
    tx: &mut Tx,
    app_id: AppId,
    name: QueueName,
    attributes: QueueAttributes,
) -> Result<MessageQueue> {
    const DOING: &str = "message_queues::insert";
    let now = tx.now;
    let done = sqlx::query(
        "INSERT INTO message_queues (app_id, name, visibility_timeout_ms, body_bytes_max, retention_ms,
             delay_ms, polling_wait_ms, is_logging_enabled, event_body, created_ms, modified_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
    )
    .bind(app_id.0)
    .bind(name.as_str())
    .bind(stored_ms(attributes.visibility_timeout))
    .bind(stored_count(attributes.body_bytes_max as u64))
    .bind(stored_ms(attributes.retention))
    .bind(stored_ms(attributes.delay))
    .bind(stored_ms(attributes.polling_wait))
    .bind(attributes.is_logging_enabled)
    .bind(stored::name(DOING, &attributes.event_body)?)
    .bind(now.as_millis())
    .execute(tx.connection())
    .await
    .map_err(conflict_or("a queue of this name", DOING))?;
    let id = QueueId(done.last_insert_rowid());
    Ok(MessageQueue { id, app_id, name, attributes, created_at: now, modified_at: now })
}

async fn update(tx: &mut Tx, app_id: AppId, name: QueueName, attributes: QueueAttributes) -> Result<bool> {
    const DOING: &str = "message_queues::update";
    let now_ms = tx.now_ms();
    let done = sqlx::query(
        "UPDATE message_queues SET visibility_timeout_ms = ?, body_bytes_max = ?, retention_ms = ?,
             delay_ms = ?, polling_wait_ms = ?, is_logging_enabled = ?, event_body = ?, modified_ms = ?
         WHERE app_id = ? AND name = ?",
    )
    .bind(stored_ms(attributes.visibility_timeout))
    .bind(stored_count(attributes.body_bytes_max as u64))
    .bind(stored_ms(attributes.retention))
    .bind(stored_ms(attributes.delay))
    .bind(stored_ms(attributes.polling_wait))
    .bind(attributes.is_logging_enabled)
    .bind(stored::name(DOING, &attributes.event_body)?)
    .bind(now_ms)
    .bind(app_id.0)
    .bind(name.as_str())
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    Ok(0 < done.rows_affected())
}

async fn delete(tx: &mut Tx, app_id: AppId, name: QueueName) -> Result<bool> {
    let id: Option<i64> =
        sqlx::query_scalar("DELETE FROM message_queues WHERE app_id = ? AND name = ? RETURNING id")
            .bind(app_id.0)
            .bind(name.as_str())
            .fetch_optional(tx.connection())
            .await
            .map_err(at("message_queues::delete"))?;
    // Those who wait for a message learn that there is no queue.
    if let Some(id) = id {
        tx.hint_messages(QueueId(id));
    }
    Ok(id.is_some())
}

async fn find(
    connection: &mut SqliteConnection,
    app_id: AppId,
    name: &QueueName,
) -> Result<Option<MessageQueue>> {
    const DOING: &str = "message_queues::find";
    let row = sqlx::query("SELECT * FROM message_queues WHERE app_id = ? AND name = ?")
        .bind(app_id.0)
        .bind(name.as_str())
        .fetch_optional(connection)
        .await
        .map_err(at(DOING))?;
    read_one(row.as_ref(), DOING, read_queue)
}

fn read_queue(row: Row<'_>) -> Result<MessageQueue> {
    let duration = |column| row.number(column).map(Duration::from_millis);
    Ok(MessageQueue {
        id: QueueId(row.get("id")?),
        app_id: AppId(row.get("app_id")?),
        name: row.id("name", QueueName::parse)?,
        attributes: QueueAttributes {
            visibility_timeout: duration("visibility_timeout_ms")?,
            body_bytes_max: row.number("body_bytes_max")?,
            retention: duration("retention_ms")?,
            delay: duration("delay_ms")?,
            polling_wait: duration("polling_wait_ms")?,
            is_logging_enabled: row.get("is_logging_enabled")?,
            event_body: row.variant("event_body")?,
        },
        created_at: row.time("created_ms")?,
        modified_at: row.time("modified_ms")?,
    })
}
