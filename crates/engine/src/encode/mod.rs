//! Encoders: from a canvas to a file's bytes. No format's file carries metadata of the video.

mod animation;
mod avif;
mod jpeg;
mod jpeg_strips;
mod png;
mod webp;

use stillframe_domain::{ErrorCode, Failure, ImageFormat, PixelSize};

use crate::av::PlaneFormat;
use crate::canvas::Canvas;

pub use animation::{AnimationFrame, write as write_animation};
pub use jpeg::JpegEncoder;

/// Encoders of all formats, kept for a whole call.
pub struct Encoders {
    jpeg: JpegEncoder,
}

impl Encoders {
    /// # Errors
    /// When the JPEG library cannot be started.
    pub fn new() -> Result<Self, Failure> {
        Ok(Self { jpeg: JpegEncoder::new()? })
    }

    /// The file for a canvas of the format's [`plane_format`]; `quality` is 1 to 100.
    pub fn encode(
        &mut self,
        mut canvas: Canvas,
        format: ImageFormat,
        quality: u8,
    ) -> Result<Vec<u8>, Failure> {
        let missing = || unsupported(format);
        match format {
            ImageFormat::Jpg => self.jpeg.encode(&mut canvas, quality),
            ImageFormat::Png => png::encode(&canvas),
            ImageFormat::Webp => webp::encode(webp::encoder().ok_or_else(missing)?, canvas, quality),
            ImageFormat::Avif => avif::encode(avif::encoder().ok_or_else(missing)?, canvas, quality),
        }
    }

    /// A JPEG of a size and planes, drawn strip by strip: `draw` fills a canvas of the same width with the
    /// rows from a given one on.
    pub fn encode_strips(
        &mut self,
        shape: (PixelSize, PlaneFormat),
        quality: u8,
        draw: &mut dyn FnMut(&mut Canvas, usize),
    ) -> Result<Vec<u8>, Failure> {
        jpeg_strips::encode(&mut self.jpeg, shape, quality, draw)
    }
}

/// Whether a format can be written with the system's libav.
///
/// # Errors
/// Says that it cannot.
pub fn check_format(format: ImageFormat) -> Result<(), Failure> {
    let is_there = match format {
        ImageFormat::Jpg | ImageFormat::Png => true,
        ImageFormat::Webp => webp::encoder().is_some(),
        ImageFormat::Avif => avif::encoder().is_some(),
    };
    if is_there { Ok(()) } else { Err(unsupported(format)) }
}

/// What the canvas of a format holds. With `is_odd`, corners lie at odd places, where halved chroma would
/// bleed into the neighbour.
pub fn plane_format(format: ImageFormat, is_odd: bool) -> PlaneFormat {
    match (format, is_odd) {
        (ImageFormat::Png, _) => PlaneFormat::Rgb24,
        (_, true) => PlaneFormat::Yuv444,
        (_, false) => PlaneFormat::Yuv420,
    }
}

fn unsupported(format: ImageFormat) -> Failure {
    let name = format.extension();
    Failure::new(ErrorCode::UnsupportedCodec, format!("the media libraries here cannot write {name}"))
}
