//! Children that wait for work.

use std::ffi::OsString;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stillframe_domain::{ErrorCode, Failure, MediaFacts};
use stillframe_engine::{Limits, Produced, TakeRequest};

use crate::confine::{Confinement, MEMORY_BYTES_MAX};
use crate::decoder::{Call, Decoder};
use crate::worker::{Ended, Worker, crashed};

/// How children are started and when they are ended.
#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// The program that becomes a child.
    pub program: PathBuf,
    /// Its arguments; the limit of memory in bytes follows them.
    pub arguments: Vec<OsString>,
    /// Children that are kept while they have no work.
    pub idle_max: usize,
    /// Calls after which a child is replaced; 200 by default.
    pub calls_per_child: u32,
    /// Largest address space of a child in bytes; 4 GiB by default.
    pub memory_bytes_max: u64,
    /// Most processor time of one call, over all its threads, in seconds; 2 hours by default.
    pub cpu_s_max: u64,
    /// Longest time in which a child neither reads nor says anything; 2 minutes by default.
    pub no_progress: Duration,
    /// Whether a child that a layer of its confinement is missing from may work; true by default.
    pub is_partial_allowed: bool,
}

/// This program as the kernel holds it: the same one even when its file was replaced by a newer version
/// meanwhile, which may speak another protocol.
const THIS_PROGRAM: &str = "/proc/self/exe";

impl PoolConfig {
    /// Children of this program, started by `arguments`.
    pub fn of_this_program<const N: usize>(arguments: [&str; N]) -> Self {
        Self {
            program: PathBuf::from(THIS_PROGRAM),
            arguments: arguments.map(OsString::from).into(),
            idle_max: 2,
            calls_per_child: 200,
            memory_bytes_max: MEMORY_BYTES_MAX,
            cpu_s_max: 7_200,
            no_progress: Duration::from_secs(120),
            is_partial_allowed: true,
        }
    }
}

/// Decodes in children, of which some are kept warm.
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    config: PoolConfig,
    children: Mutex<Children>,
}

struct Children {
    idle: Vec<Worker>,
    /// Those that work, wait, or are being started.
    count: usize,
}

impl Pool {
    /// A pool with one child that waits, and the others on their way; says what confines it.
    ///
    /// # Errors
    /// When a child cannot be started, or a layer of its confinement is missing and has to be there.
    pub fn start(config: PoolConfig) -> io::Result<(Self, Confinement)> {
        let first = Worker::start(&config)?;
        let confinement = first.confinement;
        if !confinement.is_whole() && !config.is_partial_allowed {
            let missing = confinement.missing().join(", ");
            return Err(io::Error::other(format!("the kernel lacks what the sandbox needs: {missing}")));
        }
        let children = Mutex::new(Children { idle: vec![first], count: 1 });
        let shared = Arc::new(Shared { config, children });
        (1..shared.config.idle_max).for_each(|_| shared.fill());
        Ok((Self { shared }, confinement))
    }

    fn with_worker(
        &self,
        call: &Call<'_>,
        mut run: impl FnMut(&mut Worker) -> Ended,
    ) -> Result<Option<MediaFacts>, Failure> {
        loop {
            let idle = self.shared.take_idle(call.version.as_ref());
            let is_new = idle.is_none();
            let mut worker = match idle {
                Some(worker) => worker,
                None => self.shared.start_worker()?,
            };
            let end = match run(&mut worker) {
                Ended::Answered(answer) => {
                    self.shared.give_back(worker);
                    return answer.map(Some);
                }
                Ended::Stopped => Some(Ok(None)),
                Ended::Broken(failure) => {
                    count_restart("broken");
                    Some(Err(failure))
                }
                Ended::Gone if is_new => {
                    count_restart("broken");
                    Some(Err(crashed()))
                }
                // Something ended it while it waited: that is not the video's fault.
                Ended::Gone => {
                    count_restart("gone");
                    None
                }
            };
            // Ended first, so that a new one has its memory.
            drop(worker);
            self.shared.forget_one();
            if let Some(end) = end {
                return end;
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Children> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A child that waits: one that may know the video, if there is one.
    fn take_idle(&self, version: Option<&String>) -> Option<Worker> {
        let idle = &mut self.lock().idle;
        match idle.iter().position(|worker| worker.knows(version)) {
            Some(place) => Some(idle.remove(place)),
            None => idle.pop(),
        }
    }

    fn start_worker(&self) -> Result<Worker, Failure> {
        self.lock().count += 1;
        Worker::start(&self.config).map_err(|error| {
            self.lock().count -= 1;
            tracing::error!(error = &error as &dyn std::error::Error, "cannot start a decoder");
            no_decoder()
        })
    }

    fn give_back(self: &Arc<Self>, worker: Worker) {
        let mut children = self.lock();
        if worker.call_count < self.config.calls_per_child && children.idle.len() < self.config.idle_max {
            children.idle.push(worker);
            return;
        }
        drop(children);
        if self.config.calls_per_child <= worker.call_count {
            count_restart("worn");
        }
        drop(worker);
        self.forget_one();
    }

    /// A child has ended; another one takes its place if there are too few to wait.
    fn forget_one(self: &Arc<Self>) {
        self.lock().count -= 1;
        self.fill();
    }

    /// Starts a child that will wait, if there are too few, without anybody waiting for it.
    fn fill(self: &Arc<Self>) {
        let mut children = self.lock();
        if self.config.idle_max <= children.count {
            return;
        }
        children.count += 1;
        drop(children);
        let shared = Arc::clone(self);
        let start = move || match Worker::start(&shared.config) {
            Ok(worker) => shared.lock().idle.push(worker),
            Err(error) => {
                shared.lock().count -= 1;
                // The next call tries again, and tells its caller if it fails.
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot keep a decoder warm");
            }
        };
        if std::thread::Builder::new().name("decoder".to_owned()).spawn(start).is_err() {
            self.lock().count -= 1;
        }
    }
}

impl Decoder for Pool {
    fn probe(&self, call: &Call<'_>, limits: &Limits) -> Result<MediaFacts, Failure> {
        self.with_worker(call, |worker| worker.probe(call, limits, &self.shared.config))?
            .ok_or_else(abandoned)
    }

    fn take(
        &self,
        call: &Call<'_>,
        request: &TakeRequest,
        sink: &mut dyn FnMut(Produced) -> ControlFlow<()>,
    ) -> Result<MediaFacts, Failure> {
        let mut facts = None;
        let mut noting = |produced: Produced| {
            if let Produced::Facts(told) = &produced {
                facts = Some(told.clone());
            }
            sink(produced)
        };
        let ended =
            self.with_worker(call, |worker| worker.take(call, request, &self.shared.config, &mut noting))?;
        ended.or(facts).ok_or_else(abandoned)
    }
}

fn count_restart(reason: &'static str) {
    metrics::counter!("stillframe_sandbox_restarts_total", "reason" => reason).increment(1);
}

fn no_decoder() -> Failure {
    Failure::new(ErrorCode::Unavailable, "no decoder could be started")
}

/// Nobody hears of it.
fn abandoned() -> Failure {
    Failure::new(ErrorCode::Unavailable, "the work was abandoned")
}
