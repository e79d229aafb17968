//! Messages of message queues: sent, received, peeked at, deleted, hidden anew.

use std::time::Duration;

use stillframe_database::ConfirmReport;
use stillframe_domain::message_queue::{
    NewMessage, PRIORITIES, PRIORITY_DEFAULT, QueuedMessage, ReceivedMessage,
};
use stillframe_domain::{App, ErrorCode, MessageId, MessageQueue, QueueName, ReceiptHandle, limits};
use tokio::time::{Instant, timeout};

use crate::message_queues::{check_time, queue_not_found};
use crate::{Result, Service, ServiceError, invalid};

/// How often a waiting receive looks by itself, beside the hints and the times that it knows of.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A message as its sender writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageDraft {
    /// Its text; not empty.
    pub body: String,
    /// 1 (received first) to 16; `None` means 8.
    pub priority: Option<u8>,
    /// How long it is hidden at first; `None` means the queue's own delay.
    pub delay: Option<Duration>,
}

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// Its id.
    pub id: MessageId,
    /// Its text.
    pub body: String,
    /// Deletes it or changes its delay, when it is delayed.
    pub handle: Option<ReceiptHandle>,
}

impl Service {
    /// Sends messages, in their order and durably. One that is refused takes nothing of the others along:
    /// each has an answer of its own.
    ///
    /// # Errors
    /// `QueueNotFound`; `InvalidParameter` for no messages, more than 16, or more than 65,536 bytes in all.
    pub async fn send_messages(
        &self,
        app: &App,
        name: &QueueName,
        drafts: Vec<MessageDraft>,
    ) -> Result<Vec<Result<SentMessage>>> {
        check_count("messages", drafts.len())?;
        if limits::MESSAGE_BODY_BYTES_MAX < drafts.iter().map(|draft| draft.body.len()).sum() {
            return Err(invalid("messages", format!("{} bytes in all", limits::MESSAGE_BODY_BYTES_MAX)));
        }
        let queue = self.get_message_queue(app, name).await?;
        let checked: Vec<Result<NewMessage>> =
            drafts.into_iter().map(|draft| self.new_message(&queue, draft)).collect();
        let accepted: Vec<NewMessage> = checked.iter().filter_map(|one| one.as_ref().ok()).cloned().collect();
        let handles = if accepted.is_empty() {
            Vec::new()
        } else {
            let sent = self.database().send_messages(app.id, name, &accepted).await?;
            sent.ok_or_else(queue_not_found)?
        };
        let mut handles = handles.into_iter();
        let mut sent =
            |new: NewMessage| SentMessage { id: new.id, body: new.body, handle: handles.next().flatten() };
        Ok(checked.into_iter().map(|one| one.map(&mut sent)).collect())
    }

    /// Takes up to `limit` messages and hides them; when there is none, waits up to `wait` for one, or as
    /// long as the queue says.
    ///
    /// # Errors
    /// `QueueNotFound`; `InvalidParameter` for a limit or wait out of its range.
    pub async fn receive_messages(
        &self,
        app: &App,
        name: &QueueName,
        limit: usize,
        wait: Option<Duration>,
    ) -> Result<Vec<ReceivedMessage>> {
        check_count("limit", limit)?;
        let queue = self.get_message_queue(app, name).await?;
        let wait = wait.unwrap_or(queue.attributes.polling_wait);
        check_time("wait", wait, 0, limits::MESSAGE_WAIT_MS_MAX)?;
        let deadline = Instant::now() + wait;
        // Subscribed before the first look, so that no message between look and wait is missed.
        let mut hints = self.database().subscribe_messages(queue.id);
        let mut received = self.receive_now(app, name, limit).await?;
        // Beyond the limit of waiters, an empty queue is answered at once.
        let waiter = self.message_waiters.try_acquire();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let may_wait = waiter.is_ok() && !self.message_waiters.is_closed();
            if !received.is_empty() || left.is_zero() || !may_wait {
                return Ok(received);
            }
            let next = self.database().next_message_visible(queue.id).await?;
            let pause = left.min(LOOK_AGAIN).min(next.unwrap_or(LOOK_AGAIN));
            // A hint, a message whose time has come, or the deadline; all lead to another look.
            let _ = timeout(pause, hints.changed()).await;
            hints.mark_unchanged();
            received = self.receive_now(app, name, limit).await?;
        }
    }

    /// Up to `limit` messages that a receive would give, left as they are.
    ///
    /// # Errors
    /// `QueueNotFound`; `InvalidParameter` for a limit out of its range.
    pub async fn peek_messages(
        &self,
        app: &App,
        name: &QueueName,
        limit: usize,
    ) -> Result<Vec<QueuedMessage>> {
        check_count("limit", limit)?;
        self.database().peek_messages(app.id, name, limit).await?.ok_or_else(queue_not_found)
    }

    /// Deletes messages by their handles.
    ///
    /// # Errors
    /// `QueueNotFound`; `InvalidParameter` for no handles or more than 16. Stale handles are told in the
    /// report, not as an error.
    pub async fn delete_messages(
        &self,
        app: &App,
        name: &QueueName,
        handles: &[String],
    ) -> Result<ConfirmReport> {
        check_count("handles", handles.len())?;
        let known: Vec<ReceiptHandle> =
            handles.iter().filter_map(|text| ReceiptHandle::parse(text).ok()).collect();
        let report = self.database().delete_messages(app.id, name, &known).await?;
        let confirmed = report.ok_or_else(queue_not_found)?.confirmed;
        // Told in the order asked, those that are no handles at all among them.
        let stale = handles.iter().filter(|text| !confirmed.contains(text)).cloned().collect();
        Ok(ConfirmReport { confirmed, stale })
    }

    /// Hides a message for `visibility` from now on; the handle is void and another one given.
    ///
    /// # Errors
    /// `QueueNotFound`; `HandleExpired`; `InvalidParameter` for a time out of its range.
    pub async fn change_visibility(
        &self,
        app: &App,
        name: &QueueName,
        handle: &str,
        visibility: Duration,
    ) -> Result<ReceivedMessage> {
        let (least, most) = (limits::MESSAGE_VISIBILITY_MS_MIN, limits::MESSAGE_VISIBILITY_MS_MAX);
        check_time("visibility_timeout", visibility, least, most)?;
        let expired = || ServiceError::new(ErrorCode::HandleExpired, "the receipt handle is not valid");
        let queue = self.get_message_queue(app, name).await?;
        let handle = ReceiptHandle::parse(handle).map_err(|_| expired())?;
        let changed = self.database().change_visibility(app.id, &queue.name, &handle, visibility).await?;
        changed.ok_or_else(queue_not_found)?.ok_or_else(expired)
    }

    async fn receive_now(&self, app: &App, name: &QueueName, limit: usize) -> Result<Vec<ReceivedMessage>> {
        self.database().receive_messages(app.id, name, limit).await?.ok_or_else(queue_not_found)
    }

    fn new_message(&self, queue: &MessageQueue, draft: MessageDraft) -> Result<NewMessage> {
        let most = queue.attributes.body_bytes_max;
        if draft.body.is_empty() || most < draft.body.len() {
            return Err(invalid("body", format!("1 to {most} bytes")));
        }
        let priority = draft.priority.unwrap_or(PRIORITY_DEFAULT);
        if !PRIORITIES.contains(&priority) {
            return Err(invalid("priority", format!("{} to {}", PRIORITIES.start(), PRIORITIES.end())));
        }
        if let Some(delay) = draft.delay {
            check_time("delay", delay, 0, limits::MESSAGE_DELAY_MS_MAX)?;
        }
        Ok(NewMessage { id: MessageId::mint(self.rng()), body: draft.body, priority, delay: draft.delay })
    }
}

fn check_count(parameter: &'static str, count: usize) -> Result<()> {
    if (1..=limits::MESSAGE_BATCH_MAX).contains(&count) {
        return Ok(());
    }
    Err(invalid(parameter, format!("1 to {}", limits::MESSAGE_BATCH_MAX)))
}
