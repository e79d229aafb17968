//! HTTP callbacks: where they go, in which format, and what became of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::endpoint_health::EndpointHealth;
use crate::endpoint_secret::FormerSecret;
use crate::event::EventKind;
use crate::hidden::Hidden;
use crate::ids::{AppId, DeliveryId, EndpointId, EventId};
use crate::job::Dialect;
use crate::message_queue::QueueName;
use crate::retry::RetrySchedule;
use crate::time::Timestamp;

/// How an event is written on the wire; belongs to the receiving endpoint or queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
    /// CloudEvents 1.0, structured: all of it in the body.
    #[serde(rename = "cloudevents")]
    CloudEvents,
    /// CloudEvents 1.0, binary: attributes in headers, the data in the body.
    #[serde(rename = "cloudevents-binary")]
    CloudEventsBinary,
}

impl EventFormat {
    /// All formats.
    pub const ALL: [Self; 6] = [
        Self::Native,
        Self::Tencent40,
        Self::Tencent2018,
        Self::Alibaba,
        Self::CloudEvents,
        Self::CloudEventsBinary,
    ];

    /// The name used in settings, the native API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Tencent40 => "tencent-4.0",
            Self::Tencent2018 => "tencent-2018",
            Self::Alibaba => "alibaba",
            Self::CloudEvents => "cloudevents",
            Self::CloudEventsBinary => "cloudevents-binary",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether it is written for a receiver that was made for a cloud. Such a receiver knows nothing of
    /// our conventions: it has words for some events alone, and it is never disabled by its answers.
    pub const fn is_of_a_cloud(self) -> bool {
        match self {
            Self::Tencent40 | Self::Tencent2018 | Self::Alibaba => true,
            Self::Native | Self::CloudEvents | Self::CloudEventsBinary => false,
        }
    }

    /// Whether its receivers are asked for permission before the first event.
    pub const fn asks_permission(self) -> bool {
        matches!(self, Self::CloudEvents | Self::CloudEventsBinary)
    }
}

/// Who made an endpoint or queue, hence whose jobs it hears of by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// Made over the native API: hears of its chosen origins, by default of all.
    Native,
    /// Made by Tencent's event configuration: hears of jobs of that vendor's APIs.
    Tencent,
    /// Made by Alibaba's message callback: hears of jobs of that vendor's API, media events and covers.
    Alibaba,
}

/// An HTTP callback of an app. Its `Debug` hides the secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose events it hears.
    pub app_id: AppId,
    /// Where it is: see [`Target`].
    pub url: String,
    /// How bodies are written.
    pub format: EventFormat,
    /// Who made it.
    pub owner: Owner,
    /// Event kinds that it hears; empty means the default of [`EventKind::is_default`].
    pub event_kinds: Vec<EventKind>,
    /// Dialects whose jobs it hears of; empty means all that its owner may hear.
    pub origins: Vec<Dialect>,
    /// Signs what is sent; empty leaves it unsigned.
    pub secret: String,
    /// Secrets that the newest one took the place of; they sign beside it until their time is up.
    pub former_secrets: Vec<FormerSecret>,
    /// When an answer counts, how long we wait, when we try again.
    pub policy: DeliveryPolicy,
    /// How its receiver fares.
    pub health: EndpointHealth,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart, so that a new field is not forgotten here.
        let Self {
            id,
            app_id,
            url,
            format,
            owner,
            event_kinds,
            origins,
            secret,
            former_secrets,
            policy,
            health,
        } = self;
        f.debug_struct("Endpoint")
            .field("id", id)
            .field("app_id", app_id)
            .field("url", url)
            .field("format", format)
            .field("owner", owner)
            .field("event_kinds", event_kinds)
            .field("origins", origins)
            .field("secret", &Hidden(secret))
            .field("former_secrets", former_secrets)
            .field("policy", policy)
            .field("health", health)
            .finish()
    }
}

impl Endpoint {
    /// Where its events go.
    pub fn target(&self) -> Target<'_> {
        Target::of_url(&self.url)
    }

    /// Whether it hears nothing at present.
    pub const fn is_disabled(&self) -> bool {
        self.health.disabled.is_some()
    }

    /// The secrets that sign at that time, newest first.
    pub fn secrets_at(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let former = self.former_secrets.iter().filter(move |former| now < former.until);
        let all = std::iter::once(&self.secret).chain(former.map(|former| &former.secret));
        all.map(String::as_str).filter(|secret| !secret.is_empty())
    }

    /// Its health after an attempt that was recorded at `now`.
    pub fn health_after(&self, attempt: &Attempt, now: Timestamp) -> EndpointHealth {
        let may_disable = self.policy.auto_disable && !self.format.is_of_a_cloud();
        self.health.after(attempt, now, may_disable)
    }
}

/// Where an endpoint's events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target<'a> {
    /// By HTTP to an absolute `http` or `https` URL.
    Http(&'a str),
    /// Into the message queue of that name of the endpoint's own app, written `queue:NAME`.
    Queue(QueueName),
}

impl<'a> Target<'a> {
    /// Scheme of a queue's URL.
    const QUEUE_SCHEME: &'static str = "queue:";

    /// Reads the URL of an endpoint; what names no queue is for HTTP.
    pub fn of_url(url: &'a str) -> Self {
        let name = url.strip_prefix(Self::QUEUE_SCHEME).and_then(|name| QueueName::parse(name).ok());
        name.map_or(Self::Http(url), Self::Queue)
    }

    /// The URL of an endpoint whose events go into that queue.
    pub fn url_of_queue(name: &QueueName) -> String {
        format!("{}{name}", Self::QUEUE_SCHEME)
    }
}

/// When a delivery counts as made, and what happens when it was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeliveryPolicy {
    /// Which answers are success.
    pub ack: AckRule,
    /// Longest wait for an answer, in milliseconds, 100 to 60,000.
    pub timeout_ms: u64,
    /// When to try again.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<u64>))]
    pub retry: RetrySchedule,
    /// Whether a receiver that is gone, or fails for days, is told nothing more. Governs no format of a
    /// cloud: those are never disabled by themselves.
    #[serde(default = "yes")]
    pub auto_disable: bool,
    /// Most attempts at a time, 1 to 64; `None` means the relay's own limit.
    #[serde(default)]
    pub concurrency_max: Option<u32>,
    /// Most attempts a minute; `None` means no limit beyond what the receiver asks for.
    #[serde(default)]
    pub per_minute_max: Option<u32>,
    /// Whether a receiver of CloudEvents is asked for permission before the first event.
    #[serde(default = "yes")]
    pub handshake: bool,
}

const fn yes() -> bool {
    true
}

impl DeliveryPolicy {
    /// The policy with these rules, and the defaults for all else.
    pub const fn new(ack: AckRule, timeout_ms: u64, retry: RetrySchedule) -> Self {
        Self {
            ack,
            timeout_ms,
            retry,
            auto_disable: true,
            concurrency_max: None,
            per_minute_max: None,
            handshake: true,
        }
    }

    /// The policy of that name, for endpoints of a format.
    ///
    /// Source of Tencent's: 266/7829 (the answer does not count; 5 s; a send that got none is made again
    /// twice; no wait is named, so it is a second). Of Alibaba's: "HTTP callbacks" of ApsaraVideo VOD
    /// (200 alone; 5 s; three attempts, a second apart). Read 2026-11-22.
    pub fn named(name: PolicyName, format: EventFormat) -> Self {
        let ack = match name {
            PolicyName::Long => return Self::default_for(format),
            PolicyName::Tencent => AckRule::Any,
            PolicyName::Alibaba => AckRule::Exactly200,
        };
        Self::new(ack, 5_000, RetrySchedule { waits_ms: vec![1_000, 1_000] })
    }

    /// The default policy for endpoints of a format: 5 s for the clouds' formats, 15 s for ours.
    pub fn default_for(format: EventFormat) -> Self {
        let (ack, timeout_ms) = match format {
            EventFormat::Native | EventFormat::CloudEvents | EventFormat::CloudEventsBinary => {
                (AckRule::Success2xx, 15_000)
            }
            EventFormat::Tencent40 | EventFormat::Tencent2018 => (AckRule::Success2xx, 5_000),
            EventFormat::Alibaba => (AckRule::Exactly200, 5_000),
        };
        Self::new(ack, timeout_ms, RetrySchedule::default())
    }
}

/// Policies that are chosen by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PolicyName {
    /// Ours: ten attempts over about three days, then a dead letter.
    #[default]
    Long,
    /// As Tencent Cloud VOD does it: any answer counts, three attempts.
    Tencent,
    /// As Alibaba Cloud VOD does it: 200 alone counts, three attempts.
    Alibaba,
}

impl PolicyName {
    /// The policy's name in settings, the native API and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Tencent => "tencent",
            Self::Alibaba => "alibaba",
        }
    }

    /// The policy of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Long, Self::Tencent, Self::Alibaba].into_iter().find(|policy| policy.name() == name)
    }
}

/// Which answers of a receiver count as success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
    /// Those of them that were made before it was last sent again by hand: its schedule began anew then.
    pub attempts_before: u32,
    /// When the next attempt is due.
    pub next_at: Timestamp,
}

impl Delivery {
    /// The number of the attempt to come, from 1, in its schedule.
    pub const fn next_attempt(&self) -> u32 {
        self.attempt_count.saturating_sub(self.attempts_before).saturating_add(1)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_policies_are_three_attempts_a_second_apart() {
        for name in [PolicyName::Tencent, PolicyName::Alibaba] {
            let policy = DeliveryPolicy::named(name, EventFormat::Native);
            assert_eq!((policy.timeout_ms, policy.retry.waits_ms), (5_000, vec![1_000, 1_000]));
            assert_eq!(PolicyName::parse(name.name()), Some(name));
        }
        let accepts = |name, status| DeliveryPolicy::named(name, EventFormat::Alibaba).ack.accepts(status);
        assert!([200, 204, 302, 500].map(|status| accepts(PolicyName::Tencent, status)) == [true; 4]);
        assert!([201, 204, 302, 500].map(|status| accepts(PolicyName::Alibaba, status)) == [false; 4]);
        assert!(accepts(PolicyName::Alibaba, 200));
    }

    #[test]
    fn the_long_policy_is_that_of_the_format() {
        for format in EventFormat::ALL {
            assert_eq!(EventFormat::parse(format.name()), Some(format));
            assert_eq!(DeliveryPolicy::named(PolicyName::Long, format), DeliveryPolicy::default_for(format));
        }
    }

    #[test]
    fn the_url_of_a_queue_names_it() {
        let name = QueueName::parse("vod-callback").expect("a name");
        let url = Target::url_of_queue(&name);
        assert_eq!((url.as_str(), Target::of_url(&url)), ("queue:vod-callback", Target::Queue(name)));
        for url in ["https://example.com/queue:a", "queue:", "queue:a/b", "http:queue"] {
            assert_eq!(Target::of_url(url), Target::Http(url), "{url}");
        }
    }
}
