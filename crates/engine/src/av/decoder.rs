//! The decoder: packets in, frames out.

use std::ffi::CStr;

use ffmpeg_sys_next as ffi;

use super::complaints::Complaints;
use super::unfilled::{is_unfilled, marked_buffer};
use super::{AvError, Codec, Demuxer, Frame, Packet, Stream, check};
use crate::vpx;

/// How a decoder is opened.
#[derive(Debug, Clone, Copy)]
pub struct DecoderOptions {
    /// Threads that decode several frames at once; 1 adds no delay.
    pub thread_count: u32,
    /// Most pixels of a frame.
    pub pixels_per_frame_max: u64,
}

/// A decoder of one video stream.
pub struct Decoder {
    context: *mut ffi::AVCodecContext,
    /// Whether it hands out damaged frames unmarked, so that they are looked at.
    is_silent: bool,
    /// What libvpx decodes with it, if it does.
    vpx: Option<vpx::Coding>,
    /// Most pixels of a frame.
    pixels_max: u64,
    /// The matrix of its frames, as the container tells it: libvpx forgets it.
    matrix: ffi::AVColorSpace,
    // Declared last, so that it is dropped after the context that points to it.
    complaints: Box<Complaints>,
}

// SAFETY: libav ties no context to the thread that made it; it is used by one at a time, since every call
// needs `&mut self`.
unsafe impl Send for Decoder {}

impl Decoder {
    /// Opens a decoder for a stream; `None` when libav has none for its codec.
    pub fn open(
        demuxer: &Demuxer,
        stream: &Stream,
        options: DecoderOptions,
    ) -> Result<Option<Self>, AvError> {
        let parameters = demuxer.parameters(stream.index);
        // SAFETY: the parameters belong to an open stream. The new context is owned by `decoder` at once, so
        // that it is freed on every path.
        unsafe {
            let (codec, vpx) = find_decoder((*parameters).codec_id, demuxer.has_opacity_beside(stream.index));
            if codec.is_null() {
                return Ok(None);
            }
            let complaints = Box::default();
            let is_silent = stream.codec == Codec::Hevc;
            let context = ffi::avcodec_alloc_context3(codec);
            let (pixels_max, matrix) = (options.pixels_per_frame_max, (*parameters).color_space);
            let decoder = Self { context, is_silent, vpx, pixels_max, matrix, complaints };
            if decoder.context.is_null() {
                return Err(AvError::out_of_memory("avcodec_alloc_context3"));
            }
            let code = ffi::avcodec_parameters_to_context(decoder.context, parameters);
            check("avcodec_parameters_to_context", code)?;
            configure(&mut *decoder.context, demuxer, stream, options);
            if 1 < options.thread_count || is_silent {
                (*decoder.context).opaque = decoder.complaints.as_opaque();
            }
            if is_silent {
                (*decoder.context).get_buffer2 = Some(marked_buffer);
            }
            check("avcodec_open2", ffi::avcodec_open2(decoder.context, codec, std::ptr::null_mut()))?;
            Ok(Some(decoder))
        }
    }

    /// Leaves out the loop filter: faster, a little blocky, for small pictures alone.
    pub fn skip_loop_filter(&mut self, is_skipped: bool) {
        let level =
            if is_skipped { ffi::AVDiscard::AVDISCARD_ALL } else { ffi::AVDiscard::AVDISCARD_DEFAULT };
        // SAFETY: the context is open; the field may change between packets.
        unsafe { (*self.context).skip_loop_filter = level };
    }

    /// Gives the decoder a packet, or the end of the stream.
    pub fn send(&mut self, packet: Option<&Packet>) -> Result<(), AvError> {
        let guarded = match (packet, self.vpx) {
            (Some(packet), Some(coding)) => Some(guarded(packet, coding, self.pixels_max)?),
            _ => None,
        };
        let packet = guarded.as_ref().or(packet).map_or(std::ptr::null_mut(), Packet::as_ptr);
        // SAFETY: the context is open; the packet, if any, is valid and only read.
        check("avcodec_send_packet", unsafe { ffi::avcodec_send_packet(self.context, packet) }).map(drop)
    }

    /// The next frame in presentation order; `None` when more packets are needed, or at the end.
    pub fn receive(&mut self) -> Result<Option<Frame>, AvError> {
        const MORE_NEEDED: i32 = ffi::AVERROR(ffi::EAGAIN);
        let mut frame = Frame::new()?;
        // SAFETY: the context is open and the frame empty.
        match unsafe { ffi::avcodec_receive_frame(self.context, frame.as_ptr()) } {
            MORE_NEEDED | ffi::AVERROR_EOF => Ok(None),
            code => check("avcodec_receive_frame", code).map(|_| {
                // SAFETY: the frame was filled, and other threads only read from it.
                if self.is_silent && unsafe { is_unfilled(frame.as_ptr()) } {
                    frame.note_damage();
                }
                frame.note_matrix(self.matrix);
                Some(frame)
            }),
        }
    }

    /// Whether frames are decoded by several threads.
    pub fn has_several_threads(&self) -> bool {
        // SAFETY: the context is open; the field is a plain number.
        1 < unsafe { (*self.context).thread_count }
    }

    /// Whether damage came to light that frames may not be marked with: of several threads, and of decoders
    /// that mark none.
    pub fn has_complained(&self) -> bool {
        self.complaints.are_there()
    }

    /// Forgets all packets and frames, to go on at another keyframe.
    pub fn flush(&mut self) {
        // SAFETY: the context is open.
        unsafe { ffi::avcodec_flush_buffers(self.context) };
        self.complaints.forget();
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: allocated in `open`, freed only here.
        unsafe { ffi::avcodec_free_context(&raw mut self.context) };
    }
}

/// The decoder of a codec, null if there is none: the first that libav has, but libvpx where libav's own would give less.
/// Of VP9 that reads over nearly all damage without a word, and is no faster (`docs/design/decoding.md`); of VP9 and VP8 it
/// does not read opacity. A libav that was built without libvpx does with its own.
fn find_decoder(
    codec: ffi::AVCodecID,
    has_opacity_beside: bool,
) -> (*const ffi::AVCodec, Option<vpx::Coding>) {
    let better = match codec {
        ffi::AVCodecID::AV_CODEC_ID_VP9 => Some((c"libvpx-vp9", vpx::Coding::Vp9)),
        ffi::AVCodecID::AV_CODEC_ID_VP8 if has_opacity_beside => Some((c"libvpx", vpx::Coding::Vp8)),
        _ => None,
    };
    // SAFETY: the name ends with a zero byte; the function only looks into libav's table.
    let find = |name: &CStr| unsafe { ffi::avcodec_find_decoder_by_name(name.as_ptr()) };
    let better = better.map(|(name, coding)| (find(name), Some(coding)));
    // SAFETY: it only looks into libav's table.
    let own = || (unsafe { ffi::avcodec_find_decoder(codec) }, None);
    better.filter(|(decoder, _)| !decoder.is_null()).unwrap_or_else(own)
}

/// A packet that libvpx may be given.
fn guarded(packet: &Packet, coding: vpx::Coding, pixels_max: u64) -> Result<Packet, AvError> {
    let guard = |data| {
        let refused = AvError { call: "vpx", code: ffi::AVERROR_INVALIDDATA };
        vpx::guard(coding, data, pixels_max).ok_or(refused)
    };
    let tail = guard(packet.data())?;
    let mut guarded = if tail.is_empty() { packet.share()? } else { packet.with_tail(&tail)? };
    if let Some(opacity) = packet.opacity() {
        guarded.add_to_opacity(&guard(opacity)?)?;
    }
    Ok(guarded)
}

/// Sets what is not in the stream's parameters.
fn configure(context: &mut ffi::AVCodecContext, demuxer: &Demuxer, stream: &Stream, options: DecoderOptions) {
    context.pkt_timebase = demuxer.time_base(stream.index);
    context.thread_count = options.thread_count.max(1) as i32;
    context.thread_type = ffi::FF_THREAD_FRAME;
    context.max_pixels = i64::try_from(options.pixels_per_frame_max).unwrap_or(i64::MAX);
    context.err_recognition |= ffi::AV_EF_CRCCHECK;
    if stream.codec == Codec::Mjpeg {
        // Its decoder reports a cut-off picture in no other way.
        context.err_recognition |= ffi::AV_EF_EXPLODE;
    }
}
