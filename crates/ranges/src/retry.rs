//! Attempts with growing waits between them.

use std::time::Duration;

use crate::fetch::FetchError;
use crate::limits::RangeLimits;

/// Waits between the attempts at one thing.
#[derive(Debug)]
pub struct Backoff<'l> {
    limits: &'l RangeLimits,
    failed_count: u32,
}

impl<'l> Backoff<'l> {
    /// Before the first attempt.
    pub fn new(limits: &'l RangeLimits) -> Self {
        Self { limits, failed_count: 0 }
    }

    /// Waits until the next attempt is due.
    ///
    /// # Errors
    /// The error itself when there is no further attempt.
    pub async fn wait_after(&mut self, error: FetchError) -> Result<(), FetchError> {
        self.failed_count += 1;
        let FetchError::Retry { after, .. } = &error else { return Err(error) };
        if self.limits.attempts_max <= self.failed_count {
            return Err(error);
        }
        tracing::debug!(?error, attempt = self.failed_count, "fetches a range again");
        tokio::time::sleep(self.next_wait(*after)).await;
        Ok(())
    }

    fn next_wait(&self, asked: Option<Duration>) -> Duration {
        let doublings = self.failed_count.saturating_sub(1).min(20);
        let own = Duration::from_millis(self.limits.backoff_ms.saturating_mul(1 << doublings));
        own.max(asked.unwrap_or_default()).min(Duration::from_millis(self.limits.backoff_ms_max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_heed_the_server_within_the_limit() {
        let limits = RangeLimits { backoff_ms: 200, backoff_ms_max: 2_000, ..RangeLimits::default() };
        let wait_ms = |failed_count, asked: Option<u64>| {
            let backoff = Backoff { limits: &limits, failed_count };
            backoff.next_wait(asked.map(Duration::from_millis)).as_millis()
        };
        assert_eq!(
            [1, 2, 3, 4, 5, 99].map(|count| wait_ms(count, None)),
            [200, 400, 800, 1_600, 2_000, 2_000]
        );
        assert_eq!([100, 1_500, 60_000].map(|asked| wait_ms(1, Some(asked))), [200, 1_500, 2_000]);
    }
}
