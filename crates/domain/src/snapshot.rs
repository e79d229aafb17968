//! What pictures are wanted: which times, which frames, in which shape.

use serde::{Deserialize, Serialize};

use crate::limits;
use crate::time::MediaTime;

/// One set of pictures of a video. Stored with the job; version changes go through `serde` defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotSpec {
    /// Which times.
    pub selection: Selection,
    /// Which frame stands for a time.
    pub frame: FrameChoice,
    /// What is made of the frames.
    pub product: Product,
    /// Whether a WebVTT file that maps times to the pictures is made too.
    pub has_vtt: bool,
}

/// Which times of a video are wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// These, answered in the order asked, duplicates included.
    Offsets(Vec<Position>),
    /// `start + k*interval` until `count` or the end; with interval 0, `count` evenly spread from
    /// `start`: `start + (duration-start)*k/count`.
    Series {
        /// Time of the first picture.
        start: MediaTime,
        /// Step in milliseconds; 0 means evenly spread.
        interval_ms: u64,
        /// Most pictures; `None` runs to the end under [`limits::PICTURES_PER_OUTPUT_MAX`].
        count: Option<u32>,
    },
    /// `k*percent` % for k = 0, 1, ... while below 100.
    PercentStep {
        /// Step in percent, above 0, at most 100.
        percent: f64,
    },
    /// Up to `count` keyframes, evenly spread over the keyframes at or after `start`.
    Keyframes {
        /// Most pictures.
        count: u32,
        /// Keyframes before this are left out (unless there is no other).
        start: MediaTime,
        /// Whether the engine says which of them would be the best cover.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        names_best: bool,
    },
    /// One picture that stands for the video, chosen by the engine.
    Cover,
    /// One picture that moves: a part of the video, a frame each `step_ms`. Only for stills in WebP.
    Preview {
        /// Time of its first frame.
        start: MediaTime,
        /// How much of the video it shows, in milliseconds; it ends with the video.
        length_ms: u64,
        /// From frame to frame, in milliseconds; 1 or more.
        step_ms: u64,
    },
}

/// A time of a video as asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// At this time.
    At(MediaTime),
    /// At this part of the duration, 0 to 100; 100 is the last frame.
    Percent(f64),
}

impl Position {
    /// The time, for a video of that duration.
    pub fn resolve(self, duration: MediaTime) -> MediaTime {
        match self {
            Self::At(time) => time,
            Self::Percent(percent) => {
                let duration_ms = duration.as_millis();
                let at_ms = (duration_ms as f64 * percent / 100.0).floor() as i64;
                // 100 % is the last frame: the frame shown just before the end.
                let is_end = percent == 100.0;
                MediaTime::from_millis(if is_end { (duration_ms - 1).max(0) } else { at_ms })
            }
        }
    }
}

impl Selection {
    /// The times for a video of that duration, at most [`limits::PICTURES_PER_OUTPUT_MAX`].
    ///
    /// Those of a preview are its frames, at most [`limits::PREVIEW_FRAMES_MAX`]. `None` for
    /// [`Selection::Keyframes`] and [`Selection::Cover`], which need the video's index.
    pub fn resolve(&self, duration: MediaTime) -> Option<Vec<MediaTime>> {
        let duration_ms = duration.as_millis();
        let most = limits::PICTURES_PER_OUTPUT_MAX;
        let times = match self {
            Self::Offsets(positions) => positions.iter().take(most).map(|p| p.resolve(duration)).collect(),
            &Self::Series { start, interval_ms: 0, count } => {
                let count = i64::from(count.unwrap_or(1));
                let span = (duration_ms - start.as_millis()).max(0);
                (0..count.min(most as i64))
                    .map(|k| MediaTime::from_millis(start.as_millis() + span * k / count))
                    .collect()
            }
            &Self::Preview { start, length_ms, step_ms } => {
                let step_ms = step_ms.max(1);
                let count = u32::try_from(length_ms.div_ceil(step_ms).max(1)).unwrap_or(u32::MAX);
                let count = count.min(limits::PREVIEW_FRAMES_MAX as u32);
                return Self::Series { start, interval_ms: step_ms, count: Some(count) }.resolve(duration);
            }
            &Self::Series { start, interval_ms, count } => {
                let most = count.map_or(most, |n| most.min(n as usize));
                let step = i64::try_from(interval_ms).unwrap_or(i64::MAX);
                let later = (1_i64..).map_while(|k| {
                    start.as_millis().checked_add(step.checked_mul(k)?).filter(|&t| t < duration_ms)
                });
                // The first is always asked for, so that a start past the end fails by name.
                std::iter::once(start.as_millis())
                    .chain(later)
                    .take(most)
                    .map(MediaTime::from_millis)
                    .collect()
            }
            &Self::PercentStep { percent } => (0..most)
                .map(|k| k as f64 * percent)
                .take_while(|&p| p < 100.0)
                .map(|p| Position::Percent(p).resolve(duration))
                .collect(),
            Self::Keyframes { .. } | Self::Cover => return None,
        };
        Some(times)
    }

    /// How many pictures are asked for, when that is known without the video.
    pub fn asked_offsets(&self) -> Vec<Option<MediaTime>> {
        match self {
            Self::Offsets(positions) => positions
                .iter()
                .map(|p| match p {
                    Position::At(time) => Some(*time),
                    Position::Percent(_) => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Which frame stands for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FrameChoice {
    /// The frame that a player shows at that time: the last with presentation time at or before it.
    Exact,
    /// The nearest keyframe at or before it, the first keyframe if there is none.
    Keyframe,
    /// As keyframe; of single pictures, one whose keyframe a former time gave already is left out.
    DistinctKeyframe,
    /// The keyframe when it is within the tolerance, else exact.
    Hybrid {
        /// Tolerance in milliseconds.
        tolerance_ms: u64,
    },
    /// As keyframe, decoded for small pictures without the loop filter.
    Fast,
}

/// What is made of the frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// A picture a frame.
    Stills {
        /// Size of each.
        size: SizeRule,
        /// How a frame of another shape fills it.
        fit: Fit,
        /// File format.
        format: ImageFormat,
        /// 1 to 100; ignored by lossless formats.
        quality: u8,
    },
    /// Grids of small pictures.
    Sprite {
        /// The grid.
        layout: SpriteLayout,
        /// How a frame of another shape fills a cell.
        fit: Fit,
        /// File format of the sheets.
        format: ImageFormat,
        /// 1 to 100; ignored by lossless formats.
        quality: u8,
    },
}

/// A wanted size; sides that are not given follow the frame's upright, square-pixel shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SizeRule {
    /// Width in pixels, 8 to 8,192.
    pub width_px: Option<u32>,
    /// Height in pixels, 8 to 8,192.
    pub height_px: Option<u32>,
    /// Whether the width stands for the longer side of the frame and the height for the shorter one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_adaptive: bool,
}

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PixelSize {
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
}

impl SizeRule {
    /// The size of the picture box for a frame whose upright, square-pixel size is `frame`.
    pub fn resolve(self, frame: PixelSize) -> PixelSize {
        let scale = |side: u32, by: u32, of: u32| {
            let scaled = (u64::from(side) * u64::from(by) + u64::from(of) / 2) / u64::from(of.max(1));
            u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
        };
        let is_turned = self.is_adaptive && frame.width_px < frame.height_px;
        let (wanted_width, wanted_height) =
            if is_turned { (self.height_px, self.width_px) } else { (self.width_px, self.height_px) };
        let (width_px, height_px) = match (wanted_width, wanted_height) {
            (None, None) => (frame.width_px, frame.height_px),
            (Some(w), None) => (w, scale(frame.height_px, w, frame.width_px)),
            (None, Some(h)) => (scale(frame.width_px, h, frame.height_px), h),
            (Some(w), Some(h)) => (w, h),
        };
        PixelSize { width_px, height_px }
    }
}

/// How a frame fills a box of another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Distort it to the box.
    Stretch,
    /// Keep its shape, with black bars.
    Black,
    /// Keep its shape, with white bars.
    White,
    /// Keep its shape, over a blurred copy of itself.
    Blur,
    /// Keep its shape, cut what does not fit.
    Crop,
    /// Keep its shape, make the box smaller.
    Inside,
}

/// A file format of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    /// JPEG.
    Jpg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
    /// AVIF.
    Avif,
}

impl ImageFormat {
    /// File name extension without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Avif => "avif",
        }
    }

    /// Media type of an HTTP answer.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
        }
    }
}

/// The grid of a sprite sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpriteLayout {
    /// Cells side by side, 1 or more.
    pub columns: u32,
    /// Cells one below another, 1 or more.
    pub rows: u32,
    /// Size of a cell.
    pub cell: SizeRule,
    /// Gap between cells, in pixels.
    pub padding_px: u32,
    /// Frame around the grid, in pixels.
    pub margin_px: u32,
    /// Colour of gaps, frame and empty cells.
    pub colour: Colour,
}

impl SpriteLayout {
    /// Size of a whole sheet whose cells have size `cell`; `None` when it overflows.
    pub fn sheet_size(&self, cell: PixelSize) -> Option<PixelSize> {
        let side = |cells: u32, cell_px: u32| {
            let gaps = self.padding_px.checked_mul(cells.checked_sub(1)?)?;
            let margins = self.margin_px.checked_mul(2)?;
            cells.checked_mul(cell_px)?.checked_add(gaps)?.checked_add(margins)
        };
        Some(PixelSize {
            width_px: side(self.columns, cell.width_px)?,
            height_px: side(self.rows, cell.height_px)?,
        })
    }

    /// Left upper corner of cell number `index` (from 0, row by row) within its sheet.
    pub fn cell_origin(&self, index: u32, cell: PixelSize) -> (u32, u32) {
        let in_sheet = index % (self.columns * self.rows).max(1);
        let (row, column) = (in_sheet / self.columns.max(1), in_sheet % self.columns.max(1));
        (
            self.margin_px + column * (cell.width_px + self.padding_px),
            self.margin_px + row * (cell.height_px + self.padding_px),
        )
    }

    /// Cells of one sheet.
    pub const fn cells_per_sheet(&self) -> u32 {
        self.columns * self.rows
    }
}

/// An opaque sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colour {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

impl Colour {
    /// Black.
    pub const BLACK: Self = Self { red: 0, green: 0, blue: 0 };
    /// White.
    pub const WHITE: Self = Self { red: 255, green: 255, blue: 255 };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(times: &[i64]) -> Vec<MediaTime> {
        times.iter().copied().map(MediaTime::from_millis).collect()
    }

    fn series(start: i64, interval_ms: u64, count: Option<u32>) -> Selection {
        Selection::Series { start: MediaTime::from_millis(start), interval_ms, count }
    }

    #[test]
    fn series_ends_at_count_or_duration_whichever_gives_fewer() {
        let duration = MediaTime::from_millis(10_000);
        assert_eq!(series(0, 4_000, None).resolve(duration), Some(ms(&[0, 4_000, 8_000])));
        assert_eq!(series(0, 4_000, Some(2)).resolve(duration), Some(ms(&[0, 4_000])));
        assert_eq!(series(0, 5_000, Some(9)).resolve(duration), Some(ms(&[0, 5_000])));
        assert_eq!(series(1_000, 0, Some(3)).resolve(duration), Some(ms(&[1_000, 4_000, 7_000])));
        assert_eq!(series(10_000, 1_000, Some(3)).resolve(duration), Some(ms(&[10_000])));
    }

    #[test]
    fn percent_steps_stay_below_100_and_100_percent_is_the_last_frame() {
        let duration = MediaTime::from_millis(1_000);
        let steps = Selection::PercentStep { percent: 40.0 };
        assert_eq!(steps.resolve(duration), Some(ms(&[0, 400, 800])));
        assert_eq!(Position::Percent(100.0).resolve(duration), MediaTime::from_millis(999));
    }

    #[test]
    fn a_preview_ends_with_its_length_the_video_or_the_limit() {
        let frames = |start, length_ms, step_ms| {
            let start = MediaTime::from_millis(start);
            let preview = Selection::Preview { start, length_ms, step_ms };
            preview.resolve(MediaTime::from_millis(60_000)).expect("times")
        };
        assert_eq!(frames(1_000, 250, 100), ms(&[1_000, 1_100, 1_200]));
        assert_eq!(frames(59_800, 3_000, 100), ms(&[59_800, 59_900]));
        assert_eq!(frames(0, 0, 0), ms(&[0]));
        assert_eq!(frames(0, 60_000, 10).len(), limits::PREVIEW_FRAMES_MAX);
    }

    #[test]
    fn a_series_is_bounded() {
        let day = MediaTime::from_millis(86_400_000);
        let times = series(0, 1, None).resolve(day).expect("a series");
        assert_eq!(times.len(), limits::PICTURES_PER_OUTPUT_MAX);
    }

    #[test]
    fn one_given_side_keeps_the_shape() {
        let frame = PixelSize { width_px: 1920, height_px: 1080 };
        let size = |w, h| {
            let resolved = SizeRule { width_px: w, height_px: h, is_adaptive: false }.resolve(frame);
            (resolved.width_px, resolved.height_px)
        };
        assert_eq!(size(None, None), (1920, 1080));
        assert_eq!(size(Some(320), None), (320, 180));
        assert_eq!(size(None, Some(90)), (160, 90));
        assert_eq!(size(Some(100), Some(100)), (100, 100));
    }

    #[test]
    fn adaptive_sizes_are_turned_for_upright_frames() {
        let rule = |width_px, height_px| SizeRule { width_px, height_px, is_adaptive: true };
        let size = |rule: SizeRule, width_px, height_px| {
            let resolved = rule.resolve(PixelSize { width_px, height_px });
            (resolved.width_px, resolved.height_px)
        };
        let both = rule(Some(1280), Some(720));
        assert_eq!((size(both, 1920, 1080), size(both, 1080, 1920)), ((1280, 720), (720, 1280)));
        let long_side = rule(Some(1280), None);
        assert_eq!((size(long_side, 1920, 1080), size(long_side, 1080, 1920)), ((1280, 720), (720, 1280)));
    }

    #[test]
    fn sprite_cells_do_not_overlap_and_stay_inside_the_sheet() {
        let layout = SpriteLayout {
            columns: 3,
            rows: 2,
            cell: SizeRule::default(),
            padding_px: 5,
            margin_px: 7,
            colour: Colour::BLACK,
        };
        let cell = PixelSize { width_px: 10, height_px: 20 };
        assert_eq!(layout.sheet_size(cell), Some(PixelSize { width_px: 54, height_px: 59 }));
        assert_eq!(layout.cell_origin(0, cell), (7, 7));
        assert_eq!(layout.cell_origin(5, cell), (37, 32));
        assert_eq!(layout.cell_origin(6, cell), (7, 7));
    }
}
