//! The scaler: from a frame's own format and size to the planes of a canvas, in one pass.

use std::ffi::c_int;

use ffmpeg_sys_next as ffi;

use super::{AvError, Frame, Matrix};

// The values are part of libswscale's ABI; its headers moved the names from macros to an enumeration in 7.1.
const SWS_BICUBIC: c_int = 1 << 2;
const SWS_AREA: c_int = 1 << 5;
const SWS_FULL_CHR_H_INT: c_int = 1 << 13;
const SWS_FULL_CHR_H_INP: c_int = 1 << 14;
const SWS_ACCURATE_RND: c_int = 1 << 18;

/// Formats that the scaler writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaneFormat {
    /// Three planes, chroma halved both ways.
    Yuv420,
    /// Three planes of the same size.
    Yuv444,
    /// One plane of red, green, blue bytes.
    Rgb24,
    /// Three planes of the same size, of 12 bits in two bytes, the lower one first: never a picture's own.
    Deep444,
    /// As [`Self::Yuv444`], with a plane of opacity: never a picture's own.
    Yuva444,
}

/// Where the scaler writes. Rows must leave room for whole vectors: strides are multiples of 64.
pub struct PlanesMut<'a> {
    /// Their format.
    pub format: PlaneFormat,
    /// Width of the picture in pixels.
    pub width_px: u32,
    /// Height of the picture in pixels.
    pub height_px: u32,
    /// One slice a plane; those that the format lacks are empty.
    pub planes: [&'a mut [u8]; 4],
    /// Bytes from row to row of each plane.
    pub strides: [usize; 4],
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Setup {
    from: (u32, u32, ffi::AVPixelFormat),
    to: (u32, u32, PlaneFormat),
    matrix: Matrix,
    is_full_range: bool,
}

/// Converts frames; keeps its tables between frames of the same kind.
#[derive(Default)]
pub struct Scaler {
    cached: Option<(Setup, Context)>,
}

struct Context(*mut ffi::SwsContext);

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made by `sws_getContext`, freed only here.
        unsafe { ffi::sws_freeContext(self.0) };
    }
}

impl Scaler {
    /// Scales a frame to fill `target`.
    ///
    /// YUV to YUV keeps the numbers' meaning (matrix and range stay those of the frame); anything to or
    /// from RGB uses `matrix`, and RGB becomes full-range BT.601.
    pub fn scale(
        &mut self,
        frame: &Frame,
        matrix: Matrix,
        target: &mut PlanesMut<'_>,
    ) -> Result<(), AvError> {
        let setup = Setup {
            from: (frame.width_px(), frame.height_px(), frame.format()),
            to: (target.width_px, target.height_px, target.format),
            matrix,
            is_full_range: frame.colorimetry().is_full_range,
        };
        let is_rgb = frame.colorimetry().is_rgb;
        if !self.cached.as_ref().is_some_and(|(cached, _)| *cached == setup) {
            self.cached = None;
            self.cached = Some((setup, Context::new(setup, is_rgb)?));
        }
        let (_, context) = self.cached.as_ref().expect("set above");
        assert_room(target);
        let (source, source_strides) = frame.planes();
        let mut strides: [c_int; 4] = [0; 4];
        let mut planes: [*mut u8; 4] = [std::ptr::null_mut(); 4];
        for (index, plane) in target.planes.iter_mut().enumerate().filter(|(_, plane)| !plane.is_empty()) {
            planes[index] = plane.as_mut_ptr();
            strides[index] = c_int::try_from(target.strides[index]).unwrap_or(c_int::MAX);
        }
        // SAFETY: the source planes belong to a valid frame of the size and format that the context was made
        // for; the target has room for its size by `assert_room`.
        let rows = unsafe {
            ffi::sws_scale(
                context.0,
                source,
                source_strides,
                0,
                frame.height_px() as c_int,
                planes.as_ptr(),
                strides.as_ptr(),
            )
        };
        super::check("sws_scale", rows).map(drop)
    }
}

impl Context {
    fn new(setup: Setup, is_rgb: bool) -> Result<Self, AvError> {
        let (from_width, from_height, from_format) = setup.from;
        let (to_width, to_height, to_format) = setup.to;
        let is_smaller = to_width <= from_width && to_height <= from_height;
        // Area averages all that falls into a pixel, so it does not alias; enlarging wants an interpolation.
        let mut flags = if is_smaller { SWS_AREA } else { SWS_BICUBIC };
        if is_rgb || to_format == PlaneFormat::Rgb24 {
            flags |= SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
        }
        // SAFETY: sizes are positive by libav's own checks (else null is returned); no filters are passed.
        let context = Self(unsafe {
            ffi::sws_getContext(
                from_width as c_int,
                from_height as c_int,
                from_format,
                to_width as c_int,
                to_height as c_int,
                av_format(to_format),
                flags,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                std::ptr::null(),
            )
        });
        if context.0.is_null() {
            return Err(AvError { call: "sws_getContext", code: ffi::AVERROR(ffi::EINVAL) });
        }
        let matrix = if is_rgb { Matrix::Bt601 } else { setup.matrix };
        let is_full = c_int::from(is_rgb || setup.is_full_range);
        // SAFETY: the context is valid; the table is static.
        unsafe {
            // The same on both sides, so that YUV keeps its numbers and RGB its colours.
            let table = ffi::sws_getCoefficients(table(matrix));
            // The answer only says whether the formats have a matrix at all; grey has none.
            ffi::sws_setColorspaceDetails(context.0, table, is_full, table, is_full, 0, 1 << 16, 1 << 16);
        }
        Ok(context)
    }
}

pub(super) fn av_format(format: PlaneFormat) -> ffi::AVPixelFormat {
    match format {
        PlaneFormat::Yuv420 => ffi::AVPixelFormat::AV_PIX_FMT_YUV420P,
        PlaneFormat::Yuv444 => ffi::AVPixelFormat::AV_PIX_FMT_YUV444P,
        PlaneFormat::Rgb24 => ffi::AVPixelFormat::AV_PIX_FMT_RGB24,
        PlaneFormat::Deep444 => ffi::AVPixelFormat::AV_PIX_FMT_YUV444P12LE,
        PlaneFormat::Yuva444 => ffi::AVPixelFormat::AV_PIX_FMT_YUVA444P,
    }
}

fn table(matrix: Matrix) -> c_int {
    match matrix {
        Matrix::Bt601 => ffi::SWS_CS_ITU601,
        Matrix::Bt709 => ffi::SWS_CS_ITU709,
        Matrix::Bt2020 => ffi::SWS_CS_BT2020,
        Matrix::Smpte240m => ffi::SWS_CS_SMPTE240M,
        Matrix::Fcc => ffi::SWS_CS_FCC,
    }
}

/// Checks that each plane has whole rows for the picture.
pub(super) fn assert_room(target: &PlanesMut<'_>) {
    let (width, height) = (target.width_px as usize, target.height_px as usize);
    let sides: &[(usize, usize)] = match target.format {
        PlaneFormat::Yuv420 => {
            let half = (width.div_ceil(2), height.div_ceil(2));
            &[(width, height), half, half]
        }
        PlaneFormat::Yuv444 => &[(width, height); 3],
        PlaneFormat::Rgb24 => &[(3 * width, height)],
        PlaneFormat::Deep444 => &[(2 * width, height); 3],
        PlaneFormat::Yuva444 => &[(width, height); 4],
    };
    for (plane, &(row, rows)) in sides.iter().enumerate() {
        assert!(row <= target.strides[plane], "a row fits its stride");
        assert!(target.strides[plane] * rows <= target.planes[plane].len(), "all rows fit the plane");
    }
}
