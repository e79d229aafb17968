//! The remote suite: pictures of videos on a web server (nginx) behind a proxy that delays each answer, by
//! Stillframe and by `ffmpeg`. What passes the proxy is counted there, for both alike.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use stillframe_testkit::remote::{Nginx, Proxy};

use crate::files::{self, Files};
use crate::machine;
use crate::suites::{Workshop, clips};

/// Where in the video the one still lies.
const PLACE: f64 = 0.613;
/// What may be asked of a still of two hours in MP4.
const REQUESTS_MAX: u64 = 4;
const SHARE_MAX: f64 = 0.01;
const ROUND_TRIPS_MAX: u64 = 4;

/// Ten minutes of H.264 in every container, by copying packets; AV1 in WebM, which takes no H.264.
const CONTAINERS: [(&str, &str); 9] = [
    ("film.mov", ""),
    ("film-sidx.mp4", "-movflags +frag_keyframe+dash+global_sidx"),
    ("film-mfra.mp4", "-movflags +frag_keyframe+empty_moov+default_base_moof"),
    ("film-bare.mp4", "-movflags +frag_keyframe+empty_moov+default_base_moof+skip_trailer"),
    ("film-cues.mkv", ""),
    ("film-live.mkv", "-live 1"),
    ("film.ts", ""),
    ("film.flv", ""),
    ("film.avi", ""),
];

/// What `./dev bench remote` takes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Small files: shows that the suite works, not what large ones cost
    #[arg(long)]
    quick: bool,
    /// Only the files whose name contains this
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Delay of each answer in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 30)]
    latency_ms: u64,
}

/// What one client took from the server.
struct Taken {
    requests: u64,
    bytes: u64,
    round_trips: u64,
    wall_ms: f64,
}

/// Runs the suite and prints its table.
///
/// # Errors
/// When a tool is missing or fails.
pub fn run(workshop: &Workshop, options: &Options) -> Result<()> {
    let files = Files::new(workshop.files.clone(), clips(&workshop.python)?, options.quick);
    let stillframe =
        std::env::current_exe().context("cannot find this program")?.with_file_name("stillframe");
    println!("{}\n", machine::describe(&stillframe.to_string_lossy()));
    println!("Delay of each answer: {} ms.\n", options.latency_ms);
    let stage = Stage { stillframe, latency: Duration::from_millis(options.latency_ms) };
    let wanted = options.only.as_deref().unwrap_or_default();
    let mut long = Vec::new();
    if "two-hours-faststart.mp4 two-hours-last.mp4".contains(wanted) {
        let film = files.make(&files::H264_720P_2H)?;
        long.push(("two-hours-faststart.mp4", film.clone()));
        long.push(("two-hours-last.mp4", files.copy(&film, "two-hours-last.mp4", "")?));
    }
    let mut all = Vec::new();
    for (name, path) in long.into_iter().chain(short(&files, wanted)?) {
        if name.contains(wanted) {
            all.push((name, stage.measure(name, &path)?));
        }
    }
    println!("{}\n{}", costs(&all), bounds(&all));
    Ok(())
}

fn short(files: &Files, wanted: &str) -> Result<Vec<(&'static str, PathBuf)>> {
    let mut list = Vec::new();
    for (name, arguments) in CONTAINERS.into_iter().filter(|(name, _)| name.contains(wanted)) {
        let film = files.make(&files::H264_1080P)?;
        list.push((name, files.copy(&film, name, arguments)?));
    }
    if "film.webm".contains(wanted) {
        let film = files.make(&files::AV1_1080P)?;
        list.push(("film.webm", files.copy(&film, "film.webm", "")?));
    }
    Ok(list)
}

/// How a file was read by each.
struct Row {
    size_bytes: u64,
    one: Taken,
    theirs: Taken,
    ten: Taken,
}

struct Stage {
    stillframe: PathBuf,
    latency: Duration,
}

impl Stage {
    fn measure(&self, name: &str, path: &Path) -> Result<Row> {
        eprintln!("  {name}");
        let size_bytes = path.metadata().context("cannot look at the file")?.len();
        let nginx = Nginx::start(path.parent().context("the file has no folder")?);
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let duration = duration_s(path)?;
        let place = format!("{:.3}", PLACE * duration);
        let folder = tempfile::tempdir().context("cannot make a folder for the pictures")?;
        let out = folder.path().to_string_lossy().into_owned();
        let ours = |arguments: &[&str]| {
            self.count(&nginx, &file, |url| {
                let mut command = Command::new(&self.stillframe);
                command.args(["snap", url, "-o", &out]).args(arguments);
                command
            })
        };
        let at = format!("{place}s");
        let one = ours(&["--at", &at])?;
        let theirs = self.count(&nginx, &file, |url| {
            let mut command = Command::new("ffmpeg");
            command.args([
                "-nostdin",
                "-v",
                "quiet",
                "-y",
                "-ss",
                &place,
                "-i",
                url,
                "-frames:v",
                "1",
                "-q:v",
                "3",
            ]);
            command.arg(folder.path().join("theirs.jpg"));
            command
        })?;
        Ok(Row { size_bytes, one, theirs, ten: ours(&["--count", "10"])? })
    }

    fn count(&self, nginx: &Nginx, file: &str, compose: impl FnOnce(&str) -> Command) -> Result<Taken> {
        let proxy = Proxy::start(nginx, self.latency);
        let mut command = compose(&proxy.url(&format!("/{file}")));
        let begun = Instant::now();
        let done =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).output().context("cannot run a tool")?;
        let wall_ms = begun.elapsed().as_secs_f64() * 1_000.0;
        if !done.status.success() {
            bail!("{command:?} failed: {}", String::from_utf8_lossy(&done.stderr));
        }
        let log = proxy.log();
        Ok(Taken { requests: log.requests(), bytes: log.bytes(), round_trips: log.round_trips(), wall_ms })
    }
}

fn costs(all: &[(&str, Row)]) -> String {
    let mut text = "| file | MB | | requests | MB read | of the file | round trips | wall ms |\n\
         |---|--:|---|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for (name, row) in all {
        let megabytes = row.size_bytes as f64 / 1e6;
        let lines =
            [("one still", &row.one), ("ffmpeg -ss, one still", &row.theirs), ("ten stills", &row.ten)];
        for (who, taken) in lines {
            let Taken { requests, bytes, round_trips, wall_ms } = taken;
            let (read, share) = (*bytes as f64 / 1e6, 100.0 * *bytes as f64 / row.size_bytes as f64);
            writeln!(
                text,
                "| {name} | {megabytes:.0} | {who} | {requests} | {read:.2} | {share:.2} % | {round_trips} | {wall_ms:.0} |"
            )
            .expect("writing to a String does not fail");
        }
    }
    text
}

fn bounds(all: &[(&str, Row)]) -> String {
    let mut text = "| bound | file | measured | |\n|---|---|--:|---|\n".to_owned();
    let mut tell = |bound: &str, name: &str, measured: String, holds: bool| {
        let mark = if holds { "held" } else { "**missed**" };
        writeln!(text, "| {bound} | {name} | {measured} | {mark} |")
            .expect("writing to a String does not fail");
    };
    for (name, Row { size_bytes, one, theirs, ten }) in all {
        if name.starts_with("two-hours") {
            let share = one.bytes as f64 / *size_bytes as f64;
            tell("one still: <= 4 requests", name, one.requests.to_string(), one.requests <= REQUESTS_MAX);
            tell(
                "one still: <= 1 % of the bytes",
                name,
                format!("{:.2} %", 100.0 * share),
                share <= SHARE_MAX,
            );
            let trips = ten.round_trips;
            tell("ten stills: <= 4 round trips", name, trips.to_string(), trips <= ROUND_TRIPS_MAX);
        }
        let ratio = one.bytes as f64 / theirs.bytes.max(1) as f64;
        tell("one still: no more bytes than ffmpeg", name, format!("{ratio:.2}x"), one.bytes <= theirs.bytes);
    }
    text
}

fn duration_s(path: &Path) -> Result<f64> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "csv=p=0", "-show_entries", "format=duration:stream=duration"])
        .arg(path)
        .output()
        .context("cannot run ffprobe")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let told = text.split_ascii_whitespace().filter_map(|word| word.parse::<f64>().ok());
    // What was written live tells none; it is as long as the others.
    Ok(told.fold(0.0, f64::max)).map(|seconds| if seconds < 1.0 { 600.0 } else { seconds })
}
