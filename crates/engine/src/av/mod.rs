//! A thin safe layer over libav: each type owns what libav allocated and frees it once.
//!
//! Nothing outside this folder (but the JPEG encoder, for its own library) holds a raw pointer. Panics
//! of Rust code that libav calls are caught before they reach C.
//!
//! **Invariant:** libav never opens anything by itself: bytes come from the `ByteSource` alone.

mod complaints;
mod decoder;
mod demuxer;
mod frame;
mod io;
mod packet;
mod picture_encoder;
mod scaler;
mod stream;
mod unfilled;

pub use complaints::listen;
pub use decoder::{Decoder, DecoderOptions};
pub use demuxer::{Demuxer, Probe};
pub use frame::{Colorimetry, Frame, Matrix, PlaneRows, Primaries, Transfer};
pub use packet::Packet;
pub use picture_encoder::PictureEncoder;
pub use scaler::{PlaneFormat, PlanesMut, Scaler};
pub use stream::{Codec, MediaType, Stream};

use std::ffi::{CStr, c_int};

use ffmpeg_sys_next as ffi;

/// No timestamp is known.
const NO_PTS: i64 = ffi::AV_NOPTS_VALUE;

/// A fraction of a second, or a ratio of sides. The denominator is never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rational {
    /// Numerator.
    pub num: i64,
    /// Denominator.
    pub den: i64,
}

impl Rational {
    /// `None` when either side is not positive, which libav uses for "unknown".
    fn positive(value: ffi::AVRational) -> Option<Self> {
        let known = 0 < value.num && 0 < value.den;
        known.then(|| Self { num: value.num.into(), den: value.den.into() })
    }

    /// As a floating-point number.
    pub fn as_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }
}

/// A call of libav that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{call} failed with code {code}")]
pub struct AvError {
    /// Name of the function.
    pub call: &'static str,
    /// What it returned; negative.
    pub code: c_int,
}

impl AvError {
    /// Whether a callback stopped the call because its time was over.
    pub fn is_interrupted(self) -> bool {
        self.code == ffi::AVERROR_EXIT
    }

    /// Whether the bytes ended where more were needed.
    pub fn is_end(self) -> bool {
        self.code == ffi::AVERROR_EOF
    }

    /// Whether it says that the bytes are bad.
    pub fn is_bad_data(self) -> bool {
        self.code == ffi::AVERROR_INVALIDDATA
    }

    /// Whether memory could not be had.
    fn out_of_memory(call: &'static str) -> Self {
        Self { call, code: ffi::AVERROR(ffi::ENOMEM) }
    }
}

fn check(call: &'static str, code: c_int) -> Result<c_int, AvError> {
    if code < 0 { Err(AvError { call, code }) } else { Ok(code) }
}

/// Timestamps that libav marks as unknown become `None`.
fn known(timestamp: i64) -> Option<i64> {
    (timestamp != NO_PTS).then_some(timestamp)
}

/// Licence and versions of the libraries that are linked.
pub fn versions() -> String {
    let text = |pointer: *const std::ffi::c_char| {
        // SAFETY: the library returns a static string that ends with NUL.
        unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
    };
    let version = |v: u32| format!("{}.{}.{}", v >> 16, (v >> 8) & 255, v & 255);
    // SAFETY: these functions have no preconditions.
    let (release, licence, format, codec, scale) = unsafe {
        (
            text(ffi::av_version_info()),
            text(ffi::avcodec_license()),
            ffi::avformat_version(),
            ffi::avcodec_version(),
            ffi::swscale_version(),
        )
    };
    format!(
        "FFmpeg {release} ({licence}): libavformat {}, libavcodec {}, libswscale {}",
        version(format),
        version(codec),
        version(scale)
    )
}
