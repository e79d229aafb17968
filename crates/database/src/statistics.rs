//! What waits and what is stored, in numbers for the operator.

use async_trait::async_trait;
use stillframe_domain::{AppId, JobState};

use crate::Result;

/// Numbers of this moment, over all apps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Jobs that have not come to their end, by state.
    pub jobs: Vec<(JobState, u64)>,
    /// How long the job waits that has been due for the longest, in milliseconds.
    pub oldest_due_job_ms: u64,
    /// Deliveries that are still to be made.
    pub deliveries_pending: u64,
    /// How long the delivery waits that has been due for the longest, in milliseconds.
    pub oldest_due_delivery_ms: u64,
    /// Events that wait to be pulled or confirmed.
    pub queued_events: u64,
    /// How long the oldest of them has waited, in milliseconds.
    pub oldest_queued_event_ms: u64,
    /// Messages in queues of the apps.
    pub messages: u64,
    /// How long the oldest of them has waited, in milliseconds.
    pub oldest_message_ms: u64,
}

/// What an app has stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Videos.
    pub videos: u64,
    /// Bytes of those videos that lie in the store.
    pub bytes: u64,
}

/// Counting.
#[async_trait]
pub trait Counts: Send + Sync {
    /// Numbers of this moment.
    async fn statistics(&self) -> Result<Statistics>;
    /// What an app has stored.
    async fn usage(&self, app_id: AppId) -> Result<Usage>;
}
