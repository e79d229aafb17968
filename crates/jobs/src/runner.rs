//! The runner: leases due jobs up to its free slots and runs an attempt of each.

use std::sync::Arc;
use std::time::Duration;

use stillframe_database::{Database, Topic};
use stillframe_domain::{Checkpoints, Clock, Rng};
use stillframe_outbound::Web;
use stillframe_sandbox::Decoder;
use stillframe_storage::Storage;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::attempt;
use crate::blocking::Blocking;
use crate::config::RunnerConfig;

/// Shortest sleep between two looks at the queue.
const SLEEP_MIN: Duration = Duration::from_millis(5);

/// What a runner works with.
#[derive(Clone)]
pub struct RunnerDeps {
    /// Holds jobs and results.
    pub database: Arc<dyn Database>,
    /// Holds videos and pictures.
    pub storage: Arc<dyn Storage>,
    /// Fetches videos.
    pub outbound: Arc<dyn Web>,
    /// Probes videos and takes pictures.
    pub decoder: Arc<dyn Decoder>,
    /// Where decoding is done.
    pub blocking: Arc<dyn Blocking>,
    /// Dates results.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub rng: Arc<dyn Rng>,
    /// Told of `MidDecode`, `ObjectsPut` and `ResultCommitted` of jobs that take pictures.
    pub checkpoints: Arc<dyn Checkpoints>,
}

/// Runs jobs until it is stopped.
pub struct Runner {
    shared: Arc<Shared>,
}

/// What all attempts share.
pub(crate) struct Shared {
    pub(crate) deps: RunnerDeps,
    pub(crate) config: RunnerConfig,
}

impl Runner {
    /// A runner; any number of them may work on one database.
    pub fn new(deps: RunnerDeps, config: RunnerConfig) -> Self {
        Self { shared: Arc::new(Shared { deps, config }) }
    }

    /// Works until cancelled; then lets running jobs end within the grace time and gives the others back.
    pub async fn run(self, cancel: CancellationToken) {
        let config = &self.shared.config;
        let mut hints = self.shared.deps.database.subscribe(Topic::Jobs);
        let mut attempts = JoinSet::new();
        let give_back = CancellationToken::new();
        let mut may_be_due = true;
        while !cancel.is_cancelled() {
            let free = config.concurrency.max(1).saturating_sub(attempts.len());
            if may_be_due && 0 < free {
                may_be_due = self.lease_into(&mut attempts, free, &give_back).await;
                continue;
            }
            // With no slot free, the next that ends is what is waited for.
            let is_full = free == 0;
            let pause = if is_full { self.longest_pause() } else { self.pause().await };
            // In this order, so that a seed of the simulation repeats.
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some(ended) = attempts.join_next() => {
                    log_panic(ended);
                    may_be_due |= is_full;
                }
                Ok(()) = hints.changed() => may_be_due = true,
                () = sleep(pause) => may_be_due = true,
            }
        }
        let grace = Duration::from_millis(config.stop_grace_ms);
        if timeout(grace, all_ended(&mut attempts)).await.is_err() {
            give_back.cancel();
            all_ended(&mut attempts).await;
        }
    }

    /// Leases up to `free` jobs and begins them; says whether more may be due.
    async fn lease_into(
        &self,
        attempts: &mut JoinSet<()>,
        free: usize,
        give_back: &CancellationToken,
    ) -> bool {
        let Shared { deps, config } = self.shared.as_ref();
        let lease_for = Duration::from_millis(config.lease_ms);
        match deps.database.lease_jobs(&config.worker_name, lease_for, free).await {
            Ok(leases) => {
                let is_full = free <= leases.len();
                for lease in leases {
                    attempts.spawn(attempt::run(Arc::clone(&self.shared), lease, give_back.clone()));
                }
                is_full
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot lease jobs");
                false
            }
        }
    }

    fn longest_pause(&self) -> Duration {
        Duration::from_millis(self.shared.config.poll_ms)
    }

    async fn pause(&self) -> Duration {
        let longest = self.longest_pause();
        // An error shows itself at the next lease.
        let next = self.shared.deps.database.next_job_due().await.ok().flatten();
        next.map_or(longest, |next| next.clamp(SLEEP_MIN, longest.max(SLEEP_MIN)))
    }
}

async fn all_ended(attempts: &mut JoinSet<()>) {
    while let Some(ended) = attempts.join_next().await {
        log_panic(ended);
    }
}

/// A job that panicked keeps its lease until that ends, and counts the attempt.
fn log_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = &error as &dyn std::error::Error, "an attempt of a job panicked");
    }
}
