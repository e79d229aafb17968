//! The relay: leases due deliveries and makes their attempts.
//!
//! A delivery is leased, sent, and its attempt recorded. A process that dies between sending and
//! recording leaves a lease that ends by itself, and the same event is sent again: receivers hear at
//! least once. What is leased waits in [`lanes`], one for each endpoint, so that a receiver that is slow
//! or gone takes up its own few slots and no others.

mod attempt;
mod lanes;
mod queue;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use stillframe_database::{Database, Topic};
use stillframe_domain::{Checkpoints, Clock, EndpointId, Rng};
use stillframe_outbound::Web;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use self::lanes::{Lanes, Leased};
use crate::renderer::Renderers;

/// Deliveries of one lease.
const BATCH_MAX: usize = 64;
/// Shortest sleep between two looks at the database.
const SLEEP_MIN: Duration = Duration::from_millis(5);

/// What a relay works with.
#[derive(Clone)]
pub struct RelayDeps {
    /// Holds events, deliveries and attempts.
    pub database: Arc<dyn Database>,
    /// Sends.
    pub outbound: Arc<dyn Web>,
    /// Write the bodies.
    pub renderers: Renderers,
    /// Dates attempts.
    pub clock: Arc<dyn Clock>,
    /// Spreads retries.
    pub rng: Arc<dyn Rng>,
    /// Told of [`stillframe_domain::Checkpoint::CallbackSent`].
    pub checkpoints: Arc<dyn Checkpoints>,
}

/// Settings of a relay.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Most attempts at a time; 64 by default.
    pub concurrency: usize,
    /// Most attempts at a time to one endpoint; 4 by default.
    pub endpoint_concurrency: usize,
    /// How long a leased delivery is not due again, in milliseconds; 120,000 by default. An attempt is
    /// begun only when it must end before that, so it has to exceed every endpoint's timeout.
    pub lease_ms: u64,
    /// Longest time between two looks at the database, in milliseconds; 1,000 by default.
    pub poll_ms: u64,
    /// How long a stop waits for attempts under way, in milliseconds; 10,000 by default.
    pub stop_grace_ms: u64,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            concurrency: 64,
            endpoint_concurrency: 4,
            lease_ms: 120_000,
            poll_ms: 1_000,
            stop_grace_ms: 10_000,
        }
    }
}

/// Sends events to HTTP endpoints until it is stopped.
pub struct Relay {
    deps: RelayDeps,
    config: RelayConfig,
}

impl Relay {
    /// A relay; any number of them may work on one database.
    pub fn new(deps: RelayDeps, config: RelayConfig) -> Self {
        Self { deps, config }
    }

    /// Works until cancelled, then lets attempts under way end within the grace time.
    ///
    /// What was leased but not begun, or not ended in time, is due again when its lease ends.
    pub async fn run(self, cancel: CancellationToken) {
        let mut hints = self.deps.database.subscribe(Topic::Deliveries);
        let mut lanes = Lanes::new(self.config.concurrency, self.config.endpoint_concurrency);
        let mut attempts = Attempts::default();
        let mut may_be_due = true;
        while !cancel.is_cancelled() {
            let now = Instant::now();
            while let Some(leased) = lanes.next(now) {
                attempts.spawn(&self.deps, leased, now);
            }
            if may_be_due && lanes.have_room(now) {
                may_be_due = self.lease_into(&mut lanes).await;
                continue;
            }
            let pause = self.pause().await;
            // In this order, so that a seed of the simulation repeats.
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some((endpoint_id, begun)) = attempts.ended() => lanes.end(&endpoint_id, begun),
                Ok(()) = hints.changed() => may_be_due = true,
                () = sleep(pause) => may_be_due = true,
            }
        }
        let grace = Duration::from_millis(self.config.stop_grace_ms);
        if timeout(grace, attempts.all_ended()).await.is_err() {
            tracing::warn!("stopped with callbacks under way; they will be sent again");
        }
    }

    /// Leases a batch; says whether more may be due.
    async fn lease_into(&self, lanes: &mut Lanes) -> bool {
        let lease_for = Duration::from_millis(self.config.lease_ms);
        let now = Instant::now();
        match self.deps.database.lease_deliveries(lease_for, BATCH_MAX).await {
            Ok(batch) => {
                let is_full = BATCH_MAX <= batch.len();
                for due in batch {
                    lanes.push(Leased::new(due, now, lease_for), now);
                }
                is_full
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot lease deliveries");
                false
            }
        }
    }

    async fn pause(&self) -> Duration {
        let longest = Duration::from_millis(self.config.poll_ms);
        // An error shows itself at the next lease.
        let next = self.deps.database.next_delivery_due().await.ok().flatten();
        next.map_or(longest, |next| next.clamp(SLEEP_MIN, longest.max(SLEEP_MIN)))
    }
}

/// The attempts under way, with their endpoints and when they began.
#[derive(Default)]
struct Attempts {
    tasks: JoinSet<()>,
    begun: HashMap<Id, (EndpointId, Instant)>,
}

impl Attempts {
    fn spawn(&mut self, deps: &RelayDeps, leased: Leased, now: Instant) {
        let endpoint_id = leased.due.endpoint.id.clone();
        let task = self.tasks.spawn(attempt::make(deps.clone(), leased));
        self.begun.insert(task.id(), (endpoint_id, now));
    }

    /// The next attempt that ends; `None` when none is under way.
    async fn ended(&mut self) -> Option<(EndpointId, Instant)> {
        let ended = self.tasks.join_next_with_id().await?;
        if let Err(error) = &ended {
            tracing::error!(error = error as &dyn std::error::Error, "an attempt of a delivery panicked");
        }
        let id = ended.map_or_else(|error: JoinError| error.id(), |(id, ())| id);
        self.begun.remove(&id)
    }

    async fn all_ended(&mut self) {
        while self.ended().await.is_some() {}
    }
}
