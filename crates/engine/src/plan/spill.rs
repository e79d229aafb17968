//! Packets whose bytes are not kept while they wait, because they can be read again where they lie in a file.
//!
//! Ten seconds of video come to many megabytes, of which a decoder needs one packet at a time. Where a packet
//! is a stretch of a file on a disk, as in MP4 and MOV, its bytes are given up once it is planned and read
//! again when its turn comes.
//!
//! **Invariant:** what is read again is what was planned, byte by byte, or it is an error.

use std::io;
use std::sync::Arc;

use stillframe_domain::ByteSource;

use crate::av::{Codec, Packet};
use crate::error::EngineError;
use crate::media::Media;

/// Bytes of a group that are kept at any rate: 512 KiB, so that single keyframes are read once.
pub const KEPT_BYTES: u64 = 512 * 1024;

/// Reads packets again.
#[derive(Clone)]
pub struct Spill {
    source: Arc<dyn ByteSource>,
}

/// Where the bytes of a packet are, and what they were.
#[derive(Debug, Clone, Copy)]
pub struct Spilled {
    offset: u64,
    size_bytes: usize,
    checksum: u32,
}

impl Spill {
    /// `None` where packets are more than stretches of a file, or their bytes are needed to plan a group.
    pub fn of(media: &Media) -> Option<Self> {
        let is_plain = media.has_whole_index && media.source.file().is_some();
        let is_planned_by_bytes = matches!(media.video.codec, Codec::Hevc | Codec::Av1);
        (is_plain && !is_planned_by_bytes).then(|| Self { source: Arc::clone(&media.source) })
    }

    /// The packet with its bytes.
    ///
    /// # Errors
    /// When the source fails, or the bytes are others than before.
    pub fn restore(&self, packet: &Packet, spilled: Spilled) -> Result<Packet, EngineError> {
        let mut outcome = Ok(());
        let mut fill = |bytes: &mut [u8]| outcome = self.read(spilled, bytes);
        let restored = packet.with_bytes(spilled.size_bytes, &mut fill);
        outcome.map_err(EngineError::Source)?;
        restored.map_err(|error| EngineError::Backend { call: error.call, code: error.code })
    }

    fn read(&self, spilled: Spilled, bytes: &mut [u8]) -> io::Result<()> {
        let mut done = 0;
        while done < bytes.len() {
            match self.source.read_at(spilled.offset + done as u64, &mut bytes[done..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => done += count,
            }
        }
        if crc32fast::hash(bytes) == spilled.checksum {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "the file changed while it was read"))
    }
}

impl Spilled {
    /// Gives up the bytes of a packet; `None` when it is not known where they lie.
    pub fn give_up(packet: &mut Packet) -> Option<Self> {
        let (offset, bytes) = (packet.position()?, packet.data());
        let spilled = Self { offset, size_bytes: bytes.len(), checksum: crc32fast::hash(bytes) };
        packet.drop_data();
        Some(spilled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(Vec<u8>);

    impl ByteSource for Bytes {
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            let rest = self.0.get(offset as usize..).unwrap_or_default();
            // A few at a time, as a source may.
            let count = rest.len().min(buf.len()).min(3);
            buf[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }

        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn validator(&self) -> String {
            String::new()
        }
    }

    fn restored(bytes: &[u8]) -> Result<Vec<u8>, EngineError> {
        let spilled = Spilled { offset: 2, size_bytes: 8, checksum: crc32fast::hash(b"the very") };
        let spill = Spill { source: Arc::new(Bytes(bytes.to_vec())) };
        let mut packet = Packet::new().unwrap();
        packet.set_pts(77);
        let packet = spill.restore(&packet, spilled)?;
        assert_eq!(packet.pts(), Some(77));
        Ok(packet.data().to_vec())
    }

    #[test]
    fn what_is_read_again_is_what_was_there_or_an_error() {
        assert_eq!(restored(b"..the very bytes").unwrap(), b"the very");
        let changed = restored(b"..the vary bytes").unwrap_err();
        assert!(matches!(changed, EngineError::Source(cause) if cause.kind() == io::ErrorKind::InvalidData));
        let cut = restored(b"..the v").unwrap_err();
        assert!(matches!(cut, EngineError::Source(cause) if cause.kind() == io::ErrorKind::UnexpectedEof));
    }
}
