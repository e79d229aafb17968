//! What a decoder complains of while several of its threads decode.
//!
//! A decoder with one thread marks damaged frames. With several, the mark may come after the frame was
//! handed out as sound; but the complaint was logged before. So libav's log is listened to, and what has
//! been complained of is decoded again by one thread.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

use ffmpeg_sys_next as ffi;

/// Set when the decoder complains; its address is the decoder's `opaque`, so it must not move.
#[derive(Debug, Default)]
pub struct Complaints(AtomicBool);

impl Complaints {
    /// Whether there was one since the last [`Self::forget`].
    pub fn are_there(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Begins anew.
    pub fn forget(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// What a decoder needs as its `opaque` to be heard.
    pub fn as_opaque(&self) -> *mut c_void {
        (&raw const *self).cast_mut().cast()
    }
}

/// Listens to libav instead of letting it write to standard error: what it says about untrusted files is
/// noise there, and what matters comes back as codes or as complaints.
pub fn listen() {
    // SAFETY: sets one pointer of the library.
    unsafe { ffi::av_log_set_callback(Some(hear)) };
}

/// `L` is a list of arguments, whose type differs between machines; it is not touched.
unsafe extern "C" fn hear<L>(speaker: *mut c_void, level: c_int, format: *const c_char, _list: L) {
    let is_error = level <= ffi::AV_LOG_ERROR as c_int;
    if speaker.is_null() || format.is_null() {
        return;
    }
    // SAFETY: libav logs with a text that ends with NUL, and with a speaker that begins with its class, whose
    // name is static. A speaker of the class of decoders is a decoder; its `opaque` is null but where
    // `as_opaque` was put there, and that outlives it.
    unsafe {
        let is_concealing = CStr::from_ptr(format).to_bytes().starts_with(b"concealing");
        let class = *speaker.cast::<*const ffi::AVClass>();
        let is_decoder = !class.is_null()
            && !(*class).class_name.is_null()
            && CStr::from_ptr((*class).class_name) == c"AVCodecContext";
        if !is_decoder || !(is_error || is_concealing) {
            return;
        }
        let opaque = (*speaker.cast::<ffi::AVCodecContext>()).opaque;
        if let Some(complaints) = opaque.cast::<Complaints>().as_ref() {
            complaints.0.store(true, Ordering::Release);
        }
    }
}
