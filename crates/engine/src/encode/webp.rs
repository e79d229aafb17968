//! Lossy WebP by libwebp, straight from planes.
//!
//! Source: RFC 6386 (VP8), section 9.2: luma and chroma are BT.601 of limited range, chroma halved both ways.

use stillframe_domain::{ErrorCode, Failure};

use crate::av::{PictureEncoder, PlaneFormat};
use crate::canvas::Canvas;
use crate::colour::limit_range;

/// How hard libwebp tries, 0 to 6: above 2 it takes more than twice the time for a tenth of the bytes.
const METHOD: &str = "2";

/// The encoder, if the system's libav has it.
pub fn encoder() -> Option<PictureEncoder> {
    PictureEncoder::find(c"libwebp")
}

/// The file for a YUV canvas. Full chroma is halved: the format has no other.
pub fn encode(encoder: PictureEncoder, mut canvas: Canvas, quality: u8) -> Result<Vec<u8>, Failure> {
    if canvas.format == PlaneFormat::Yuv444 {
        canvas = canvas.with_halved_chroma();
    }
    limit_range(&mut canvas);
    let quality = quality.clamp(1, 100).to_string();
    let options = [("quality", quality.as_str()), ("compression_level", METHOD)];
    let failed = |_| Failure::new(ErrorCode::EncodeFailed, "the WebP could not be written");
    encoder.encode(&mut canvas.planes_mut(), &options).map_err(failed)
}
