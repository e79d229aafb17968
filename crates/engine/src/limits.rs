//! What one call may cost. Every video is untrusted, so nothing is unbounded.

use serde::{Deserialize, Serialize};

/// Bounds of one [`probe`](crate::probe) or [`take`](crate::take()). Exceeding one is an error that names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest source in bytes; default 256 GiB.
    pub source_size_bytes_max: u64,
    /// Most pixels of a decoded frame; default 67,108,864 (8,192 x 8,192).
    pub pixels_per_frame_max: u64,
    /// Longest video in milliseconds; default 48 hours.
    pub duration_ms_max: u64,
    /// Most streams of a container; default 64.
    pub streams_max: u32,
    /// Most outputs of a request; default 64.
    pub outputs_max: u32,
    /// Most packets read to find the frame for one time, and so the longest distance between keyframes;
    /// default 200,000.
    pub packets_per_target_max: u32,
    /// Most packets read to list the keyframes of a container without an index; default 20,000,000.
    pub packets_per_scan_max: u64,
    /// Most bytes of packets kept between planning and decoding one group of frames; a larger group is
    /// read twice. Default 64 MiB.
    pub packet_bytes_kept_max: u64,
    /// Most frames decoded in one call; default 5,000,000.
    pub frames_decoded_max: u64,
    /// Most keyframes that are looked at to choose a cover; default 16.
    pub cover_candidates_max: u32,
    /// Most frames decoded to choose a cover; default 1,500. Then the best of what was seen counts.
    pub cover_frames_decoded_max: u64,
    /// Most threads that decode at once, as far as the processor runs so many; default 64.
    pub decoding_threads_max: u32,
    /// Longest time of one call in milliseconds; default 30 minutes.
    pub wall_clock_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_size_bytes_max: 256 << 30,
            pixels_per_frame_max: 8_192 * 8_192,
            duration_ms_max: 48 * 3_600_000,
            streams_max: 64,
            outputs_max: 64,
            packets_per_target_max: 200_000,
            packets_per_scan_max: 20_000_000,
            packet_bytes_kept_max: 64 << 20,
            frames_decoded_max: 5_000_000,
            cover_candidates_max: 16,
            cover_frames_decoded_max: 1_500,
            decoding_threads_max: 64,
            wall_clock_ms_max: 30 * 60_000,
        }
    }
}
