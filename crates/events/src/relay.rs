//! The relay: leases due deliveries and makes their attempts.
//!
//! A delivery is leased, sent, and its attempt recorded. A process that dies between sending and
//! recording leaves a lease that ends by itself, and the same event is sent again: receivers hear at
//! least once. What is leased waits in [`lanes`], one for each endpoint, so that a receiver that is slow
//! or gone takes up its own few slots and no others; and what failed before has slots of its own
//! ([`roads`]), so that however many receivers are gone, fresh events wait for none of them.

mod attempt;
mod lanes;
mod pace;
mod permission;
mod queue;
mod retry_after;
mod roads;
#[cfg(test)]
mod samples;
mod schedule;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use stillframe_database::{Database, DeliveryLane, Topic};
use stillframe_domain::{Checkpoints, Clock, EndpointId, Rng};
use stillframe_outbound::Web;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use self::attempt::Courier;
use self::lanes::Leased;
use self::permission::Permissions;
use self::roads::{Ended, Roads};
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
    /// Names the sender to receivers of CloudEvents: a DNS name, such as that of the public URL.
    pub origin: String,
    /// Most attempts at a time to tell fresh events; 64 by default.
    pub concurrency: usize,
    /// Most of them at a time to one endpoint; 4 by default.
    pub endpoint_concurrency: usize,
    /// Most attempts at a time beside these, of what failed before, or goes to an endpoint that is failing,
    /// or is sent again by hand; 32 by default.
    pub retry_concurrency: usize,
    /// Most of them at a time to one endpoint; 2 by default.
    pub retry_endpoint_concurrency: usize,
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
            origin: "localhost".to_owned(),
            concurrency: 64,
            endpoint_concurrency: 4,
            retry_concurrency: 32,
            retry_endpoint_concurrency: 2,
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
        let mut roads = Roads::new(&self.config);
        let permissions = Permissions::new(self.config.origin.clone());
        let courier = Arc::new(Courier { deps: self.deps.clone(), permissions });
        let mut attempts = Attempts::default();
        while !cancel.is_cancelled() {
            let now = Instant::now();
            while let Some((lane, leased)) = roads.next(now) {
                attempts.spawn(&courier, lane, leased, now);
            }
            if self.lease_into(&mut roads, now).await {
                continue;
            }
            let pause = self.pause(&roads, now).await;
            // In this order, so that a seed of the simulation repeats.
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some(ended) = attempts.ended() => roads.end(&ended),
                Ok(()) = hints.changed() => roads.look_again(),
                () = sleep(pause) => roads.look_again(),
            }
        }
        let grace = Duration::from_millis(self.config.stop_grace_ms);
        if timeout(grace, attempts.all_ended()).await.is_err() {
            tracing::warn!("stopped with callbacks under way; they will be sent again");
        }
    }

    /// Leases a batch for each lane that wants one; says whether one did.
    async fn lease_into(&self, roads: &mut Roads, now: Instant) -> bool {
        let lease_for = Duration::from_millis(self.config.lease_ms);
        let mut has_looked = false;
        for lane in DeliveryLane::ALL {
            if !roads.wants(lane, now) {
                continue;
            }
            has_looked = true;
            let begun = Instant::now();
            match self.deps.database.lease_deliveries(lane, lease_for, BATCH_MAX).await {
                Ok(batch) => {
                    let is_all = batch.len() < BATCH_MAX;
                    let leased = batch.into_iter().map(|due| Leased::new(due, begun, lease_for)).collect();
                    roads.take(lane, leased, is_all, begun);
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "cannot lease deliveries");
                    roads.take(lane, Vec::new(), true, begun);
                }
            }
        }
        has_looked
    }

    async fn pause(&self, roads: &Roads, now: Instant) -> Duration {
        let longest = Duration::from_millis(self.config.poll_ms);
        // An error shows itself at the next lease.
        let due = self.deps.database.next_delivery_due().await.ok().flatten();
        let next = due.into_iter().chain(roads.next_free(now)).min();
        next.map_or(longest, |next| next.clamp(SLEEP_MIN, longest.max(SLEEP_MIN)))
    }
}

/// The attempts under way, with their lanes, their endpoints and when they began.
#[derive(Default)]
struct Attempts {
    tasks: JoinSet<Option<u32>>,
    begun: HashMap<Id, (DeliveryLane, EndpointId, Instant)>,
}

impl Attempts {
    fn spawn(&mut self, courier: &Arc<Courier>, lane: DeliveryLane, leased: Leased, now: Instant) {
        let endpoint_id = leased.due.endpoint.id.clone();
        let task = self.tasks.spawn(attempt::make(Arc::clone(courier), leased));
        self.begun.insert(task.id(), (lane, endpoint_id, now));
    }

    /// The next attempt that ends; `None` when none is under way.
    async fn ended(&mut self) -> Option<Ended> {
        let ended = self.tasks.join_next_with_id().await?;
        if let Err(error) = &ended {
            tracing::error!(error = error as &dyn std::error::Error, "an attempt of a delivery panicked");
        }
        let (id, granted_per_minute) = ended.unwrap_or_else(|error: JoinError| (error.id(), None));
        let (lane, endpoint_id, begun) = self.begun.remove(&id)?;
        Some(Ended { lane, endpoint_id, begun, granted_per_minute })
    }

    async fn all_ended(&mut self) {
        while self.ended().await.is_some() {}
    }
}
