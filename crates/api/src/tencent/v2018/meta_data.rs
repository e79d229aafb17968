//! `MediaMetaData`: what a probe found. Bitrates in bits per second, durations in seconds.

use serde_json::{Value, json};
use stillframe_domain::media::{AudioFacts, MediaFacts, VideoFacts};

/// The facts in the vendor's words.
pub(super) fn of(facts: &MediaFacts) -> Value {
    let video = facts.video.as_ref();
    let duration_s = facts.duration.as_millis() as f64 / 1000.0;
    json!({
        "Size": facts.size_bytes,
        "Container": facts.container,
        "Bitrate": facts.bitrate_bps,
        "Height": video.map_or(0, |video| video.height_px),
        "Width": video.map_or(0, |video| video.width_px),
        "Duration": duration_s,
        "Rotate": video.map_or(0, |video| video.rotation_degrees),
        "VideoStreamSet": video.map(video_stream).into_iter().collect::<Vec<_>>(),
        "AudioStreamSet": facts.audio.as_ref().map(audio_stream).into_iter().collect::<Vec<_>>(),
        "VideoDuration": if video.is_some() { duration_s } else { 0.0 },
        "AudioDuration": if facts.audio.is_some() { duration_s } else { 0.0 },
    })
}

fn video_stream(video: &VideoFacts) -> Value {
    json!({
        "Bitrate": video.bitrate_bps,
        "Height": video.height_px,
        "Width": video.width_px,
        "Codec": video.codec,
        "Fps": video.frames_per_second.round() as u32,
    })
}

fn audio_stream(audio: &AudioFacts) -> Value {
    json!({ "Bitrate": audio.bitrate_bps, "SamplingRate": audio.sample_rate_hz, "Codec": audio.codec })
}
