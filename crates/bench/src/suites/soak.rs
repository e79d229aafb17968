//! The soak: many calls of the engine in one process, with whole files and damaged ones, and what they leave in
//! memory.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use stillframe_domain::{
    ByteSource, Fit, FrameChoice, ImageFormat, MediaTime, Position, Product, Selection, SizeRule,
    SnapshotSpec,
};
use stillframe_engine::{Limits, Produced, TakeRequest, keep_memory_between_calls, take};

use crate::suites::Workshop;

/// Calls until caches and arenas are as large as they get.
const WARM_CALLS: u32 = 500;
/// Bytes that may be left by all calls after those.
const GROWTH_BYTES_MAX: i64 = 4 << 20;
/// How often the memory is told of.
const STEPS: u32 = 10;

/// Two seconds in each container.
const FILES: [(&str, &str); 8] = [
    ("h264.mp4", "-c:v libx264 -preset veryfast -g 25 -movflags +faststart"),
    (
        "fragmented.mp4",
        "-c:v libx264 -preset veryfast -g 25 -movflags +frag_keyframe+empty_moov+default_base_moof",
    ),
    ("hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params keyint=25:log-level=error"),
    ("av1.mkv", "-c:v libsvtav1 -preset 12 -g 25"),
    ("vp8.webm", "-c:v libvpx -deadline realtime -cpu-used 8 -g 25"),
    ("mpeg2.ts", "-c:v mpeg2video -q:v 4 -bf 2 -g 25"),
    ("h264.flv", "-c:v libx264 -preset veryfast -g 25"),
    ("mjpeg.avi", "-c:v mjpeg -q:v 5 -pix_fmt yuvj420p"),
];

/// What `./dev bench soak` takes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A thousand calls: shows that it works
    #[arg(long)]
    quick: bool,
    /// Keep freed memory for the next call, as a server's decoders do
    #[arg(long)]
    keep: bool,
    /// Calls in all
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1_000..))]
    calls: u32,
}

/// Runs the soak and prints the memory along the way.
///
/// # Errors
/// When the files cannot be made, or memory grew by more than it may.
pub fn run(_workshop: &Workshop, options: &Options) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot make a folder for the files")?;
    let files = files(folder.path())?;
    let calls = if options.quick { 1_000 } else { options.calls };
    println!("{} files, {calls} calls of two stills each\n", files.len());
    if options.keep {
        keep_memory_between_calls();
    }
    println!(
        "| calls | pictures | failures | resident MB | since call {WARM_CALLS} |\n|--:|--:|--:|--:|--:|"
    );
    let (mut at_start, mut growth) = (0, 0);
    let mut counts = Counts::default();
    for call in 1..=calls {
        one(&files, call, &mut counts);
        if call == WARM_CALLS {
            at_start = resident_bytes()?;
        }
        if call == WARM_CALLS || (WARM_CALLS < call && call % (calls / STEPS) == 0) {
            let resident = resident_bytes()?;
            growth = resident - at_start;
            let Counts { pictures, failures } = counts;
            let (resident, growth) = (resident as f64 / 1e6, growth as f64 / 1e6);
            println!("| {call} | {pictures} | {failures} | {resident:.1} | {growth:+.1} MB |");
        }
    }
    if counts.pictures == 0 || counts.failures == 0 {
        bail!("the files are not what they should be: {counts:?}");
    }
    if GROWTH_BYTES_MAX < growth {
        bail!("memory grew by {growth} bytes; the most is {GROWTH_BYTES_MAX}");
    }
    Ok(())
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    pictures: u64,
    failures: u64,
}

fn one(files: &[Vec<u8>], call: u32, counts: &mut Counts) {
    let bytes = files[call as usize % files.len()].clone();
    let times = [i64::from(call * 397 % 2_000), 900].map(|ms| Position::At(MediaTime::from_millis(ms)));
    let product = Product::Stills {
        size: SizeRule::default(),
        fit: Fit::Stretch,
        format: ImageFormat::Jpg,
        quality: 85,
    };
    let selection = Selection::Offsets(times.to_vec());
    let frame = if call.is_multiple_of(3) { FrameChoice::Keyframe } else { FrameChoice::Exact };
    let outputs = vec![SnapshotSpec { selection, frame, product, has_vtt: false }];
    let request = TakeRequest { outputs, limits: Limits::default() };
    let taken = take(&request, Arc::new(Memory(bytes)), &mut |produced| {
        if let Produced::Picture(picture) = produced {
            match picture.result {
                Ok(_) => counts.pictures += 1,
                Err(_) => counts.failures += 1,
            }
        }
        ControlFlow::Continue(())
    });
    counts.failures += u64::from(taken.is_err());
}

/// Each file whole, cut, with flipped bits all along, and with a hole.
fn files(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for (name, arguments) in FILES {
        let path = folder.join(name);
        let source = "-f lavfi -i testsrc2=size=320x180:rate=25:duration=2";
        let done = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-y"])
            .args(source.split(' '))
            .args(arguments.split(' '))
            .arg(&path)
            .output()
            .context("cannot run ffmpeg")?;
        if !done.status.success() {
            bail!("ffmpeg cannot make {name}: {}", String::from_utf8_lossy(&done.stderr));
        }
        let whole = fs::read(&path).context("cannot read a file")?;
        let mut flipped = whole.clone();
        flipped[whole.len() / 4..].iter_mut().step_by(977).for_each(|byte| *byte ^= 0x24);
        let mut hole = whole.clone();
        hole[whole.len() / 2..whole.len() * 3 / 5].fill(0);
        files.extend([whole[..whole.len() * 6 / 10].to_vec(), flipped, hole, whole]);
    }
    Ok(files)
}

/// Source: proc(5), `/proc/pid/statm`: the second number counts pages.
fn resident_bytes() -> Result<i64> {
    let text = fs::read_to_string("/proc/self/statm").context("cannot read what memory is used")?;
    let pages: i64 = text.split(' ').nth(1).context("no number of pages")?.parse().context("no number")?;
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().unwrap_or(4_096);
    Ok(pages * page)
}

/// Bytes in memory.
struct Memory(Vec<u8>);

impl ByteSource for Memory {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|from| self.0.get(from..)).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn validator(&self) -> String {
        String::new()
    }
}
