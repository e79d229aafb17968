//! PNG, in the fast mode: the smaller one costs more than the decoding of many frames.

use stillframe_domain::{ErrorCode, Failure};

use crate::canvas::Canvas;

/// The file for an RGB canvas, tagged as sRGB.
pub fn encode(canvas: &Canvas) -> Result<Vec<u8>, Failure> {
    let failed = |_| Failure::new(ErrorCode::EncodeFailed, "the PNG could not be written");
    let plane = &canvas.planes[0];
    let row_bytes = plane.width * plane.sample_bytes;
    let mut pixels = Vec::with_capacity(row_bytes * plane.height);
    for y in 0..plane.height {
        pixels.extend_from_slice(&plane.row(y)[..row_bytes]);
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, canvas.size.width_px, canvas.size.height_px);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
