//! Has the system's `ffmpeg` encode rendered frames.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::ClipError;
use super::picture::RawFrame;
use super::spec::{ClipSpec, Codec, Container, Content, LATENESS, Matrix, TICKS_PER_FRAME, Timing};

/// Raised whenever the same spec would give another clip.
const RENDERING: u32 = 1;

/// Makes the clip once and keeps it below Cargo's target folder; processes that ask at the same time
/// wait for one another.
///
/// # Panics
/// When the clip cannot be made: a test cannot go on without it.
pub fn cached(spec: &ClipSpec) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (RENDERING, format!("{spec:?}")).hash(&mut hasher);
    let name = format!("{:016x}.{}", hasher.finish(), spec.container.extension());
    cached_file(&name, &|path| make(spec, path))
}

/// The file of that name in the cache, made by `make` if it is not there yet.
pub(super) fn cached_file(name: &str, make: &dyn Fn(&Path) -> Result<(), ClipError>) -> PathBuf {
    let folder = cache_folder();
    let path = folder.join(name);
    make_once(make, &folder, &path).unwrap_or_else(|error| panic!("cannot make {name}: {}", chain(&error)));
    path
}

/// Makes a clip at `path`; nothing stands there until it is whole.
///
/// # Errors
/// When `ffmpeg` is missing or refuses, or the file cannot be written.
pub fn make(spec: &ClipSpec, path: &Path) -> Result<(), ClipError> {
    make_whole(path, &|part| encode(spec, part).and_then(|()| turn(spec, part)))
}

/// Has a file made beside its place, and puts it there when it is whole.
pub(super) fn make_whole(
    path: &Path,
    make: &dyn Fn(&Path) -> Result<(), ClipError>,
) -> Result<(), ClipError> {
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let encoded = make(&part).and_then(|()| fs::rename(&part, path).map_err(io_error("keep the clip")));
    if encoded.is_err() {
        // Best effort: what failed may not have begun to write.
        let _ = fs::remove_file(&part);
    }
    encoded
}

fn make_once(
    make: &dyn Fn(&Path) -> Result<(), ClipError>,
    folder: &Path,
    path: &Path,
) -> Result<(), ClipError> {
    if path.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(io_error("make the clips' folder"))?;
    let lock = File::create(path.with_extension("lock")).map_err(io_error("lock the clip"))?;
    lock.lock().map_err(io_error("lock the clip"))?;
    if path.exists() {
        return Ok(());
    }
    make(path)
}

/// `target/tmp/clips`, found from the running test's place in `target/<profile>/deps`.
fn cache_folder() -> PathBuf {
    let exe = std::env::current_exe().unwrap_or_default();
    let deps = exe.ancestors().find(|folder| folder.ends_with("deps"));
    let target = deps.and_then(|deps| deps.parent()?.parent()).map(|target| target.join("tmp"));
    target.unwrap_or_else(std::env::temp_dir).join("stillframe-clips")
}

fn encode(spec: &ClipSpec, path: &Path) -> Result<(), ClipError> {
    let mut child = Command::new("ffmpeg")
        .args(arguments(spec))
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(io_error("run ffmpeg"))?;
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let spec = spec.clone();
    let feeder = std::thread::spawn(move || {
        let mut frame = RawFrame::new(&spec);
        (0..spec.frame_count).try_for_each(|number| {
            frame.draw(&spec, number);
            stdin.write_all(&frame.bytes)
        })
    });
    let output = child.wait_with_output().map_err(io_error("wait for ffmpeg"))?;
    let fed = feeder.join().expect("drawing does not panic");
    check("ffmpeg", &output)?;
    fed.map_err(io_error("feed ffmpeg"))
}

/// Writes the display matrix into an MP4's track header: the tool's own options for it differ between
/// its versions.
///
/// Source: ISO/IEC 14496-12, 8.3.2 Track Header Box, version 0.
fn turn(spec: &ClipSpec, path: &Path) -> Result<(), ClipError> {
    const MATRIX_FROM_TYPE: usize = 44;
    const ONE: i32 = 1 << 16;
    let [a, b, c, d] = match spec.rotation_degrees {
        0 => return Ok(()),
        90 => [0, ONE, -ONE, 0],
        180 => [-ONE, 0, 0, -ONE],
        270 => [0, -ONE, ONE, 0],
        other => panic!("rotation by {other} degrees"),
    };
    assert_eq!(spec.container, Container::Mp4, "only MP4 can be turned");
    let mut bytes = fs::read(path).map_err(io_error("read the clip"))?;
    let header = bytes.windows(4).position(|word| word == b"tkhd").expect("a track header");
    let matrix = [a, b, 0, c, d, 0, 0, 0, 1 << 30];
    for (index, value) in matrix.into_iter().enumerate() {
        let at = header + MATRIX_FROM_TYPE + 4 * index;
        bytes[at..at + 4].copy_from_slice(&i32::to_be_bytes(value));
    }
    fs::write(path, bytes).map_err(io_error("write the clip"))
}

fn arguments(spec: &ClipSpec) -> Vec<String> {
    let mut list = words("-nostdin -v error -y -f rawvideo -pix_fmt yuv420p");
    let ClipSpec { width_px, height_px, rate, .. } = spec;
    list.extend(words(&format!("-video_size {width_px}x{height_px} -framerate {}/{}", rate.num, rate.den)));
    if let Some(audio) = spec.audio {
        list.extend(words(&format!("-itsoffset {}ms", audio.lead_ms)));
    }
    list.extend(words("-i pipe:0"));
    if let Some(audio) = spec.audio {
        let tone = format!("sine=frequency=440:sample_rate=48000:duration={}ms", audio.length_ms);
        list.extend(["-f", "lavfi", "-i", &tone, "-map", "0:v", "-map", "1:a"].map(str::to_owned));
        let codec = if spec.container == Container::Webm { "libopus" } else { "aac" };
        list.extend(words(&format!("-c:a {codec} -b:a 64k")));
    }
    list.extend(["-vf".to_owned(), filters(spec)]);
    list.extend(words("-fps_mode passthrough"));
    if spec.timing == Timing::Variable {
        list.extend(words(&format!("-enc_time_base {}/{}", rate.den, rate.num * TICKS_PER_FRAME)));
    }
    list.extend(codec_arguments(spec));
    list.extend(colour_arguments(spec.content));
    list.extend(words(&format!("-output_ts_offset {}ms", spec.start_ms)));
    list.extend(words(match spec.container {
        Container::Mp4 => "-movflags +faststart -f mp4",
        Container::FragmentedMp4 => "-movflags +frag_keyframe+empty_moov+default_base_moof -f mp4",
        Container::Mp4IndexLast => "-f mp4",
        Container::IndexedFragmentedMp4 => "-movflags +frag_keyframe+dash+global_sidx -f mp4",
        Container::Mov => "-f mov",
        Container::Flv => "-f flv",
        Container::Avi => "-f avi",
        Container::Mkv => "-f matroska",
        Container::MpegTs => "-f mpegts",
        Container::Webm => "-f webm",
    }));
    list
}

/// Times, then the stored orientation, then the shape of a pixel.
fn filters(spec: &ClipSpec) -> String {
    let rate = spec.rate;
    let mut filters = Vec::new();
    if spec.timing == Timing::Variable {
        let lateness = LATENESS.iter().enumerate();
        let lateness = lateness.map(|(k, late)| format!("{late}*eq(mod(N\\,{})\\,{k})", LATENESS.len()));
        let lateness = lateness.collect::<Vec<_>>().join("+");
        filters.push(format!("settb={}/{}", rate.den, rate.num * TICKS_PER_FRAME));
        filters.push(format!("setpts=N*{TICKS_PER_FRAME}+{lateness}"));
    }
    filters.extend(match spec.rotation_degrees {
        90 => Some("transpose=cclock".to_owned()),
        180 => Some("hflip,vflip".to_owned()),
        270 => Some("transpose=clock".to_owned()),
        _ => None,
    });
    filters.push(format!("setsar={}/{}", spec.sample_aspect.0, spec.sample_aspect.1));
    filters.join(",")
}

fn codec_arguments(spec: &ClipSpec) -> Vec<String> {
    let gop = spec.gop.frame_count;
    let (open, closed) = if spec.gop.is_open { (1, "-cgop") } else { (0, "+cgop") };
    let quality = if spec.content == Content::Numbered { 23 } else { 1 };
    let b_frames = "bframes=3:b-adapt=0:b-pyramid";
    words(&match spec.codec {
        Codec::H264 => format!(
            "-c:v libx264 -preset veryfast -crf {quality} -g {gop} \
             -x264-params open-gop={open}:{b_frames}=normal:scenecut=0:threads=1"
        ),
        Codec::Hevc => format!(
            "-c:v libx265 -preset superfast -crf {quality} \
             -x265-params keyint={gop}:min-keyint={gop}:open-gop={open}:{b_frames}=1:scenecut=0:log-level=error"
        ),
        Codec::Vp9 => format!(
            "-c:v libvpx-vp9 -deadline good -cpu-used 5 -auto-alt-ref 1 -lag-in-frames 16 \
             -crf {quality} -b:v 0 -g {gop}"
        ),
        Codec::Mpeg2 => {
            format!("-c:v mpeg2video -q:v 3 -bf 2 -g {gop} -sc_threshold 1000000000 -flags {closed}")
        }
        Codec::Av1 => format!("-c:v libsvtav1 -preset 8 -crf {quality} -g {gop}"),
        Codec::Vp8 => format!(
            "-c:v libvpx -deadline good -cpu-used 5 -auto-alt-ref 1 -lag-in-frames 16 \
             -crf {quality} -b:v 1M -g {gop}"
        ),
        Codec::Mpeg4 => format!("-c:v mpeg4 -q:v 3 -bf 2 -g {gop} -sc_threshold 1000000000"),
        Codec::Mjpeg => "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p".to_owned(),
        Codec::ProRes => "-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le".to_owned(),
    })
}

fn colour_arguments(content: Content) -> Vec<String> {
    let Content::Bars { matrix, is_full_range } = content else { return Vec::new() };
    let (space, primaries) = match matrix {
        Matrix::Bt601 => ("smpte170m", "smpte170m"),
        Matrix::Bt709 => ("bt709", "bt709"),
    };
    let range = if is_full_range { "pc" } else { "tv" };
    words(&format!("-colorspace {space} -color_primaries {primaries} -color_trc bt709 -color_range {range}"))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Turns an exit status into an error with the end of what the tool said.
pub(super) fn check(tool: &'static str, output: &Output) -> Result<(), ClipError> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let message = said.lines().rev().take(5).collect::<Vec<_>>().join(" | ");
    Err(ClipError::Tool { tool, message })
}

pub(super) fn io_error(doing: &'static str) -> impl Fn(io::Error) -> ClipError {
    move |source| ClipError::Io { doing, source }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
