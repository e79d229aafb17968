//! Runs a request: opens once, plans all outputs, decodes each group once, hands results on.

use std::ops::ControlFlow;
use std::sync::Arc;

use stillframe_domain::{ByteSource, ErrorCode, Failure, MediaFacts, MediaTime, PixelSize, SnapshotSpec};

use crate::av::Frame;
use crate::decode::{GroupDecoder, read_again};
use crate::encode::Encoders;
use crate::error::EngineError;
use crate::media::{Depth, Media, check_limit};
use crate::output::{Output, Times, is_thumbnail};
use crate::plan::{Choice, Cursor, Group, PlannedOutput, Planner, Slot, Step, Target, Wanted, plan_output};
use crate::render::{Renderer, Shape};
use crate::request::{Produced, TakeRequest};
use crate::timeline::Timeline;

/// Most threads for a single frame far from its keyframe; more give little.
const FRAME_THREADS_MAX: usize = 4;

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
    check_limit("outputs_max", request.limits.outputs_max.into(), request.outputs.len() as u64)?;
    let mut media = Media::open(source, &request.limits, Depth::Header)?;
    let facts = media.facts.clone();
    let planned = plan_all(&request.outputs, &mut media, &facts)?;
    let decoder = GroupDecoder::open(&mut media, thread_count(&planned))?;
    let encoders = Encoders::new().map_err(|_| EngineError::Backend { call: "tj3Init", code: 0 })?;
    let frame = upright_frame(&facts);
    let outputs = planned.iter().zip(&request.outputs).enumerate().map(|(place, (planned, spec))| {
        let output = Output::new(place, spec, frame, planned.picture_count());
        (planned.picture_count(), output)
    });
    let mut studio = Studio {
        outputs: outputs.collect(),
        renderer: Renderer::new(Shape::of(&media.video)),
        encoders,
        timeline: media.timeline,
        sink,
    };
    // A sink that breaks ends the call; the facts are true all the same.
    let _ = studio.run(&facts, planned, &mut media, decoder);
    Ok(facts)
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
    specs.iter().enumerate().map(plan_one).collect()
}

/// One thread decodes without delay; a single exact frame alone is worth the start of more.
fn thread_count(planned: &[PlannedOutput]) -> u32 {
    let mut wanted = planned.iter().flat_map(|planned| &planned.wanted);
    match (wanted.next(), wanted.next()) {
        (Some(only), None) if only.choice == Choice::Exact => {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            cores.min(FRAME_THREADS_MAX) as u32
        }
        _ => 1,
    }
}

fn upright_frame(facts: &MediaFacts) -> PixelSize {
    let (width_px, height_px) =
        facts.video.as_ref().map_or((1, 1), |video| (video.width_px, video.height_px));
    PixelSize { width_px, height_px }
}

/// Makes pictures of frames and hands them on.
struct Studio<'s> {
    /// How many pictures each output has, and who makes them, or why they all fail.
    outputs: Vec<(usize, Result<Output, Failure>)>,
    renderer: Renderer,
    encoders: Encoders,
    timeline: Timeline,
    sink: Sink<'s>,
}

impl Studio<'_> {
    fn run(
        &mut self,
        facts: &MediaFacts,
        planned: Vec<PlannedOutput>,
        media: &mut Media,
        mut decoder: GroupDecoder,
    ) -> ControlFlow<()> {
        (self.sink)(Produced::Facts(facts.clone()))?;
        for (output, &(picture_count, _)) in self.outputs.iter().enumerate() {
            (self.sink)(Produced::Planned { output, picture_count })?;
        }
        let mut to_find = Vec::new();
        for output in planned {
            for (slot, failure) in output.out_of_range {
                self.fail(slot, slot.offset.unwrap_or(MediaTime::ZERO), failure)?;
            }
            for wanted in output.wanted {
                match &self.outputs[wanted.slot.output].1 {
                    Ok(_) => to_find.push(wanted),
                    Err(failure) => self.fail_wanted(wanted, failure.clone())?,
                }
            }
        }
        let mut planner = Planner::new(Cursor::new(media), to_find);
        while let Some(step) = planner.next() {
            match step {
                Step::Failed(wanted, failure) => self.fail_wanted(wanted, failure)?,
                Step::Group(group) => self.take_group(group, &mut planner, &mut decoder)?,
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

    /// Decodes a group; what does not come out is tried again from keyframes further back, since a
    /// keyframe may need earlier frames for some of those that follow.
    fn take_group(
        &mut self,
        mut group: Group,
        planner: &mut Planner<'_>,
        decoder: &mut GroupDecoder,
    ) -> ControlFlow<()> {
        let (mut missing, mut error) = self.decode(&group, planner, decoder)?;
        for _ in 0..WIDENINGS_MAX {
            if missing.is_empty() || error.is_some() {
                break;
            }
            match planner.widen(&group, &missing) {
                Ok(Some(wider)) => group = wider,
                Ok(None) if group.settle_for_first(&missing) => {}
                Ok(None) => break,
                Err(failed) => {
                    error = Some(failed);
                    break;
                }
            }
            (missing, error) = self.decode(&group, planner, decoder)?;
        }
        let failure = error.map(|error| error.failure());
        for target in &missing {
            let is_near_end = group.is_near_end(target);
            for wanted in &target.wanted {
                let failure = failure.clone().unwrap_or_else(|| undecodable(is_near_end));
                self.fail_wanted(*wanted, failure)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn decode(
        &mut self,
        group: &Group,
        planner: &mut Planner<'_>,
        decoder: &mut GroupDecoder,
    ) -> ControlFlow<(), (Vec<Target>, Option<EngineError>)> {
        let mut flow = ControlFlow::Continue(());
        let mut on_frame = |target: &Target, frame: &Frame| {
            flow = self.draw(target, frame);
            flow
        };
        let outcome = if group.has_data {
            let mut kept = || Err(EngineError::Truncated);
            decoder.run(group, &mut kept, &mut on_frame)
        } else {
            decoder.run(group, &mut read_again(group, planner.cursor()), &mut on_frame)
        };
        flow?;
        ControlFlow::Continue((outcome.missing, outcome.error))
    }

    fn draw(&mut self, target: &Target, frame: &Frame) -> ControlFlow<()> {
        let pts = self.timeline.time_of(target.shown_at(frame));
        for wanted in &target.wanted {
            let Slot { output, index, offset } = wanted.slot;
            let times = Times { offset: offset.unwrap_or(pts), pts };
            if let Ok(output) = &mut self.outputs[output].1 {
                let tools = (&mut self.renderer, &mut self.encoders);
                let produced = output.draw(index, times, frame, tools);
                hand_on(&mut *self.sink, produced)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn fail_wanted(&mut self, wanted: Wanted, failure: Failure) -> ControlFlow<()> {
        let at = wanted.slot.offset.unwrap_or_else(|| self.timeline.time_of(wanted.at));
        self.fail(wanted.slot, at, failure)
    }

    fn fail(&mut self, slot: Slot, offset: MediaTime, failure: Failure) -> ControlFlow<()> {
        let produced = match &mut self.outputs[slot.output].1 {
            Ok(output) => output.fail(slot.index, offset, failure, &mut self.encoders),
            Err(_) => vec![Produced::failed(slot.output, slot.index, offset, failure)],
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
