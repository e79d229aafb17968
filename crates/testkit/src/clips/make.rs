//! Has the system's `ffmpeg` encode rendered frames.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::ClipError;
use super::picture::RawFrame;
use super::spec::{
    Bars, ClipSpec, Codec, Container, Content, HighRange, LATENESS, Matrix, PAUSE_FRAMES, Samples, Scan,
    TICKS_PER_FRAME, Timing,
};

/// Raised whenever the same spec would give another clip.
const RENDERING: u32 = 4;

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
    make_whole(path, &|part| {
        encode(spec, part).and_then(|()| cut(spec, part)).and_then(|()| turn(spec, part))
    })
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

/// Cuts the start off by an edit list.
fn cut(spec: &ClipSpec, path: &Path) -> Result<(), ClipError> {
    if spec.cut_ms == 0 {
        return Ok(());
    }
    let whole = path.with_extension("whole");
    fs::rename(path, &whole).map_err(io_error("set the clip aside"))?;
    let output = Command::new("ffmpeg")
        .args(words(&format!("-nostdin -v error -y -ss {}ms -i", spec.cut_ms)))
        .arg(&whole)
        .args(words("-map 0 -c copy"))
        .args(words(muxer_arguments(spec.container)))
        .arg(path)
        .output()
        .map_err(io_error("run ffmpeg"))?;
    fs::remove_file(&whole).map_err(io_error("remove the whole clip"))?;
    check("ffmpeg", &output)
}

/// Writes the display matrix into an MP4's track header: the tool's own options for it differ between
/// its versions.
///
/// Source: ISO/IEC 14496-12, 8.3.2 Track Header Box, version 0.
fn turn(spec: &ClipSpec, path: &Path) -> Result<(), ClipError> {
    const MATRIX_FROM_TYPE: usize = 44;
    const ONE: i32 = 1 << 16;
    let [a, b, c, d] = match spec.rotation_degrees {
        0 if !spec.is_mirrored => return Ok(()),
        0 => [ONE, 0, 0, ONE],
        90 => [0, ONE, -ONE, 0],
        180 => [-ONE, 0, 0, -ONE],
        270 => [0, -ONE, ONE, 0],
        other => panic!("rotation by {other} degrees"),
    };
    // Mirrored first: what is multiplied with x changes its sign.
    let [a, b] = if spec.is_mirrored { [-a, -b] } else { [a, b] };
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
    let pixel_format = pixel_format(spec);
    let mut list = words(&format!("-nostdin -v error -y -f rawvideo -pix_fmt {pixel_format}"));
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
    if spec.timing != Timing::Constant {
        list.extend(words(&format!("-enc_time_base {}/{}", rate.den, rate.num * TICKS_PER_FRAME)));
    }
    list.extend(codec_arguments(spec));
    if matches!(spec.content, Content::Bars(_)) {
        list.extend(words(&format!("-pix_fmt {pixel_format}")));
    }
    list.extend(colour_arguments(spec));
    list.extend(words(&format!("-output_ts_offset {}ms", spec.start_ms)));
    if spec.start_ms < 0 {
        list.extend(words("-avoid_negative_ts disabled"));
    }
    list.extend(words(muxer_arguments(spec.container)));
    list
}

pub(super) fn muxer_arguments(container: Container) -> &'static str {
    match container {
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
    }
}

/// Times, then the stored orientation, then the shape of a pixel.
fn filters(spec: &ClipSpec) -> String {
    let rate = spec.rate;
    let mut filters = Vec::new();
    if spec.timing == Timing::Pause {
        let pause = PAUSE_FRAMES * TICKS_PER_FRAME;
        filters.push(format!("settb={}/{}", rate.den, rate.num * TICKS_PER_FRAME));
        let first = spec.frame_count / 2;
        filters.push(format!("setpts=N*{TICKS_PER_FRAME}+{pause}*gte(N\\,{first})"));
    }
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
    filters.extend(spec.is_mirrored.then(|| "hflip".to_owned()));
    filters.extend(match spec.scan {
        Scan::Progressive => None,
        Scan::TopFirst => Some("interlace=scan=tff:lowpass=off".to_owned()),
        Scan::BottomFirst => Some("interlace=scan=bff:lowpass=off".to_owned()),
    });
    if let (Content::Bars(Bars { matrix, is_tagged: true, .. }), Codec::ProRes | Codec::ProRes4444) =
        (spec.content, spec.codec)
    {
        // Its encoder asks the frames.
        let (space, primaries) = matrix_names(matrix);
        filters.push(format!("setparams=colorspace={space}:color_primaries={primaries}:color_trc=bt709"));
    }
    filters.push(format!("setsar={}/{}", spec.sample_aspect.0, spec.sample_aspect.1));
    filters.join(",")
}

fn codec_arguments(spec: &ClipSpec) -> Vec<String> {
    let gop = spec.gop.frame_count;
    let (open, closed) = if spec.gop.is_open { (1, "-cgop") } else { (0, "+cgop") };
    let quality = if spec.content.first_number().is_some() { 23 } else { 1 };
    // The encoder of VP8 takes no hidden frames beside opacity.
    let hidden = u8::from(pixel_format(spec) != Samples::Yuva420.pixel_format());
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
            "-c:v libvpx -deadline good -cpu-used 5 -auto-alt-ref {hidden} -lag-in-frames 16 \
             -crf {} -b:v 1M -g {gop}",
            quality.max(4)
        ),
        Codec::Mpeg4 => format!("-c:v mpeg4 -q:v 3 -bf 2 -g {gop} -sc_threshold 1000000000"),
        Codec::Mjpeg => "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p".to_owned(),
        Codec::ProRes => "-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le".to_owned(),
        Codec::ProRes4444 => "-c:v prores_ks -profile:v 4 -q:v 2".to_owned(),
    })
}

/// How the frames are drawn, and stored where they are not just numbered.
fn pixel_format(spec: &ClipSpec) -> &'static str {
    match spec.content {
        Content::Numbered | Content::NumberedFrom(_) => Samples::Yuv420.pixel_format(),
        // Its encoder takes full range under its own name alone.
        Content::Bars(_) if spec.codec == Codec::Mjpeg => "yuvj420p",
        Content::Bars(bars) => bars.samples.pixel_format(),
        Content::HighRange(_) => Samples::Yuv444Ten.pixel_format(),
    }
}

/// The names of a matrix and of its primaries.
fn matrix_names(matrix: Matrix) -> (&'static str, &'static str) {
    match matrix {
        Matrix::Bt601 => ("smpte170m", "smpte170m"),
        Matrix::Bt709 => ("bt709", "bt709"),
        Matrix::Bt2020 => ("bt2020nc", "bt2020"),
    }
}

/// What the stream says of its colours, and of its lines.
fn colour_arguments(spec: &ClipSpec) -> Vec<String> {
    let mut list = match spec.content {
        Content::Numbered | Content::NumberedFrom(_) => Vec::new(),
        Content::Bars(Bars { is_tagged: false, .. }) => Vec::new(),
        Content::Bars(Bars { matrix, is_full_range, samples, .. }) => {
            let (space, primaries) = matrix_names(matrix);
            let range = if is_full_range { "pc" } else { "tv" };
            // RGB has no matrix to tell of, and encoders refuse the option then.
            let space = if samples == Samples::Rgb { String::new() } else { format!("-colorspace {space}") };
            words(&format!("{space} -color_primaries {primaries} -color_trc bt709 -color_range {range}"))
        }
        Content::HighRange(curve) => {
            let curve = match curve {
                HighRange::Pq => "smpte2084",
                HighRange::Hlg => "arib-std-b67",
            };
            let tags = "-colorspace bt2020nc -color_primaries bt2020 -color_range tv";
            words(&format!("{tags} -color_trc {curve} -pix_fmt yuv420p10le"))
        }
    };
    if spec.scan != Scan::Progressive {
        list.extend(words("-flags +ilme+ildct"));
    }
    list
}

pub(super) fn words(text: &str) -> Vec<String> {
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
