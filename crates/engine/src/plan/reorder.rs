//! How far frames may be shown from where they stand in coding order.

use super::scan::Scan;
use crate::av::{Codec, Stream};

/// No codec shows a frame later than this many frames that follow it in coding order (H.264, A.3.1:
/// `max_dec_frame_buffering`), so that a frame is known when as many later ones were seen.
pub const REORDERED_FRAMES_MAX: usize = 16;

/// So many more may be held back than were seen to be.
const UNSEEN_DELAY_MAX: usize = 2;
/// So many are allowed for whatever the level says.
const REORDERED_FRAMES_MIN: u32 = 4;

/// How many packets after a frame may be shown before it.
pub fn reordered_frames(video: &Stream) -> usize {
    match (video.can_reorder, video.is_interlaced) {
        (false, _) => 0,
        (true, false) => held_frames(video),
        // Two packets a frame.
        (true, true) => 2 * held_frames(video),
    }
}

/// How many frames a decoder of this video holds back.
fn held_frames(video: &Stream) -> usize {
    match video.delay_frames as usize {
        0 => held_frames_max(video),
        // Where the codec does not tell, libav has seen some frames, and may see a few more held back.
        delay => (delay + UNSEEN_DELAY_MAX).min(held_frames_max(video)),
    }
}

/// As many of this size as the level gives room for.
///
/// Source: ITU-T H.264, table A-1 (`MaxDpbMbs`) and A.3.1.
fn held_frames_max(video: &Stream) -> usize {
    let Some(level) = video.level.filter(|_| video.codec == Codec::H264) else { return REORDERED_FRAMES_MAX };
    let blocks_max = match level {
        ..=10 => 396,
        11 => 900,
        12..=20 => 2_376,
        21 => 4_752,
        22..=30 => 8_100,
        31 => 18_000,
        32 => 20_480,
        40 | 41 => 32_768,
        42 => 34_816,
        50 => 110_400,
        51 | 52 => 184_320,
        _ => return REORDERED_FRAMES_MAX,
    };
    let blocks = video.width_px.div_ceil(16) * video.height_px.div_ceil(16);
    // Some encoders write a level that is too low.
    (blocks_max / blocks.max(1)).clamp(REORDERED_FRAMES_MIN, REORDERED_FRAMES_MAX as u32) as usize
}

/// Whether packets carry when they are decoded; in other containers libav reckons that, and may err.
pub fn has_decoding_times(container: &str) -> bool {
    ["mpegts", "flv"].contains(&container) || container.split(',').any(|name| name == "mov")
}

/// Whether all that follows is decoded after a time, and so is shown after it too.
pub fn is_decoded_after(scan: &Scan, at: i64) -> bool {
    !scan.is_clockless && !scan.is_unsettled() && scan.last().dts().is_some_and(|dts| at < dts)
}
