//! Decoded frames and what their pixels mean.

use std::ffi::c_int;
use std::marker::PhantomData;
use std::ptr::NonNull;

use ffmpeg_sys_next as ffi;

use super::{AvError, PlaneFormat, Rational, check, known, stream};

/// Coefficients between RGB and YUV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.601, also SMPTE 170M and BT.470.
    Bt601,
    /// ITU-R BT.709.
    Bt709,
    /// ITU-R BT.2020.
    Bt2020,
    /// SMPTE 240M.
    Smpte240m,
    /// FCC 1953.
    Fcc,
}

/// The curve from light to signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    /// Any of ordinary range; they are alike enough to be shown alike.
    Sdr,
    /// SMPTE ST 2084.
    Pq,
    /// ARIB STD-B67, hybrid log-gamma.
    Hlg,
}

/// The colours that red, green and blue are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primaries {
    /// ITU-R BT.709; those of standard definition are taken for them, as browsers do.
    Bt709,
    /// ITU-R BT.2020.
    Bt2020,
    /// DCI-P3 with the white of D65.
    P3,
}

/// What the numbers of a frame mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colorimetry {
    /// Whether pixels are red, green, blue rather than luma and chroma.
    pub is_rgb: bool,
    /// The matrix; `None` when not tagged.
    pub matrix: Option<Matrix>,
    /// Whether luma spans 0 to 255 rather than 16 to 235.
    pub is_full_range: bool,
    /// The curve.
    pub transfer: Transfer,
    /// The primaries; `None` when not tagged.
    pub primaries: Option<Primaries>,
}

/// One decoded frame; shares its pixels with other references to it.
pub struct Frame {
    pointer: NonNull<ffi::AVFrame>,
}

impl Frame {
    /// An empty frame to be filled.
    pub fn new() -> Result<Self, AvError> {
        // SAFETY: no precondition.
        let pointer = NonNull::new(unsafe { ffi::av_frame_alloc() });
        pointer.map(|pointer| Self { pointer }).ok_or(AvError::out_of_memory("av_frame_alloc"))
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::AVFrame {
        self.pointer.as_ptr()
    }

    fn raw(&self) -> &ffi::AVFrame {
        // SAFETY: valid until `drop`; libav changes it only through the methods of this layer.
        unsafe { self.pointer.as_ref() }
    }

    /// Another reference to the same pixels.
    pub fn share(&self) -> Result<Self, AvError> {
        let frame = Self::new()?;
        // SAFETY: both frames are valid and the new one is empty.
        check("av_frame_ref", unsafe { ffi::av_frame_ref(frame.as_ptr(), self.as_ptr()) })?;
        Ok(frame)
    }

    /// Presentation time: the packet's, or libav's best guess where packets have none.
    pub fn pts(&self) -> Option<i64> {
        known(self.raw().pts).or_else(|| known(self.raw().best_effort_timestamp))
    }

    /// Coded width in pixels.
    pub fn width_px(&self) -> u32 {
        u32::try_from(self.raw().width).unwrap_or(0)
    }

    /// Coded height in pixels.
    pub fn height_px(&self) -> u32 {
        u32::try_from(self.raw().height).unwrap_or(0)
    }

    /// Whether the decoder had to make up parts of it.
    pub fn is_damaged(&self) -> bool {
        let raw = self.raw();
        raw.flags & ffi::AV_FRAME_FLAG_CORRUPT != 0 || raw.decode_error_flags != 0
    }

    /// Marks it as damaged.
    pub(super) fn note_damage(&mut self) {
        // SAFETY: the frame is this reference's own; the field is a plain number.
        unsafe { self.pointer.as_mut().flags |= ffi::AV_FRAME_FLAG_CORRUPT };
    }

    /// Notes the matrix that its container tells, if the codec tells none.
    pub(super) fn note_matrix(&mut self, matrix: ffi::AVColorSpace) {
        // SAFETY: the frame is this reference's own; the field is a plain number.
        let own = unsafe { &mut self.pointer.as_mut().colorspace };
        if *own == ffi::AVColorSpace::AVCOL_SPC_UNSPECIFIED {
            *own = matrix;
        }
    }

    /// Shape of a pixel as the codec says.
    pub fn pixel_aspect(&self) -> Option<Rational> {
        Rational::positive(self.raw().sample_aspect_ratio)
    }

    /// The display matrix that the codec carries, as in [`super::Stream::display_matrix`].
    pub fn display_matrix(&self) -> Option<[i32; 4]> {
        let kind = ffi::AVFrameSideDataType::AV_FRAME_DATA_DISPLAYMATRIX;
        // SAFETY: the frame is valid; side data holds `size` bytes.
        let bytes = unsafe {
            let data = ffi::av_frame_get_side_data(self.as_ptr(), kind).as_ref()?;
            std::slice::from_raw_parts(data.data, data.size)
        };
        stream::matrix_from_bytes(bytes)
    }

    /// What its numbers mean.
    pub fn colorimetry(&self) -> Colorimetry {
        use ffi::AVColorSpace as Space;
        use ffi::AVPixelFormat as Format;
        let matrix = match self.raw().colorspace {
            Space::AVCOL_SPC_BT709 => Some(Matrix::Bt709),
            Space::AVCOL_SPC_FCC => Some(Matrix::Fcc),
            Space::AVCOL_SPC_BT470BG | Space::AVCOL_SPC_SMPTE170M => Some(Matrix::Bt601),
            Space::AVCOL_SPC_SMPTE240M => Some(Matrix::Smpte240m),
            Space::AVCOL_SPC_BT2020_NCL | Space::AVCOL_SPC_BT2020_CL => Some(Matrix::Bt2020),
            _ => None,
        };
        let is_jpeg_format = matches!(
            self.format(),
            Format::AV_PIX_FMT_YUVJ420P
                | Format::AV_PIX_FMT_YUVJ422P
                | Format::AV_PIX_FMT_YUVJ444P
                | Format::AV_PIX_FMT_YUVJ440P
                | Format::AV_PIX_FMT_YUVJ411P
        );
        let is_full_range = is_jpeg_format || self.raw().color_range == ffi::AVColorRange::AVCOL_RANGE_JPEG;
        let (transfer, primaries) = (self.transfer(), self.primaries());
        Colorimetry { is_rgb: self.is_rgb(), matrix, is_full_range, transfer, primaries }
    }

    fn transfer(&self) -> Transfer {
        match self.raw().color_trc {
            ffi::AVColorTransferCharacteristic::AVCOL_TRC_SMPTE2084 => Transfer::Pq,
            ffi::AVColorTransferCharacteristic::AVCOL_TRC_ARIB_STD_B67 => Transfer::Hlg,
            _ => Transfer::Sdr,
        }
    }

    fn primaries(&self) -> Option<Primaries> {
        match self.raw().color_primaries {
            ffi::AVColorPrimaries::AVCOL_PRI_UNSPECIFIED | ffi::AVColorPrimaries::AVCOL_PRI_RESERVED0 => None,
            ffi::AVColorPrimaries::AVCOL_PRI_BT2020 => Some(Primaries::Bt2020),
            ffi::AVColorPrimaries::AVCOL_PRI_SMPTE432 => Some(Primaries::P3),
            _ => Some(Primaries::Bt709),
        }
    }

    /// The field that is shown first, as a frame of half the height, if the frame is interlaced.
    pub fn first_field(&self) -> Result<Option<Self>, AvError> {
        if !self.is_interlaced() || self.height_px() < 4 {
            return Ok(None);
        }
        let field = self.share()?;
        let is_bottom_first = !self.is_top_field_first();
        // SAFETY: the new reference owns its own pointers and line sizes. Doubling the line size and halving
        // the height addresses every other line of the same pixels, starting at line 0 or 1.
        unsafe {
            let raw = &mut *field.as_ptr();
            for plane in 0..raw.data.len() {
                if raw.data[plane].is_null() || self.is_palette(plane) {
                    continue;
                }
                if is_bottom_first {
                    raw.data[plane] = raw.data[plane].offset(raw.linesize[plane] as isize);
                }
                raw.linesize[plane] *= 2;
            }
            raw.height /= 2;
        }
        Ok(Some(field))
    }

    /// A part of the frame; sides are in coded pixels and must lie inside.
    pub fn cropped(&self, left: u32, top: u32, width: u32, height: u32) -> Result<Self, AvError> {
        let part = self.share()?;
        let rest = |whole: u32, start: u32, length: u32| whole.saturating_sub(start + length) as usize;
        // SAFETY: the new reference is changed before anybody else sees it; libav checks the sides.
        let code = unsafe {
            let raw = &mut *part.as_ptr();
            (raw.crop_left, raw.crop_top) = (left as usize, top as usize);
            raw.crop_right = rest(self.width_px(), left, width);
            raw.crop_bottom = rest(self.height_px(), top, height);
            ffi::av_frame_apply_cropping(part.as_ptr(), ffi::AV_FRAME_CROP_UNALIGNED as c_int)
        };
        check("av_frame_apply_cropping", code)?;
        Ok(part)
    }

    /// All samples of all planes, without padding.
    #[cfg(test)]
    pub fn pixels(&self) -> Vec<u8> {
        let raw = self.raw();
        let format = self.format();
        // SAFETY: the frame is valid; the buffer has the size that the library asks for.
        unsafe {
            let size = ffi::av_image_get_buffer_size(format, raw.width, raw.height, 1);
            let mut bytes = vec![0; usize::try_from(size).expect("a decoded frame has a size")];
            let (planes, strides) = (raw.data.as_ptr().cast(), raw.linesize.as_ptr());
            let to = bytes.as_mut_ptr();
            ffi::av_image_copy_to_buffer(to, size, planes, strides, format, raw.width, raw.height, 1);
            bytes
        }
    }

    /// Pixel format.
    pub(super) fn format(&self) -> ffi::AVPixelFormat {
        // SAFETY: libav only sets values of its own enumeration, which is generated from its headers.
        unsafe { std::mem::transmute::<c_int, ffi::AVPixelFormat>(self.raw().format) }
    }

    /// The rows of its three planes, when it holds 8-bit samples in just this format.
    pub fn planes_of(&self, format: PlaneFormat) -> Option<[PlaneRows<'_>; 3]> {
        use ffi::AVPixelFormat as Format;
        let (halving, formats) = match format {
            PlaneFormat::Yuv420 => (2, [Format::AV_PIX_FMT_YUV420P, Format::AV_PIX_FMT_YUVJ420P]),
            PlaneFormat::Yuv444 => (1, [Format::AV_PIX_FMT_YUV444P, Format::AV_PIX_FMT_YUVJ444P]),
            PlaneFormat::Rgb24 | PlaneFormat::Deep444 | PlaneFormat::Yuva444 => return None,
        };
        if !formats.contains(&self.format()) {
            return None;
        }
        let (width, height) = (self.width_px() as usize, self.height_px() as usize);
        let (half_width, half_height) = (width.div_ceil(halving), height.div_ceil(halving));
        let chroma = |index| self.plane_rows(index, half_width, half_height);
        Some([self.plane_rows(0, width, height)?, chroma(1)?, chroma(2)?])
    }

    /// The rows of a plane of 8-bit samples; `None` where its buffer does not hold them all.
    fn plane_rows(&self, index: usize, width: usize, height: usize) -> Option<PlaneRows<'_>> {
        let (first, stride) = (self.raw().data[index], self.raw().linesize[index] as isize);
        // SAFETY: the frame is valid; the function returns null or the buffer that the plane lies in.
        let buffer =
            unsafe { ffi::av_frame_get_plane_buffer(self.as_ptr(), c_int::try_from(index).ok()?).as_ref()? };
        let (start, end) = (buffer.data.addr(), buffer.data.addr().checked_add(buffer.size)?);
        let last = first.addr().checked_add_signed(stride.checked_mul(height.checked_sub(1)? as isize)?)?;
        let is_inside = start <= first.addr().min(last) && first.addr().max(last).checked_add(width)? <= end;
        is_inside.then_some(PlaneRows { first, stride, width, height, frame: PhantomData })
    }

    pub(super) fn planes(&self) -> (*const *const u8, *const c_int) {
        (self.raw().data.as_ptr().cast(), self.raw().linesize.as_ptr())
    }

    /// Whether its pixels say how opaque they are. A palette's do, but nobody means it.
    pub fn has_opacity(&self) -> bool {
        // SAFETY: the function returns null or a static description.
        let description = unsafe { ffi::av_pix_fmt_desc_get(self.format()).as_ref() };
        let (alpha, palette) = (ffi::AV_PIX_FMT_FLAG_ALPHA as u32, ffi::AV_PIX_FMT_FLAG_PAL as u32);
        description.is_some_and(|description| {
            description.flags & (u64::from(alpha) | u64::from(palette)) == u64::from(alpha)
        })
    }

    fn is_rgb(&self) -> bool {
        // SAFETY: the function returns null or a static description.
        let description = unsafe { ffi::av_pix_fmt_desc_get(self.format()).as_ref() };
        let flags = u64::from(ffi::AV_PIX_FMT_FLAG_RGB as u32) | u64::from(ffi::AV_PIX_FMT_FLAG_PAL as u32);
        description.is_some_and(|description| description.flags & flags != 0)
    }

    fn is_palette(&self, plane: usize) -> bool {
        plane == 1 && self.format() == ffi::AVPixelFormat::AV_PIX_FMT_PAL8
    }

    #[cfg(libav_6_1)]
    pub fn is_interlaced(&self) -> bool {
        self.raw().flags & ffi::AV_FRAME_FLAG_INTERLACED != 0
    }

    #[cfg(not(libav_6_1))]
    pub fn is_interlaced(&self) -> bool {
        self.raw().interlaced_frame != 0
    }

    #[cfg(libav_6_1)]
    fn is_top_field_first(&self) -> bool {
        self.raw().flags & ffi::AV_FRAME_FLAG_TOP_FIELD_FIRST != 0
    }

    #[cfg(not(libav_6_1))]
    fn is_top_field_first(&self) -> bool {
        self.raw().top_field_first != 0
    }
}

/// The rows of one plane of a frame, of 8-bit samples.
pub struct PlaneRows<'f> {
    first: *const u8,
    /// Negative where rows are stored upwards.
    stride: isize,
    width: usize,
    height: usize,
    frame: PhantomData<&'f Frame>,
}

impl PlaneRows<'_> {
    /// A row's samples.
    pub fn row(&self, y: usize) -> &[u8] {
        assert!(y < self.height, "a row of this plane");
        // SAFETY: from the first row to the last all samples lie in the frame's buffer, which outlives this.
        unsafe { std::slice::from_raw_parts(self.first.offset(y as isize * self.stride), self.width) }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        let mut pointer = self.pointer.as_ptr();
        // SAFETY: allocated by libav, freed only here.
        unsafe { ffi::av_frame_free(&raw mut pointer) };
    }
}
