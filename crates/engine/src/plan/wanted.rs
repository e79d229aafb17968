//! From a request to the list of times at which a frame is wanted.

use stillframe_domain::{ErrorCode, Failure, FrameChoice, MediaTime, Selection, SnapshotSpec};

use super::cursor::Cursor;
use super::keyframes::spread_keyframes;
use crate::error::EngineError;

/// A cover is the keyframe at or before the middle when it is this near, else the middle itself.
const COVER_TOLERANCE_MS: u64 = 10_000;

/// Where a picture belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Place of its output in the request.
    pub output: usize,
    /// Its place among the output's pictures, or among the frames of its one picture that moves.
    pub index: usize,
    /// The time asked for; `None` where the frame's own time is the answer.
    pub offset: Option<MediaTime>,
}

/// Which frame stands for a time, in the stream's own units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The last frame at or before it.
    Exact,
    /// The last keyframe at or before it.
    Keyframe,
    /// That keyframe if its timestamp is at least `not_before`, else exact.
    Hybrid {
        /// Oldest timestamp that is near enough.
        not_before: i64,
    },
}

/// One frame that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The largest timestamp that is shown by the time asked for.
    pub at: i64,
    /// Which frame stands for it.
    pub choice: Choice,
    /// Whether the loop filter may be left out.
    pub is_fast: bool,
    /// Where the picture belongs.
    pub slot: Slot,
}

/// What one output wants: its frames, and the pictures that cannot be had at all.
pub struct PlannedOutput {
    /// Frames to look for.
    pub wanted: Vec<Wanted>,
    /// Pictures whose time lies outside of the video.
    pub out_of_range: Vec<(Slot, Failure)>,
    /// Which picture would be the best cover, where that was asked and could be told.
    pub best: Option<usize>,
}

impl PlannedOutput {
    /// How many frames there will be, taken or failed: one for each picture, unless that moves.
    pub fn frame_count(&self) -> usize {
        self.wanted.len() + self.out_of_range.len()
    }
}

/// Lists what an output wants. With `is_thumbnail` the loop filter may be left out where `fast` is asked.
///
/// # Errors
/// When the keyframes have to be listed and the source fails.
pub fn plan_output(
    (output, spec): (usize, &SnapshotSpec),
    is_thumbnail: bool,
    cursor: &mut Cursor<'_>,
) -> Result<PlannedOutput, EngineError> {
    let duration = cursor.media().timeline.duration;
    let mut planned = PlannedOutput { wanted: Vec::new(), out_of_range: Vec::new(), best: None };
    let is_fast = is_thumbnail && spec.frame == FrameChoice::Fast;
    match (&spec.selection, spec.selection.resolve(duration)) {
        (_, Some(times)) => {
            for (index, time) in times.into_iter().enumerate() {
                let slot = Slot { output, index, offset: Some(time) };
                if time < MediaTime::ZERO || duration <= time {
                    planned.out_of_range.push((slot, out_of_range(time, duration)));
                } else {
                    let (at, choice) = frame_choice(cursor, time, spec.frame);
                    planned.wanted.push(Wanted { at, choice, is_fast, slot });
                }
            }
        }
        (&Selection::Keyframes { count, start, .. }, None) => {
            let start = cursor.media().timeline.timestamp_at(start);
            for (index, at) in spread_keyframes(cursor, count as usize, start)?.into_iter().enumerate() {
                let slot = Slot { output, index, offset: None };
                planned.wanted.push(Wanted { at, choice: Choice::Keyframe, is_fast, slot });
            }
        }
        // The cover, until `cover/` has chosen a better frame.
        (_, None) => {
            let middle = MediaTime::from_millis(duration.as_millis() / 2);
            let near = FrameChoice::Hybrid { tolerance_ms: COVER_TOLERANCE_MS };
            let (at, choice) = frame_choice(cursor, middle, near);
            let slot = Slot { output, index: 0, offset: None };
            planned.wanted.push(Wanted { at, choice, is_fast, slot });
        }
    }
    Ok(planned)
}

fn frame_choice(cursor: &Cursor<'_>, time: MediaTime, frame: FrameChoice) -> (i64, Choice) {
    let timeline = cursor.media().timeline;
    let choice = match frame {
        FrameChoice::Exact => Choice::Exact,
        FrameChoice::Keyframe | FrameChoice::DistinctKeyframe | FrameChoice::Fast => Choice::Keyframe,
        FrameChoice::Hybrid { tolerance_ms } => {
            let tolerance_ms = i64::try_from(tolerance_ms).unwrap_or(i64::MAX);
            let oldest = MediaTime::from_millis(time.as_millis().saturating_sub(tolerance_ms));
            Choice::Hybrid { not_before: timeline.timestamp_from(oldest) }
        }
    };
    (timeline.timestamp_at(time), choice)
}

fn out_of_range(time: MediaTime, duration: MediaTime) -> Failure {
    let message = format!("the offset {time} lies outside of the video, which lasts {duration}");
    Failure::new(ErrorCode::OffsetOutOfRange, message)
}
