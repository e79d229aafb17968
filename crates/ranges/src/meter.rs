//! Counts what a source costs, and refuses what is too much.

use std::sync::atomic::{AtomicU64, Ordering};

use stillframe_domain::{ErrorCode, Traffic};

use crate::fetch::FetchError;
use crate::limits::RangeLimits;

/// Counters of one source, shared by all that fetch for it.
#[derive(Debug)]
pub struct Meter {
    requests: AtomicU64,
    bytes: AtomicU64,
    requests_max: u64,
    bytes_max: u64,
}

impl Meter {
    /// Counters at zero.
    pub fn new(limits: &RangeLimits) -> Self {
        let (requests_max, bytes_max) = (limits.requests_max, limits.bytes_max);
        Self { requests: AtomicU64::new(0), bytes: AtomicU64::new(0), requests_max, bytes_max }
    }

    /// Counts a request that is about to be sent.
    ///
    /// # Errors
    /// [`FetchError::Fail`] when it would be one too many; then it is not counted.
    pub fn begin_request(&self) -> Result<(), FetchError> {
        let next = |sent: u64| (sent < self.requests_max).then_some(sent + 1);
        let counted = self.requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        counted.map(drop).map_err(|_| over("requests_max", self.requests_max))
    }

    /// Counts bytes that came.
    ///
    /// # Errors
    /// [`FetchError::Fail`] when they are more than may come.
    pub fn add_bytes(&self, count: u64) -> Result<(), FetchError> {
        let before = self.bytes.fetch_add(count, Ordering::Relaxed);
        if self.bytes_max < before.saturating_add(count) {
            return Err(over("bytes_max", self.bytes_max));
        }
        Ok(())
    }

    /// What has been counted.
    pub fn traffic(&self) -> Traffic {
        Traffic { requests: self.requests.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
}

fn over(limit: &str, most: u64) -> FetchError {
    FetchError::fail(ErrorCode::LimitExceeded, format!("reading the video exceeds remote.{limit}, {most}"))
}
