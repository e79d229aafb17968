//! Limits of both listeners, and of what one access key may ask.

use std::time::Duration;

use serde::Deserialize;
use stillframe_service::RequestRate;

/// Limits on connections and requests; `[limits]` in the settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Connections at a time on one listener.
    pub connections_max: usize,
    /// Connections at a time of one address; 0 means no limit but the other one.
    pub connections_per_address_max: usize,
    /// Largest head of a request, in bytes.
    pub head_bytes_max: usize,
    /// Longest time from the first byte of a request's head to its last.
    pub head_timeout_ms: u64,
    /// Longest time in which nothing of a body comes.
    pub body_timeout_ms: u64,
    /// Slowest body, in bytes a second on average, once `body_timeout_ms` is over.
    pub body_bytes_per_second_min: u64,
    /// Longest time in which a connection stays open without a request.
    pub idle_timeout_ms: u64,
    /// Longest time in which a client takes nothing of an answer.
    pub answer_timeout_ms: u64,
    /// Requests a second of one access key, on average; 0 means no limit.
    pub requests_per_second: u32,
    /// Requests that one access key may send at once.
    pub requests_burst: u32,
}

impl LimitsConfig {
    /// What the parser of HTTP needs at least.
    const HEAD_BYTES_MIN: usize = 8 << 10;

    /// What is wrong with the settings.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.connections_max == 0 {
            faults.push("limits.connections_max: expected 1 or more".to_owned());
        }
        if self.head_bytes_max < Self::HEAD_BYTES_MIN {
            faults.push(format!("limits.head_bytes_max: expected {} or more", Self::HEAD_BYTES_MIN));
        }
        let times = [
            ("head_timeout_ms", self.head_timeout_ms),
            ("body_timeout_ms", self.body_timeout_ms),
            ("idle_timeout_ms", self.idle_timeout_ms),
            ("answer_timeout_ms", self.answer_timeout_ms),
        ];
        for (name, _) in times.into_iter().filter(|(_, time_ms)| *time_ms == 0) {
            faults.push(format!("limits.{name}: expected 1 or more milliseconds"));
        }
        if self.requests_per_second != 0 && self.requests_burst == 0 {
            faults.push("limits.requests_burst: expected 1 or more".to_owned());
        }
        faults
    }

    /// The times that a connection is held to.
    pub fn patience(&self) -> Patience {
        Patience {
            head: Duration::from_millis(self.head_timeout_ms),
            body: Duration::from_millis(self.body_timeout_ms),
            body_bytes_per_second_min: self.body_bytes_per_second_min,
            idle: Duration::from_millis(self.idle_timeout_ms),
            answer: Duration::from_millis(self.answer_timeout_ms),
        }
    }

    /// What one access key may ask.
    pub fn rate(&self) -> Option<RequestRate> {
        let rate = RequestRate { per_second: self.requests_per_second, burst: self.requests_burst };
        (rate.per_second != 0).then_some(rate)
    }
}

/// How long a slow client is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the rest of a head.
    pub head: Duration,
    /// For more of a body.
    pub body: Duration,
    /// What a body must come to on average.
    pub body_bytes_per_second_min: u64,
    /// For the next request.
    pub idle: Duration,
    /// For room to answer.
    pub answer: Duration,
}
