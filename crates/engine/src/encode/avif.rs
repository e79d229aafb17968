//! AVIF by libaom: the smallest files, and the slowest to make.
//!
//! The picture is JPEG's full-range BT.601 with the primaries and the curve of sRGB, and says so in its
//! sequence header and in its `colr` box.

use avif_serialize::Aviffy;
use stillframe_domain::{ErrorCode, Failure};

use crate::av::{PictureEncoder, PlaneFormat};
use crate::canvas::Canvas;

/// How fast libaom goes, 0 to 8: each step below costs more than twice the time for 5 % of the bytes.
const SPEED: &str = "6";
/// A temporal delimiter, which stands before the first frame of a stream and has no place in a picture.
///
/// Source: AV1 Bitstream & Decoding Process Specification, 5.3.2 and 5.6; AV1 Image File Format, 2.1.
const TEMPORAL_DELIMITER: [u8; 2] = [0x12, 0x00];

/// The encoder, if the system's libav has it.
pub fn encoder() -> Option<PictureEncoder> {
    PictureEncoder::find(c"libaom-av1")
}

/// The file for a YUV canvas.
pub fn encode(encoder: PictureEncoder, mut canvas: Canvas, quality: u8) -> Result<Vec<u8>, Failure> {
    let quantizer = quantizer(quality).to_string();
    let options = [
        ("usage", "allintra"),
        ("still-picture", "1"),
        ("cpu-used", SPEED),
        ("b", "0"),
        ("crf", &quantizer),
        ("color_range", "pc"),
        ("colorspace", "smpte170m"),
        ("color_primaries", "bt709"),
        ("color_trc", "iec61966-2-1"),
    ];
    let failed = |_| Failure::new(ErrorCode::EncodeFailed, "the AVIF could not be written");
    let coded = encoder.encode(&mut canvas.planes_mut(), &options).map_err(failed)?;
    let coded = coded.strip_prefix(&TEMPORAL_DELIMITER).unwrap_or(&coded);
    let is_halved = canvas.format == PlaneFormat::Yuv420;
    let (width, height) = (canvas.size.width_px, canvas.size.height_px);
    let mut file = Aviffy::new();
    file.set_chroma_subsampling((is_halved, is_halved)).set_seq_profile(u8::from(!is_halved));
    Ok(file.to_vec(coded, None, width, height, 8))
}

/// The quantizer of libaom, 1 to 63, at which a picture looks about as good as a JPEG of that quality.
///
/// Source: the curve of ravif 0.13 (`quality_to_quantizer`), which counts to 255.
fn quantizer(quality: u8) -> u8 {
    let quality = f64::from(quality.clamp(1, 100)) / 100.0;
    let coarseness = if 0.82 <= quality {
        (1.0 - quality) * 2.6
    } else if 0.25 < quality {
        0.875 - 0.5 * quality
    } else {
        1.0 - quality
    };
    // 0 would be lossless, at many times the size.
    (coarseness * 63.0).round().clamp(1.0, 63.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_quality_never_has_a_coarser_quantizer() {
        let steps: Vec<_> = (1..=100).map(quantizer).collect();
        assert!(steps.windows(2).all(|pair| pair[1] <= pair[0]), "{steps:?}");
        assert_eq!((steps[0], steps[84], steps[99]), (62, 25, 1));
    }
}
