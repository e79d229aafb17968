//! Message queues: made, set, listed and removed by their apps.

use std::time::Duration;

use stillframe_database::{DatabaseError, Page};
use stillframe_domain::message_queue::{MessageCounts, QueueChange};
use stillframe_domain::{App, ErrorCode, MessageQueue, QueueAttributes, QueueName, limits};

use crate::{Result, Service, ServiceError, invalid};

/// A queue after a request to make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MadeQueue {
    /// It was made.
    New(MessageQueue),
    /// It was there, with the attributes that the request names.
    Existing(MessageQueue),
}

impl Service {
    /// Makes a queue; attributes that the request does not name have their defaults. A queue that is there
    /// already is given as it is, unless it has other attributes than the request names.
    ///
    /// # Errors
    /// `QueueExists`; `TooManyQueues`; `InvalidParameter` for an attribute out of its range.
    pub async fn create_message_queue(
        &self,
        app: &App,
        name: &QueueName,
        wanted: &QueueChange,
    ) -> Result<MadeQueue> {
        let attributes = wanted.applied_to(&QueueAttributes::default());
        check(&attributes)?;
        if let Some(existing) = self.database().find_message_queue(app.id, name).await? {
            return unchanged_by(wanted, existing);
        }
        if limits::QUEUES_PER_APP_MAX as u64 <= self.database().count_message_queues(app.id).await? {
            let message = format!("the app has {} queues, the most that it may", limits::QUEUES_PER_APP_MAX);
            return Err(ServiceError::new(ErrorCode::TooManyQueues, message));
        }
        match self.database().insert_message_queue(app.id, name, &attributes).await {
            Ok(made) => Ok(MadeQueue::New(made)),
            // Another request made it in between.
            Err(DatabaseError::Conflict { .. }) => {
                unchanged_by(wanted, self.get_message_queue(app, name).await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sets the attributes that the request names.
    ///
    /// # Errors
    /// `QueueNotFound`; `InvalidParameter` for an attribute out of its range.
    pub async fn update_message_queue(
        &self,
        app: &App,
        name: &QueueName,
        change: &QueueChange,
    ) -> Result<MessageQueue> {
        let queue = self.get_message_queue(app, name).await?;
        let attributes = change.applied_to(&queue.attributes);
        check(&attributes)?;
        if self.database().update_message_queue(app.id, name, &attributes).await? {
            self.get_message_queue(app, name).await
        } else {
            Err(queue_not_found())
        }
    }

    /// The app's queue of that name.
    ///
    /// # Errors
    /// `QueueNotFound`, also for another app's.
    pub async fn get_message_queue(&self, app: &App, name: &QueueName) -> Result<MessageQueue> {
        self.database().find_message_queue(app.id, name).await?.ok_or_else(queue_not_found)
    }

    /// How many messages a queue holds.
    ///
    /// # Errors
    /// `QueueNotFound`, also for another app's.
    pub async fn message_counts(&self, app: &App, name: &QueueName) -> Result<MessageCounts> {
        self.database().count_messages(app.id, name).await?.ok_or_else(queue_not_found)
    }

    /// The app's queues whose names begin with `prefix`, by name, those after `after`.
    ///
    /// # Errors
    /// `InvalidParameter` for a limit out of its range.
    pub async fn list_message_queues(
        &self,
        app: &App,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<MessageQueue>> {
        if !(1..=limits::QUEUES_PER_PAGE_MAX).contains(&limit) {
            return Err(invalid("limit", format!("1 to {}", limits::QUEUES_PER_PAGE_MAX)));
        }
        Ok(self.database().list_message_queues(app.id, prefix, after, limit).await?)
    }

    /// Removes a queue with its messages; nothing happens when there is none of that name.
    ///
    /// # Errors
    /// Database failures.
    pub async fn delete_message_queue(&self, app: &App, name: &QueueName) -> Result<()> {
        self.database().delete_message_queue(app.id, name).await?;
        Ok(())
    }
}

pub(crate) fn queue_not_found() -> ServiceError {
    ServiceError::new(ErrorCode::QueueNotFound, "there is no queue of that name")
}

/// The queue, if it is as the request wants it.
fn unchanged_by(wanted: &QueueChange, existing: MessageQueue) -> Result<MadeQueue> {
    if wanted.applied_to(&existing.attributes) == existing.attributes {
        Ok(MadeQueue::Existing(existing))
    } else {
        let message = "there is a queue of that name with other attributes";
        Err(ServiceError::new(ErrorCode::QueueExists, message))
    }
}

fn check(attributes: &QueueAttributes) -> Result<()> {
    let (visibility_min, visibility_max) =
        (limits::MESSAGE_VISIBILITY_MS_MIN, limits::MESSAGE_VISIBILITY_MS_MAX);
    check_time("visibility_timeout", attributes.visibility_timeout, visibility_min, visibility_max)?;
    let (retention_min, retention_max) = (limits::MESSAGE_RETENTION_MS_MIN, limits::MESSAGE_RETENTION_MS_MAX);
    check_time("retention", attributes.retention, retention_min, retention_max)?;
    check_time("delay", attributes.delay, 0, limits::MESSAGE_DELAY_MS_MAX)?;
    check_time("polling_wait", attributes.polling_wait, 0, limits::MESSAGE_WAIT_MS_MAX)?;
    let (least, most) = (limits::MESSAGE_BODY_BYTES_MIN, limits::MESSAGE_BODY_BYTES_MAX);
    if !(least..=most).contains(&attributes.body_bytes_max) {
        return Err(invalid("body_bytes_max", format!("{least} to {most} bytes")));
    }
    Ok(())
}

/// Refuses a time out of its range.
pub(crate) fn check_time(parameter: &'static str, time: Duration, min_ms: u64, max_ms: u64) -> Result<()> {
    if (Duration::from_millis(min_ms)..=Duration::from_millis(max_ms)).contains(&time) {
        return Ok(());
    }
    Err(invalid(parameter, format!("{} to {} seconds", min_ms / 1_000, max_ms / 1_000)))
}
