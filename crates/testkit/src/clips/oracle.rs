//! Which frame belongs to a time, by `ffprobe` and a whole decode.

use std::path::Path;
use std::process::Command;

use image::RgbImage;
use serde_json::Value;

use super::make::{check, io_error};
use super::{ClipError, Rational, read_frame_number};

/// Every frame of a clip with its time and the number that it shows.
#[derive(Debug)]
pub struct Oracle {
    /// In the order in which they are shown.
    pub frames: Vec<FrameTime>,
    /// From the start of presentation to the end of the latest played stream, in seconds.
    pub duration: Rational,
}

/// One frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameTime {
    /// When it is shown, in seconds from the start of presentation.
    pub pts: Rational,
    /// The number that it shows.
    pub number: u32,
    /// Whether decoding can begin with it.
    pub is_keyframe: bool,
    /// Width and height as they are stored, in pixels.
    pub size_px: (u32, u32),
}

/// What a picture at a time has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// This frame.
    Frame(FrameTime),
    /// Nothing: the time lies outside of the video.
    OutOfRange,
}

impl Oracle {
    /// Examines a clip of [`super::Content::Numbered`].
    ///
    /// # Errors
    /// When `ffprobe` or `ffmpeg` refuse, or a frame shows no number.
    pub fn of(path: &Path) -> Result<Self, ClipError> {
        let document = probe(path)?;
        let (origin, end) = span(&document)?;
        let numbers = numbers(path, &document)?;
        let frames = list(&document, "packets_and_frames");
        let times = frames.filter(|f| f["type"] == "frame" && f["media_type"] == "video").collect::<Vec<_>>();
        if times.len() != numbers.len() {
            return Err(wrong(format!("{} times for {} pictures", times.len(), numbers.len())));
        }
        let video = video_stream(&document)?;
        let time_base = time_base(video)?;
        let mut next_ticks = integer(video, "start_pts").ok();
        let mut frame = |(frame, number): (&&Value, u32)| {
            // The last frame of an AVI has no time of its own: it follows the one before.
            let ticks = integer(frame, "best_effort_timestamp").or_else(|e| next_ticks.ok_or(e))?;
            next_ticks = integer(frame, "pkt_duration").ok().map(|duration| ticks + duration);
            let pts = time_base.times(ticks) - origin;
            let side = |name| integer(frame, name).map(|side| u32::try_from(side).unwrap_or(0));
            let size_px = (side("width")?, side("height")?);
            Ok(FrameTime { pts, number, is_keyframe: frame["key_frame"] == 1, size_px })
        };
        let frames = times.iter().zip(numbers).map(&mut frame).collect::<Result<Vec<_>, ClipError>>()?;
        Ok(Self { frames, duration: end - origin })
    }

    /// What a picture at `t_ms` shows: the last frame whose time is at or before it, the first frame
    /// before the first; nothing before 0 and from the duration on.
    pub fn expected(&self, t_ms: i64) -> Expectation {
        let t = Rational::from_millis(t_ms);
        if t < Rational::ZERO || self.duration <= t {
            return Expectation::OutOfRange;
        }
        let shown = self.frames.iter().rfind(|frame| frame.pts <= t).or(self.frames.first());
        shown.copied().map_or(Expectation::OutOfRange, Expectation::Frame)
    }

    /// The runs of frames between which timestamps jump back, each with what it alone would have shown.
    pub fn runs(&self) -> Vec<Self> {
        let runs = self.frames.chunk_by(|one, next| one.pts < next.pts);
        runs.map(|frames| {
            let step = frames.windows(2).last().map_or(Rational::ZERO, |pair| pair[1].pts - pair[0].pts);
            let end = frames.last().map_or(Rational::ZERO, |last| last.pts + step);
            Self { frames: frames.to_vec(), duration: end }
        })
        .collect()
    }

    /// The last whole millisecond that lies within the video.
    pub fn last_ms(&self) -> i64 {
        self.duration.ceil_millis() - 1
    }
}

fn probe(path: &Path) -> Result<Value, ClipError> {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_format",
            "-show_streams",
            "-show_packets",
            "-show_frames",
            "-of",
            "json",
        ])
        .arg(path)
        .output()
        .map_err(io_error("run ffprobe"))?;
    check("ffprobe", &output)?;
    serde_json::from_slice(&output.stdout).map_err(|error| wrong(format!("no JSON: {error}")))
}

/// Earliest start and latest end of the video and audio streams, in seconds of the file's own clock.
fn span(document: &Value) -> Result<(Rational, Rational), ClipError> {
    let mut span: Option<(Rational, Rational)> = None;
    for stream in list(document, "streams") {
        let is_played = stream["codec_type"] == "video" || stream["codec_type"] == "audio";
        if !is_played || stream["disposition"]["attached_pic"] == 1 {
            continue;
        }
        // What the demuxer says: packets before it are decoded but not played.
        let start = integer(stream, "start_pts").or_else(|error| first_pts(stream, document).ok_or(error))?;
        let start = time_base(stream)?.times(start);
        let end = end_of(stream, start, document)?;
        span = Some(span.map_or((start, end), |(s, e)| (s.min(start), e.max(end))));
    }
    span.ok_or_else(|| wrong("no stream that is played".to_owned()))
}

/// When the first packet of a stream is shown: with a single frame the demuxer says nothing itself.
fn first_pts(stream: &Value, document: &Value) -> Option<i64> {
    let packets = list(document, "packets_and_frames")
        .filter(|p| p["type"] == "packet" && p["stream_index"] == stream["index"]);
    packets.filter_map(|packet| packet["pts"].as_i64()).min()
}

/// When a stream ends: as its container declares it, else with its last packet.
///
/// MP4 declares each track's length. Matroska declares the end of all, which cuts the padding of a last
/// audio packet. A transport stream declares nothing.
fn end_of(stream: &Value, start: Rational, document: &Value) -> Result<Rational, ClipError> {
    let time_base = time_base(stream)?;
    // In MP4, whose tracks declare their length, not every packet has a duration.
    let last = || {
        let packets = list(document, "packets_and_frames")
            .filter(|p| p["type"] == "packet" && p["stream_index"] == stream["index"])
            .map(|p| {
                let start = integer(p, "pts").or_else(|_| integer(p, "dts"))?;
                Ok(time_base.times(start + integer(p, "duration")?))
            });
        let ends = packets.collect::<Result<Vec<_>, ClipError>>()?;
        ends.into_iter().max().ok_or_else(|| wrong("a stream without packets".to_owned()))
    };
    let format = &document["format"];
    let container = format["format_name"].as_str().unwrap_or_default();
    if container.contains("mp4") {
        Ok(start + time_base.times(integer(stream, "duration_ts")?))
    } else if container.contains("matroska") {
        let text = format["duration"].as_str().unwrap_or_default();
        let seconds: f64 = text.parse().map_err(|_| wrong(format!("duration {text:?}")))?;
        Ok(last()?.min(Rational::new((seconds * 1e6).round() as i64, 1_000_000)))
    } else {
        last()
    }
}

/// The number that each frame shows, from a whole decode.
fn numbers(path: &Path, document: &Value) -> Result<Vec<u32>, ClipError> {
    let stream = video_stream(document)?;
    let side = |name| integer(stream, name).map(|side| u32::try_from(side).unwrap_or(0));
    let (stored_width, stored_height) = (side("width")?, side("height")?);
    let is_turned = list(stream, "side_data_list").any(|d| d["rotation"].as_i64().unwrap_or(0) % 180 != 0);
    let (width, height) =
        if is_turned { (stored_height, stored_width) } else { (stored_width, stored_height) };
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args(["-map", "0:v:0", "-fps_mode", "passthrough"])
        // Frames of another size become as large as the first, which leaves their numbers as they are.
        .args(["-vf", &format!("scale={width}:{height}"), "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"])
        .output()
        .map_err(io_error("run ffmpeg"))?;
    check("ffmpeg", &output)?;
    let pictures = output.stdout.chunks_exact((width * height * 3) as usize);
    pictures
        .enumerate()
        .map(|(index, bytes)| {
            RgbImage::from_raw(width, height, bytes.to_vec())
                .and_then(|image| read_frame_number(&image))
                .ok_or_else(|| wrong(format!("no number in frame {index}")))
        })
        .collect()
}

fn video_stream(document: &Value) -> Result<&Value, ClipError> {
    list(document, "streams")
        .find(|stream| stream["codec_type"] == "video")
        .ok_or_else(|| wrong("no video stream".to_owned()))
}

fn list<'a>(object: &'a Value, name: &str) -> std::slice::Iter<'a, Value> {
    object[name].as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn integer(object: &Value, name: &str) -> Result<i64, ClipError> {
    object[name].as_i64().ok_or_else(|| wrong(format!("no {name} in {object}")))
}

fn time_base(stream: &Value) -> Result<Rational, ClipError> {
    let text = stream["time_base"].as_str().unwrap_or_default();
    let parts = text.split_once('/').and_then(|(num, den)| Some((num.parse().ok()?, den.parse().ok()?)));
    let (num, den) = parts.ok_or_else(|| wrong(format!("time base {text:?}")))?;
    Ok(Rational::new(num, den))
}

fn wrong(what: String) -> ClipError {
    ClipError::Oracle(what)
}
