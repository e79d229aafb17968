//! `metaData`: what a probe found, in answers and events.
//!
//! Source: 266/8586, GetVideoInfo, and 266/9636, legacy event bodies.

use serde_json::{Value, json};
use stillframe_domain::MediaFacts;
use stillframe_domain::media::{AudioFacts, VideoFacts};

/// Whole seconds, rounded up, so that no video lasts 0.
pub(super) const fn duration_s(facts: &MediaFacts) -> i64 {
    (facts.duration.as_millis() + 999) / 1000
}

/// Bitrates in kbps, as the vendor's table of this answer has them.
pub(super) fn of(facts: &MediaFacts) -> Value {
    let video = facts.video.as_ref();
    json!({
        "size": facts.size_bytes,
        "container": facts.container,
        "bitrate": facts.bitrate_bps / 1000,
        "height": video.map_or(0, |video| video.height_px),
        "width": video.map_or(0, |video| video.width_px),
        "duration": duration_s(facts),
        "rotate": video.map_or(0, |video| video.rotation_degrees),
        "videoStreamList": video.map(video_stream).into_iter().collect::<Vec<_>>(),
        "audioStreamList": facts.audio.as_ref().map(audio_stream).into_iter().collect::<Vec<_>>(),
    })
}

fn video_stream(video: &VideoFacts) -> Value {
    json!({
        "bitrate": video.bitrate_bps / 1000,
        "height": video.height_px,
        "width": video.width_px,
        "codec": video.codec,
        "fps": video.frames_per_second.round() as u32,
    })
}

fn audio_stream(audio: &AudioFacts) -> Value {
    json!({
        "bitrate": audio.bitrate_bps / 1000,
        "samplingRate": audio.sample_rate_hz,
        "codec": audio.codec,
    })
}
