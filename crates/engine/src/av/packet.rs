//! Packets: the coded pieces of a stream, as the demuxer hands them out.

use std::ffi::c_int;
use std::ptr::NonNull;

use ffmpeg_sys_next as ffi;

use super::{AvError, known};
use crate::cut::Part;

/// What Matroska puts beside a packet.
const OPACITY: ffi::AVPacketSideDataType = ffi::AVPacketSideDataType::AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL;
/// The number before it that says that it is opacity, and not the likes of dynamic metadata.
const OPACITY_ID: u64 = 1;

/// One packet; owns its bytes (or a counted reference to them).
pub struct Packet {
    pointer: NonNull<ffi::AVPacket>,
}

// SAFETY: libav ties no packet to the thread that made it, and counts references to its bytes atomically.
unsafe impl Send for Packet {}

impl Packet {
    /// An empty packet to be filled.
    pub fn new() -> Result<Self, AvError> {
        // SAFETY: no precondition.
        let pointer = NonNull::new(unsafe { ffi::av_packet_alloc() });
        pointer.map(|pointer| Self { pointer }).ok_or(AvError::out_of_memory("av_packet_alloc"))
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::AVPacket {
        self.pointer.as_ptr()
    }

    fn raw(&self) -> &ffi::AVPacket {
        // SAFETY: the pointer is valid until `drop`, and libav changes it only through `&mut self`.
        unsafe { self.pointer.as_ref() }
    }

    /// Takes a new reference to the packet at `source`.
    ///
    /// # Safety
    /// `source` must point to a valid packet.
    pub(super) unsafe fn reference(source: *const ffi::AVPacket) -> Result<Self, AvError> {
        let packet = Self::new()?;
        // SAFETY: both packets are valid; the new one is empty.
        super::check("av_packet_ref", unsafe { ffi::av_packet_ref(packet.as_ptr(), source) })?;
        Ok(packet)
    }

    /// A packet of the same times that holds only these parts of the bytes.
    pub fn with_parts(&self, parts: &[Part]) -> Result<Self, AvError> {
        let data = self.data();
        let size: usize = parts.iter().map(|part| part.bytes(data).len()).sum();
        let size = c_int::try_from(size).map_err(|_| AvError::out_of_memory("av_new_packet"))?;
        let packet = Self::new()?;
        // SAFETY: both packets are valid; the new one gets `size` writable bytes, into which parts of that
        // length together are copied.
        unsafe {
            super::check("av_new_packet", ffi::av_new_packet(packet.as_ptr(), size))?;
            super::check("av_packet_copy_props", ffi::av_packet_copy_props(packet.as_ptr(), self.as_ptr()))?;
            let mut to = (*packet.as_ptr()).data;
            for part in parts {
                let part = part.bytes(data);
                std::ptr::copy_nonoverlapping(part.as_ptr(), to, part.len());
                to = to.add(part.len());
            }
        }
        Ok(packet)
    }

    /// A packet of the same times of which `fill` writes the bytes.
    pub fn with_bytes(&self, size: usize, fill: &mut dyn FnMut(&mut [u8])) -> Result<Self, AvError> {
        let too_large = || AvError::out_of_memory("av_new_packet");
        let packet = Self::new()?;
        let length = c_int::try_from(size).map_err(|_| too_large())?;
        // SAFETY: both packets are valid; the new one gets `size` bytes, which are set before they are lent.
        unsafe {
            super::check("av_new_packet", ffi::av_new_packet(packet.as_ptr(), length))?;
            super::check("av_packet_copy_props", ffi::av_packet_copy_props(packet.as_ptr(), self.as_ptr()))?;
            let data = (*packet.as_ptr()).data;
            data.write_bytes(0, size);
            fill(std::slice::from_raw_parts_mut(data, size));
        }
        Ok(packet)
    }

    /// A packet of the same times with these bytes behind its own.
    pub(super) fn with_tail(&self, tail: &[u8]) -> Result<Self, AvError> {
        let data = self.data();
        self.with_bytes(data.len() + tail.len(), &mut |bytes| {
            bytes[..data.len()].copy_from_slice(data);
            bytes[data.len()..].copy_from_slice(tail);
        })
    }

    /// The coded bytes of how opaque the picture is, where they come beside it.
    ///
    /// Source: RFC 9559, 5.1.3.5.2.2 (BlockAddID 1), whose number libav puts in front of them.
    pub(super) fn opacity(&self) -> Option<&[u8]> {
        let mut size = 0;
        // SAFETY: the packet is valid; the size is written into a local, and so many bytes belong to the packet.
        let added = unsafe {
            let data = ffi::av_packet_get_side_data(self.as_ptr(), OPACITY, &raw mut size);
            if data.is_null() { &[] } else { std::slice::from_raw_parts(data, size) }
        };
        added.strip_prefix(&OPACITY_ID.to_be_bytes())
    }

    /// Puts these bytes behind those of [`Self::opacity`].
    pub(super) fn add_to_opacity(&mut self, tail: &[u8]) -> Result<(), AvError> {
        let Some(opacity) = self.opacity() else { return Ok(()) };
        let added = [&OPACITY_ID.to_be_bytes(), opacity, tail].concat();
        // SAFETY: the packet is valid; what takes the place of its side data has room for `added`.
        unsafe {
            let room = ffi::av_packet_new_side_data(self.as_ptr(), OPACITY, added.len());
            if room.is_null() {
                return Err(AvError::out_of_memory("av_packet_new_side_data"));
            }
            std::ptr::copy_nonoverlapping(added.as_ptr(), room, added.len());
        }
        Ok(())
    }

    /// Index of its stream.
    pub fn stream_index(&self) -> usize {
        usize::try_from(self.raw().stream_index).unwrap_or(usize::MAX)
    }

    /// Presentation time in the stream's time base.
    pub fn pts(&self) -> Option<i64> {
        known(self.raw().pts)
    }

    /// Sets a presentation time that the container left out; the decoder hands it on with the frame.
    pub fn set_pts(&mut self, pts: i64) {
        // SAFETY: the packet is valid; the field is a plain number.
        unsafe { self.pointer.as_mut().pts = pts };
    }

    /// Decoding time in the stream's time base.
    pub fn dts(&self) -> Option<i64> {
        known(self.raw().dts)
    }

    /// Duration in the stream's time base; 0 when unknown.
    pub fn duration(&self) -> i64 {
        self.raw().duration.max(0)
    }

    /// Where its first byte lies in the source.
    pub fn position(&self) -> Option<u64> {
        u64::try_from(self.raw().pos).ok()
    }

    /// Whether decoding can start here.
    pub fn is_key(&self) -> bool {
        self.has_flag(ffi::AV_PKT_FLAG_KEY)
    }

    /// Whether an edit list takes it out of the presentation; it may still be needed for others.
    pub fn is_hidden(&self) -> bool {
        self.has_flag(ffi::AV_PKT_FLAG_DISCARD)
    }

    /// Whether the demuxer could not read it whole.
    pub fn is_corrupt(&self) -> bool {
        self.has_flag(ffi::AV_PKT_FLAG_CORRUPT)
    }

    /// Notes that its bytes are not to be trusted.
    pub fn note_corrupt(&mut self) {
        // SAFETY: the packet is valid; the field is a plain number.
        unsafe { self.pointer.as_mut().flags |= ffi::AV_PKT_FLAG_CORRUPT };
    }

    /// Whether its bytes are encrypted.
    pub fn is_encrypted(&self) -> bool {
        let mut size = 0;
        let kind = ffi::AVPacketSideDataType::AV_PKT_DATA_ENCRYPTION_INFO;
        // SAFETY: the packet is valid; the size is written into a local.
        !unsafe { ffi::av_packet_get_side_data(self.as_ptr(), kind, &raw mut size) }.is_null()
    }

    /// The coded bytes.
    pub fn data(&self) -> &[u8] {
        let raw = self.raw();
        let size = usize::try_from(raw.size).unwrap_or(0);
        if raw.data.is_null() || size == 0 {
            return &[];
        }
        // SAFETY: libav guarantees `size` readable bytes at `data` for the packet's life.
        unsafe { std::slice::from_raw_parts(raw.data, size) }
    }

    /// Another reference to the same packet and bytes.
    pub fn share(&self) -> Result<Self, AvError> {
        // SAFETY: this packet is valid.
        unsafe { Self::reference(self.as_ptr()) }
    }

    /// Takes the packet with its bytes; times and flags stay.
    pub fn take(&mut self) -> Result<Self, AvError> {
        let taken = self.share()?;
        self.drop_data();
        Ok(taken)
    }

    /// Gives up the bytes; times and flags stay.
    pub fn drop_data(&mut self) {
        // SAFETY: the packet is valid; its buffer reference is released once and forgotten.
        unsafe {
            let raw = self.pointer.as_mut();
            ffi::av_buffer_unref(&raw mut raw.buf);
            raw.data = std::ptr::null_mut();
            raw.size = 0;
        }
    }

    fn has_flag(&self, flag: c_int) -> bool {
        self.raw().flags & flag != 0
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        let mut pointer = self.pointer.as_ptr();
        // SAFETY: allocated by libav, freed only here.
        unsafe { ffi::av_packet_free(&raw mut pointer) };
    }
}
