//! What a container says of one of its streams, copied out as plain values.

use std::ffi::{CStr, c_int};

use ffmpeg_sys_next as ffi;

use super::{Rational, known};

/// Kinds of streams that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Anything else.
    Other,
}

/// Codecs of which the engine knows more than libav's interface tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// H.264.
    H264,
    /// H.265.
    Hevc,
    /// MPEG-1 or MPEG-2 video.
    Mpeg2,
    /// MPEG-4 part 2.
    Mpeg4,
    /// AV1.
    Av1,
    /// Motion JPEG.
    Mjpeg,
    /// Any other.
    Other,
}

/// One stream of an open container.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Its place in the container.
    pub index: usize,
    /// The container's own number for it: a track, a packet identifier.
    pub id: i32,
    /// Its kind.
    pub media_type: MediaType,
    /// The codec, where it matters.
    pub codec: Codec,
    /// Codec name, such as `h264`; `none` when unknown.
    pub codec_name: String,
    /// Whether the codec may present frames in another order than it codes them.
    pub can_reorder: bool,
    /// How many frames the decoder was seen to hold back, or is told to; 0 when unknown.
    pub delay_frames: u32,
    /// The codec's level as it writes it; `None` when unknown.
    pub level: Option<u32>,
    /// Whether frames may be coded as two separate fields.
    pub is_interlaced: bool,
    /// Seconds of one unit of its timestamps.
    pub time_base: Rational,
    /// First presentation time, in `time_base`.
    pub start: Option<i64>,
    /// Duration in `time_base`.
    pub duration: Option<i64>,
    /// Coded width and height in pixels; 0 when unknown.
    pub width_px: u32,
    /// See `width_px`.
    pub height_px: u32,
    /// Shape of a pixel as the container says; it goes before the codec's word.
    pub container_aspect: Option<Rational>,
    /// Shape of a pixel as the container or the codec says.
    pub pixel_aspect: Option<Rational>,
    /// Mean frames per second.
    pub frame_rate: Option<Rational>,
    /// Bits per second; 0 when unknown.
    pub bitrate_bps: u64,
    /// Samples per second; 0 unless audio.
    pub sample_rate_hz: u32,
    /// Whether it is a still picture that was put beside the sound.
    pub is_attached_picture: bool,
    /// Whether its bytes are encrypted.
    pub is_encrypted: bool,
    /// The upper left 2 x 2 of the display matrix: a, b, c, d in 16.16 fixed point.
    pub display_matrix: Option<[i32; 4]>,
    /// Whether all parameters that a decoder needs are known without reading packets.
    pub is_complete: bool,
    /// Codec configuration, such as `avcC`.
    pub extradata: Vec<u8>,
}

impl Stream {
    /// Whether libav's decoder most often makes some picture of damaged bytes and calls it sound.
    pub fn hides_damage(&self) -> bool {
        matches!(self.codec, Codec::Hevc | Codec::Av1) || ["vp8", "vp9"].contains(&self.codec_name.as_str())
    }

    /// Copies what is known of a stream.
    ///
    /// # Safety
    /// `stream` must point to a stream of an open container.
    pub(super) unsafe fn read(stream: *mut ffi::AVStream) -> Self {
        // SAFETY: the caller vouches for the stream; its codec parameters are never null.
        let (raw, par) = unsafe { (&*stream, &*(*stream).codecpar) };
        let media_type = match par.codec_type {
            ffi::AVMediaType::AVMEDIA_TYPE_VIDEO => MediaType::Video,
            ffi::AVMediaType::AVMEDIA_TYPE_AUDIO => MediaType::Audio,
            _ => MediaType::Other,
        };
        let positive = |value: c_int| u32::try_from(value).unwrap_or(0);
        let (width_px, height_px) = (positive(par.width), positive(par.height));
        let is_known = par.codec_id != ffi::AVCodecID::AV_CODEC_ID_NONE;
        Self {
            index: usize::try_from(raw.index).unwrap_or(usize::MAX),
            id: raw.id,
            media_type,
            delay_frames: positive(par.video_delay),
            level: u32::try_from(par.level).ok().filter(|&level| 0 < level),
            codec: codec_of(par.codec_id),
            codec_name: codec_name(par.codec_id),
            can_reorder: has_reordering(par.codec_id),
            is_interlaced: !matches!(
                par.field_order,
                ffi::AVFieldOrder::AV_FIELD_UNKNOWN | ffi::AVFieldOrder::AV_FIELD_PROGRESSIVE
            ),
            time_base: Rational::positive(raw.time_base).unwrap_or(Rational { num: 1, den: 1_000 }),
            start: known(raw.start_time),
            duration: known(raw.duration).filter(|&duration| 0 < duration),
            width_px,
            height_px,
            container_aspect: Rational::positive(raw.sample_aspect_ratio),
            pixel_aspect: Rational::positive(raw.sample_aspect_ratio)
                .or_else(|| Rational::positive(par.sample_aspect_ratio)),
            frame_rate: Rational::positive(raw.avg_frame_rate)
                .or_else(|| Rational::positive(raw.r_frame_rate)),
            bitrate_bps: u64::try_from(par.bit_rate).unwrap_or(0),
            sample_rate_hz: positive(par.sample_rate),
            is_attached_picture: raw.disposition & ffi::AV_DISPOSITION_ATTACHED_PIC != 0,
            // SAFETY: as above.
            is_encrypted: unsafe {
                side_data(stream, ffi::AVPacketSideDataType::AV_PKT_DATA_ENCRYPTION_INIT_INFO)
            }
            .is_some(),
            // SAFETY: as above.
            display_matrix: unsafe {
                side_data(stream, ffi::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX)
            }
            .and_then(matrix_from_bytes),
            is_complete: is_known && 0 < width_px && 0 < height_px && 0 < par.extradata_size,
            extradata: extradata(par),
        }
    }
}

fn codec_of(id: ffi::AVCodecID) -> Codec {
    match id {
        ffi::AVCodecID::AV_CODEC_ID_H264 => Codec::H264,
        ffi::AVCodecID::AV_CODEC_ID_HEVC => Codec::Hevc,
        ffi::AVCodecID::AV_CODEC_ID_MPEG1VIDEO | ffi::AVCodecID::AV_CODEC_ID_MPEG2VIDEO => Codec::Mpeg2,
        ffi::AVCodecID::AV_CODEC_ID_MPEG4 => Codec::Mpeg4,
        ffi::AVCodecID::AV_CODEC_ID_AV1 => Codec::Av1,
        ffi::AVCodecID::AV_CODEC_ID_MJPEG => Codec::Mjpeg,
        _ => Codec::Other,
    }
}

fn codec_name(id: ffi::AVCodecID) -> String {
    // SAFETY: the function takes any id and returns a static string that ends with NUL.
    unsafe { CStr::from_ptr(ffi::avcodec_get_name(id)) }.to_string_lossy().into_owned()
}

fn has_reordering(id: ffi::AVCodecID) -> bool {
    // SAFETY: the function takes any id and returns null or a static descriptor.
    let descriptor = unsafe { ffi::avcodec_descriptor_get(id).as_ref() };
    descriptor.is_none_or(|descriptor| descriptor.props & ffi::AV_CODEC_PROP_REORDER != 0)
}

fn extradata(par: &ffi::AVCodecParameters) -> Vec<u8> {
    let size = usize::try_from(par.extradata_size).unwrap_or(0);
    if par.extradata.is_null() || size == 0 {
        return Vec::new();
    }
    // SAFETY: libav guarantees `extradata_size` readable bytes.
    unsafe { std::slice::from_raw_parts(par.extradata, size) }.to_vec()
}

/// The display matrix's turning part from its bytes: nine 32-bit numbers in native order.
pub(super) fn matrix_from_bytes(bytes: &[u8]) -> Option<[i32; 4]> {
    let number = |index: usize| {
        let bytes = bytes.get(4 * index..4 * index + 4)?;
        Some(i32::from_ne_bytes(bytes.try_into().ok()?))
    };
    Some([number(0)?, number(1)?, number(3)?, number(4)?])
}

/// Side data of a stream.
///
/// # Safety
/// `stream` must be valid; the bytes live as long as it.
#[cfg(libav_6_1)]
unsafe fn side_data<'a>(stream: *mut ffi::AVStream, kind: ffi::AVPacketSideDataType) -> Option<&'a [u8]> {
    // SAFETY: the caller vouches for the stream; entries hold `size` bytes each.
    unsafe {
        let par = &*(*stream).codecpar;
        let found =
            ffi::av_packet_side_data_get(par.coded_side_data, par.nb_coded_side_data, kind).as_ref()?;
        Some(std::slice::from_raw_parts(found.data, found.size))
    }
}

/// Side data of a stream.
///
/// # Safety
/// `stream` must be valid; the bytes live as long as it.
#[cfg(not(libav_6_1))]
unsafe fn side_data<'a>(stream: *mut ffi::AVStream, kind: ffi::AVPacketSideDataType) -> Option<&'a [u8]> {
    let mut size = 0;
    // SAFETY: the caller vouches for the stream; the function reports the size of what it returns.
    unsafe {
        let data = ffi::av_stream_get_side_data(stream, kind, &raw mut size);
        (!data.is_null()).then(|| std::slice::from_raw_parts(data, size))
    }
}
