//! The demuxer: opens a container, tells its streams, seeks, and hands out packets.

use std::ffi::{CStr, CString, c_char, c_int};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use ffmpeg_sys_next as ffi;
use stillframe_domain::ByteSource;

use super::io::SourceIo;
use super::{AvError, Packet, Stream, check, known};
use crate::deadline::Deadline;

/// The containers that are opened. Play lists, scripts and image sequences are left out on purpose: they
/// name other files, and a text file would pass for some of them.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,m4v,h264,hevc,av1,obu,\
    ivf,flv,live_flv,avi,asf,ogg,gif,mxf,nut,rm,wtv,dv,yuv4mpegpipe,y4m,mjpeg,mp3,aac,flac,wav,w64,aiff,ac3,\
    eac3,caf,ape,tta,wv,amr,dsf,swf,vc1,dirac,roq,smk,bink";

/// How far is read ahead to know the streams.
#[derive(Debug, Clone, Copy)]
pub enum Probe {
    /// As far as libav thinks right.
    Default,
    /// At most so many bytes.
    Bytes(i64),
    /// Not to work out the rate of frames where the container tells it.
    NoRate,
}

/// An open container over a source.
pub struct Demuxer {
    context: *mut ffi::AVFormatContext,
    // Declared last, so that it is dropped after the context that reads from it.
    io: SourceIo,
}

impl Demuxer {
    /// Opens the container and reads its header.
    ///
    /// # Errors
    /// What libav says, and the source's own error when that was the cause.
    pub fn open(
        source: Arc<dyn ByteSource>,
        deadline: Deadline,
    ) -> Result<Self, (AvError, Option<io::Error>)> {
        let mut io = SourceIo::new(source, deadline).map_err(|error| (error, None))?;
        match open_context(&io) {
            Ok(context) => Ok(Self { context, io }),
            Err(error) => Err((error, io.take_error())),
        }
    }

    fn raw(&self) -> &ffi::AVFormatContext {
        // SAFETY: valid from `open` to `drop`.
        unsafe { &*self.context }
    }

    fn stream_ptr(&self, index: usize) -> *mut ffi::AVStream {
        assert!(index < self.stream_count(), "stream index from this container");
        // SAFETY: the index is below the number of streams.
        unsafe { *self.raw().streams.add(index) }
    }

    /// Reads ahead until the streams are known: needed where the header does not tell enough. A limit
    /// on the bytes may leave them unknown.
    pub fn find_stream_info(&mut self, probe: Probe) -> Result<(), AvError> {
        // SAFETY: the context is open; the fields are plain numbers.
        unsafe {
            match probe {
                Probe::Default => {}
                Probe::Bytes(bytes_max) => (*self.context).probesize = bytes_max,
                Probe::NoRate => (*self.context).fps_probe_size = 0,
            }
        }
        // SAFETY: the context is open; no options are passed.
        let code = unsafe { ffi::avformat_find_stream_info(self.context, std::ptr::null_mut()) };
        check("avformat_find_stream_info", code).map(drop)
    }

    /// Number of streams known so far.
    pub fn stream_count(&self) -> usize {
        self.raw().nb_streams as usize
    }

    /// What is known of each stream.
    pub fn streams(&self) -> Vec<Stream> {
        // SAFETY: `stream_ptr` gives streams of this open container.
        (0..self.stream_count()).map(|index| unsafe { Stream::read(self.stream_ptr(index)) }).collect()
    }

    /// Codec parameters of a stream, to open a decoder with.
    pub(super) fn parameters(&self, index: usize) -> *const ffi::AVCodecParameters {
        // SAFETY: a stream always has its parameters.
        unsafe { (*self.stream_ptr(index)).codecpar }
    }

    /// The time base of a stream's packets.
    pub(super) fn time_base(&self, index: usize) -> ffi::AVRational {
        // SAFETY: the stream belongs to this open container.
        unsafe { (*self.stream_ptr(index)).time_base }
    }

    /// Whether packets of a stream carry how opaque its pictures are beside them, as Matroska's `AlphaMode` says.
    pub(super) fn has_opacity_beside(&self, index: usize) -> bool {
        // SAFETY: the stream belongs to this open container; the name ends with a zero byte.
        let entry = unsafe {
            ffi::av_dict_get((*self.stream_ptr(index)).metadata, c"alpha_mode".as_ptr(), std::ptr::null(), 0)
        };
        !entry.is_null()
    }

    /// Short name of the container, such as `matroska,webm`.
    pub fn container(&self) -> String {
        // SAFETY: an open context has its input format, whose name is a static string.
        unsafe { CStr::from_ptr((*self.raw().iformat).name) }.to_string_lossy().into_owned()
    }

    /// How sure libav is of the container, 0 to 100.
    pub fn probe_score(&self) -> i32 {
        self.raw().probe_score
    }

    /// Duration that the header tells, in microseconds.
    pub fn duration_us(&self) -> Option<i64> {
        known(self.raw().duration).filter(|&duration| 0 < duration)
    }

    /// Whether the duration was guessed from the bitrate.
    pub fn is_duration_guessed(&self) -> bool {
        let method = self.raw().duration_estimation_method;
        method == ffi::AVDurationEstimationMethod::AVFMT_DURATION_FROM_BITRATE
    }

    /// Bits per second of the whole; 0 when unknown.
    pub fn bitrate_bps(&self) -> u64 {
        u64::try_from(self.raw().bit_rate).unwrap_or(0)
    }

    /// Reads only these streams from now on.
    pub fn select(&mut self, wanted: &[usize]) {
        for index in 0..self.stream_count() {
            let discard = if wanted.contains(&index) {
                ffi::AVDiscard::AVDISCARD_DEFAULT
            } else {
                ffi::AVDiscard::AVDISCARD_ALL
            };
            // SAFETY: the stream belongs to this open container.
            unsafe { (*self.stream_ptr(index)).discard = discard };
        }
    }

    /// Goes to the last seek point at or before a time of a stream, in its time base.
    pub fn seek(&mut self, stream: usize, timestamp: i64) -> Result<(), AvError> {
        let index = stream as c_int;
        // SAFETY: the context is open and the stream exists.
        let code = unsafe { ffi::av_seek_frame(self.context, index, timestamp, ffi::AVSEEK_FLAG_BACKWARD) };
        check("av_seek_frame", code).map(drop)
    }

    /// Goes to a packet at or before a time of a stream, keyframe or not.
    pub fn seek_any(&mut self, stream: usize, timestamp: i64) -> Result<(), AvError> {
        let flags = ffi::AVSEEK_FLAG_BACKWARD | ffi::AVSEEK_FLAG_ANY;
        // SAFETY: the context is open and the stream exists.
        let code = unsafe { ffi::av_seek_frame(self.context, stream as c_int, timestamp, flags) };
        check("av_seek_frame", code).map(drop)
    }

    /// Goes to the first byte; for containers without an index.
    pub fn rewind(&mut self) -> Result<(), AvError> {
        self.seek_byte(0)
    }

    /// Goes to a place in the bytes; for containers without an index.
    pub fn seek_byte(&mut self, position: u64) -> Result<(), AvError> {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        // SAFETY: the context is open.
        let code = unsafe { ffi::av_seek_frame(self.context, -1, position, ffi::AVSEEK_FLAG_BYTE) };
        check("av_seek_frame", code).map(drop)
    }

    /// Adds a place at which reading can go on to the index of a stream.
    pub fn add_to_index(&mut self, stream: usize, position: u64, timestamp: i64) -> Result<(), AvError> {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let (stream, flags) = (self.stream_ptr(stream), ffi::AVINDEX_KEYFRAME);
        // SAFETY: the stream belongs to this open container.
        let code = unsafe { ffi::av_add_index_entry(stream, position, timestamp, 0, 0, flags) };
        check("av_add_index_entry", code).map(drop)
    }

    /// The next packet of the selected streams, `None` at the end.
    pub fn read(&mut self) -> Result<Option<Packet>, AvError> {
        let packet = Packet::new()?;
        // SAFETY: the context is open and the packet empty.
        match unsafe { ffi::av_read_frame(self.context, packet.as_ptr()) } {
            ffi::AVERROR_EOF => Ok(None),
            code => check("av_read_frame", code).map(|_| Some(packet)),
        }
    }

    /// The picture beside the sound, if the stream is one.
    pub fn attached_picture(&self, stream: usize) -> Result<Packet, AvError> {
        // SAFETY: the packet is part of a valid stream.
        unsafe { Packet::reference(&raw const (*self.stream_ptr(stream)).attached_pic) }
    }

    /// How many entries the index of a stream has.
    pub fn index_len(&self, stream: usize) -> usize {
        // SAFETY: the stream is valid.
        let count = unsafe { ffi::avformat_index_get_entries_count(self.stream_ptr(stream)) };
        usize::try_from(count).unwrap_or(0)
    }

    /// Timestamp of an index entry, if it is a keyframe's.
    pub fn index_keyframe(&self, stream: usize, entry: usize) -> Option<i64> {
        let entry = self.index_entry(stream, entry)?;
        (entry.flags() & ffi::AVINDEX_KEYFRAME != 0).then_some(entry.timestamp)
    }

    /// Which bytes an index entry stands for.
    pub fn index_span(&self, stream: usize, entry: usize) -> Option<Range<u64>> {
        let entry = self.index_entry(stream, entry)?;
        let start = u64::try_from(entry.pos).ok()?;
        Some(start..start.checked_add(u64::try_from(entry.size()).ok()?)?)
    }

    /// Where an index entry lies in the source.
    pub fn index_position(&self, stream: usize, entry: usize) -> Option<u64> {
        u64::try_from(self.index_entry(stream, entry)?.pos).ok()
    }

    /// Place in the index of the last keyframe at or before a time.
    pub fn index_place(&self, stream: usize, timestamp: i64) -> Option<usize> {
        // SAFETY: the stream is valid; the function only looks at its index.
        let place = unsafe {
            ffi::av_index_search_timestamp(self.stream_ptr(stream), timestamp, ffi::AVSEEK_FLAG_BACKWARD)
        };
        usize::try_from(place).ok()
    }

    /// Place in the index of the last packet at or before a time, keyframe or not.
    pub fn index_last(&self, stream: usize, timestamp: i64) -> Option<usize> {
        let flags = ffi::AVSEEK_FLAG_BACKWARD | ffi::AVSEEK_FLAG_ANY;
        // SAFETY: the stream is valid; the function only looks at its index.
        let place = unsafe { ffi::av_index_search_timestamp(self.stream_ptr(stream), timestamp, flags) };
        let mut place = usize::try_from(place).ok()?;
        while self.index_timestamp(stream, place + 1).is_some_and(|next| next <= timestamp) {
            place += 1;
        }
        Some(place)
    }

    /// Timestamp of an index entry.
    pub fn index_timestamp(&self, stream: usize, entry: usize) -> Option<i64> {
        self.index_entry(stream, entry).map(|entry| entry.timestamp)
    }

    fn index_entry(&self, stream: usize, entry: usize) -> Option<&ffi::AVIndexEntry> {
        let entry = c_int::try_from(entry).ok()?;
        // SAFETY: the stream is valid; the function returns null for entries that do not exist. The index
        // only changes through `&mut self`.
        unsafe { ffi::avformat_index_get_entry(self.stream_ptr(stream), entry).as_ref() }
    }

    /// Timestamp of the last keyframe in the index at or before a time; of the next with `is_after`.
    pub fn index_lookup(&self, stream: usize, timestamp: i64, is_after: bool) -> Option<i64> {
        let flags = if is_after { 0 } else { ffi::AVSEEK_FLAG_BACKWARD };
        // SAFETY: the stream is valid; the function returns null when nothing is found.
        let entry = unsafe {
            ffi::avformat_index_get_entry_from_timestamp(self.stream_ptr(stream), timestamp, flags)
                .as_ref()?
        };
        Some(entry.timestamp)
    }

    /// Reads the same bytes from another source from now on, until another deadline.
    pub fn read_from(&mut self, source: Arc<dyn ByteSource>, deadline: Deadline) {
        self.io.read_from(source, deadline);
    }

    /// Whether the source failed at some time, so that what is known of the container may be wrong.
    pub fn has_source_failed(&self) -> bool {
        self.io.has_failed()
    }

    /// The error of the source that made a call fail, if it was that.
    pub fn take_source_error(&mut self) -> Option<io::Error> {
        self.io.take_error()
    }
}

impl Drop for Demuxer {
    fn drop(&mut self) {
        // SAFETY: opened in `open`, closed only here; the IO context is custom, so libav leaves it alone.
        unsafe { ffi::avformat_close_input(&raw mut self.context) };
    }
}

fn open_context(io: &SourceIo) -> Result<*mut ffi::AVFormatContext, AvError> {
    let whitelist = CString::new(CONTAINERS).expect("the list holds no NUL");
    // SAFETY: the context is allocated here and handed to `avformat_open_input`, which frees it when it
    // fails; strings are duplicated into libav's own memory, which the context frees.
    unsafe {
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            return Err(AvError::out_of_memory("avformat_alloc_context"));
        }
        (*context).pb = io.as_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        (*context).interrupt_callback = io.interrupt();
        (*context).io_open = Some(refuse_to_open);
        (*context).format_whitelist = ffi::av_strdup(whitelist.as_ptr());
        (*context).protocol_whitelist = ffi::av_strdup(c"none".as_ptr());
        let code = ffi::avformat_open_input(
            &raw mut context,
            std::ptr::null(),
            std::ptr::null(),
            std::ptr::null_mut(),
        );
        check("avformat_open_input", code).map(|_| context)
    }
}

/// Refuses every further file that a container names.
unsafe extern "C" fn refuse_to_open(
    _context: *mut ffi::AVFormatContext,
    _io: *mut *mut ffi::AVIOContext,
    _url: *const c_char,
    _flags: c_int,
    _options: *mut *mut ffi::AVDictionary,
) -> c_int {
    ffi::AVERROR(ffi::EPERM)
}
