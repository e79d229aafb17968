//! One run: a machine, its processes one after another, and what is checked at the end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use stillframe_database::{
    Database as _, Deliveries as _, JobFilter, Jobs as _, Queues as _, SqliteConfig, SqliteDatabase,
};
use stillframe_domain::endpoint::{AckRule, DeliveryPolicy};
use stillframe_domain::retry::RetrySchedule;
use stillframe_domain::{
    AppSettings, Endpoint, EndpointHealth, EndpointId, EventFormat, EventKind, JobState, Owner,
};
use stillframe_testkit::SimClock;
use tokio::task::JoinHandle;

use crate::breaks::Break;
use crate::callers::Callers;
use crate::chance::Chance;
use crate::invariants;
use crate::outside::Outside;
use crate::process::{self, GRACE_MS, Process};
use crate::world::World;

/// How often it is looked whether everything came to rest.
const LOOK: Duration = Duration::from_secs(60);
/// How often at most: five hours, more than clocks are set back and deliveries wait.
const LOOKS_MAX: usize = 300;
/// A machine that was off or suspended: longer than the cleaner's grace.
const OFF_MS: i64 = 3 * 3_600_000;
/// How often at most it is looked for a bad moment, 20 ms apart.
const MOMENTS_MAX: u32 = 5_000;
/// Rounds of the cleaner after which nothing may be left.
const CLEANINGS_MAX: usize = 3;

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// What is wrong; empty when the promises were kept.
    pub violations: Vec<String>,
    /// Two runs share it only when they were the same step by step.
    pub hash: u64,
    /// Steps.
    pub steps: u64,
    /// Processes that lived.
    pub lives: u64,
    /// Jobs that came to an end.
    pub jobs: usize,
    /// Events that were told.
    pub events: usize,
    /// The steps, when they were asked for.
    pub lines: Vec<String>,
}

/// Where runs happen: the runtime of what is real, and a disk in memory where there is one.
pub struct Stage {
    outside: Arc<Outside>,
    dir: tempfile::TempDir,
}

impl Stage {
    /// Sets the stage for any number of runs, one after another.
    ///
    /// # Errors
    /// When there is no folder to work in.
    pub fn new() -> anyhow::Result<Self> {
        let outside = Arc::new(Outside::start().context("cannot start threads")?);
        let memory = Path::new("/dev/shm");
        let builder = tempfile::Builder::new().prefix("stillframe-simulation-").to_owned();
        let dir = builder.tempdir_in(memory).or_else(|_no_memory| builder.tempdir());
        let stage = Self { outside, dir: dir.context("cannot make a folder")? };
        stage.migrate().context("cannot make a database")?;
        Ok(stage)
    }

    /// Runs a seed, with what is broken on purpose.
    ///
    /// # Errors
    /// When the machine itself fails: no disk, no thread.
    pub fn run(&self, seed: u64, broken: Option<Break>, keeps_steps: bool) -> anyhow::Result<Report> {
        let dir = tempfile::tempdir_in(self.dir.path()).context("cannot make a folder")?;
        std::fs::copy(self.template(), dir.path().join("stillframe.db")).context("cannot copy a database")?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .context("cannot start a runtime")?;
        let outside = Arc::clone(&self.outside);
        let report = runtime.block_on(async {
            let world = Arc::new(World::new(outside, dir.path(), seed, broken));
            if keeps_steps {
                world.trace.keep();
            }
            run(&world, seed).await;
            let report = report(&world, seed);
            world.shut();
            report
        });
        Ok(report)
    }

    /// The first run of some seeds that finds what is broken.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn find(&self, broken: Break, seeds: std::ops::Range<u64>) -> anyhow::Result<Option<Report>> {
        for seed in seeds {
            let report = self.run(seed, Some(broken), false)?;
            if !report.violations.is_empty() {
                return Ok(Some(report));
            }
        }
        Ok(None)
    }

    /// A migrated database, to be copied for each run.
    fn template(&self) -> PathBuf {
        self.dir.path().join("template.db")
    }

    fn migrate(&self) -> anyhow::Result<()> {
        let (clock, rng) = (Arc::new(SimClock::default()), Arc::new(Chance::new(0, 0)));
        let config = SqliteConfig::new(self.template(), clock, rng);
        self.outside.call(async {
            SqliteDatabase::open(config).await?.close().await;
            anyhow::Ok(())
        })
    }
}

async fn run(world: &Arc<World>, seed: u64) {
    world.boot();
    set_up(world);
    let callers = Callers::new(world, seed);
    let weather = weather(world);
    let process = loop {
        let mut process = Process::new();
        let lived = tokio::select! {
            biased;
            () = world.death.notified() => false,
            () = process.live(world, &callers) => true,
        };
        if lived {
            break process;
        }
        process.kill(world).await;
        restart(world);
    };
    weather.abort();
    world.calm_down();
    world.trace.step("all is calm");
    let has_come_to_rest = rest(world).await;
    process.kill(world).await;
    if !has_come_to_rest {
        world.violated("the work never came to rest".to_owned());
    }
    world.boot();
    clean(world).await;
    invariants::check(world);
}

fn restart(world: &Arc<World>) {
    world.storing.store(0, Ordering::SeqCst);
    if world.plan.is_off_long {
        world.clock.jump(OFF_MS);
    }
    world.trace.step("starts again");
    world.boot();
}

/// The app with its receivers.
fn set_up(world: &World) {
    let settings = AppSettings {
        automatic_covers: world.plan.has_covers,
        tencent_mode: world.plan.mode,
        ..AppSettings::default()
    };
    let database = world.database();
    let app = world.call(stillframe_database::Apps::insert_app(database.as_ref(), "app", &settings));
    let app = app.expect("an app can be made");
    let retry = RetrySchedule { waits_ms: vec![1_000, 5_000, 20_000, 60_000, 120_000] };
    let policy = DeliveryPolicy::new(AckRule::Success2xx, 5_000, retry);
    for number in 0..world.plan.receiver_count {
        let endpoint = Endpoint {
            id: EndpointId::mint(world.ids.as_ref()),
            app_id: app.id,
            url: format!("http://receiver-{number}.test/events"),
            format: EventFormat::Native,
            owner: Owner::Native,
            event_kinds: EventKind::ALL.to_vec(),
            origins: Vec::new(),
            secret: String::new(),
            former_secrets: Vec::new(),
            policy: DeliveryPolicy { auto_disable: false, ..policy.clone() },
            health: EndpointHealth::default(),
        };
        world.call(database.insert_endpoint(&endpoint)).expect("an endpoint can be made");
    }
    world.set_app(app);
}

/// Sets the clock as the seed has it.
fn weather(world: &Arc<World>) -> JoinHandle<()> {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        let mut changes = world.plan.jumps.clone();
        changes.extend(world.plan.suspended.map(|after| (after, OFF_MS)));
        changes.sort_unstable();
        let mut passed = Duration::ZERO;
        for (after, by_ms) in changes {
            world.pass(after.saturating_sub(passed)).await;
            passed = passed.max(after);
            if by_ms == OFF_MS {
                bad_moment(&world).await;
            }
            world.trace.step(&format!("the clock jumps by {by_ms} ms"));
            world.clock.jump(by_ms);
        }
    })
}

/// Waits for an attempt that has stored pictures and not yet its result, for a while, and in any case until no
/// request is between storing and committing: age alone protects those, see the cleaner.
async fn bad_moment(world: &World) {
    for look in 0.. {
        let is_safe = world.storing.load(Ordering::SeqCst) == 0;
        if is_safe && (world.has_unreported_pictures() || MOMENTS_MAX < look) {
            return;
        }
        world.pass(Duration::from_millis(20)).await;
    }
}

/// Waits until nothing is left to do; says whether it came to that.
async fn rest(world: &World) -> bool {
    for _ in 0..LOOKS_MAX {
        world.pass(LOOK).await;
        if is_at_rest(world) {
            return true;
        }
    }
    false
}

fn is_at_rest(world: &World) -> bool {
    let (database, app_id) = (world.database(), world.app_id());
    let states = JobState::ALL.into_iter().filter(|state| !state.is_terminal()).collect();
    let filter = JobFilter { states, ..JobFilter::default() };
    let open = world.call(database.list_jobs(app_id, &filter, None, 1)).expect("jobs can be listed");
    let depth = world.call(database.queue_depth(app_id)).expect("the queue can be asked");
    if !open.items.is_empty() || depth.visible + depth.hidden != 0 {
        return false;
    }
    let told: Vec<_> = world.ledger().told.keys().cloned().collect();
    let is_pending = |id| {
        let records = world.call(database.list_deliveries(app_id, id)).expect("deliveries can be listed");
        let pending = stillframe_domain::DeliveryState::Pending;
        records.iter().any(|record| record.delivery.state == pending)
    };
    !told.iter().any(is_pending)
}

/// Lets the cleaner remove what the run left, when all of it is old.
async fn clean(world: &Arc<World>) {
    world.clock.jump(i64::try_from(GRACE_MS).unwrap_or(i64::MAX) + OFF_MS);
    for _ in 0..CLEANINGS_MAX {
        let cleaner = process::cleaner(world);
        if cleaner.clean().await.is_err() {
            world.violated("the cleaner failed although all is calm".to_owned());
        }
    }
}

fn report(world: &World, seed: u64) -> Report {
    let ledger = world.ledger();
    Report {
        seed,
        violations: ledger.violations.clone(),
        hash: world.trace.hash(),
        steps: world.trace.count(),
        lives: world.life(),
        jobs: ledger.ended.len(),
        events: ledger.told.len(),
        lines: world.trace.lines(),
    }
}
