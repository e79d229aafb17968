//! Blocking work on the thread of the simulation, after a while.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use stillframe_jobs::Blocking;

use crate::agent::Agent;

/// Does work at once, at a moment that the seed chooses.
pub struct SimBlocking {
    agent: Arc<Agent>,
}

impl SimBlocking {
    /// The blocking work of an agent.
    pub fn new(agent: &Arc<Agent>) -> Self {
        Self { agent: Arc::clone(agent) }
    }
}

impl Blocking for SimBlocking {
    fn begin(&self, work: Box<dyn FnOnce() + Send>) {
        let agent = Arc::clone(&self.agent);
        let time = match agent.goes_wrong(agent.world.plan.decoding / 4) {
            true => agent.world.faults.ms(20_000, 60_000),
            false => agent.world.faults.ms(0, 800),
        };
        tokio::spawn(async move {
            agent.world.pass(if agent.world.is_calm() { Duration::ZERO } else { time }).await;
            if agent.is_alive() {
                // A panic in it harms nothing else; whoever waits sees that no answer comes.
                let _ = catch_unwind(AssertUnwindSafe(work));
            }
        });
    }
}
