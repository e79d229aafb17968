//! A simulated machine: what outlives its processes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stillframe_database::{Database, SqliteConfig, SqliteDatabase, Topic};
use stillframe_domain::{App, AppId, Timestamp};
use stillframe_storage::LocalStorage;
use tokio::sync::{Notify, watch};

use crate::breaks::Break;
use crate::chance::Chance;
use crate::clock::MachineClock;
use crate::ledger::Ledger;
use crate::outside::Outside;
use crate::plan::Plan;
use crate::trace::Trace;

/// Topics of hints, in the order in which they are passed on.
const TOPICS: [Topic; 3] = [Topic::Jobs, Topic::Deliveries, Topic::Queues];

/// The machine, its disk, and who watches.
pub struct World {
    /// Runs what is real.
    pub outside: Arc<Outside>,
    /// The disk.
    pub dir: PathBuf,
    /// Time of day.
    pub clock: Arc<MachineClock>,
    /// What the seed has in store.
    pub plan: Plan,
    /// Decides about faults.
    pub faults: Chance,
    /// Ids and jitter of the product.
    pub ids: Arc<Chance>,
    /// What was seen.
    ledger: Mutex<Ledger>,
    /// What happened, step by step.
    pub trace: Trace,
    /// What is broken on purpose.
    pub broken: Option<Break>,
    /// Whether nothing goes wrong any more.
    is_calm: AtomicBool,
    /// The process that lives.
    life: AtomicU64,
    /// Steps of this life.
    steps: AtomicU64,
    /// Told when the process dies.
    pub death: Notify,
    /// Requests between storing bytes and committing what they are.
    pub storing: AtomicU64,
    app: Mutex<Option<App>>,
    parts: Mutex<Option<Parts>>,
    hints: Mutex<Hints>,
    /// When each object was last put, by the machine's clock: that of the file system is real.
    put_at: Mutex<BTreeMap<String, Timestamp>>,
}

/// What a process opens at its start.
#[derive(Clone)]
struct Parts {
    database: Arc<SqliteDatabase>,
    storage: Arc<LocalStorage>,
}

/// Hints are passed on one by one after each call: the database gives them on a thread of its own.
#[derive(Default)]
struct Hints {
    seen: Vec<watch::Receiver<u64>>,
    told: Vec<(usize, watch::Sender<u64>)>,
}

impl World {
    /// A machine with an empty disk, but for a database that was migrated before.
    pub fn new(outside: Arc<Outside>, dir: &Path, seed: u64, broken: Option<Break>) -> Self {
        Self {
            outside,
            dir: dir.to_owned(),
            clock: Arc::new(MachineClock::new()),
            plan: Plan::of(&Chance::new(seed, 1)),
            faults: Chance::new(seed, 2),
            ids: Arc::new(Chance::new(seed, 3)),
            ledger: Mutex::default(),
            trace: Trace::default(),
            broken,
            is_calm: AtomicBool::new(false),
            life: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            death: Notify::new(),
            storing: AtomicU64::new(0),
            app: Mutex::new(None),
            parts: Mutex::new(None),
            hints: Mutex::default(),
            put_at: Mutex::default(),
        }
    }

    /// Starts the process: opens database and store as a server does.
    pub fn boot(&self) {
        // What the process before this one held goes first, as the kernel closes its files.
        self.shut();
        let config = SqliteConfig::new(self.dir.join("stillframe.db"), self.clock.shown(), self.ids.clone());
        let (database, storage) = self.call(async {
            let database = SqliteDatabase::open(config).await.expect("the database opens");
            (database, LocalStorage::open(self.dir.join("objects")).await.expect("the store opens"))
        });
        let seen = TOPICS.map(|topic| database.subscribe(topic)).into();
        *lock(&self.hints) = Hints { seen, told: Vec::new() };
        *lock(&self.parts) = Some(Parts { database: Arc::new(database), storage: Arc::new(storage) });
    }

    /// Shuts everything down.
    pub fn shut(&self) {
        *lock(&self.hints) = Hints::default();
        let parts = lock(&self.parts).take();
        self.outside.call(async move { drop(parts) });
    }

    /// The real database.
    pub fn database(&self) -> Arc<SqliteDatabase> {
        Arc::clone(&lock(&self.parts).as_ref().expect("the process was started").database)
    }

    /// The real store.
    pub fn storage(&self) -> Arc<LocalStorage> {
        Arc::clone(&lock(&self.parts).as_ref().expect("the process was started").storage)
    }

    /// Carries a call to what is real through, at one moment of the simulated time.
    pub fn call<T>(&self, call: impl Future<Output = T>) -> T {
        self.clock.show();
        self.outside.call(call)
    }

    /// Passes on what the last call hinted.
    pub fn pass_hints_on(&self) {
        let mut hints = lock(&self.hints);
        let Hints { seen, told } = &mut *hints;
        told.retain(|(_, sender)| 0 < sender.receiver_count());
        for (topic, receiver) in seen.iter_mut().enumerate() {
            if receiver.has_changed().unwrap_or(false) {
                receiver.mark_unchanged();
                for (_, sender) in told.iter().filter(|(of, _)| *of == topic) {
                    sender.send_modify(|count| *count += 1);
                }
            }
        }
    }

    /// A subscription of its own, so that the order of waking does not hang on others.
    pub fn subscribe(&self, topic: Topic) -> watch::Receiver<u64> {
        let (sender, receiver) = watch::channel(0);
        lock(&self.hints).told.push((topic as usize, sender));
        receiver
    }

    /// Notes whose videos and jobs all are.
    pub fn set_app(&self, app: App) {
        *lock(&self.app) = Some(app);
    }

    /// The one app.
    pub fn app(&self) -> App {
        lock(&self.app).clone().expect("the app was made first")
    }

    /// The number of the one app.
    pub fn app_id(&self) -> AppId {
        self.app().id
    }

    /// What was seen.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    /// Notes what is wrong.
    pub fn violated(&self, what: String) {
        self.trace.step(&format!("VIOLATED {what}"));
        self.ledger().violations.push(what);
    }

    /// Whether nothing goes wrong any more.
    pub fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::SeqCst)
    }

    /// From now on nothing goes wrong.
    pub fn calm_down(&self) {
        self.is_calm.store(true, Ordering::SeqCst);
    }

    /// The number of the process that lives.
    pub fn life(&self) -> u64 {
        self.life.load(Ordering::SeqCst)
    }

    /// The process is gone: nothing of it takes another step.
    pub fn end_life(&self) {
        self.life.fetch_add(1, Ordering::SeqCst);
        self.steps.store(0, Ordering::SeqCst);
    }

    /// Counts a step; says whether the process dies at it.
    pub fn dies_at_this_step(&self) -> bool {
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        let life = usize::try_from(self.life()).unwrap_or(usize::MAX);
        !self.is_calm() && self.plan.crashes.get(life) == Some(&step)
    }

    /// Notes that an object was put.
    pub fn note_put(&self, key: &str) {
        lock(&self.put_at).insert(key.to_owned(), stillframe_domain::Clock::now(self.clock.as_ref()));
    }

    /// When an object was put, by the machine's clock.
    pub fn put_at(&self, key: &str) -> Option<Timestamp> {
        lock(&self.put_at).get(key).copied()
    }

    /// Whether pictures are stored of which no result tells yet.
    pub fn has_unreported_pictures(&self) -> bool {
        let ledger = self.ledger();
        let put_at = lock(&self.put_at);
        put_at.keys().any(|key| key.contains("/snapshots/") && !ledger.reported.contains(key))
    }

    /// A wait of the outside world.
    pub async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Nothing that is done under these locks leaves anything half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
