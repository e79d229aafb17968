//! Finds its way in containers without an index, by a few small looks at the bytes.
//!
//! A transport stream, a Flash video or a Matroska stream that was written live does not tell where a time
//! lies. On a disk libav reads its way; from afar that costs a request for each guess, or all bytes up to
//! the time. Here the raw bytes are looked at: a **mark** is a place at which a demuxer can go on, with what
//! is decoded there. Marks are guessed at by the mean bitrate between those that are known, and kept.
//!
//! ```text
//! bisect.rs    Track: the nearest known mark before a time, with at most PROBES_MAX looks
//! mpegts.rs    packets with the start of a video frame
//! flv.rs       tags
//! matroska.rs  clusters
//! checksums.rs whether their bytes are those that were written
//! ```
//!
//! **Invariant:** no mark is believed. Whoever goes to one looks at the times of the packets that follow
//! (`plan/cursor.rs`); a wrong mark costs bytes, never a wrong picture.

mod bisect;
mod checksums;
mod flv;
mod matroska;
mod mpegts;

pub use bisect::Track;
pub use checksums::Clusters;
use matroska::Length;

use std::io;

use stillframe_domain::ByteSource;

use crate::av::Stream;

/// Bytes of one look.
const LOOK_BYTES: u64 = 32 << 10;
/// In so many first bytes the segment of a Matroska file begins.
const MATROSKA_HEAD_BYTES: u64 = 1 << 10;
/// Most bytes that are looked through for one mark: 8 MiB.
const SCAN_BYTES_MAX: u64 = 8 << 20;

/// A place at which a demuxer can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Where it is.
    pub position: u64,
    /// When what follows is decoded, in the stream's units.
    pub time: i64,
}

/// What marks look like in one container.
#[derive(Debug, Clone, Copy)]
enum Kind {
    MpegTs(mpegts::Layout),
    Flv,
    Matroska,
}

/// What a look at some bytes found.
enum Look {
    /// A mark; its position counts from the bytes' beginning.
    Mark(Mark),
    /// Nothing in so many bytes; more are needed from there on.
    Nothing(usize),
}

impl Kind {
    fn of(container: &str, source: &dyn ByteSource, video: &Stream) -> io::Result<Option<Self>> {
        Ok(match container {
            "mpegts" => mpegts::Layout::of(&read(source, 0, LOOK_BYTES)?, video).map(Self::MpegTs),
            "flv" => Some(Self::Flv),
            "matroska,webm" if length(source)? == Some(Length::Unknown) => Some(Self::Matroska),
            _ => None,
        })
    }

    /// The first mark in bytes that begin at `from`.
    fn look(self, bytes: &[u8], from: u64) -> Look {
        match self {
            Self::MpegTs(layout) => layout.look(bytes, from),
            Self::Flv => flv::look(bytes),
            Self::Matroska => matroska::look(bytes),
        }
    }

    /// The first mark at or after `from` and before `until`.
    fn find(self, source: &dyn ByteSource, from: u64, until: u64) -> io::Result<Option<Mark>> {
        let mut start = from;
        let mut bytes = Vec::new();
        while start < until && start - from < SCAN_BYTES_MAX {
            let more = read(source, start + bytes.len() as u64, LOOK_BYTES)?;
            if more.is_empty() {
                break;
            }
            bytes.extend_from_slice(&more);
            match self.look(&bytes, start) {
                Look::Mark(mark) => {
                    let position = start + mark.position;
                    return Ok((position < until).then_some(Mark { position, ..mark }));
                }
                Look::Nothing(passed) => {
                    bytes.drain(..passed.min(bytes.len()));
                    start += passed as u64;
                }
            }
        }
        Ok(None)
    }
}

/// Whether a Matroska file ends where its header says, so that its word on the duration can be taken.
///
/// # Errors
/// When the source cannot be read.
pub fn is_whole_matroska(source: &dyn ByteSource) -> io::Result<bool> {
    Ok(length(source)? == Some(Length::Until(source.len())))
}

fn length(source: &dyn ByteSource) -> io::Result<Option<Length>> {
    Ok(matroska::length(&read(source, 0, MATROSKA_HEAD_BYTES)?))
}

/// Up to `count` bytes, asked for exactly.
fn read(source: &dyn ByteSource, from: u64, count: u64) -> io::Result<Vec<u8>> {
    let end = source.len().min(from.saturating_add(count));
    if end <= from {
        return Ok(Vec::new());
    }
    source.prefetch(std::slice::from_ref(&(from..end)));
    let mut bytes = vec![0; (end - from) as usize];
    let mut filled = 0;
    while filled < bytes.len() {
        match source.read_at(from + filled as u64, &mut bytes[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
