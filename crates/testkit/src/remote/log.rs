//! What passed the proxy.

use std::time::Instant;

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Path and query.
    pub target: String,
    /// Its `Range` header.
    pub range: Option<String>,
    /// Its `If-Range` header.
    pub if_range: Option<String>,
    /// Status of the answer; 0 when there was none.
    pub status: u16,
    /// Bytes of content that were handed to the client's connection.
    pub bytes: u64,
    pub(super) arrived_at: Instant,
    pub(super) answered_at: Option<Instant>,
}

/// All that passed, in the order of arrival.
#[derive(Debug, Clone, Default)]
pub struct Log(pub Vec<Exchange>);

impl Log {
    /// Number of requests.
    pub fn requests(&self) -> u64 {
        self.0.len() as u64
    }

    /// Bytes of content of all answers.
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|exchange| exchange.bytes).sum()
    }

    /// How often the client waited for the server: the longest chain of requests of which each was sent only
    /// after the one before it was answered.
    pub fn round_trips(&self) -> u64 {
        let mut depths: Vec<u64> = Vec::new();
        for (place, exchange) in self.0.iter().enumerate() {
            let before = self.0[..place].iter().zip(&depths);
            let before = before.filter(|(other, _)| {
                other.answered_at.is_some_and(|answered| answered <= exchange.arrived_at)
            });
            depths.push(1 + before.map(|(_, &depth)| depth).max().unwrap_or(0));
        }
        depths.into_iter().max().unwrap_or(0)
    }
}
