//! Arguments of `stillframe snap`, and the snapshot specs that they ask for.

use std::path::PathBuf;

use clap::ValueEnum;
use stillframe_domain::limits::{
    OFFSETS_PER_REQUEST_MAX, PICTURE_SIDE_PX_MAX, PICTURE_SIDE_PX_MIN, PICTURES_PER_OUTPUT_MAX,
    PREVIEW_FRAMES_MAX,
};
use stillframe_domain::template::JPEG_QUALITY_DEFAULT;
use stillframe_domain::{
    Colour, Fit, FrameChoice, ImageFormat, MediaTime, Position, Product, Selection, SizeRule, SnapshotSpec,
    SpriteLayout,
};

use super::time::{parse_position, parse_time};

/// How far from the wanted time `--frame hybrid` takes a keyframe, in milliseconds.
const HYBRID_TOLERANCE_MS: u64 = 500;
/// Width of a sprite's cell when `--size` gives none, in pixels.
const SPRITE_CELL_WIDTH_PX: u32 = 160;
/// Width of a preview when `--size` gives none, in pixels.
const PREVIEW_WIDTH_PX: u32 = 320;
/// Most columns and most rows of a sprite.
const SPRITE_SIDE_CELLS_MAX: u32 = 100;

/// Arguments of `stillframe snap`.
#[derive(Debug, clap::Args)]
pub struct SnapArgs {
    /// Video: a path, an http:// or https:// URL, s3://BUCKET/KEY, or - for standard input
    #[arg(value_name = "INPUT")]
    pub input: String,

    /// Take pictures at these times: 12.5s, 1:02.5, 00:01:02.500, 1500ms, 50%
    #[arg(long, value_name = "T,...", value_delimiter = ',', allow_hyphen_values = true)]
    #[arg(value_parser = parse_position, conflicts_with_all = ["every", "count"])]
    at: Vec<Position>,

    /// Take a picture each D (a time, or a part of the duration such as 10%) from the start on
    #[arg(long, value_name = "D", value_parser = parse_step)]
    every: Option<Step>,

    /// Take at most N pictures; without --every they are spread evenly over the video
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,

    /// Take a cover: the picture that stands for the video best, or the one at T
    #[arg(long, value_name = "T|auto", num_args = 0..=1, default_missing_value = "auto")]
    #[arg(value_parser = parse_cover)]
    cover: Option<CoverChoice>,

    /// Put the pictures into sheets of C columns and R rows
    #[arg(long, value_name = "CxR", value_parser = parse_grid)]
    sprite: Option<Grid>,

    /// Make a moving preview: an animated WebP of so much of the video
    #[arg(long, value_name = "LENGTH", num_args = 0..=1, default_missing_value = "3s")]
    #[arg(value_parser = parse_length)]
    preview: Option<MediaTime>,

    /// Where the preview begins
    #[arg(long, value_name = "T", default_value = "0s", value_parser = parse_start, requires = "preview")]
    from: MediaTime,

    /// Frames per second of the preview, 1 to 50
    #[arg(long, value_name = "N", default_value_t = 10, requires = "preview")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=50))]
    fps: u32,

    /// Also write a WebVTT file that tells players which picture shows which time
    #[arg(long)]
    vtt: bool,

    /// Which frame stands for a time
    #[arg(long, value_enum, default_value = "exact")]
    frame: FrameArg,

    /// Size of a picture, or of a sprite's cell: 640x360, 640x or x360
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    size: Option<SizeRule>,

    /// How a picture of another shape fills the size [default: inside; with --sprite: black]
    #[arg(long, value_enum)]
    fit: Option<FitArg>,

    /// File format of the pictures
    #[arg(long, value_enum, default_value = "jpg")]
    format: FormatArg,

    /// Quality of lossy formats, 1 to 100
    #[arg(long, value_name = "N", default_value_t = JPEG_QUALITY_DEFAULT)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,

    /// Folder for the files, made when it is missing; files of the same name are replaced
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,

    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// The step of `--every`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Time(MediaTime),
    Percent(f64),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum CoverChoice {
    Auto,
    At(Position),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grid {
    columns: u32,
    rows: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FrameArg {
    /// The frame that a player shows at that time
    Exact,
    /// The keyframe at or before it: fast
    Keyframe,
    /// The keyframe when it is at most half a second away, else exact
    Hybrid,
    /// As keyframe, for small pictures: fastest
    Fast,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FitArg {
    /// Distort
    Stretch,
    /// Keep the shape, with black bars
    Black,
    /// Keep the shape, with white bars
    White,
    /// Keep the shape, over a blurred copy
    Blur,
    /// Keep the shape, cut what does not fit
    Crop,
    /// Keep the shape, make the picture smaller than the size
    Inside,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArg {
    /// JPEG
    Jpg,
    /// PNG
    Png,
    /// WebP, lossy
    Webp,
    /// AVIF: the smallest files, and by far the slowest to write
    Avif,
}

/// What one output's files are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Numbered pictures.
    Stills,
    /// Numbered sheets.
    Sprite,
    /// The one cover.
    Cover,
    /// The one picture that moves.
    Preview,
}

/// One output that the arguments ask for.
#[derive(Debug)]
pub struct WantedOutput {
    /// What its files are called.
    pub role: Role,
    /// What is taken.
    pub spec: SnapshotSpec,
}

impl SnapArgs {
    /// The outputs that are asked for: the pictures or the sprite, then the cover, then the preview. One that
    /// asks for nothing gets a cover.
    ///
    /// # Errors
    /// A sentence about arguments that do not fit together.
    pub fn outputs(&self) -> Result<Vec<WantedOutput>, String> {
        if OFFSETS_PER_REQUEST_MAX < self.at.len() {
            return Err(format!("--at takes at most {OFFSETS_PER_REQUEST_MAX} times"));
        }
        let main = self.main_selection().map(|selection| self.main_output(selection));
        if self.vtt && main.is_none() {
            return Err("--vtt needs --at, --every, --count or --sprite".to_owned());
        }
        let preview = self.preview.map(|length| self.preview_output(length)).transpose()?;
        let cover = match (self.cover, &main, &preview) {
            (None, None, None) => Some(CoverChoice::Auto),
            (choice, _, _) => choice,
        };
        let cover = cover.map(|choice| self.cover_output(choice));
        Ok(main.into_iter().chain(cover).chain(preview).collect())
    }

    /// The format of every picture.
    pub fn format(&self) -> ImageFormat {
        match self.format {
            FormatArg::Jpg => ImageFormat::Jpg,
            FormatArg::Png => ImageFormat::Png,
            FormatArg::Webp => ImageFormat::Webp,
            FormatArg::Avif => ImageFormat::Avif,
        }
    }

    fn main_selection(&self) -> Option<Selection> {
        let even = |count| Selection::Series { start: MediaTime::ZERO, interval_ms: 0, count: Some(count) };
        match (self.every, self.count) {
            _ if !self.at.is_empty() => Some(Selection::Offsets(self.at.clone())),
            (Some(Step::Time(step)), count) => Some(Selection::Series {
                start: MediaTime::ZERO,
                interval_ms: step.as_millis().unsigned_abs(),
                count,
            }),
            (Some(Step::Percent(percent)), None) => Some(Selection::PercentStep { percent }),
            (Some(Step::Percent(percent)), Some(count)) => Some(percent_steps(percent, count)),
            (None, Some(count)) => Some(even(count)),
            (None, None) => self.sprite.map(|grid| even(grid.columns * grid.rows)),
        }
    }

    fn main_output(&self, selection: Selection) -> WantedOutput {
        let (role, product) = match self.sprite {
            Some(grid) => (Role::Sprite, self.sprite_product(grid)),
            None => (Role::Stills, self.stills_product()),
        };
        WantedOutput { role, spec: self.spec(selection, product, self.vtt) }
    }

    fn cover_output(&self, choice: CoverChoice) -> WantedOutput {
        let selection = match choice {
            CoverChoice::Auto => Selection::Cover,
            CoverChoice::At(position) => Selection::Offsets(vec![position]),
        };
        // With a sprite, --size is the size of its cells, not of the cover.
        let product = match self.sprite {
            Some(_) => self.stills_of(SizeRule::default()),
            None => self.stills_product(),
        };
        WantedOutput { role: Role::Cover, spec: self.spec(selection, product, false) }
    }

    fn preview_output(&self, length: MediaTime) -> Result<WantedOutput, String> {
        let (length_ms, step_ms) = (length.as_millis().unsigned_abs(), 1_000 / u64::from(self.fps));
        if PREVIEW_FRAMES_MAX as u64 * step_ms < length_ms {
            return Err(format!("--preview takes at most {PREVIEW_FRAMES_MAX} frames"));
        }
        let default = SizeRule { width_px: Some(PREVIEW_WIDTH_PX), height_px: None, is_adaptive: false };
        let product = Product::Stills {
            size: self.size.unwrap_or(default),
            fit: self.fit_or(Fit::Inside),
            format: ImageFormat::Webp,
            quality: self.quality,
        };
        let selection = Selection::Preview { start: self.from, length_ms, step_ms };
        Ok(WantedOutput { role: Role::Preview, spec: self.spec(selection, product, false) })
    }

    fn spec(&self, selection: Selection, product: Product, has_vtt: bool) -> SnapshotSpec {
        let frame = match self.frame {
            FrameArg::Exact => FrameChoice::Exact,
            FrameArg::Keyframe => FrameChoice::Keyframe,
            FrameArg::Hybrid => FrameChoice::Hybrid { tolerance_ms: HYBRID_TOLERANCE_MS },
            FrameArg::Fast => FrameChoice::Fast,
        };
        SnapshotSpec { selection, frame, product, has_vtt }
    }

    fn stills_product(&self) -> Product {
        self.stills_of(self.size.unwrap_or_default())
    }

    fn stills_of(&self, size: SizeRule) -> Product {
        let fit = self.fit_or(Fit::Inside);
        Product::Stills { size, fit, format: self.format(), quality: self.quality }
    }

    fn sprite_product(&self, grid: Grid) -> Product {
        let default_cell =
            SizeRule { width_px: Some(SPRITE_CELL_WIDTH_PX), height_px: None, is_adaptive: false };
        let layout = SpriteLayout {
            columns: grid.columns,
            rows: grid.rows,
            cell: self.size.unwrap_or(default_cell),
            padding_px: 0,
            margin_px: 0,
            colour: Colour::BLACK,
        };
        let fit = self.fit_or(Fit::Black);
        Product::Sprite { layout, fit, format: self.format(), quality: self.quality }
    }

    fn fit_or(&self, default: Fit) -> Fit {
        match self.fit {
            None => default,
            Some(FitArg::Stretch) => Fit::Stretch,
            Some(FitArg::Black) => Fit::Black,
            Some(FitArg::White) => Fit::White,
            Some(FitArg::Blur) => Fit::Blur,
            Some(FitArg::Crop) => Fit::Crop,
            Some(FitArg::Inside) => Fit::Inside,
        }
    }
}

/// The first `count` steps of `percent` below 100 %.
fn percent_steps(percent: f64, count: u32) -> Selection {
    let count = count.min(u32::try_from(PICTURES_PER_OUTPUT_MAX).unwrap_or(u32::MAX));
    let steps = (0..count).map(|k| f64::from(k) * percent).take_while(|&p| p < 100.0);
    Selection::Offsets(steps.map(Position::Percent).collect())
}

fn parse_step(text: &str) -> Result<Step, String> {
    if text.ends_with('%') {
        return match parse_position(text)? {
            Position::Percent(percent) if 0.0 < percent => Ok(Step::Percent(percent)),
            _ => Err("is no step: it must be above 0%".to_owned()),
        };
    }
    match parse_time(text)? {
        time if 0 < time.as_millis() => Ok(Step::Time(time)),
        _ => Err("is no step: it must be above 0".to_owned()),
    }
}

fn parse_length(text: &str) -> Result<MediaTime, String> {
    match parse_time(text)? {
        time if MediaTime::ZERO < time => Ok(time),
        _ => Err("is no length: it must be above 0".to_owned()),
    }
}

fn parse_start(text: &str) -> Result<MediaTime, String> {
    match parse_time(text)? {
        time if MediaTime::ZERO <= time => Ok(time),
        _ => Err("lies before the start".to_owned()),
    }
}

fn parse_cover(text: &str) -> Result<CoverChoice, String> {
    match text {
        "auto" => Ok(CoverChoice::Auto),
        _ => parse_position(text).map(CoverChoice::At),
    }
}

fn parse_grid(text: &str) -> Result<Grid, String> {
    let side = |text: &str| text.parse().ok().filter(|n| (1..=SPRITE_SIDE_CELLS_MAX).contains(n));
    text.split_once('x')
        .and_then(|(columns, rows)| Some(Grid { columns: side(columns)?, rows: side(rows)? }))
        .ok_or_else(|| format!("is no grid: write it like 5x4, each from 1 to {SPRITE_SIDE_CELLS_MAX}"))
}

fn parse_size(text: &str) -> Result<SizeRule, String> {
    let wrong = || {
        format!(
            "is no size: write it like 640x360, 640x or x360, \
             each side from {PICTURE_SIDE_PX_MIN} to {PICTURE_SIDE_PX_MAX}"
        )
    };
    let side = |text: &str| match text {
        "" => Ok(None),
        _ => text
            .parse()
            .ok()
            .filter(|n| (PICTURE_SIDE_PX_MIN..=PICTURE_SIDE_PX_MAX).contains(n))
            .map(Some)
            .ok_or_else(wrong),
    };
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    match (side(width)?, side(height)?) {
        (None, None) => Err(wrong()),
        (width_px, height_px) => Ok(SizeRule { width_px, height_px, is_adaptive: false }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Parser};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: SnapArgs,
    }

    fn outputs(line: &str) -> Result<Vec<WantedOutput>, String> {
        let words = ["snap", "clip.mp4"].into_iter().chain(line.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        line.args.outputs()
    }

    fn selections(line: &str) -> Vec<(Role, Selection)> {
        let outputs = outputs(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        outputs.into_iter().map(|output| (output.role, output.spec.selection)).collect()
    }

    #[test]
    fn the_arguments_are_well_formed() {
        Line::command().debug_assert();
    }

    #[test]
    fn what_is_asked_for_becomes_outputs_and_nothing_becomes_a_cover() {
        let even = |count| Selection::Series { start: MediaTime::ZERO, interval_ms: 0, count: Some(count) };
        let at = |ms| Selection::Offsets(vec![Position::At(MediaTime::from_millis(ms))]);
        assert_eq!(selections(""), [(Role::Cover, Selection::Cover)]);
        assert_eq!(selections("--at 1s"), [(Role::Stills, at(1_000))]);
        assert_eq!(selections("--sprite 3x2"), [(Role::Sprite, even(6))]);
        assert_eq!(selections("--sprite 3x2 --count 9"), [(Role::Sprite, even(9))]);
        assert_eq!(selections("--at 1s --cover=-2s"), [(Role::Stills, at(1_000)), (Role::Cover, at(-2_000))]);
        let preview = |start, length_ms, step_ms| {
            (Role::Preview, Selection::Preview { start: MediaTime::from_millis(start), length_ms, step_ms })
        };
        assert_eq!(selections("--preview"), [preview(0, 3_000, 100)]);
        assert_eq!(selections("--preview 2s --from 1:00 --fps 20"), [preview(60_000, 2_000, 50)]);
        assert_eq!(
            selections("--cover --preview"),
            [(Role::Cover, Selection::Cover), preview(0, 3_000, 100)]
        );
        assert_eq!(selections("--every 10%"), [(Role::Stills, Selection::PercentStep { percent: 10.0 })]);
    }

    #[test]
    fn sides_of_sizes_may_be_left_out_but_not_both() {
        let size = |width_px, height_px| Ok(SizeRule { width_px, height_px, is_adaptive: false });
        assert_eq!(parse_size("640x360"), size(Some(640), Some(360)));
        assert_eq!(parse_size("640x"), size(Some(640), None));
        assert_eq!(parse_size("x360"), size(None, Some(360)));
        for text in ["x", "640", "7x7", "9000x10", "0x0", "-1x2", "axb", "1x2x3"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arguments_that_do_not_fit_together_are_refused() {
        for line in [
            "--at 1s --every 2s",
            "--at 1s --count 2",
            "--every 0s",
            "--every 0%",
            "--every -1s",
            "--count 0",
            "--vtt",
            "--cover --vtt",
            "--preview 0s",
            "--preview 31s",
            "--preview --fps 51",
            "--fps 5",
            "--preview --from=-1s",
            "--sprite 101x1",
            "--sprite 3",
            "--quality 101",
            "--frame nearest",
            "--format gif",
        ] {
            assert!(outputs(line).is_err(), "{line}");
        }
        let many = vec!["1s"; OFFSETS_PER_REQUEST_MAX + 1].join(",");
        assert!(outputs(&format!("--at {many}")).is_err());
    }

    #[test]
    fn tiny_steps_are_bounded() {
        let Selection::Offsets(steps) = percent_steps(1e-9, u32::MAX) else { panic!("offsets") };
        assert_eq!(steps.len(), PICTURES_PER_OUTPUT_MAX);
    }
}
