//! The sandbox's suite: what a job costs more when a confined child does it than when a process does it by itself.
//!
//! Both decoders are warm, as they are in a server, and take turns on the same file, job by job. So the
//! difference holds what the sandbox costs: the order, the answer with its pictures, and whatever
//! confinement takes from the decoder. Where a process happens to have its memory makes it a little faster or slower
//! for life, so a child and a process that decodes by itself (`peer.rs`) are compared over a few jobs alone,
//! and then others; the median of what these pairs tell is given with the interval that it lies in, and a
//! bound within that interval is called undecided: more jobs decide it. What each job pays alike is seen best on
//! a small video, whose decoding is over soon; what confinement takes from the decoder, on a large one. What
//! it costs to start a child is told beside it: a server pays it once in `calls_per_child` calls, and not
//! while a job waits.

pub mod peer;

use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use stillframe_domain::{
    ByteSource, Fit, FrameChoice, ImageFormat, MediaTime, Position, Product, Selection, SizeRule,
    SnapshotSpec,
};
use stillframe_engine::{Limits, Produced, TakeRequest};
use stillframe_sandbox::{Call, Decoder, InProcess, Pool, PoolConfig};
use stillframe_storage::FileSource;

use crate::files::{Files, H264_1080P};
use crate::machine;
use crate::suites::{Workshop, clips};
use peer::Peer;

/// Most milliseconds that a job may cost more.
const MUST_MS: f64 = 2.0;
/// Most hundredths of its time that a job may cost more.
const MUST_PERCENT: f64 = 3.0;

/// What `./dev bench sandbox` takes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A small file, ten pictures of each kind: shows that the suite works, not what anything costs
    #[arg(long)]
    quick: bool,
    /// Pictures of each kind by each decoder
    #[arg(long, value_name = "N", default_value_t = 200)]
    pictures: usize,
    /// Only the kinds whose name contains this
    #[arg(long, value_name = "NAME", default_value = "")]
    only: String,
    /// A video to measure with, in the place of the one that is made
    #[arg(long, value_name = "PATH")]
    video: Option<PathBuf>,
}

/// Jobs that a child and its peer both do before others follow them.
const JOBS_PER_PAIR: usize = 5;

/// A kind of job.
struct Kind {
    name: &'static str,
    is_small: bool,
    picture_count: usize,
    frame: FrameChoice,
    is_asked: bool,
}

/// From the smallest job to one of a usual size; the last reads its bytes by the parent, as a remote video is.
const KINDS: [Kind; 12] = {
    use FrameChoice::{Exact, Keyframe};
    const fn kind(
        name: &'static str,
        is_small: bool,
        picture_count: usize,
        frame: FrameChoice,
        is_asked: bool,
    ) -> Kind {
        Kind { name, is_small, picture_count, frame, is_asked }
    }
    [
        kind("640x360: 1 still, keyframe", true, 1, Keyframe, false),
        kind("640x360: 1 still, exact", true, 1, Exact, false),
        kind("640x360: 10 stills, keyframe", true, 10, Keyframe, false),
        kind("640x360: 10 stills, keyframe, bytes by the parent", true, 10, Keyframe, true),
        kind("640x360: 10 stills, exact", true, 10, Exact, false),
        kind("640x360: 10 stills, exact, bytes by the parent", true, 10, Exact, true),
        kind("1080p: 1 still, keyframe", false, 1, Keyframe, false),
        kind("1080p: 1 still, exact", false, 1, Exact, false),
        kind("1080p: 10 stills, keyframe", false, 10, Keyframe, false),
        kind("1080p: 10 stills, keyframe, bytes by the parent", false, 10, Keyframe, true),
        kind("1080p: 10 stills, exact", false, 10, Exact, false),
        kind("1080p: 10 stills, exact, bytes by the parent", false, 10, Exact, true),
    ]
};

/// Runs the suite and prints its table.
///
/// # Errors
/// When the video cannot be made or read, or a decoder fails.
pub fn run(workshop: &Workshop, options: &Options) -> Result<()> {
    let made = |is_quick| -> Result<PathBuf> {
        Files::new(workshop.files.clone(), clips(&workshop.python)?, is_quick).make(&H264_1080P)
    };
    let video = |is_small| match &options.video {
        Some(video) => Ok(video.clone()),
        None => made(is_small || options.quick),
    };
    let program = std::env::current_exe().context("cannot find this program")?;
    println!("{}\n", machine::describe(&program.with_file_name("stillframe").display().to_string()));
    let config = PoolConfig {
        idle_max: 1,
        calls_per_child: u32::MAX,
        ..PoolConfig::of_this_program(["decode-child"])
    };
    let begun = Instant::now();
    let (_, confinement) = Pool::start(config.clone()).context("cannot start a child")?;
    let start_ms = ms(begun.elapsed());
    println!("| job | jobs | in process ms | sandboxed ms | difference ms | 95 % from | to | % | must |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|---|");
    let pictures = if options.quick { 10 } else { options.pictures };
    for kind in KINDS.iter().filter(|kind| kind.name.contains(&options.only)) {
        let jobs = (pictures / kind.picture_count).max(1);
        println!("{}", row(kind, jobs, &compare(kind, &video(kind.is_small)?, &config, jobs)?));
    }
    println!(
        "\nMedians; the difference is that of each job with itself, of {JOBS_PER_PAIR} by each pair of processes. A child \
         starts in {start_ms:.0} ms; in force: {}.",
        confinement.in_force().join(", ")
    );
    Ok(())
}

/// What a kind of job takes, in milliseconds: medians.
struct Compared {
    in_process: f64,
    sandboxed: f64,
    /// Of each job by both decoders, since jobs differ more from each other than the decoders do.
    difference: f64,
    /// Where the difference's median lies in 95 of 100 runs.
    interval: (f64, f64),
}

fn compare(kind: &Kind, video: &Path, config: &PoolConfig, jobs: usize) -> Result<Compared> {
    let call = Call { source: source(video, kind.is_asked)?, version: None, is_abandoned: &|| false };
    let duration = InProcess.probe(&call, &Limits::default()).map_err(failed)?.duration;
    let all: Vec<usize> = (0..jobs).collect();
    let (mut in_process, mut sandboxed, mut differences) = (Vec::new(), Vec::new(), Vec::new());
    for jobs in all.chunks(JOBS_PER_PAIR) {
        let (pool, _) = Pool::start(config.clone()).context("cannot start a child")?;
        let mut peer = Peer::start(video, kind.is_asked)?;
        let warming = request(kind, duration, all.len());
        timed_ms(&pool, &call, &warming)?;
        peer.take_ms(&warming)?;
        let mut of_pair = Vec::new();
        for &job in jobs {
            let request = request(kind, duration, job);
            // Whoever comes second finds warmer caches.
            let (inside, confined) = if job.is_multiple_of(2) {
                let inside = peer.take_ms(&request)?;
                (inside, timed_ms(&pool, &call, &request)?)
            } else {
                let confined = timed_ms(&pool, &call, &request)?;
                (peer.take_ms(&request)?, confined)
            };
            in_process.push(inside);
            sandboxed.push(confined);
            of_pair.push(confined - inside);
        }
        differences.push(median(of_pair));
    }
    let interval = interval_of_median(&differences);
    let [in_process, sandboxed, difference] = [in_process, sandboxed, differences].map(median);
    Ok(Compared { in_process, sandboxed, difference, interval })
}

/// A video as a file, or as one that has none to hand over.
fn source(video: &Path, is_asked: bool) -> Result<Arc<dyn ByteSource>> {
    let file = File::open(video).with_context(|| format!("cannot open {}", video.display()))?;
    let source: Arc<dyn ByteSource> = Arc::new(FileSource::of(file).context("cannot read the video")?);
    Ok(if is_asked { Arc::new(Asked(source)) } else { source })
}

fn timed_ms(decoder: &dyn Decoder, call: &Call<'_>, request: &TakeRequest) -> Result<f64> {
    let begun = Instant::now();
    take(decoder, call, request)?;
    Ok(ms(begun.elapsed()))
}

fn take(decoder: &dyn Decoder, call: &Call<'_>, request: &TakeRequest) -> Result<()> {
    let mut failure = None;
    let mut keep = |produced: Produced| {
        if let Produced::Picture(picture) = produced {
            failure = picture.result.err().or(failure.take());
        }
        ControlFlow::Continue(())
    };
    decoder.take(call, request, &mut keep).map_err(failed)?;
    match failure {
        Some(failure) => bail!("a picture failed: {}", failure.message),
        None => Ok(()),
    }
}

/// The same kind of job each time, at other places of the video.
fn request(kind: &Kind, duration: MediaTime, job: usize) -> TakeRequest {
    const PLACES: i64 = 997;
    let length_ms = duration.as_millis();
    let places = (0..kind.picture_count).map(|picture| {
        let place = (job * 61 + picture * 101) as i64 % PLACES;
        Position::At(MediaTime::from_millis(length_ms * place / (PLACES + 1)))
    });
    let product = Product::Stills {
        size: SizeRule::default(),
        fit: Fit::Stretch,
        format: ImageFormat::Jpg,
        quality: 85,
    };
    let selection = Selection::Offsets(places.collect());
    let spec = SnapshotSpec { selection, frame: kind.frame, product, has_vtt: false };
    TakeRequest { outputs: vec![spec], limits: Limits::default() }
}

fn row(kind: &Kind, jobs: usize, compared: &Compared) -> String {
    let Compared { in_process, sandboxed, difference, interval: (from, to) } = *compared;
    let percent = |ms: f64| 100.0 * ms / in_process;
    let verdict = |from: f64, to: f64, most: f64| match () {
        () if to <= most => "held",
        () if most < from => "**missed**",
        () => "undecided",
    };
    let in_ms = format!("<= {MUST_MS} ms {}", verdict(from, to, MUST_MS));
    let share = format!("<= {MUST_PERCENT} % {}", verdict(percent(from), percent(to), MUST_PERCENT));
    // Of the small video's jobs the share says more of the video than of the sandbox.
    let must = if kind.is_small { in_ms } else { format!("{in_ms}, {share}") };
    format!(
        "| {} | {jobs} | {in_process:.2} | {sandboxed:.2} | {difference:.2} | {from:.2} | {to:.2} | {:.1} | {must} |",
        kind.name,
        percent(difference),
    )
}

/// The 95 % interval of a median, by the ranks that it lies between, whatever the figures are spread like.
///
/// Source: Conover, Practical Nonparametric Statistics, 3.2 (confidence interval for a quantile).
fn interval_of_median(figures: &[f64]) -> (f64, f64) {
    const HALF_WIDTH: f64 = 1.96;
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let reach = HALF_WIDTH * count.sqrt() / 2.0;
    let at = |rank: f64| sorted.get(rank.clamp(0.0, count - 1.0) as usize).copied().unwrap_or_default();
    (at((count / 2.0 - reach).floor()), at((count / 2.0 + reach).ceil()))
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn failed(failure: stillframe_domain::Failure) -> anyhow::Error {
    anyhow::anyhow!("{}: {}", failure.code.name(), failure.message)
}

/// A source that has no file to hand over.
struct Asked(Arc<dyn ByteSource>);

impl ByteSource for Asked {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(offset, buf)
    }

    fn len(&self) -> u64 {
        self.0.len()
    }

    fn validator(&self) -> String {
        self.0.validator()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_lies_between_its_ranks() {
        let figures: Vec<f64> = (0..100).rev().map(f64::from).collect();
        assert_eq!((interval_of_median(&figures), median(figures)), ((40.0, 60.0), 50.0));
        assert_eq!(interval_of_median(&[7.0]), (7.0, 7.0));
    }
}
