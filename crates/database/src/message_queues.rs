//! The repository of message queues.

use std::time::Duration;

use async_trait::async_trait;
use stillframe_domain::message_queue::{MessageCounts, NewMessage, QueuedMessage, ReceivedMessage};
use stillframe_domain::{
    AppId, Attempt, DeliveryId, MessageQueue, QueueAttributes, QueueId, QueueName, ReceiptHandle,
};
use tokio::sync::watch;

use crate::Result;
use crate::records::{ConfirmReport, Page};

/// What became of an event that was to go into a message queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueDelivery {
    /// The message is in the queue, and the delivery made.
    Sent,
    /// The app has no queue of that name. Nothing was written.
    NoQueue,
    /// The delivery was made, given up or removed before. Nothing was written.
    NotPending,
}

/// Queues that callers fill and empty themselves.
///
/// `None` in place of an answer about messages means that the app has no queue of that name.
#[async_trait]
pub trait MessageQueues: Send + Sync {
    /// Adds a queue. `Conflict` when the app has one of that name.
    async fn insert_message_queue(
        &self,
        app_id: AppId,
        name: &QueueName,
        attributes: &QueueAttributes,
    ) -> Result<MessageQueue>;
    /// The app's queue of that name.
    async fn find_message_queue(&self, app_id: AppId, name: &QueueName) -> Result<Option<MessageQueue>>;
    /// The app's queues whose names begin with `prefix`, by name, those after `after`.
    async fn list_message_queues(
        &self,
        app_id: AppId,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<MessageQueue>>;
    /// How many queues the app has.
    async fn count_message_queues(&self, app_id: AppId) -> Result<u64>;
    /// Replaces a queue's attributes; messages that were delayed or hidden before stay so. `false` when
    /// there is none of that name.
    async fn update_message_queue(
        &self,
        app_id: AppId,
        name: &QueueName,
        attributes: &QueueAttributes,
    ) -> Result<bool>;
    /// Removes a queue with its messages; `false` when there is none of that name.
    async fn delete_message_queue(&self, app_id: AppId, name: &QueueName) -> Result<bool>;

    /// Adds messages in their order, all or none, and gives each that is delayed a handle.
    async fn send_messages(
        &self,
        app_id: AppId,
        name: &QueueName,
        messages: &[NewMessage],
    ) -> Result<Option<Vec<Option<ReceiptHandle>>>>;
    /// Takes up to `limit` visible messages, highest priority first, then oldest, hides them for the
    /// queue's visibility timeout, and gives each a new handle that is valid exactly as long as the
    /// message stays hidden. Messages older than the queue's retention are gone.
    async fn receive_messages(
        &self,
        app_id: AppId,
        name: &QueueName,
        limit: usize,
    ) -> Result<Option<Vec<ReceivedMessage>>>;
    /// The messages that a receive would give, left as they are.
    async fn peek_messages(
        &self,
        app_id: AppId,
        name: &QueueName,
        limit: usize,
    ) -> Result<Option<Vec<QueuedMessage>>>;
    /// Removes the messages of the handles that are still valid, leaves the others alone.
    async fn delete_messages(
        &self,
        app_id: AppId,
        name: &QueueName,
        handles: &[ReceiptHandle],
    ) -> Result<Option<ConfirmReport>>;
    /// Hides a message for `visibility` from now on, and gives it a new handle; the old one is void. The
    /// inner `None` when the handle is not valid.
    async fn change_visibility(
        &self,
        app_id: AppId,
        name: &QueueName,
        handle: &ReceiptHandle,
        visibility: Duration,
    ) -> Result<Option<Option<ReceivedMessage>>>;
    /// How many messages the queue holds.
    async fn count_messages(&self, app_id: AppId, name: &QueueName) -> Result<Option<MessageCounts>>;

    /// Puts an event's message into a queue and records the attempt as a success, in one: a delivery is
    /// never in the queue twice, nor made without being there.
    async fn deliver_message(
        &self,
        id: DeliveryId,
        attempt: &Attempt,
        to: (AppId, &QueueName),
        message: &NewMessage,
    ) -> Result<QueueDelivery>;

    /// A counter that grows when a message of this queue may have become visible, or the queue is gone. A
    /// hint, as [`crate::Database::subscribe`] has them.
    fn subscribe_messages(&self, id: QueueId) -> watch::Receiver<u64>;
    /// Time until the earliest hidden message of the queue becomes visible; `None` when none is hidden.
    async fn next_message_visible(&self, id: QueueId) -> Result<Option<Duration>>;
}
