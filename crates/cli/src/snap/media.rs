//! What is told of a video, as JSON and as lines.

use std::fmt::Write as _;

use serde::Serialize;
use stillframe_domain::MediaFacts;
use stillframe_domain::media::{AudioFacts, VideoFacts};

use super::time::clock;

/// The facts of a video as `snap --json` and `probe --json` print them.
#[derive(Debug, Serialize)]
pub struct MediaDocument {
    container: String,
    size_bytes: u64,
    duration_ms: i64,
    bitrate_bps: u64,
    video: Option<VideoFacts>,
    audio: Option<AudioFacts>,
}

impl From<&MediaFacts> for MediaDocument {
    fn from(facts: &MediaFacts) -> Self {
        Self {
            container: facts.container.clone(),
            size_bytes: facts.size_bytes,
            duration_ms: facts.duration.as_millis(),
            bitrate_bps: facts.bitrate_bps,
            video: facts.video.clone(),
            audio: facts.audio.clone(),
        }
    }
}

/// The facts as lines for people.
pub fn lines(facts: &MediaFacts) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        writeln!(text, "{name:<10}{value}").expect("writing to a String does not fail");
    };
    line("container", facts.container.clone());
    line("duration", clock(facts.duration));
    line("size", size(facts.size_bytes));
    if 0 < facts.bitrate_bps {
        line("bitrate", bitrate(facts.bitrate_bps));
    }
    if let Some(video) = &facts.video {
        line("video", video_line(video));
    }
    if let Some(audio) = &facts.audio {
        line("audio", format!("{}, {} Hz", audio.codec, audio.sample_rate_hz));
    }
    text
}

fn video_line(video: &VideoFacts) -> String {
    let mut text = format!("{}, {}x{}", video.codec, video.width_px, video.height_px);
    if video.is_cover_art {
        text.push_str(", cover art");
    } else if 0.0 < video.frames_per_second {
        let rounded = (video.frames_per_second * 1_000.0).round() / 1_000.0;
        text.push_str(&format!(", {rounded} frames/s"));
    }
    if video.rotation_degrees != 0 {
        text.push_str(&format!(", turned by {} degrees", video.rotation_degrees));
    }
    text
}

/// A number of bytes for people, in decimal units.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

fn bitrate(bps: u64) -> String {
    format!("{} kbit/s", bps.div_ceil(1_000))
}
