//! How each tool is told to do a task.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::machine::threads;
use crate::measure::Work;
use crate::rounds::Contender;

/// Names of our own rows, and of the floor's.
pub const OURS_EXACT: &str = "stillframe, exact";
/// See [`OURS_EXACT`].
pub const OURS_KEYFRAME: &str = "stillframe, keyframe";
/// See [`OURS_EXACT`].
pub const FLOOR_EXACT: &str = "floor: bare decoding, exact";
/// See [`OURS_EXACT`].
pub const FLOOR_KEYFRAME: &str = "floor: bare decoding, keyframe";
/// Bare decoding of what our plan leaves.
pub const BARE_PLAN: &str = "bare decoding of our plan, exact";
/// One `ffmpeg` for each time.
pub const FFMPEG_EACH: &str = "ffmpeg -ss, one run for each time";
/// The same, which decodes keyframes alone.
pub const FFMPEG_EACH_NOKEY: &str = "ffmpeg -ss -skip_frame nokey, one run for each time";
/// One `ffmpeg` with an input for each time.
pub const FFMPEG_INPUTS: &str = "one ffmpeg with an input for each time";
/// One `ffmpeg` that decodes everything.
pub const FFMPEG_PASS: &str = "one ffmpeg, whole decode";
/// One `ffmpeg` that decodes the keyframes alone.
pub const FFMPEG_PASS_NOKEY: &str = "one ffmpeg, -skip_frame nokey";
/// One `ffmpegthumbnailer` for each time, which takes keyframes.
pub const THUMBNAILER: &str = "ffmpegthumbnailer (keyframes), one run for each time";

/// The tools, and where their pictures go.
pub struct Tools {
    /// Our own program.
    pub stillframe: String,
    floor: String,
    python: String,
    pyav: String,
    vcsi: String,
    pictures: PathBuf,
}

/// What a task asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The file.
    pub video: &'a Path,
    /// The times, in milliseconds.
    pub times_ms: &'a [i64],
    /// Width of the pictures; `None` keeps the size of the video.
    pub width_px: Option<u32>,
}

impl Tools {
    /// Finds our programs beside this one and the others by `python`.
    ///
    /// # Errors
    /// When this program's own place is not known.
    pub fn find(python: &Path, pictures: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let beside = |name: &str| text(&program.with_file_name(name));
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools");
        Ok(Self {
            stillframe: beside("stillframe"),
            floor: beside("stillframe-floor"),
            python: text(python),
            pyav: text(&tools.join("pyav_take.py")),
            vcsi: text(&python.with_file_name("vcsi")),
            pictures: pictures.to_owned(),
        })
    }

    /// Stillframe with further arguments.
    pub fn stillframe(&self, name: &str, video: &Path, arguments: &str) -> Contender {
        let head = [self.stillframe.clone(), "snap".to_owned(), text(video), "-o".to_owned()];
        let rest = arguments.split_ascii_whitespace().map(str::to_owned);
        contender(name, Work::one(head.into_iter().chain([text(&self.pictures)]).chain(rest).collect()))
    }

    /// The decoding that a plan needs, on as many threads as there are.
    pub fn floor(&self, name: &str, asked: Asked<'_>) -> Contender {
        let mode = match name {
            FLOOR_EXACT => "exact",
            BARE_PLAN => "plan",
            _ => "keyframe",
        };
        let mut command = vec![self.floor.clone(), text(asked.video), mode.to_owned(), threads().to_string()];
        command.push(joined(asked.times_ms, |ms| ms.to_string()));
        contender(name, Work { tells_wall: true, ..Work::one(command) })
    }

    /// One `ffmpeg` for each time.
    pub fn ffmpeg_each(&self, asked: Asked<'_>, is_nokey: bool) -> Contender {
        let head = if is_nokey { "-noaccurate_seek -skip_frame nokey -threads 1" } else { "" };
        let commands = asked.times_ms.iter().map(|&ms| {
            let mut command = ffmpeg(head);
            command.extend(["-ss".to_owned(), seconds(ms), "-i".to_owned(), text(asked.video)]);
            command.extend(words("-frames:v 1 -q:v 3"));
            command
                .extend(asked.width_px.into_iter().flat_map(|width| words(&format!("-vf scale={width}:-2"))));
            command.push(self.picture("each.jpg"));
            command
        });
        let name = if is_nokey { FFMPEG_EACH_NOKEY } else { FFMPEG_EACH };
        contender(name, Work::many(commands.collect()))
    }

    /// One `ffmpeg` that opens the file once for each time.
    pub fn ffmpeg_inputs(&self, asked: Asked<'_>) -> Contender {
        let mut command = ffmpeg("");
        for &ms in asked.times_ms {
            command.extend(["-ss".to_owned(), seconds(ms), "-i".to_owned(), text(asked.video)]);
        }
        for place in 0..asked.times_ms.len() {
            command.extend(words(&format!("-map {place}:v -frames:v 1 -q:v 3")));
            command.push(self.picture(&format!("input-{place}.jpg")));
        }
        contender(FFMPEG_INPUTS, Work::one(command))
    }

    /// One `ffmpeg` over the whole file with a filter.
    pub fn ffmpeg_pass(&self, video: &Path, filter: &str, is_nokey: bool) -> Contender {
        let mut command = ffmpeg(if is_nokey { "-skip_frame nokey" } else { "" });
        command.extend(["-i".to_owned(), text(video), "-vf".to_owned(), filter.to_owned()]);
        command.extend(words("-q:v 3"));
        command.push(self.picture("pass-%03d.jpg"));
        contender(if is_nokey { FFMPEG_PASS_NOKEY } else { FFMPEG_PASS }, Work::one(command))
    }

    /// One `ffmpegthumbnailer` for each time; it takes whole seconds.
    pub fn thumbnailer(&self, asked: Asked<'_>) -> Contender {
        let commands = asked.times_ms.iter().map(|&ms| {
            let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
            let time = format!("{hours:02}:{minutes:02}:{seconds:02}");
            let size = asked.width_px.unwrap_or(0).to_string();
            ["ffmpegthumbnailer", "-q", "8", "-t", &time, "-s", &size, "-i", &text(asked.video), "-o"]
                .into_iter()
                .map(str::to_owned)
                .chain([self.picture("thumbnail.jpg")])
                .collect()
        });
        contender(THUMBNAILER, Work::many(commands.collect()))
    }

    /// PyAV in one process.
    pub fn pyav(&self, asked: Asked<'_>, mode: &str) -> Contender {
        let mut command = vec![self.python.clone(), self.pyav.clone(), mode.to_owned(), text(asked.video)];
        command.extend([text(&self.pictures), asked.width_px.unwrap_or(0).to_string()]);
        command.extend(asked.times_ms.iter().map(|&ms| seconds(ms)));
        contender(&format!("PyAV in one process, {mode}"), Work::one(command))
    }

    /// A contact sheet by vcsi, which takes frames by ffmpeg and draws around them.
    pub fn vcsi(&self, asked: Asked<'_>, grid: &str) -> Contender {
        let mut command = vec![self.vcsi.clone(), text(asked.video)];
        command.extend(words(&format!("-g {grid} -m")));
        command.push(joined(asked.times_ms, |ms| {
            format!("{}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
        }));
        command.extend(["-o".to_owned(), self.picture("vcsi.jpg")]);
        contender("vcsi (contact sheet)", Work::one(command))
    }

    fn picture(&self, name: &str) -> String {
        text(&self.pictures.join(name))
    }
}

/// Times as `--at` takes them.
pub fn at(times_ms: &[i64]) -> String {
    format!("--at {}", joined(times_ms, |ms| format!("{ms}ms")))
}

fn contender(name: &str, work: Work) -> Contender {
    Contender { name: name.to_owned(), work }
}

fn ffmpeg(arguments: &str) -> Vec<String> {
    words(&format!("ffmpeg -nostdin -v error -y {arguments}"))
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

fn joined(times_ms: &[i64], text: impl Fn(i64) -> String) -> String {
    times_ms.iter().map(|&ms| text(ms)).collect::<Vec<_>>().join(",")
}

fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
