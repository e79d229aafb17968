//! An agent of a process (a runner, a relay, the cleaner, a caller's request), and what befalls its calls.
//!
//! A call passes three points: before its effect, where it may be late or fail; after it, where its answer
//! may be lost; and at both the whole process may die. An agent may also stand still for minutes, with all
//! that it has under way, and then go on as if nothing had happened: that makes zombies.

use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::plan::Odds;
use crate::world::World;

/// How long an agent stands still: longer than the leases of jobs, and some than those of deliveries.
const FREEZE_MS: (u64, u64) = (35_000, 180_000);

/// A call failed as the plan has it.
#[derive(Debug)]
pub struct Failed;

/// One agent of one process.
pub struct Agent {
    /// The machine that it runs on.
    pub world: Arc<World>,
    name: String,
    life: u64,
    frozen_until: Mutex<Option<Instant>>,
}

impl Agent {
    /// An agent of the process that lives now.
    pub fn new(world: &Arc<World>, name: impl Into<String>) -> Arc<Self> {
        let (life, name) = (world.life(), name.into());
        Arc::new(Self { world: Arc::clone(world), name, life, frozen_until: Mutex::new(None) })
    }

    /// The way to a call's effect.
    pub async fn before(&self, what: &str, odds: &Odds) -> Result<(), Failed> {
        self.step(what).await;
        if self.world.is_calm() {
            return Ok(());
        }
        self.maybe_freeze();
        let delay = self.delay(odds);
        if !delay.is_zero() {
            sleep(delay).await;
        }
        self.thaw().await;
        self.alive().await;
        if self.goes_wrong(odds.fails) { Err(Failed) } else { Ok(()) }
    }

    /// The way from a call's effect to its caller.
    pub async fn after(&self, what: &str, odds: &Odds) -> Result<(), Failed> {
        self.step(what).await;
        if self.world.is_calm() {
            return Ok(());
        }
        let is_lost = self.goes_wrong(odds.answer_lost);
        self.thaw().await;
        self.alive().await;
        if is_lost { Err(Failed) } else { Ok(()) }
    }

    /// Whether something of these odds happens, unless all is calm.
    pub fn goes_wrong(&self, per_mille: u64) -> bool {
        self.world.faults.is(per_mille) && !self.world.is_calm()
    }

    /// The process dies here.
    pub async fn die(&self) {
        self.world.trace.step("dies");
        self.world.death.notify_one();
        pending::<()>().await;
    }

    /// Whether the process of this agent still lives.
    pub fn is_alive(&self) -> bool {
        self.life == self.world.life()
    }

    /// A step, at which the process may die. What belongs to a process that died takes none.
    async fn step(&self, what: &str) {
        self.alive().await;
        self.world.trace.step(&format!("{} {what}", self.name));
        if self.world.dies_at_this_step() {
            self.die().await;
        }
    }

    async fn alive(&self) {
        if !self.is_alive() {
            pending::<()>().await;
        }
    }

    fn delay(&self, odds: &Odds) -> Duration {
        let faults = &self.world.faults;
        if faults.is(odds.hangs) {
            faults.ms(5_000, 120_000)
        } else if faults.is(odds.is_slow) {
            faults.ms(1, 1_000)
        } else {
            Duration::ZERO
        }
    }

    fn maybe_freeze(&self) {
        if self.world.faults.is(self.world.plan.freezes) {
            let time = self.world.faults.ms(FREEZE_MS.0, FREEZE_MS.1);
            self.world.trace.step(&format!("{} freezes for {} ms", self.name, time.as_millis()));
            *self.frozen_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + time);
        }
    }

    async fn thaw(&self) {
        loop {
            let until = *self.frozen_until.lock().unwrap_or_else(PoisonError::into_inner);
            match until {
                Some(until) if Instant::now() < until => sleep_until(until).await,
                _ => return,
            }
        }
    }
}
