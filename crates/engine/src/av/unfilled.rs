//! Tells parts of a picture that were never decoded.
//!
//! libav's decoder of HEVC ends a slice where its damaged bits say so, and hands the picture out as sound:
//! what follows in it is whatever was in memory. So new pictures are marked, in one row of sixteen, with
//! bytes that no picture holds, and one that still shows them is damaged.

use std::ffi::c_int;

use ffmpeg_sys_next as ffi;

/// Rows from one that is marked to the next.
const ROW_STEP: usize = 16;
/// The first marked row: the filters that reach over the edges of blocks leave it alone.
const FIRST_ROW: usize = 4;
/// The mark; it is repeated along a row.
const MARK: [u8; 32] = [
    0xF3, 0x02, 0xB7, 0xFE, 0x11, 0xEC, 0x5D, 0xFB, 0x07, 0xC9, 0x9E, 0xF1, 0x36, 0xFD, 0x01, 0xE4, 0xFA,
    0x1B, 0x8D, 0xF6, 0x22, 0xEF, 0x73, 0xF9, 0x0C, 0xD8, 0xA5, 0xF4, 0x4B, 0xFC, 0x03, 0xE7,
];

/// The callback that a decoder gets its pictures by: libav's own, then the mark.
pub(super) unsafe extern "C" fn marked_buffer(
    context: *mut ffi::AVCodecContext,
    frame: *mut ffi::AVFrame,
    flags: c_int,
) -> c_int {
    // SAFETY: libav passes a valid decoder and a frame to be given buffers, as its own function wants them.
    let code = unsafe { ffi::avcodec_default_get_buffer2(context, frame, flags) };
    if 0 <= code {
        // SAFETY: the frame has its buffers now, which nobody else uses yet.
        unsafe { each_marked(frame, |row| row.copy_from_slice(&MARK)) };
    }
    code
}

/// Whether a picture still shows the mark.
///
/// # Safety
/// `frame` must be valid; nobody may write into it.
pub(super) unsafe fn is_unfilled(frame: *mut ffi::AVFrame) -> bool {
    let mut found = false;
    // SAFETY: as the caller vouches; the bytes are only looked at.
    unsafe { each_marked(frame, |row| found |= *row == MARK) };
    found
}

/// Visits each place of the first plane that is marked.
///
/// # Safety
/// `frame` must be valid, with writable bytes if `visit` writes.
unsafe fn each_marked(frame: *mut ffi::AVFrame, mut visit: impl FnMut(&mut [u8; MARK.len()])) {
    // SAFETY: the frame is valid. A plane has `height` rows that are `linesize` bytes apart, and as many
    // of them are used as the width and the bytes of a sample say, which is no more.
    unsafe {
        let raw = &*frame;
        let (Ok(width), Ok(height), Ok(stride)) =
            (usize::try_from(raw.width), usize::try_from(raw.height), usize::try_from(raw.linesize[0]))
        else {
            return;
        };
        if raw.data[0].is_null() {
            return;
        }
        // Every format of this decoder has at least one byte for a sample of its first plane.
        for row in (FIRST_ROW..height).step_by(ROW_STEP) {
            let start = raw.data[0].add(row * stride);
            for at in (0..width.min(stride) / MARK.len()).map(|k| k * MARK.len()) {
                if let Some(place) = start.add(at).cast::<[u8; MARK.len()]>().as_mut() {
                    visit(place);
                }
            }
        }
    }
}
