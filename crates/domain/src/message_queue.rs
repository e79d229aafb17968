//! Queues that callers fill and empty themselves: their attributes and their messages.
//!
//! A message waits until its delay is over, is received (and hidden for a time), and is deleted by the
//! receipt handle of that receive, or comes again. Queues are no part of an app's pull mode, where events
//! wait; but an endpoint may have its events sent into one (see [`crate::endpoint::Target`]).

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{AppId, MessageId, QueueId, ReceiptHandle};
use crate::limits;
use crate::time::Timestamp;

/// Name of a queue, of one app: 1 to 120 letters, digits and hyphens; the first is no hyphen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QueueName(String);

/// Why a text is no name of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQueueName {
    /// Empty or too long.
    #[error("the name of a queue has 1 to {} characters", limits::QUEUE_NAME_CHARS_MAX)]
    Length,
    /// Another character than those allowed.
    #[error("the name of a queue has letters, digits and hyphens alone, and does not begin with a hyphen")]
    Characters,
}

impl QueueName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`InvalidQueueName`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidQueueName> {
        if !(1..=limits::QUEUE_NAME_CHARS_MAX).contains(&text.chars().count()) {
            return Err(InvalidQueueName::Length);
        }
        let is_sound = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_sound || text.starts_with('-') {
            return Err(InvalidQueueName::Characters);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How an event's text becomes the body of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum EventBody {
    /// Base64, which most clients of such queues decode unasked.
    #[default]
    Base64,
    /// The text itself.
    Raw,
}

/// How a queue treats its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueAttributes {
    /// How long a received message stays hidden.
    pub visibility_timeout: Duration,
    /// Longest body, in bytes.
    pub body_bytes_max: usize,
    /// How long a message is kept.
    pub retention: Duration,
    /// How long a message that names no delay is hidden at first.
    pub delay: Duration,
    /// How long a receive that names no wait waits for a message.
    pub polling_wait: Duration,
    /// Whether its owner asked for logging. Kept and told; nothing is logged for it.
    pub is_logging_enabled: bool,
    /// How events become bodies.
    pub event_body: EventBody,
}

impl Default for QueueAttributes {
    fn default() -> Self {
        Self {
            visibility_timeout: Duration::from_secs(30),
            body_bytes_max: limits::MESSAGE_BODY_BYTES_MAX,
            retention: Duration::from_secs(4 * 24 * 3_600),
            delay: Duration::ZERO,
            polling_wait: Duration::ZERO,
            is_logging_enabled: false,
            event_body: EventBody::default(),
        }
    }
}

/// Attributes that a request names; `None` leaves one as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueChange {
    /// How long a received message stays hidden.
    pub visibility_timeout: Option<Duration>,
    /// Longest body, in bytes.
    pub body_bytes_max: Option<usize>,
    /// How long a message is kept.
    pub retention: Option<Duration>,
    /// How long a message that names no delay is hidden at first.
    pub delay: Option<Duration>,
    /// How long a receive that names no wait waits for a message.
    pub polling_wait: Option<Duration>,
    /// Whether its owner asks for logging.
    pub is_logging_enabled: Option<bool>,
    /// How events become bodies.
    pub event_body: Option<EventBody>,
}

impl QueueChange {
    /// The attributes with what this names.
    pub fn applied_to(&self, attributes: &QueueAttributes) -> QueueAttributes {
        QueueAttributes {
            visibility_timeout: self.visibility_timeout.unwrap_or(attributes.visibility_timeout),
            body_bytes_max: self.body_bytes_max.unwrap_or(attributes.body_bytes_max),
            retention: self.retention.unwrap_or(attributes.retention),
            delay: self.delay.unwrap_or(attributes.delay),
            polling_wait: self.polling_wait.unwrap_or(attributes.polling_wait),
            is_logging_enabled: self.is_logging_enabled.unwrap_or(attributes.is_logging_enabled),
            event_body: self.event_body.unwrap_or(attributes.event_body),
        }
    }
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageQueue {
    /// Its number, never used again.
    pub id: QueueId,
    /// Whose it is.
    pub app_id: AppId,
    /// Its name within the app.
    pub name: QueueName,
    /// How it treats its messages.
    pub attributes: QueueAttributes,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its attributes were last set.
    pub modified_at: Timestamp,
}

/// Priorities of messages; 1 is received first.
pub const PRIORITIES: RangeInclusive<u8> = 1..=16;
/// Priority of a message that names none.
pub const PRIORITY_DEFAULT: u8 = 8;

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// Its text.
    pub body: String,
    /// One of [`PRIORITIES`].
    pub priority: u8,
    /// How long it is hidden at first; `None` means the queue's own delay.
    pub delay: Option<Duration>,
}

/// A message that waits in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMessage {
    /// Its id.
    pub id: MessageId,
    /// Its text.
    pub body: String,
    /// One of [`PRIORITIES`].
    pub priority: u8,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was first received.
    pub first_received_at: Option<Timestamp>,
    /// Receives so far.
    pub receive_count: u32,
}

/// A message that was received, hidden until a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// The message; this receive is counted.
    pub message: QueuedMessage,
    /// Deletes it, or changes how long it is hidden, as long as it is.
    pub handle: ReceiptHandle,
    /// When it is visible again.
    pub visible_at: Timestamp,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageCounts {
    /// A receive would give them now.
    pub visible: u64,
    /// They were received and are hidden.
    pub hidden: u64,
    /// They were never received; their delay is not over.
    pub delayed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_the_documented_form() {
        let longest = "a".repeat(limits::QUEUE_NAME_CHARS_MAX);
        for good in ["q", "0", "vod-callback", "A-1-", &longest] {
            assert_eq!(QueueName::parse(good).map(|name| name.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", &format!("{longest}a")] {
            assert_eq!(QueueName::parse(bad), Err(InvalidQueueName::Length));
        }
        for bad in ["-a", "a_b", "a/b", "a b", "é", "a\0"] {
            assert_eq!(QueueName::parse(bad), Err(InvalidQueueName::Characters), "{bad}");
        }
    }

    #[test]
    fn a_change_touches_what_it_names_alone() {
        let attributes = QueueAttributes::default();
        assert_eq!(QueueChange::default().applied_to(&attributes), attributes);
        let change = QueueChange { delay: Some(Duration::from_secs(5)), ..QueueChange::default() };
        let changed = change.applied_to(&attributes);
        assert_eq!(changed, QueueAttributes { delay: Duration::from_secs(5), ..attributes });
    }
}
