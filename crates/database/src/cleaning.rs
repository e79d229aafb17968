//! What a cleaner asks, and what it has forgotten.

use std::time::Duration;

use async_trait::async_trait;

use crate::Result;

/// Finding what is of no use any more.
#[async_trait]
pub trait Cleaning: Send + Sync {
    /// Those of the object keys that nothing refers to and that nothing under way can come to refer to.
    ///
    /// A key that stays unreferenced by this rule does so for good: of a video with a job that has not ended,
    /// or an object that an upload may still write, nothing is listed; a job that follows writes keys of its
    /// own. What is not accounted for here is the time between the put of an object and the commit that makes
    /// it count, so callers look at the age of an object too. Keys of an unknown shape are never listed.
    async fn list_unreferenced(&self, keys: &[String]) -> Result<Vec<String>>;

    /// Forgets up to `limit` jobs that ended longer ago than `keep`, with their results; oldest first. Says
    /// how many.
    async fn forget_jobs(&self, keep: Duration, limit: usize) -> Result<u64>;

    /// Forgets up to `limit` events older than `keep` that wait in no queue and for no delivery, with their
    /// deliveries and attempts; oldest first. Says how many.
    async fn forget_events(&self, keep: Duration, limit: usize) -> Result<u64>;
}
