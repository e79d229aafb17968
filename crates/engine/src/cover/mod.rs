//! The choice of cover: which frame stands for a video.
//!
//! ```text
//! mod.rs      what is looked at, and in which order
//! jury.rs     candidates, their marks, the best of them
//! viewer.rs   times -> decoded frames, small
//! marks.rs    a small picture -> how good a cover it is; pure arithmetic
//! ```
//!
//! Keyframes are looked at first, since they cost least. Where none is good, as in a video that begins black
//! and has no other keyframe, frames after keyframes are looked at too. What a frame is worth also depends on
//! what is shown a moment later: a frame within a fade, a transition or a flash does not last.
//!
//! The choice is a function of the bytes and the limits: no clock and no number of threads has a part in it.
//! `docs/design/covers.md` tells of the marks and what was measured.

mod jury;
mod marks;
mod viewer;

use stillframe_domain::{MediaTime, Selection, SnapshotSpec};

use crate::error::EngineError;
use crate::media::Media;
use crate::plan::{Choice, PlannedOutput};
use jury::{Candidate, Jury};

/// How long after a keyframe frames are looked at when no keyframe is good, in milliseconds.
const LATER_MS: [i64; 8] = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000];
/// After how many keyframes.
const LATER_KEYFRAMES_MAX: usize = 4;

/// Chooses for the outputs that leave it to the engine, and says which picture is the best where that is
/// asked. What cannot be judged keeps what was planned.
///
/// # Errors
/// When the source fails or the time is over.
pub fn settle(
    specs: &[SnapshotSpec],
    planned: &mut [PlannedOutput],
    media: &mut Media,
) -> Result<(), EngineError> {
    if media.video.is_attached_picture {
        return Ok(());
    }
    let mut chosen = None;
    for (spec, planned) in specs.iter().zip(planned) {
        match spec.selection {
            Selection::Cover => {
                let best = match chosen {
                    Some(best) => best,
                    None => *chosen.insert(choose(media)?),
                };
                if let Some((at, choice)) = best {
                    planned.wanted.iter_mut().for_each(|wanted| (wanted.at, wanted.choice) = (at, choice));
                }
            }
            Selection::Keyframes { names_best: true, .. } => {
                planned.best = best_of(planned, media)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The frame that stands for the video; `None` when nothing can be looked at.
fn choose(media: &mut Media) -> Result<Option<(i64, Choice)>, EngineError> {
    let (timeline, count) = (media.timeline, media.limits.cover_candidates_max.max(1));
    let duration_ms = timeline.duration.as_millis();
    let part = |k: u32| duration_ms * i64::from(2 * k + 1) / (2 * i64::from(count));
    let times = (0..count).map(|k| timeline.timestamp_at(MediaTime::from_millis(part(k))));
    let middle = timeline.timestamp_at(MediaTime::from_millis(duration_ms / 2));
    let off_middle = |shown: i64| shown.abs_diff(middle);

    let mut jury = Jury::open(media)?;
    let keyframes: Vec<_> = times.map(|at| (at, Choice::Keyframe)).collect();
    jury.invite(&keyframes, off_middle)?;
    if jury.has_good_one()? {
        return Ok(jury.best().map(Candidate::wanted));
    }
    let end = timeline.timestamp_at(timeline.duration);
    let keys = some(&jury.shown(), LATER_KEYFRAMES_MAX);
    for later_ms in LATER_MS {
        let later = timeline.units_of(later_ms.unsigned_abs());
        let times = keys.iter().map(|key| key.saturating_add(later)).filter(|&at| at < end);
        let frames: Vec<_> = times.map(|at| (at, Choice::Exact)).collect();
        if frames.is_empty() {
            break;
        }
        jury.invite(&frames, off_middle)?;
        if jury.has_good_one()? {
            break;
        }
    }
    Ok(jury.best().map(Candidate::wanted))
}

/// Which of the planned pictures would be the best cover; `None` when none can be looked at.
fn best_of(planned: &PlannedOutput, media: &mut Media) -> Result<Option<usize>, EngineError> {
    let frames: Vec<_> = planned.wanted.iter().map(|wanted| (wanted.at, wanted.choice)).collect();
    let most = media.limits.cover_candidates_max as usize;
    let mut jury = Jury::open(media)?;
    // Where nothing is better, the middle one counts, the later one of an even number.
    let times: Vec<_> = frames.iter().map(|&(at, _)| at).collect();
    let off_middle = |shown: i64| {
        let place = times.partition_point(|&at| at < shown) as u64;
        (2 * place).abs_diff(times.len() as u64)
    };
    jury.invite(&some(&frames, most), off_middle)?;
    jury.has_good_one()?;
    let best = jury.best().map(Candidate::wanted);
    Ok(best.and_then(|(at, _)| planned.wanted.iter().find(|wanted| wanted.at == at)).map(|w| w.slot.index))
}

/// At most `count` items, evenly spread, beginning with the first.
fn some<T: Copy>(items: &[T], count: usize) -> Vec<T> {
    let count = count.min(items.len());
    (0..count).map(|k| items[k * items.len() / count]).collect()
}
