//! Pulling and confirming events.

use std::time::Duration;

use stillframe_database::{ConfirmReport, PulledEvent, QueueDepth, Topic};
use stillframe_domain::{App, ErrorCode, PullMode, ReceiptHandle, limits};

use crate::{QueueTimes, Result, Service, ServiceError, invalid};

/// How often a waiting pull looks by itself, beside the hints.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Service {
    /// Longest wait of a pull.
    pub fn long_poll(&self) -> Duration {
        self.config.queue.long_poll
    }

    /// Takes up to `limit` events of the app's queue; when there is none, waits up to `wait` for one, at
    /// most [`Self::long_poll`].
    ///
    /// # Errors
    /// `QueueNotEnabled` unless the app is set to pull; `InvalidParameter` for a limit out of range.
    pub async fn pull_events(&self, app: &App, limit: usize, wait: Duration) -> Result<Vec<PulledEvent>> {
        require_pull(app)?;
        if !(1..=limits::PULL_BATCH_MAX).contains(&limit) {
            return Err(invalid("limit", format!("1 to {}", limits::PULL_BATCH_MAX)));
        }
        let QueueTimes { visibility_timeout, long_poll } = self.config.queue;
        let wait = wait.min(long_poll);
        let deadline = tokio::time::Instant::now() + wait;
        // Subscribed before the first look, so that no event between look and wait is missed.
        let mut hints = self.database().subscribe(Topic::Queues);
        loop {
            hints.mark_unchanged();
            let events = self.database().pull_events(app.id, visibility_timeout, limit).await?;
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            if !events.is_empty() || left.is_zero() {
                return Ok(events);
            }
            // A hint, the next look, or the deadline, whichever is first; all lead to another look.
            let _ = tokio::time::timeout(left.min(LOOK_AGAIN), hints.changed()).await;
        }
    }

    /// Confirms events by their handles; confirmed events never come again.
    ///
    /// # Errors
    /// `QueueNotEnabled`; `InvalidParameter` for no handles or more than the limit. Stale handles are
    /// told in the report, not as an error.
    pub async fn confirm_events(&self, app: &App, handles: &[String]) -> Result<ConfirmReport> {
        require_pull(app)?;
        if handles.is_empty() || handles.len() > limits::PULL_BATCH_MAX {
            return Err(invalid("handles", format!("1 to {} handles", limits::PULL_BATCH_MAX)));
        }
        let (mut known, mut malformed) = (Vec::new(), Vec::new());
        for handle in handles {
            match ReceiptHandle::parse(handle) {
                Ok(parsed) => known.push(parsed),
                Err(_) => malformed.push(handle.clone()),
            }
        }
        let mut report = self.database().confirm_events(app.id, &known).await?;
        report.stale.extend(malformed);
        Ok(report)
    }

    /// How much waits in the app's queue.
    ///
    /// # Errors
    /// Database failures.
    pub async fn queue_depth(&self, app: &App) -> Result<QueueDepth> {
        Ok(self.database().queue_depth(app.id).await?)
    }
}

fn require_pull(app: &App) -> Result<()> {
    if app.settings.tencent_mode == PullMode::Pull {
        Ok(())
    } else {
        Err(ServiceError::new(ErrorCode::QueueNotEnabled, "the app is not set to pull its events"))
    }
}
