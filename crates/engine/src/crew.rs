//! The crew: threads that decode groups and make pictures of their frames, a decoder each.
//!
//! ```text
//! take.rs: planner ──give──> queue ──the costliest first──> worker: decode, draw, encode
//!                  <──────────────── Told, a few at a time ────────────┘
//! ```
//!
//! The calling thread alone plans, reads the source and hands on results; it starts a worker when there is
//! work for one more. What is planned ahead is bounded by bytes, so memory does not grow with the number of
//! pictures.
//!
//! **Invariant:** every task that was given is told of as ended, once, unless the crew is dismissed.

use std::io;
use std::ops::ControlFlow;
use std::panic;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};

use stillframe_domain::{Failure, MediaTime};

use crate::av::Frame;
use crate::budget::Budget;
use crate::decode::{GroupDecoder, Outcome, PacketSource};
use crate::encode::Encoders;
use crate::error::EngineError;
use crate::media::Media;
use crate::output::{Made, Maker};
use crate::pick::Hands;
use crate::plan::{Group, Target, Wanted};
use crate::render::{Renderer, Shape};
use crate::timeline::Timeline;

/// Bytes of packets that wait in the queue, beyond one group: 1 MiB.
const QUEUED_BYTES_MAX: u64 = 1 << 20;
/// Bytes of packets that wait or are being decoded, for each worker: 1 MiB. Beyond, a group is planned when
/// a worker has none, which costs it the time of reading that group: little beside decoding so much.
const OPEN_BYTES_PER_WORKER_MAX: u64 = 1 << 20;
/// Groups that wait in the queue.
const QUEUED_GROUPS_MAX: usize = 256;
/// Results for each worker that wait to be handed on.
const TOLD_PER_WORKER_MAX: usize = 2;

/// A group to decode.
pub struct Task {
    /// The group.
    pub group: Group,
    /// How often it was begun from a keyframe further back.
    pub widening_count: usize,
}

/// What a worker tells.
pub enum Told {
    /// A picture was made, or its frame came but could not be drawn.
    Made(Wanted, MediaTime, Result<Made, Failure>),
    /// A task has ended; all of its pictures were told of before, but those of missing targets.
    Ended(Task, Outcome),
    /// A worker panicked: nothing more will come of its task.
    Lost,
}

/// What every worker needs.
#[derive(Clone)]
pub struct Kit {
    /// The makers by output; `None` for outputs that fail altogether.
    pub makers: Arc<[Option<Maker>]>,
    /// The shape of all frames.
    pub shape: Shape,
    /// When they are shown.
    pub timeline: Timeline,
    /// What may be spent.
    pub budget: Budget,
}

/// One worker's tools, or the calling thread's own for groups that it has to read itself.
pub struct Worker {
    kit: Kit,
    decoder: GroupDecoder,
    renderer: Renderer,
    encoders: Encoders,
}

impl Worker {
    /// # Errors
    /// When there is no decoder for the video, or a library fails.
    pub fn new(kit: Kit, decoder: GroupDecoder) -> Result<Self, Failure> {
        let renderer = Renderer::new(kit.shape);
        Ok(Self { kit, decoder, renderer, encoders: Encoders::new()? })
    }

    /// As [`Self::run`], of the packets that the group kept. They are let go as they are decoded, so that
    /// the memory is free again when the pictures at the end of the group are made.
    fn run_kept(&mut self, group: &mut Group, tell: &mut dyn FnMut(Told) -> ControlFlow<()>) -> Outcome {
        let taken = if self.decoder.may_repeat() { None } else { group.take_packets() };
        match taken {
            None => self.run(group, PacketSource::Kept, tell),
            Some(Ok(packets)) => {
                let mut packets = packets.into_iter();
                let mut next = || packets.next().ok_or(EngineError::Truncated);
                self.run(group, PacketSource::Read(&mut next), tell)
            }
            Some(Err(error)) => {
                Outcome::nothing(group, EngineError::Backend { call: error.call, code: error.code })
            }
        }
    }

    /// Decodes a group and tells of each picture as it is made.
    pub fn run(
        &mut self,
        group: &Group,
        packets: PacketSource<'_>,
        tell: &mut dyn FnMut(Told) -> ControlFlow<()>,
    ) -> Outcome {
        let Self { kit, decoder, renderer, encoders } = self;
        let mut make = |target: &Target, frame: &Frame| {
            let pts = kit.timeline.time_of(target.shown_at(frame));
            let make_one = |wanted: &Wanted| {
                let maker = kit.makers[wanted.slot.output]?;
                Some(Told::Made(*wanted, pts, maker.make(frame, pts, (renderer, encoders))))
            };
            target.wanted.iter().filter_map(make_one).collect::<Vec<_>>()
        };
        let mut hand_on = |_: &Target, made: Vec<Told>| made.into_iter().try_for_each(&mut *tell);
        decoder.run(group, packets, &mut Hands { make: &mut make, hand_on: &mut hand_on })
    }
}

/// The threads of one call.
pub struct Crew<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    kit: Kit,
    shared: Arc<Shared>,
    told: Receiver<Told>,
    teller: SyncSender<Told>,
    /// Decoder threads of the workers that are not started yet.
    resting: Vec<u32>,
    started_count: usize,
    /// Tasks that were given and have not ended, and the bytes of their packets.
    open_count: usize,
    open_bytes: u64,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    tasks: Vec<Task>,
    size_bytes: u64,
    idle_count: usize,
    is_dismissed: bool,
}

impl<'scope, 'env> Crew<'scope, 'env> {
    /// A crew of as many workers as `thread_counts` has entries, each with so many threads for its decoder.
    /// The first is started at once.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] when there is no decoder for the video.
    pub fn new(
        scope: &'scope Scope<'scope, 'env>,
        kit: Kit,
        mut thread_counts: Vec<u32>,
        media: &Media,
    ) -> Result<Self, EngineError> {
        let (teller, told) = sync_channel(TOLD_PER_WORKER_MAX * thread_counts.len());
        thread_counts.reverse();
        let first = thread_counts.pop().unwrap_or(1);
        let (resting, shared) = (thread_counts, Arc::default());
        let mut crew = Self {
            scope,
            kit,
            shared,
            told,
            teller,
            resting,
            started_count: 0,
            open_count: 0,
            open_bytes: 0,
        };
        crew.start(first, media)?;
        Ok(crew)
    }

    /// Whether another task should be planned now.
    pub fn has_room(&self) -> bool {
        let worker_count = self.started_count + self.resting.len();
        if self.open_count < worker_count {
            return true;
        }
        let queue = self.shared.lock();
        let has_place = queue.size_bytes < QUEUED_BYTES_MAX && queue.tasks.len() < QUEUED_GROUPS_MAX;
        self.open_bytes < OPEN_BYTES_PER_WORKER_MAX * worker_count as u64
            && (has_place || queue.tasks.is_empty())
    }

    /// Gives a task, and starts a worker for it when all others have work.
    pub fn give(&mut self, task: Task, media: &Media) {
        let mut queue = self.shared.lock();
        let size_bytes = task.group.size_bytes();
        queue.size_bytes += size_bytes;
        queue.tasks.push(task);
        self.open_count += 1;
        self.open_bytes += size_bytes;
        let is_short = queue.idle_count < queue.tasks.len();
        drop(queue);
        self.shared.changed.notify_one();
        if let Some(thread_count) = self.resting.pop_if(|_| is_short)
            && self.start(thread_count, media).is_err()
        {
            // Fewer workers do the same work.
            self.resting.clear();
        }
    }

    /// What a worker tells next; `None` when all tasks have ended.
    pub fn next(&mut self) -> Option<Told> {
        if self.open_count == 0 {
            return None;
        }
        // A sender is kept here, so that this waits for workers that are yet to be started, too.
        let told = self.told.recv().ok()?;
        Some(self.noted(told))
    }

    /// As [`Self::next`], but only what has been told already.
    pub fn next_ready(&mut self) -> Option<Told> {
        match self.told.try_recv() {
            Ok(told) => Some(self.noted(told)),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
        }
    }

    fn noted(&mut self, told: Told) -> Told {
        self.open_count -= usize::from(!matches!(told, Told::Made(..)));
        if let Told::Ended(task, _) = &told {
            self.open_bytes -= task.group.size_bytes();
        }
        told
    }

    fn start(&mut self, thread_count: u32, media: &Media) -> Result<(), EngineError> {
        let decoder = GroupDecoder::open(media, thread_count, self.kit.budget.clone())?;
        let (kit, shared, teller) = (self.kit.clone(), self.shared.clone(), self.teller.clone());
        let worker = move || work(kit, decoder, &shared, &teller);
        let name = format!("stillframe-decode-{}", self.started_count);
        let spawned = Builder::new().name(name).spawn_scoped(self.scope, worker);
        let code = |error: io::Error| error.raw_os_error().unwrap_or(0);
        spawned.map_err(|error| EngineError::Backend { call: "thread", code: code(error) })?;
        self.started_count += 1;
        Ok(())
    }
}

impl Drop for Crew<'_, '_> {
    fn drop(&mut self) {
        self.shared.lock().is_dismissed = true;
        if 0 < self.open_count {
            self.kit.budget.cancel();
        }
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The costliest task that waits; `None` when the crew is dismissed.
    fn take(&self) -> Option<Task> {
        let mut queue = self.lock();
        loop {
            if queue.is_dismissed {
                return None;
            }
            let costliest = (0..queue.tasks.len()).max_by_key(|&place| queue.tasks[place].group.cost);
            if let Some(place) = costliest {
                let task = queue.tasks.swap_remove(place);
                queue.size_bytes -= task.group.size_bytes();
                return Some(task);
            }
            queue.idle_count += 1;
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle_count -= 1;
        }
    }
}

/// A worker's life.
fn work(kit: Kit, decoder: GroupDecoder, shared: &Shared, teller: &SyncSender<Told>) {
    let work = panic::AssertUnwindSafe(|| {
        let mut worker = Worker::new(kit, decoder);
        while let Some(mut task) = shared.take() {
            let mut tell = |told| match teller.send(told) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            let outcome = match &mut worker {
                Ok(worker) => worker.run_kept(&mut task.group, &mut tell),
                Err(_) => Outcome::nothing(&task.group, EngineError::Backend { call: "tj3Init", code: 0 }),
            };
            if tell(Told::Ended(task, outcome)).is_break() {
                break;
            }
        }
    });
    if let Err(cause) = panic::catch_unwind(work) {
        // The caller must not wait for what will never come; then it panics as if it had done the work.
        let _ = teller.send(Told::Lost);
        panic::resume_unwind(cause);
    }
}
