//! Reads picture files back, by decoders that the engine does not use for writing them.

use std::process::Command;

use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder as _, DynamicImage, RgbImage};

use super::ClipError;
use super::make::{check, io_error};

/// The pixels of a JPEG, PNG, WebP or AVIF file.
///
/// # Errors
/// When the bytes are no such file, or `ffmpeg`, which reads AVIF, refuses them.
pub fn read_picture(bytes: &[u8]) -> Result<RgbImage, ClipError> {
    if bytes.get(4..12) == Some(b"ftypavif") {
        return read_avif(bytes);
    }
    let image = image::load_from_memory(bytes).map_err(|error| ClipError::Oracle(error.to_string()))?;
    Ok(image.to_rgb8())
}

/// The frames of an animated WebP file, each with its time in milliseconds.
///
/// # Errors
/// When the bytes are no such file.
pub fn read_animation(bytes: &[u8]) -> Result<Vec<(RgbImage, u32)>, ClipError> {
    let wrong = |error: image::ImageError| ClipError::Oracle(error.to_string());
    let decoder = WebPDecoder::new(std::io::Cursor::new(bytes)).map_err(wrong)?;
    let frames = decoder.into_frames().map(|frame| {
        let frame = frame.map_err(wrong)?;
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        Ok((DynamicImage::ImageRgba8(frame.into_buffer()).to_rgb8(), numerator / denominator))
    });
    frames.collect()
}

fn read_avif(bytes: &[u8]) -> Result<RgbImage, ClipError> {
    let folder = tempfile::tempdir().map_err(io_error("make a folder"))?;
    let (file, png) = (folder.path().join("picture.avif"), folder.path().join("picture.png"));
    std::fs::write(&file, bytes).map_err(io_error("write the picture"))?;
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(&file)
        .args(["-sws_flags", "accurate_rnd+full_chroma_int+full_chroma_inp", "-pix_fmt", "rgb24"])
        .arg(&png)
        .output()
        .map_err(io_error("run ffmpeg"))?;
    check("ffmpeg", &output)?;
    let bytes = std::fs::read(&png).map_err(io_error("read the picture"))?;
    read_picture(&bytes)
}
