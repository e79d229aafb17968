//! HTTP callbacks: where they go, in which format, and what became of them.

use serde::{Deserialize, Serialize};

use crate::event::EventKind;
use crate::ids::{AppId, DeliveryId, EndpointId, EventId};
use crate::job::Dialect;
use crate::retry::RetrySchedule;
use crate::time::Timestamp;

/// How an event is written on the wire; belongs to the receiving endpoint or queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventFormat {
    /// Stillframe's own JSON.
    #[serde(rename = "native")]
    Native,
    /// Tencent's flat format with `"version":"4.0"`.
    #[serde(rename = "tencent-4.0")]
    Tencent40,
    /// Tencent's format of API 2018-07-17.
    #[serde(rename = "tencent-2018")]
    Tencent2018,
    /// Alibaba Cloud VOD's format.
    #[serde(rename = "alibaba")]
    Alibaba,
}

impl EventFormat {
    /// The name used in settings, the native API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Tencent40 => "tencent-4.0",
            Self::Tencent2018 => "tencent-2018",
            Self::Alibaba => "alibaba",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Native, Self::Tencent40, Self::Tencent2018, Self::Alibaba]
            .into_iter()
            .find(|format| format.name() == name)
    }
}

/// Who made an endpoint or queue, hence whose jobs it hears of by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// Made over the native API: hears of its chosen origins, by default of all.
    Native,
    /// Made by Tencent's event configuration: hears of jobs of that vendor's APIs.
    Tencent,
    /// Made by Alibaba's message callback: hears of jobs of that vendor's API, media events and covers.
    Alibaba,
}

/// An HTTP callback of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose events it hears.
    pub app_id: AppId,
    /// Absolute `http` or `https` URL.
    pub url: String,
    /// How bodies are written.
    pub format: EventFormat,
    /// Who made it.
    pub owner: Owner,
    /// Event kinds that it hears; empty means the default of [`EventKind::is_default`].
    pub event_kinds: Vec<EventKind>,
    /// Dialects whose jobs it hears of; empty means all that its owner may hear.
    pub origins: Vec<Dialect>,
    /// Signs native bodies.
    pub secret: String,
    /// When an answer counts, how long we wait, when we try again.
    pub policy: DeliveryPolicy,
}

/// When a delivery counts as made, and what happens when it was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryPolicy {
    /// Which answers are success.
    pub ack: AckRule,
    /// Longest wait for an answer, in milliseconds, 100 to 60,000.
    pub timeout_ms: u64,
    /// When to try again.
    pub retry: RetrySchedule,
}

impl DeliveryPolicy {
    /// The default policy for endpoints of a format: 5 s for the clouds' formats, 15 s for ours.
    pub fn default_for(format: EventFormat) -> Self {
        let (ack, timeout_ms) = match format {
            EventFormat::Native => (AckRule::Success2xx, 15_000),
            EventFormat::Tencent40 | EventFormat::Tencent2018 => (AckRule::Success2xx, 5_000),
            EventFormat::Alibaba => (AckRule::Exactly200, 5_000),
        };
        Self { ack, timeout_ms, retry: RetrySchedule::default() }
    }
}

/// Which answers of a receiver count as success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AckRule {
    /// Any status from 200 to 299.
    #[serde(rename = "2xx")]
    Success2xx,
    /// Only 200.
    #[serde(rename = "200")]
    Exactly200,
    /// Any HTTP answer at all.
    Any,
}

impl AckRule {
    /// Whether this status counts.
    pub const fn accepts(self, status: u16) -> bool {
        match self {
            Self::Success2xx => status >= 200 && status < 300,
            Self::Exactly200 => status == 200,
            Self::Any => true,
        }
    }
}

/// Where one delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Due now or later.
    Pending,
    /// The receiver took it.
    Delivered,
    /// All attempts failed; kept as a dead letter.
    Dead,
}

/// One event to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub id: DeliveryId,
    /// The event told.
    pub event_id: EventId,
    /// The endpoint told.
    pub endpoint_id: EndpointId,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts made so far.
    pub attempt_count: u32,
    /// When the next attempt is due.
    pub next_at: Timestamp,
}

/// One try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it was made.
    pub at: Timestamp,
    /// Status of the answer, if there was one.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// First part of the answer's body, or what went wrong.
    pub answer: String,
    /// Whether it counted as success.
    pub is_success: bool,
}
