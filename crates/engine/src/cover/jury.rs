//! Candidates, their marks, and the best of them.
//!
//! A candidate's own marks cost one frame; whether it lasts costs the frames up to a moment later. So the
//! best by its own marks is looked at again, then the best of what is left, until no other can be better.

use super::marks::{Thumbnail, marks, steadiness};
use super::viewer::Viewer;
use crate::error::EngineError;
use crate::media::Media;
use crate::plan::Choice;

/// How much later a good cover still looks much the same, in milliseconds.
const MOMENT_MS: u64 = 400;
/// What lasting counts when it cannot be looked at, as at the end of a damaged video.
const STEADINESS_UNKNOWN: f64 = 0.5;
/// From this mark on, of 1,000, a cover is good and no more frames are looked at.
const GOOD: u32 = 250;

/// A frame that may become the cover.
pub struct Candidate {
    at: i64,
    choice: Choice,
    shown_at: i64,
    /// How far it is from the middle, which decides between equals.
    off_middle: u64,
    thumbnail: Thumbnail,
    /// What it is worth by itself, and with what follows it. Whole numbers, so that a difference of the
    /// last digit between processors is none.
    own: u32,
    lasting: Option<u32>,
}

impl Candidate {
    /// The time that leads to it.
    pub fn wanted(&self) -> (i64, Choice) {
        (self.at, self.choice)
    }

    fn mark(&self) -> u32 {
        self.lasting.unwrap_or(self.own)
    }
}

/// Judges the frames of one video.
pub struct Jury<'m> {
    media: &'m mut Media,
    viewer: Viewer,
    candidates: Vec<Candidate>,
}

impl<'m> Jury<'m> {
    /// # Errors
    /// [`EngineError::Unsupported`] when there is no decoder for the video.
    pub fn open(media: &'m mut Media) -> Result<Self, EngineError> {
        Ok(Self { viewer: Viewer::open(media)?, media, candidates: Vec::new() })
    }

    /// Adds the frames for these times, but those that are candidates already.
    ///
    /// # Errors
    /// When the source fails or the time is over.
    pub fn invite(
        &mut self,
        times: &[(i64, Choice)],
        off_middle: impl Fn(i64) -> u64,
    ) -> Result<(), EngineError> {
        for seen in self.viewer.view(self.media, times)? {
            if self.candidates.iter().any(|known| known.shown_at == seen.shown_at) {
                continue;
            }
            let (at, choice) = times[seen.place];
            let off_middle = off_middle(seen.shown_at);
            let own = per_mille(marks(&seen.thumbnail));
            let (shown_at, thumbnail) = (seen.shown_at, seen.thumbnail);
            let lasting = (own == 0).then_some(0);
            self.candidates.push(Candidate { at, choice, shown_at, off_middle, thumbnail, own, lasting });
        }
        Ok(())
    }

    /// When the candidates are shown, in order.
    pub fn shown(&self) -> Vec<i64> {
        let mut shown: Vec<_> = self.candidates.iter().map(|candidate| candidate.shown_at).collect();
        shown.sort_unstable();
        shown
    }

    /// Finds the best, and tells whether it is a good cover.
    ///
    /// # Errors
    /// When the source fails or the time is over.
    pub fn has_good_one(&mut self) -> Result<bool, EngineError> {
        while let Some(place) = self.best_place() {
            let candidate = &self.candidates[place];
            if let Some(mark) = candidate.lasting {
                return Ok(GOOD <= mark || self.viewer.is_spent());
            }
            let moment = self.media.timeline.units_of(MOMENT_MS);
            let later = [(candidate.shown_at.saturating_add(moment), Choice::Exact)];
            let seen = self.viewer.view(self.media, &later)?;
            let candidate = &mut self.candidates[place];
            let steady = seen.first().map(|seen| steadiness(&candidate.thumbnail, &seen.thumbnail));
            let lasting = f64::from(candidate.own) / 1_000.0 * steady.unwrap_or(STEADINESS_UNKNOWN);
            candidate.lasting = Some(per_mille(lasting));
        }
        Ok(false)
    }

    /// The best of them: of equals the one nearest to the middle, then the earliest.
    pub fn best(&self) -> Option<&Candidate> {
        self.best_place().map(|place| &self.candidates[place])
    }

    fn best_place(&self) -> Option<usize> {
        let rank =
            |candidate: &Candidate| (u32::MAX - candidate.mark(), candidate.off_middle, candidate.shown_at);
        (0..self.candidates.len()).min_by_key(|&place| rank(&self.candidates[place]))
    }
}

fn per_mille(mark: f64) -> u32 {
    (mark.clamp(0.0, 1.0) * 1_000.0).round() as u32
}
