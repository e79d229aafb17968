//! Decodes frames to small pictures.

use std::ops::ControlFlow;

use stillframe_domain::{Colour, Fit, SizeRule};

use super::marks::Thumbnail;
use crate::av::{Frame, PlaneFormat};
use crate::budget::Budget;
use crate::decode::{GroupDecoder, PacketSource, read_again};
use crate::error::EngineError;
use crate::limits::Limits;
use crate::media::Media;
use crate::pick::Hands;
use crate::plan::{Choice, Cursor, Planner, Slot, Step, Target, Wanted};
use crate::render::{Look, Renderer, Shape};

/// The longer side of what is looked at, in pixels.
const SIDE_PX: u32 = 192;

/// Shows frames small.
pub struct Viewer {
    decoder: GroupDecoder,
    renderer: Renderer,
    /// Whether the loop filter cannot be seen at this size.
    is_fast: bool,
    is_spent: bool,
}

/// A frame that was looked at.
pub struct Seen {
    /// Place of its time in what was asked for.
    pub place: usize,
    /// When it is shown, in the stream's units.
    pub shown_at: i64,
    /// The picture.
    pub thumbnail: Thumbnail,
}

impl Viewer {
    /// # Errors
    /// [`EngineError::Unsupported`] when there is no decoder for the video.
    pub fn open(media: &Media) -> Result<Self, EngineError> {
        let most = media.limits.cover_frames_decoded_max.min(media.limits.frames_decoded_max);
        let limits = Limits { frames_decoded_max: most, ..media.limits.clone() };
        let budget = Budget::new(&limits, media.deadline);
        let is_fast = 2 * SIDE_PX <= media.video.width_px.max(media.video.height_px);
        let decoder = GroupDecoder::open(media, 1, budget)?;
        Ok(Self { decoder, renderer: Renderer::new(Shape::of(&media.video)), is_fast, is_spent: false })
    }

    /// Whether the frames that may be looked at are used up.
    pub fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// The frames for these times, each frame once. What cannot be decoded is left out.
    ///
    /// # Errors
    /// When the source fails or the time is over.
    pub fn view(&mut self, media: &mut Media, times: &[(i64, Choice)]) -> Result<Vec<Seen>, EngineError> {
        let wanted = times.iter().enumerate().map(|(index, &(at, choice))| {
            let slot = Slot { output: 0, index, offset: None };
            Wanted { at, choice, is_fast: self.is_fast, slot }
        });
        let mut seen = Vec::new();
        let mut planner = Planner::new(Cursor::new(media), wanted.collect());
        while !self.is_spent {
            let Some(step) = planner.next() else { break };
            let Step::Group(group) = step else { continue };
            let renderer = &mut self.renderer;
            let mut make = |target: &Target, frame: &Frame| {
                let place = target.wanted.iter().map(|wanted| wanted.slot.index).min()?;
                let thumbnail = thumbnail(renderer, frame)?;
                Some(Seen { place, shown_at: target.shown_at(frame), thumbnail })
            };
            let mut hand_on = |_: &Target, made: Option<Seen>| {
                seen.extend(made);
                ControlFlow::Continue(())
            };
            let mut hands = Hands { make: &mut make, hand_on: &mut hand_on };
            let outcome = if group.has_data {
                self.decoder.run(&group, PacketSource::Kept, &mut hands)
            } else {
                let mut read = read_again(&group, planner.cursor());
                self.decoder.run(&group, PacketSource::Read(&mut read), &mut hands)
            };
            match outcome.error {
                Some(EngineError::LimitExceeded { limit: "frames_decoded_max", .. }) => self.is_spent = true,
                Some(error @ (EngineError::Source(_) | EngineError::TimedOut { .. })) => return Err(error),
                // What is damaged is no candidate.
                Some(_) | None => {}
            }
        }
        seen.sort_by_key(|seen| seen.place);
        Ok(seen)
    }
}

fn thumbnail(renderer: &mut Renderer, frame: &Frame) -> Option<Thumbnail> {
    let size = SizeRule { width_px: Some(SIDE_PX), height_px: Some(SIDE_PX), is_adaptive: false };
    let format = PlaneFormat::Yuv444;
    let look = Look { size, fit: Fit::Inside, format, ground: Colour::BLACK, keeps_box: false };
    let canvas = renderer.render(frame, look).ok()?;
    let samples = |plane: usize| {
        let plane = &canvas.planes[plane];
        (0..plane.height).flat_map(|y| plane.row(y)[..plane.width].iter().copied()).collect()
    };
    let (width, height) = (canvas.planes[0].width, canvas.planes[0].height);
    Some(Thumbnail { width, height, luma: samples(0), blue: samples(1), red: samples(2) })
}
