//! What a clip is made of.

use super::Rational;

/// A clip. Two equal specs give clips with the same frames at the same times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClipSpec {
    /// What its frames show.
    pub content: Content,
    /// Upright width in pixels, even.
    pub width_px: u32,
    /// Upright height in pixels, even.
    pub height_px: u32,
    /// Frames per second.
    pub rate: Rate,
    /// Whether frames come at even steps.
    pub timing: Timing,
    /// Number of frames.
    pub frame_count: u32,
    /// Video codec.
    pub codec: Codec,
    /// How keyframes part the frames.
    pub gop: Gop,
    /// File format.
    pub container: Container,
    /// Added to every timestamp, in milliseconds.
    pub start_ms: i64,
    /// What is cut from the start without coding anew, in milliseconds: an edit list tells players to begin
    /// there, whatever frames have to be decoded before.
    pub cut_ms: u32,
    /// A tone beside the video.
    pub audio: Option<Audio>,
    /// Clockwise rotation that a player has to apply: 0, 90, 180 or 270 degrees.
    pub rotation_degrees: u16,
    /// Whether a player has to exchange left and right, before it rotates.
    pub is_mirrored: bool,
    /// How lines are coded. Interlaced clips have half as many frames, each of two fields.
    pub scan: Scan,
    /// Width and height of a stored pixel's shape.
    pub sample_aspect: (u32, u32),
}

/// What the frames of a clip show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A moving picture with the frame's number.
    Numbered,
    /// The same, counted from this number on.
    NumberedFrom(u32),
    /// The colours of [`super::BARS`] side by side.
    Bars(Bars),
    /// Ramps, patches and textures from black to far beyond ordinary white, in ten bits.
    HighRange(HighRange),
}

impl Content {
    /// The number that the first frame shows, where frames show numbers.
    pub const fn first_number(self) -> Option<u32> {
        match self {
            Self::Numbered => Some(0),
            Self::NumberedFrom(first) => Some(first),
            Self::Bars(_) | Self::HighRange(_) => None,
        }
    }
}

/// How colour bars are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bars {
    /// The matrix, and the primaries that go with it.
    pub matrix: Matrix,
    /// Whether luma uses 0..255 and not 16..235.
    pub is_full_range: bool,
    /// Whether the stream says so.
    pub is_tagged: bool,
    /// How samples are stored.
    pub samples: Samples,
}

/// A colour matrix with its primaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// BT.601, of standard definition.
    Bt601,
    /// BT.709, of high definition.
    Bt709,
    /// BT.2020, with its wider primaries.
    Bt2020,
}

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Samples {
    /// 4:2:0 in 8 bits.
    Yuv420,
    /// 4:2:2 in 8 bits.
    Yuv422,
    /// 4:4:4 in 8 bits.
    Yuv444,
    /// 4:2:0 in 10 bits.
    Yuv420Ten,
    /// 4:2:2 in 10 bits.
    Yuv422Ten,
    /// 4:4:4 in 10 bits.
    Yuv444Ten,
    /// 4:2:0 in 8 bits, with half of transparency in the lower half.
    Yuva420,
    /// 4:4:4 in 10 bits, with half of transparency in the lower half.
    Yuva444Ten,
    /// Green, blue and red in 8 bits.
    Rgb,
}

/// The curve of a picture of high dynamic range, whose primaries are those of BT.2020.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HighRange {
    /// SMPTE ST 2084.
    Pq,
    /// Hybrid log-gamma.
    Hlg,
}

/// How lines are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// Whole frames.
    Progressive,
    /// Two fields a frame; the one with the first line is shown first.
    TopFirst,
    /// Two fields a frame; the one with the second line is shown first.
    BottomFirst,
}

/// Frames per second as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Frames.
    pub num: u32,
    /// Seconds.
    pub den: u32,
}

impl Rate {
    /// 25 frames per second.
    pub const PAL: Self = Self { num: 25, den: 1 };
    /// 30000/1001 frames per second.
    pub const NTSC: Self = Self { num: 30_000, den: 1_001 };
}

/// How frames lie in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// One each `1 / rate`.
    Constant,
    /// Later than that by up to two thirds of a step, differently for each frame.
    Variable,
    /// One each `1 / rate`, but for a pause in the middle, as where recording stopped.
    Pause,
}

/// A video codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// H.264 with three B-frames in pyramids.
    H264,
    /// HEVC with B-frames.
    Hevc,
    /// VP9 with hidden reference frames.
    Vp9,
    /// MPEG-2 with two B-frames.
    Mpeg2,
    /// AV1 with hidden reference frames.
    Av1,
    /// VP8 with hidden reference frames.
    Vp8,
    /// MPEG-4 part 2 with two B-frames.
    Mpeg4,
    /// A JPEG for each frame.
    Mjpeg,
    /// ProRes, 4:2:2 in ten bits.
    ProRes,
    /// ProRes, 4:4:4 with transparency.
    ProRes4444,
}

/// How keyframes part the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gop {
    /// Frames from keyframe to keyframe.
    pub frame_count: u32,
    /// Whether B-frames before a keyframe in time may need the group before it.
    pub is_open: bool,
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// MP4 with its index in front.
    Mp4,
    /// MP4 with its index behind the frames.
    Mp4IndexLast,
    /// MP4 in fragments, without an index.
    FragmentedMp4,
    /// MP4 in fragments, with an index of them in front (`sidx`).
    IndexedFragmentedMp4,
    /// QuickTime.
    Mov,
    /// Matroska.
    Mkv,
    /// MPEG transport stream.
    MpegTs,
    /// WebM.
    Webm,
    /// Flash video.
    Flv,
    /// AVI.
    Avi,
}

/// A tone beside the video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audio {
    /// How much later than the tone the video begins, in milliseconds.
    pub lead_ms: u32,
    /// Length of the tone in milliseconds. A multiple of 64 fills the last AAC packet, so that all agree
    /// on when the tone ends.
    pub length_ms: u32,
}

impl ClipSpec {
    /// 10 s of H.264, 320 x 180, 25 frames per second, a closed group each 2 s, in MP4.
    pub const fn numbered() -> Self {
        Self {
            content: Content::Numbered,
            width_px: 320,
            height_px: 180,
            rate: Rate::PAL,
            timing: Timing::Constant,
            frame_count: 250,
            codec: Codec::H264,
            gop: Gop { frame_count: 50, is_open: false },
            container: Container::Mp4,
            start_ms: 0,
            cut_ms: 0,
            audio: None,
            rotation_degrees: 0,
            is_mirrored: false,
            scan: Scan::Progressive,
            sample_aspect: (1, 1),
        }
    }

    /// One second of colour bars in H.264, almost without loss.
    pub const fn bars(matrix: Matrix, is_full_range: bool) -> Self {
        Self::bars_as(Bars { matrix, is_full_range, is_tagged: true, samples: Samples::Yuv420 })
    }

    /// One second of colour bars, almost without loss.
    pub const fn bars_as(bars: Bars) -> Self {
        Self { content: Content::Bars(bars), frame_count: 25, ..Self::numbered() }
    }

    /// When a frame is shown, in seconds from the first one.
    pub fn frame_time(&self, number: u32) -> Rational {
        let ticks = self.frame_ticks(number);
        Rational::new(ticks, i64::from(self.rate.num) * i64::from(TICKS_PER_FRAME))
    }

    /// When a frame is shown, in parts of [`TICKS_PER_FRAME`] of a frame, times the rate's denominator.
    fn frame_ticks(&self, number: u32) -> i64 {
        let steps = i64::from(number) * i64::from(TICKS_PER_FRAME) + self.lateness(number);
        steps * i64::from(self.rate.den)
    }

    fn lateness(&self, number: u32) -> i64 {
        match self.timing {
            Timing::Constant => 0,
            Timing::Variable => i64::from(LATENESS[number as usize % LATENESS.len()]),
            Timing::Pause if number < self.frame_count / 2 => 0,
            Timing::Pause => i64::from(PAUSE_FRAMES * TICKS_PER_FRAME),
        }
    }
}

/// Into how many parts variable timing divides a frame's step.
pub(super) const TICKS_PER_FRAME: u32 = 12;
/// How many frames' time a pause takes.
pub(super) const PAUSE_FRAMES: u32 = 300;
/// By how many ticks frames of variable timing are late, in turn.
pub(super) const LATENESS: [u32; 7] = [0, 5, 8, 1, 0, 7, 3];

impl Samples {
    /// The name of libav's pixel format.
    pub(super) const fn pixel_format(self) -> &'static str {
        match self {
            Self::Yuv420 => "yuv420p",
            Self::Yuv422 => "yuv422p",
            Self::Yuv444 => "yuv444p",
            Self::Yuv420Ten => "yuv420p10le",
            Self::Yuv422Ten => "yuv422p10le",
            Self::Yuv444Ten => "yuv444p10le",
            Self::Yuva420 => "yuva420p",
            Self::Yuva444Ten => "yuva444p10le",
            Self::Rgb => "gbrp",
        }
    }
}

impl Container {
    /// File name extension without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Mp4 | Self::Mp4IndexLast | Self::FragmentedMp4 | Self::IndexedFragmentedMp4 => "mp4",
            Self::Mov => "mov",
            Self::Mkv => "mkv",
            Self::MpegTs => "ts",
            Self::Webm => "webm",
            Self::Flv => "flv",
            Self::Avi => "avi",
        }
    }
}
