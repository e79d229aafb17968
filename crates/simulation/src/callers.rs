//! Those who ask for work and hear of it. They live outside of the process and outlive it: a request that dies
//! with the process is not made again, and what they were promised, they remember.

mod asking;
mod pulling;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stillframe_domain::PullMode;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::world::World;
use asking::{Action, Asker};
use pulling::Puller;

/// All callers of a run.
pub struct Callers {
    askers: Vec<Arc<Asker>>,
    puller: Option<Arc<Puller>>,
    /// Scripts that came to their end.
    ended: AtomicUsize,
    /// Told when all did.
    all_ended: Notify,
}

impl Callers {
    /// The callers of a seed.
    pub fn new(world: &World, seed: u64) -> Arc<Self> {
        let chance = Chance::new(seed, 4);
        let askers = (0..world.plan.caller_count)
            .map(|number| Arc::new(Asker::new(number, Action::script(&chance, world.plan.media_count))))
            .collect();
        let puller = (world.plan.mode == PullMode::Pull).then(|| Arc::new(Puller::new(seed)));
        Arc::new(Self { askers, puller, ended: AtomicUsize::new(0), all_ended: Notify::new() })
    }

    /// Has them go on with what they do.
    pub fn spawn(self: &Arc<Self>, world: &Arc<World>, tasks: &mut JoinSet<()>) {
        for asker in &self.askers {
            let (callers, asker, world) = (Arc::clone(self), Arc::clone(asker), Arc::clone(world));
            tasks.spawn(async move {
                asker.go_on(&world).await;
                let is_last = || callers.ended.fetch_add(1, Ordering::SeqCst) + 1 == callers.askers.len();
                if asker.ends() && is_last() {
                    callers.all_ended.notify_one();
                }
            });
        }
        if let Some(puller) = &self.puller {
            let (puller, world) = (Arc::clone(puller), Arc::clone(world));
            tasks.spawn(async move { puller.go_on(&world).await });
        }
    }

    /// Waits until all have asked for what they want, and a while longer.
    pub async fn all_ended(&self, world: &World) {
        while self.ended.load(Ordering::SeqCst) < self.askers.len() {
            self.all_ended.notified().await;
        }
        world.pass(Duration::from_secs(90)).await;
    }
}
