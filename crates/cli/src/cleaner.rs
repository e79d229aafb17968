//! Settings of the cleaner.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use stillframe_domain::limits::DEDUPE_WINDOW_MS;
use stillframe_jobs::CleanerConfig;

/// What is removed when.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanerSection {
    /// Time between two rounds, in milliseconds.
    pub interval_ms: u64,
    /// How old an object that nothing refers to has to be, in milliseconds.
    pub object_grace_ms: u64,
    /// How long ended jobs are kept, in milliseconds; 0 keeps them.
    pub job_retention_ms: u64,
    /// How long events are kept, in milliseconds; 0 keeps them.
    pub event_retention_ms: u64,
}

impl CleanerSection {
    /// Accepted values of `interval_ms`: a minute to a day.
    const INTERVAL_MS: RangeInclusive<u64> = 60_000..=24 * 3_600_000;
    /// Accepted values of `object_grace_ms`: an hour to 30 days. No request takes an hour between its last
    /// byte and its commit.
    const OBJECT_GRACE_MS: RangeInclusive<u64> = 3_600_000..=30 * 24 * 3_600_000;
    /// Shortest retention: as long as a request's name keeps another of that name away, and as far back as
    /// the clouds' lists of tasks reach.
    const RETENTION_MS_MIN: u64 = DEDUPE_WINDOW_MS;

    /// What is wrong with the settings.
    pub fn faults(&self) -> impl Iterator<Item = String> {
        let ranges = [
            ("interval_ms", self.interval_ms, Self::INTERVAL_MS),
            ("object_grace_ms", self.object_grace_ms, Self::OBJECT_GRACE_MS),
        ];
        let outside = ranges.into_iter().filter(|(_, value, range)| !range.contains(value));
        let outside = outside.map(|(name, _, range)| {
            format!("cleaner.{name}: expected {} to {} milliseconds", range.start(), range.end())
        });
        let kept =
            [("job_retention_ms", self.job_retention_ms), ("event_retention_ms", self.event_retention_ms)];
        let short = kept.into_iter().filter(|&(_, value)| (1..Self::RETENTION_MS_MIN).contains(&value));
        let short = short.map(|(name, _)| {
            format!("cleaner.{name}: expected 0, or {} milliseconds or more", Self::RETENTION_MS_MIN)
        });
        outside.chain(short)
    }

    /// As the cleaner takes it.
    pub fn config(&self, spool_dir: PathBuf) -> CleanerConfig {
        let kept = |ms: u64| (0 < ms).then(|| Duration::from_millis(ms));
        CleanerConfig {
            interval_ms: self.interval_ms,
            object_grace_ms: self.object_grace_ms,
            job_retention: kept(self.job_retention_ms),
            event_retention: kept(self.event_retention_ms),
            spool_dir: Some(spool_dir),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_and_zero_keeps() {
        let sound = CleanerSection {
            interval_ms: 60_000,
            object_grace_ms: 3_600_000,
            job_retention_ms: 0,
            event_retention_ms: DEDUPE_WINDOW_MS,
        };
        assert_eq!(sound.faults().count(), 0);
        let config = sound.config(PathBuf::new());
        assert_eq!(config.job_retention, None);
        assert_eq!(config.event_retention, Some(Duration::from_millis(DEDUPE_WINDOW_MS)));
        let broken = CleanerSection {
            interval_ms: 59_999,
            object_grace_ms: 3_599_999,
            job_retention_ms: DEDUPE_WINDOW_MS - 1,
            event_retention_ms: 1,
        };
        assert_eq!(broken.faults().count(), 4);
    }
}
