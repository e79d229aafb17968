//! When to try again.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Waits between attempts; the number of attempts is one more than the number of waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RetrySchedule {
    /// Waits in milliseconds, first retry first.
    pub waits_ms: Vec<u64>,
}

impl Default for RetrySchedule {
    /// 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: about 3 days in 10 attempts.
    ///
    /// Source: Standard Webhooks specification, "Retries" (read 2026-11-22).
    fn default() -> Self {
        const MINUTE: u64 = 60_000;
        const HOUR: u64 = 60 * MINUTE;
        Self {
            waits_ms: vec![
                5_000,
                5 * MINUTE,
                30 * MINUTE,
                2 * HOUR,
                5 * HOUR,
                10 * HOUR,
                14 * HOUR,
                20 * HOUR,
                24 * HOUR,
            ],
        }
    }
}

impl RetrySchedule {
    /// Longest schedule accepted.
    pub const WAITS_MAX: usize = 32;

    /// The wait after attempt number `attempt` (from 1) failed; `None` when that was the last.
    pub fn wait_after(&self, attempt: u32) -> Option<Duration> {
        let index = usize::try_from(attempt).ok()?.checked_sub(1)?;
        self.waits_ms.get(index).copied().map(Duration::from_millis)
    }
}

/// Wait before a job's next attempt: 1 s, 2 s, 4 s, up to 5 min.
pub fn job_backoff(attempt: u32) -> Duration {
    const LONGEST_MS: u64 = 300_000;
    let doubled = 1_000_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(LONGEST_MS);
    let grown = if attempt > 20 { LONGEST_MS } else { doubled };
    Duration::from_millis(grown.min(LONGEST_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_ends() {
        let schedule = RetrySchedule::default();
        assert_eq!(schedule.wait_after(1), Some(Duration::from_secs(5)));
        assert_eq!(schedule.wait_after(9), Some(Duration::from_secs(86_400)));
        assert_eq!(schedule.wait_after(10), None);
    }

    #[test]
    fn job_backoff_doubles_and_is_bounded() {
        let waits: Vec<_> = [1, 2, 3, 9, 10, 64, u32::MAX].map(|n| job_backoff(n).as_secs()).into();
        assert_eq!(waits, [1, 2, 4, 256, 300, 300, 300]);
    }
}
