//! A process: what `stillframe serve` builds, over the simulated machine.

use std::sync::Arc;
use std::time::Duration;

use stillframe_database::{Database, Deliveries as _, Jobs as _};
use stillframe_domain::checkpoint::NoCheckpoints;
use stillframe_domain::{Endpoint, Event, EventFormat, Timestamp};
use stillframe_events::{Relay, RelayConfig, RelayDeps, Renderer, Renderers};
use stillframe_jobs::{Cleaner, CleanerConfig, CleanerDeps, Runner, RunnerConfig, RunnerDeps};
use stillframe_service::{QueueTimes, Service, ServiceConfig, ServiceDeps};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::agent::Agent;
use crate::blocking::SimBlocking;
use crate::callers::Callers;
use crate::database::SimDatabase;
use crate::decoder::SimDecoder;
use crate::storage::SimStorage;
use crate::web::SimWeb;
use crate::world::World;

/// How old an object has to be before the cleaner removes it: more than any call hangs and any clock is set.
pub const GRACE_MS: u64 = 2 * 3_600_000;
/// Hints and due times wake all agents; what they miss is found again at that interval.
const POLL_MS: u64 = 60_000;
/// Longest time of one attempt.
const ATTEMPT_TIMEOUT_MS: u64 = 600_000;

/// Longest time that callers ask for work.
const LIFE_MAX: Duration = Duration::from_secs(3_600);

/// Everything that a process runs.
pub struct Process {
    tasks: JoinSet<()>,
}

impl Process {
    /// A process that does nothing yet.
    pub fn new() -> Self {
        Self { tasks: JoinSet::new() }
    }

    /// Starts all agents and waits until the callers have asked for everything that they want.
    pub async fn live(&mut self, world: &Arc<World>, callers: &Arc<Callers>) {
        self.start(world, callers).await;
        // Callers that hang do not keep the run from its end.
        let _ = timeout(LIFE_MAX, callers.all_ended(world)).await;
    }

    /// Starts as `serve` does: what was leased belonged to a process that is gone.
    async fn start(&mut self, world: &Arc<World>, callers: &Arc<Callers>) {
        let starter = SimDatabase::new(&Agent::new(world, "start"));
        // A server that cannot do this does not start; whoever runs it starts it again.
        while starter.void_leases().await.is_err() {}
        while starter.void_delivery_leases().await.is_err() {}
        // Nothing stops gracefully here: processes die.
        let never = CancellationToken::new();
        for number in 0..world.plan.runner_count {
            self.tasks.spawn(runner(world, number).run(never.clone()));
        }
        for number in 0..world.plan.relay_count {
            self.tasks.spawn(relay(world, number).run(never.clone()));
        }
        self.tasks.spawn(cleaner(world).run(never.clone()));
        callers.spawn(world, &mut self.tasks);
    }

    /// The process dies: no task of it takes another step.
    pub async fn kill(mut self, world: &World) {
        world.end_life();
        self.tasks.shutdown().await;
        // Tasks that these began are gone once they had a turn.
        world.pass(Duration::from_millis(1)).await;
    }
}

/// The use cases as an agent asks for them.
pub fn service(agent: &Arc<Agent>) -> Service {
    let deps = ServiceDeps {
        database: Arc::new(SimDatabase::new(agent)),
        storage: Arc::new(SimStorage::new(agent)),
        clock: agent.world.clock.clone(),
        rng: agent.world.ids.clone(),
        checkpoints: Arc::new(NoCheckpoints),
    };
    let config = ServiceConfig {
        media_base_url: "http://pictures.test/media".to_owned(),
        local_roots: Vec::new(),
        source_size_bytes_max: 1 << 20,
        queue: QueueTimes::default(),
    };
    Service::new(deps, config)
}

/// The cleaner, also for the end of a run.
pub fn cleaner(world: &Arc<World>) -> Cleaner {
    let agent = Agent::new(world, "cleaner");
    let deps = CleanerDeps {
        database: Arc::new(SimDatabase::new(&agent)),
        storage: Arc::new(SimStorage::new(&agent)),
        blocking: Arc::new(SimBlocking::new(&agent)),
        clock: world.clock.clone(),
    };
    let config = CleanerConfig {
        interval_ms: world.plan.cleaner_interval_ms,
        object_grace_ms: GRACE_MS,
        ..CleanerConfig::default()
    };
    Cleaner::new(deps, config)
}

fn runner(world: &Arc<World>, number: u64) -> Runner {
    let agent = Agent::new(world, format!("runner-{number}"));
    let database: Arc<dyn Database> = Arc::new(SimDatabase::new(&agent));
    let deps = RunnerDeps {
        database,
        storage: Arc::new(SimStorage::new(&agent)),
        outbound: Arc::new(SimWeb::new(&agent)),
        decoder: Arc::new(SimDecoder::new(&agent)),
        blocking: Arc::new(SimBlocking::new(&agent)),
        clock: world.clock.clone(),
        rng: world.ids.clone(),
        checkpoints: Arc::new(NoCheckpoints),
    };
    let config = RunnerConfig {
        worker_name: format!("runner-{number}"),
        concurrency: usize::try_from(world.plan.concurrency).unwrap_or(1),
        poll_ms: POLL_MS,
        attempt_timeout_ms: ATTEMPT_TIMEOUT_MS,
        media_base_url: "http://pictures.test/media".to_owned(),
        spool_dir: world.dir.clone(),
        ..RunnerConfig::default()
    };
    Runner::new(deps, config)
}

fn relay(world: &Arc<World>, number: u64) -> Relay {
    let agent = Agent::new(world, format!("relay-{number}"));
    let deps = RelayDeps {
        database: Arc::new(SimDatabase::new(&agent)),
        outbound: Arc::new(SimWeb::new(&agent)),
        renderers: Renderers::default().with(EventFormat::Native, Arc::new(Whole)),
        clock: world.clock.clone(),
        rng: world.ids.clone(),
        checkpoints: Arc::new(NoCheckpoints),
    };
    Relay::new(deps, RelayConfig { poll_ms: POLL_MS, ..RelayConfig::default() })
}

/// Writes an event whole, so that its receiver can look whether it is true.
struct Whole;

impl Renderer for Whole {
    fn body(&self, event: &Event) -> Option<String> {
        serde_json::to_string(event).ok()
    }

    fn headers(&self, _to: &Endpoint, _event: &Event, _body: &str, _at: Timestamp) -> Vec<(String, String)> {
        Vec::new()
    }
}
