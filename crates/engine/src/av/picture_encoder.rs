//! Encoders of single pictures: one canvas in, the bytes of one packet out.

use std::ffi::{CStr, CString, c_int};

use ffmpeg_sys_next as ffi;

use super::scaler::{PlaneFormat, PlanesMut, assert_room, av_format};
use super::{AvError, Frame, Packet, check};

/// An encoder that the system's libav has.
#[derive(Debug, Clone, Copy)]
pub struct PictureEncoder {
    codec: *const ffi::AVCodec,
}

impl PictureEncoder {
    /// The encoder of that name; `None` when this build of libav lacks it.
    pub fn find(name: &CStr) -> Option<Self> {
        // SAFETY: the name ends with NUL; the answer is null or a static description.
        let codec = unsafe { ffi::avcodec_find_encoder_by_name(name.as_ptr()) };
        (!codec.is_null()).then_some(Self { codec })
    }

    /// The bytes of one picture. Options are those of the encoder and of every codec context, by name.
    ///
    /// # Errors
    /// When the encoder does not take the format, the size or an option's value.
    pub fn encode(self, picture: &mut PlanesMut<'_>, options: &[(&str, &str)]) -> Result<Vec<u8>, AvError> {
        let mut session = Session::open(self, picture, options)?;
        let frame = frame_of(picture)?;
        session.send(Some(&frame))?;
        session.send(None)?;
        session.receive()
    }
}

/// An open encoder.
struct Session(*mut ffi::AVCodecContext);

impl Session {
    fn open(
        encoder: PictureEncoder,
        picture: &PlanesMut<'_>,
        options: &[(&str, &str)],
    ) -> Result<Self, AvError> {
        // SAFETY: the codec is a static description. The context is owned by `session` at once.
        let session = Self(unsafe { ffi::avcodec_alloc_context3(encoder.codec) });
        // SAFETY: null, or valid and used by nobody else.
        let context =
            unsafe { session.0.as_mut() }.ok_or(AvError::out_of_memory("avcodec_alloc_context3"))?;
        context.width = side(picture.width_px);
        context.height = side(picture.height_px);
        context.pix_fmt = av_format(picture.format);
        context.time_base = ffi::AVRational { num: 1, den: 1 };
        context.thread_count = 1;
        let mut options = Options::new(options)?;
        // SAFETY: the context was made for this codec; the dictionary is valid and stays ours.
        let code = unsafe { ffi::avcodec_open2(session.0, encoder.codec, &raw mut options.0) };
        check("avcodec_open2", code)?;
        Ok(session)
    }

    fn send(&mut self, frame: Option<&Frame>) -> Result<(), AvError> {
        let frame = frame.map_or(std::ptr::null_mut(), Frame::as_ptr);
        // SAFETY: the encoder is open. A frame without reference counts is copied before the call returns.
        check("avcodec_send_frame", unsafe { ffi::avcodec_send_frame(self.0, frame) }).map(drop)
    }

    fn receive(&mut self) -> Result<Vec<u8>, AvError> {
        let packet = Packet::new()?;
        // SAFETY: the encoder is open and the packet empty.
        check("avcodec_receive_packet", unsafe { ffi::avcodec_receive_packet(self.0, packet.as_ptr()) })?;
        Ok(packet.data().to_vec())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: null or allocated in `open`, freed only here.
        unsafe { ffi::avcodec_free_context(&raw mut self.0) };
    }
}

/// A dictionary of options.
struct Options(*mut ffi::AVDictionary);

impl Options {
    fn new(options: &[(&str, &str)]) -> Result<Self, AvError> {
        let mut list = Self(std::ptr::null_mut());
        for (name, value) in options {
            let invalid = |_| AvError { call: "av_dict_set", code: ffi::AVERROR(ffi::EINVAL) };
            let (name, value) =
                (CString::new(*name).map_err(invalid)?, CString::new(*value).map_err(invalid)?);
            // SAFETY: the dictionary is null or valid; both texts end with NUL and are copied.
            let code = unsafe { ffi::av_dict_set(&raw mut list.0, name.as_ptr(), value.as_ptr(), 0) };
            check("av_dict_set", code)?;
        }
        Ok(list)
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: null or made by `av_dict_set`, freed only here.
        unsafe { ffi::av_dict_free(&raw mut self.0) };
    }
}

/// A frame that borrows the canvas's planes; without reference counts, so that libav frees none of them.
fn frame_of(picture: &mut PlanesMut<'_>) -> Result<Frame, AvError> {
    assert_room(picture);
    let frame = Frame::new()?;
    // SAFETY: the frame is new and ours alone.
    let raw = unsafe { &mut *frame.as_ptr() };
    (raw.width, raw.height) = (side(picture.width_px), side(picture.height_px));
    raw.format = av_format(picture.format) as c_int;
    raw.pts = 0;
    let count = if picture.format == PlaneFormat::Rgb24 { 1 } else { 3 };
    for (index, plane) in picture.planes.iter_mut().enumerate().take(count) {
        raw.data[index] = plane.as_mut_ptr();
        raw.linesize[index] = c_int::try_from(picture.strides[index]).unwrap_or(c_int::MAX);
    }
    Ok(frame)
}

fn side(px: u32) -> c_int {
    c_int::try_from(px).unwrap_or(c_int::MAX)
}
