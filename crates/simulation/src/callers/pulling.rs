//! A caller who pulls events and confirms them: at once, late, twice, or never.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stillframe_service::Service;

use crate::agent::Agent;
use crate::chance::Chance;
use crate::process::service;
use crate::world::World;

/// Handles that are kept to be used again.
const KEPT_MAX: usize = 24;

/// A caller who pulls.
pub(super) struct Puller {
    chance: Chance,
    /// All handles that it had lately, also those that confirmed.
    kept: Mutex<Vec<String>>,
}

impl Puller {
    pub(super) fn new(seed: u64) -> Self {
        Self { chance: Chance::new(seed, 5), kept: Mutex::default() }
    }

    /// Pulls for as long as the process lives.
    pub(super) async fn go_on(&self, world: &Arc<World>) {
        let agent = Agent::new(world, "puller");
        let service = service(&agent);
        loop {
            let handles = self.pull(world, &service).await;
            if world.is_calm() {
                self.confirm(world, &service, &handles).await;
                let pause = if handles.is_empty() { 20_000 } else { 0 };
                world.pass(Duration::from_millis(pause)).await;
                continue;
            }
            match self.chance.below(10) {
                0..6 => self.confirm(world, &service, &handles).await,
                6 | 7 => {
                    // Later than an event stays hidden, or nearly.
                    world.pass(self.chance.ms(25_000, 45_000)).await;
                    self.confirm(world, &service, &handles).await;
                }
                8 => self.confirm_again(world, &service).await,
                _ => {}
            }
            world.pass(self.chance.ms(500, 12_000)).await;
        }
    }

    async fn pull(&self, world: &World, service: &Service) -> Vec<String> {
        let limit = usize::try_from(self.chance.between(1, 8)).unwrap_or(1);
        let wait = Duration::from_millis(if self.chance.is(100) { 1_500 } else { 0 });
        let pulled = service.pull_events(&world.app(), limit, wait).await.unwrap_or_default();
        let handles: Vec<String> = pulled.into_iter().map(|event| event.handle.to_string()).collect();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(handles.iter().cloned());
        let surplus = kept.len().saturating_sub(KEPT_MAX);
        kept.drain(..surplus);
        handles
    }

    async fn confirm(&self, world: &World, service: &Service, handles: &[String]) {
        if !handles.is_empty() {
            // What was not confirmed comes again.
            let _ = service.confirm_events(&world.app(), handles).await;
        }
    }

    async fn confirm_again(&self, world: &World, service: &Service) {
        let some: Vec<String> = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().filter(|_| self.chance.is(400)).take(8).cloned().collect()
        };
        self.confirm(world, service, &some).await;
    }
}
