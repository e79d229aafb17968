//! A first look at the bytes: which boxes an MP4 file has at its top, before libav reads it.
//!
//! It tells a file that was cut off from one that is no video, and a fragmented file (whose header does
//! not tell enough) from a whole one (which need not be probed).
//!
//! Source: ISO/IEC 14496-12, 4.2 and 8.8.1.

use std::io;
use std::slice::from_ref;

use stillframe_domain::ByteSource;

/// Most boxes looked at; a moov after this many top-level boxes is not looked for.
const BOXES_MAX: usize = 4_096;

/// What follows the frames of a file is taken for its index when it is no longer than this: 4 MiB. The
/// index of two hours is about as long.
const TAIL_BYTES_MAX: u64 = 4 << 20;
/// Longest index that is asked for as a whole: 64 MiB.
const INDEX_BYTES_MAX: u64 = 64 << 20;
/// So much of what follows the index is asked for with it, since libav goes on to the header of the frames' box: 1 KiB.
const FOLLOWING_BYTES: u64 = 1 << 10;

/// What the top-level boxes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mp4Shape {
    /// Not of this family.
    Other,
    /// It begins as one, but its index is not there.
    NoIndex,
    /// One index for the whole file.
    Whole,
    /// Fragments with an index each.
    Fragmented,
}

/// Looks at the top-level boxes.
///
/// # Errors
/// When the source cannot be read.
pub fn mp4_shape(source: &dyn ByteSource) -> io::Result<Mp4Shape> {
    let Some(first) = box_at(source, 0)? else { return Ok(Mp4Shape::Other) };
    if ![*b"ftyp", *b"moov", *b"mdat", *b"wide", *b"free", *b"skip", *b"styp"].contains(&first.kind) {
        return Ok(Mp4Shape::Other);
    }
    let Some(moov) = find(source, *b"moov", 0, source.len())? else { return Ok(Mp4Shape::NoIndex) };
    if source.len() < moov.end {
        return Ok(Mp4Shape::NoIndex);
    }
    let read_end = source.len().min(moov.end.saturating_add(FOLLOWING_BYTES));
    source.prefetch(from_ref(&(moov.body..read_end.min(moov.body + INDEX_BYTES_MAX))));
    let mvex = find(source, *b"mvex", moov.body, moov.end)?;
    Ok(if mvex.is_some() { Mp4Shape::Fragmented } else { Mp4Shape::Whole })
}

/// Where a box lies.
pub struct BoxHeader {
    /// Its type.
    pub kind: [u8; 4],
    /// Where it begins.
    pub start: u64,
    /// Where its body begins.
    pub body: u64,
    /// Where it ends.
    pub end: u64,
}

/// The first box of a kind between two places.
///
/// # Errors
/// When the source cannot be read.
pub fn find(source: &dyn ByteSource, kind: [u8; 4], start: u64, end: u64) -> io::Result<Option<BoxHeader>> {
    let mut at = start;
    for _ in 0..BOXES_MAX {
        if end <= at {
            break;
        }
        match box_at(source, at)? {
            Some(found) if found.kind == kind => return Ok(Some(found)),
            Some(other) => {
                if other.kind == *b"mdat" && source.len().saturating_sub(other.end) <= TAIL_BYTES_MAX {
                    source.prefetch(from_ref(&(other.end..source.len())));
                }
                at = other.end;
            }
            None => break,
        }
    }
    Ok(None)
}

/// The box that begins at a place; `None` where none does.
///
/// # Errors
/// When the source cannot be read.
pub fn box_at(source: &dyn ByteSource, at: u64) -> io::Result<Option<BoxHeader>> {
    let mut bytes = [0; 16];
    let mut filled = 0;
    while filled < bytes.len() {
        match source.read_at(at + filled as u64, &mut bytes[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    if filled < 8 {
        return Ok(None);
    }
    let [a, b, c, d, k, i, n, e, long_size @ ..] = bytes;
    let kind = [k, i, n, e];
    let (header, size) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (8, source.len().saturating_sub(at)),
        1 if filled == 16 => (16, u64::from_be_bytes(long_size)),
        size => (8, u64::from(size)),
    };
    let end = at.checked_add(size).filter(|_| header <= size);
    Ok(end.map(|end| BoxHeader { kind, start: at, body: at + header, end }))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(Vec<u8>);

    impl ByteSource for Bytes {
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            let rest = self.0.get(offset as usize..).unwrap_or_default();
            let count = rest.len().min(buf.len());
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

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let size = (8 + body.len()) as u32;
        [&size.to_be_bytes(), &kind[..], body].concat()
    }

    fn shape(bytes: Vec<u8>) -> Mp4Shape {
        mp4_shape(&Bytes(bytes)).expect("readable")
    }

    #[test]
    fn whole_fragmented_and_cut_files_are_told_apart() {
        let head = [boxed(b"ftyp", b"isomxxxx"), boxed(b"mdat", &[7; 40])].concat();
        let moov = boxed(b"moov", &boxed(b"mvhd", &[0; 20]));
        let fragmented = boxed(b"moov", &[boxed(b"mvhd", &[0; 20]), boxed(b"mvex", &[0; 8])].concat());
        assert_eq!(shape([head.clone(), moov.clone()].concat()), Mp4Shape::Whole);
        assert_eq!(shape([head.clone(), fragmented].concat()), Mp4Shape::Fragmented);
        assert_eq!(shape(head.clone()), Mp4Shape::NoIndex);
        assert_eq!(shape([head, moov[..moov.len() - 5].to_vec()].concat()), Mp4Shape::NoIndex);
        assert_eq!(shape(b"just some text that is no video".to_vec()), Mp4Shape::Other);
        assert_eq!(shape(Vec::new()), Mp4Shape::Other);
    }

    #[test]
    fn boxes_that_lie_about_their_size_do_not_trap_it() {
        let mut bytes = boxed(b"ftyp", b"isom");
        bytes.extend([0, 0, 0, 4, b'm', b'o', b'o', b'v', 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(shape(bytes), Mp4Shape::NoIndex);
        let huge = [&[0, 0, 0, 1][..], b"mdat", &u64::MAX.to_be_bytes()].concat();
        assert_eq!(shape([boxed(b"ftyp", b"isom"), huge].concat()), Mp4Shape::NoIndex);
    }
}
