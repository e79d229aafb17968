//! Runs a request: opens once, plans all outputs, decodes each group once, hands results on.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

use stillframe_domain::{ByteSource, ErrorCode, Failure, MediaFacts, MediaTime, PixelSize, SnapshotSpec};

use crate::budget::Budget;
use crate::cover;
use crate::crew::{Crew, Kit, Task, Told, Worker};
use crate::decode::{GroupDecoder, Outcome, PacketSource, read_again};
use crate::encode::Encoders;
use crate::error::EngineError;
use crate::media::{Depth, Media, check_limit};
use crate::output::{Made, Output, is_preview, is_thumbnail};
use crate::plan::{Cursor, PlannedOutput, Planner, Slot, Step, Wanted, plan_output};
use crate::render::Shape;
use crate::request::{Produced, TakeRequest};
use crate::shelf::Shelf;
use crate::timeline::Timeline;

/// Most threads of one decoder; more give little.
const FRAME_THREADS_MAX: usize = 8;

/// How many keyframes further back a frame is looked for. A stream that is refreshed bit by bit needs
/// about two.
const WIDENINGS_MAX: usize = 3;

/// Where results go.
type Sink<'s> = &'s mut dyn FnMut(Produced) -> ControlFlow<()>;

/// See [`crate::take()`].
pub fn take(
    request: &TakeRequest,
    source: Arc<dyn ByteSource>,
    sink: Sink<'_>,
) -> Result<MediaFacts, EngineError> {
    check_outputs(request)?;
    take_of(request, &mut Media::open(source, &request.limits, Depth::Header)?, sink)
}

/// See [`Shelf::take`].
pub fn take_again(
    shelf: &mut Shelf,
    version: Option<&str>,
    request: &TakeRequest,
    source: Arc<dyn ByteSource>,
    sink: Sink<'_>,
) -> Result<MediaFacts, EngineError> {
    check_outputs(request)?;
    let mut media = shelf.open(version, source, &request.limits)?;
    let facts = take_of(request, &mut media, sink)?;
    shelf.keep(version, media);
    Ok(facts)
}

fn check_outputs(request: &TakeRequest) -> Result<(), EngineError> {
    check_limit("outputs_max", request.limits.outputs_max.into(), request.outputs.len() as u64)
}

fn take_of(request: &TakeRequest, media: &mut Media, sink: Sink<'_>) -> Result<MediaFacts, EngineError> {
    let facts = media.facts.clone();
    let planned = plan_all(&request.outputs, media, &facts)?;
    let encoders = Encoders::new().map_err(|_| EngineError::Backend { call: "tj3Init", code: 0 })?;
    let frame = upright_frame(&facts);
    let best = planned.iter().map(|planned| planned.best).collect();
    let outputs = planned.iter().zip(&request.outputs).enumerate().map(|(place, (planned, spec))| {
        let output = Output::new(place, spec, frame, planned.frame_count());
        let picture_count = if is_preview(spec) { 1 } else { planned.frame_count() };
        (picture_count, output)
    });
    let outputs: Vec<_> = outputs.collect();
    let makers = outputs.iter().map(|(_, output)| output.as_ref().ok().map(Output::maker));
    let kit = Kit {
        makers: makers.collect(),
        shape: Shape::of(&media.video),
        timeline: media.timeline,
        budget: Budget::new(&media.limits, media.deadline),
    };
    let mut studio =
        Studio { outputs, best, encoders, timeline: media.timeline, kit: kit.clone(), own: None, sink };
    let (to_find, failed) = studio.sort_out(planned);
    let mut planner = Planner::new(Cursor::new(media), to_find).spilling();
    let thread_counts = thread_counts(&planner);
    thread::scope(|scope| {
        let mut crew = Crew::new(scope, kit, thread_counts, planner.media())?;
        // A sink that breaks ends the call; the facts are true all the same.
        let _ = studio.run(&facts, failed, &mut planner, &mut crew);
        Ok(facts)
    })
}

fn plan_all(
    specs: &[SnapshotSpec],
    media: &mut Media,
    facts: &MediaFacts,
) -> Result<Vec<PlannedOutput>, EngineError> {
    let frame = upright_frame(facts);
    let mut cursor = Cursor::new(media);
    let plan_one = |(place, spec): (usize, &SnapshotSpec)| {
        plan_output((place, spec), is_thumbnail(spec, frame), &mut cursor)
    };
    let mut planned: Vec<_> = specs.iter().enumerate().map(plan_one).collect::<Result<_, _>>()?;
    cover::settle(specs, &mut planned, media)?;
    Ok(planned)
}

/// The threads of each worker's decoder. A decoder alone on its core loses no time to the start of threads
/// at each group; so more than one are had only where there are more cores than groups. Then it is one more
/// than cores, since they wait for one another.
fn thread_counts(planner: &Planner<'_>) -> Vec<u32> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let cores = cores.min(planner.media().limits.decoding_threads_max.max(1) as usize);
    let workers = planner.group_count().min(cores);
    let share = |worker: usize| match (cores + workers - 1 - worker) / workers {
        spare if 1 < spare && planner.has_exact() => (spare + 1).min(FRAME_THREADS_MAX) as u32,
        _ => 1,
    };
    (0..workers).map(share).collect()
}

fn upright_frame(facts: &MediaFacts) -> PixelSize {
    let (width_px, height_px) =
        facts.video.as_ref().map_or((1, 1), |video| (video.width_px, video.height_px));
    PixelSize { width_px, height_px }
}

/// A picture that cannot be had, with the time to report it by.
type Failed = (Slot, MediaTime, Failure);

/// Puts together what the crew makes, and hands it on.
struct Studio<'s> {
    /// How many pictures each output has, and where they go, or why they all fail.
    outputs: Vec<(usize, Result<Output, Failure>)>,
    /// The picture of each output that would be the best cover, where it is told.
    best: Vec<Option<usize>>,
    encoders: Encoders,
    timeline: Timeline,
    kit: Kit,
    /// Decodes the groups that are too large to keep, which only this thread can read.
    own: Option<Worker>,
    sink: Sink<'s>,
}

impl Studio<'_> {
    /// Tells what has to be looked for from what cannot be had.
    fn sort_out(&self, planned: Vec<PlannedOutput>) -> (Vec<Wanted>, Vec<Failed>) {
        let (mut to_find, mut failed) = (Vec::new(), Vec::new());
        for output in planned {
            for (slot, failure) in output.out_of_range {
                if self.is_told_of(slot) {
                    failed.push((slot, slot.offset.unwrap_or(MediaTime::ZERO), failure));
                }
            }
            for wanted in output.wanted {
                match &self.outputs[wanted.slot.output].1 {
                    Ok(_) => to_find.push(wanted),
                    Err(_) if !self.is_told_of(wanted.slot) => {}
                    Err(failure) => failed.push((wanted.slot, self.asked_at(&wanted), failure.clone())),
                }
            }
        }
        (to_find, failed)
    }

    /// Whether something becomes of this frame: of an output that fails altogether, only of its pictures.
    fn is_told_of(&self, slot: Slot) -> bool {
        let (picture_count, output) = &self.outputs[slot.output];
        output.is_ok() || slot.index < *picture_count
    }

    fn run(
        &mut self,
        facts: &MediaFacts,
        failed: Vec<Failed>,
        planner: &mut Planner<'_>,
        crew: &mut Crew<'_, '_>,
    ) -> ControlFlow<()> {
        (self.sink)(Produced::Facts(facts.clone()))?;
        for (output, (&(picture_count, _), &best)) in self.outputs.iter().zip(&self.best).enumerate() {
            (self.sink)(Produced::Planned { output, picture_count, best })?;
        }
        for (slot, at, failure) in failed {
            self.put(slot, at, Err(failure))?;
        }
        loop {
            while let Some(told) = crew.next_ready() {
                self.hear(told, planner, crew)?;
            }
            match if crew.has_room() { planner.next() } else { None } {
                Some(Step::Failed(wanted, failure)) => self.fail(&wanted, failure)?,
                Some(Step::Group(group)) => self.begin(Task { group, widening_count: 0 }, planner, crew)?,
                None => match crew.next() {
                    Some(told) => self.hear(told, planner, crew)?,
                    None => break,
                },
            }
        }
        for output in 0..self.outputs.len() {
            if let Ok(output) = &mut self.outputs[output].1 {
                let produced = output.finish(&mut self.encoders);
                hand_on(&mut *self.sink, produced)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn hear(&mut self, told: Told, planner: &mut Planner<'_>, crew: &mut Crew<'_, '_>) -> ControlFlow<()> {
        match told {
            Told::Made(wanted, pts, made) => self.put_made(&wanted, pts, made),
            Told::Ended(task, outcome) => self.end(task, outcome, planner, crew),
            // The end of the scope passes the panic on.
            Told::Lost => ControlFlow::Break(()),
        }
    }

    /// Has a task done: by the crew, or here where its packets have to be read again.
    fn begin(&mut self, task: Task, planner: &mut Planner<'_>, crew: &mut Crew<'_, '_>) -> ControlFlow<()> {
        if task.group.has_data {
            crew.give(task, planner.media());
            return ControlFlow::Continue(());
        }
        let mut worker = match self.own.take().map_or_else(|| self.own_worker(planner.media()), Ok) {
            Ok(worker) => worker,
            Err(error) => {
                let outcome = Outcome::nothing(&task.group, error);
                return self.end(task, outcome, planner, crew);
            }
        };
        let mut flow = ControlFlow::Continue(());
        let mut read = read_again(&task.group, planner.cursor());
        let outcome = worker.run(&task.group, PacketSource::Read(&mut read), &mut |told| {
            if let Told::Made(wanted, pts, made) = told {
                flow = self.put_made(&wanted, pts, made);
            }
            flow
        });
        drop(read);
        self.own = Some(worker);
        flow?;
        self.end(task, outcome, planner, crew)
    }

    /// Packets that are read again come but once, so that there can be no second try: one thread.
    fn own_worker(&self, media: &Media) -> Result<Worker, EngineError> {
        let decoder = GroupDecoder::open(media, 1, self.kit.budget.clone())?;
        let failed = |_| EngineError::Backend { call: "tj3Init", code: 0 };
        Worker::new(self.kit.clone(), decoder).map_err(failed)
    }

    /// What did not come out is tried again from keyframes further back, since a keyframe may need earlier
    /// frames for some of those that follow.
    fn end(
        &mut self,
        Task { mut group, widening_count }: Task,
        Outcome { missing, mut error }: Outcome,
        planner: &mut Planner<'_>,
        crew: &mut Crew<'_, '_>,
    ) -> ControlFlow<()> {
        if missing.is_empty() {
            return ControlFlow::Continue(());
        }
        if error.is_none() && widening_count < WIDENINGS_MAX {
            let next = widening_count + 1;
            match planner.widen(&group, &missing) {
                Ok(Some(group)) => return self.begin(Task { group, widening_count: next }, planner, crew),
                Ok(None) if group.settle_for_first(&missing) => {
                    return self.begin(Task { group, widening_count: next }, planner, crew);
                }
                Ok(None) => {}
                Err(failed) => error = Some(failed),
            }
        }
        let failure = error.map(|error| error.failure());
        for target in &missing {
            let is_near_end = group.is_near_end(target);
            for wanted in &target.wanted {
                let failure = failure.clone().unwrap_or_else(|| undecodable(is_near_end));
                self.fail(wanted, failure)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn put_made(&mut self, wanted: &Wanted, pts: MediaTime, made: Result<Made, Failure>) -> ControlFlow<()> {
        self.put(wanted.slot, wanted.slot.offset.unwrap_or(pts), made)
    }

    fn fail(&mut self, wanted: &Wanted, failure: Failure) -> ControlFlow<()> {
        self.put(wanted.slot, self.asked_at(wanted), Err(failure))
    }

    fn asked_at(&self, wanted: &Wanted) -> MediaTime {
        wanted.slot.offset.unwrap_or_else(|| self.timeline.time_of(wanted.at))
    }

    fn put(&mut self, slot: Slot, offset: MediaTime, made: Result<Made, Failure>) -> ControlFlow<()> {
        let produced = match (&mut self.outputs[slot.output].1, made) {
            (Ok(output), made) => output.put(slot.index, offset, made, &mut self.encoders),
            (Err(failure), _) => vec![Produced::failed(slot.output, slot.index, offset, failure.clone())],
        };
        hand_on(&mut *self.sink, produced)
    }
}

fn hand_on(sink: Sink<'_>, produced: Vec<Produced>) -> ControlFlow<()> {
    produced.into_iter().try_for_each(sink)
}

fn undecodable(is_near_end: bool) -> Failure {
    if is_near_end {
        Failure::new(ErrorCode::Truncated, "the video's bytes end within this frame")
    } else {
        Failure::new(ErrorCode::DecodeFailed, "the frame could not be decoded whole")
    }
}
