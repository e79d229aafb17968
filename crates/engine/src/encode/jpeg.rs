//! JPEG by libjpeg-turbo, straight from planes: no way through RGB.

use std::ffi::{c_int, c_uchar};

use stillframe_domain::{ErrorCode, Failure};
use turbojpeg_sys as ffi;

use crate::av::PlaneFormat;
use crate::canvas::Canvas;

/// A compressor, used again for each picture.
pub struct JpegEncoder {
    handle: ffi::tjhandle,
}

impl JpegEncoder {
    /// # Errors
    /// When memory cannot be had.
    pub fn new() -> Result<Self, Failure> {
        // SAFETY: no precondition.
        let handle = unsafe { ffi::tj3Init(ffi::TJINIT_TJINIT_COMPRESS as c_int) };
        if handle.is_null() { Err(failed()) } else { Ok(Self { handle }) }
    }

    /// The file for a YUV canvas.
    pub fn encode(&mut self, canvas: &mut Canvas, quality: u8) -> Result<Vec<u8>, Failure> {
        let subsampling = match canvas.format {
            PlaneFormat::Yuv420 => ffi::TJSAMP_TJSAMP_420,
            PlaneFormat::Yuv444 => ffi::TJSAMP_TJSAMP_444,
            PlaneFormat::Rgb24 | PlaneFormat::Deep444 | PlaneFormat::Yuva444 => return Err(failed()),
        };
        canvas.extend_edges();
        let planes: [*const c_uchar; 3] = std::array::from_fn(|plane| canvas.planes[plane].rows().as_ptr());
        let strides: [c_int; 3] = std::array::from_fn(|plane| canvas.planes[plane].stride as c_int);
        let mut buffer = Buffer { bytes: std::ptr::null_mut(), size: 0 };
        // SAFETY: the handle is valid. Each plane has the rows and columns that the function reads for this
        // size and subsampling, one of padding included. The buffer is allocated by the library.
        let code = unsafe {
            let quality = c_int::from(quality.clamp(1, 100));
            ffi::tj3Set(self.handle, ffi::TJPARAM_TJPARAM_QUALITY as c_int, quality);
            ffi::tj3Set(self.handle, ffi::TJPARAM_TJPARAM_SUBSAMP as c_int, subsampling as c_int);
            ffi::tj3CompressFromYUVPlanes8(
                self.handle,
                planes.as_ptr(),
                canvas.size.width_px as c_int,
                strides.as_ptr(),
                canvas.size.height_px as c_int,
                &raw mut buffer.bytes,
                &raw mut buffer.size,
            )
        };
        if code != 0 || buffer.bytes.is_null() {
            return Err(failed());
        }
        // SAFETY: the library reports how many bytes it wrote.
        Ok(unsafe { std::slice::from_raw_parts(buffer.bytes, buffer.size as usize) }.to_vec())
    }
}

impl Drop for JpegEncoder {
    fn drop(&mut self) {
        // SAFETY: made in `new`, destroyed only here.
        unsafe { ffi::tj3Destroy(self.handle) };
    }
}

/// Memory of the library.
struct Buffer {
    bytes: *mut c_uchar,
    size: ffi::size_t,
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: null or allocated by the library, freed only here.
        unsafe { ffi::tj3Free(self.bytes.cast()) };
    }
}

pub(super) fn failed() -> Failure {
    Failure::new(ErrorCode::EncodeFailed, "the JPEG could not be written")
}
