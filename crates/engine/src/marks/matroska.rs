//! Clusters of Matroska streams that were written live, without cues.
//!
//! Source: RFC 8794 (EBML), RFC 9559 (Matroska), 5.1.3.

use super::{Look, Mark};

const SEGMENT: [u8; 4] = [0x18, 0x53, 0x80, 0x67];
pub(super) const CLUSTER: [u8; 4] = [0x1F, 0x43, 0xB6, 0x75];
pub(super) const CRC: u8 = 0xBF;
const TIMESTAMP: u8 = 0xE7;
/// Identifier, size, checksum, timestamp.
const HEAD_BYTES: usize = 4 + 8 + 6 + 10;

/// How long a segment says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// It ends here.
    Until(u64),
    /// It was not written to its end when it was begun.
    Unknown,
}

/// Where the first element of the segment begins, from the first bytes of a file.
pub(super) fn segment_body(head: &[u8]) -> Option<u64> {
    let size_at = head.windows(4).position(|word| word == SEGMENT)? + 4;
    Some((size_at + number(&head[size_at..])?.length) as u64)
}

/// Where the segment ends, from the first bytes of a file; `None` when there is none.
pub(super) fn length(head: &[u8]) -> Option<Length> {
    let body = head.windows(4).position(|word| word == SEGMENT)? + 4;
    let size = number(&head[body..])?;
    let end = |value| (body + size.length) as u64 + value;
    Some(size.value.map_or(Length::Unknown, |value| Length::Until(end(value))))
}

/// The first cluster.
pub(super) fn look(bytes: &[u8]) -> Look {
    let last = bytes.len().saturating_sub(HEAD_BYTES);
    for at in 0..last {
        if bytes[at] == CLUSTER[0]
            && bytes[at..].starts_with(&CLUSTER)
            && let Some(time) = timestamp(&bytes[at + 4..])
        {
            return Look::Mark(Mark { position: at as u64, time });
        }
    }
    Look::Nothing(last)
}

/// The timestamp with which a cluster begins, maybe after a checksum.
fn timestamp(body: &[u8]) -> Option<i64> {
    let mut rest = &body[number(body)?.length..];
    if rest.first() == Some(&CRC) && rest.get(1) == Some(&0x84) {
        rest = rest.get(6..)?;
    }
    let rest = rest.strip_prefix(&[TIMESTAMP])?;
    let size = number(rest)?;
    let count = usize::try_from(size.value?).ok().filter(|count| (1..=8).contains(count))?;
    let digits = rest.get(size.length..size.length + count)?;
    i64::try_from(digits.iter().fold(0_u64, |value, &byte| value << 8 | u64::from(byte))).ok()
}

pub(super) struct Number {
    pub(super) length: usize,
    /// `None` when all bits are set, which means unknown.
    pub(super) value: Option<u64>,
}

pub(super) fn number(bytes: &[u8]) -> Option<Number> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let digits = bytes.get(..length).filter(|_| length <= 8)?;
    let whole = digits.iter().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
    let mask = (1_u64 << (7 * length)) - 1;
    Some(Number { length, value: Some(whole & mask).filter(|&value| value != mask) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_told_from_bytes_that_look_like_them() {
        let mut bytes = [0x55; 20].to_vec();
        bytes.extend(CLUSTER);
        bytes.extend([0x80, 0x11, 0x22]);
        let place = bytes.len() as u64;
        bytes.extend(CLUSTER);
        bytes.extend([0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, CRC, 0x84, 1, 2, 3, 4]);
        bytes.extend([TIMESTAMP, 0x82, 0x12, 0x34]);
        bytes.extend([0; 40]);
        let Look::Mark(mark) = look(&bytes) else { panic!("a mark") };
        assert_eq!((mark.position, mark.time), (place, 0x1234));
        assert!(matches!(look(&[0; 100]), Look::Nothing(72)));
    }

    #[test]
    fn a_segment_tells_where_it_ends_unless_it_was_written_live() {
        let unknown = [&[0x1A, 0x45][..], &SEGMENT, &[0x01, 255, 255, 255, 255, 255, 255, 255]].concat();
        let known = [&SEGMENT[..], &[0x01, 0, 0, 0, 0, 9, 255, 255]].concat();
        assert_eq!(length(&unknown), Some(Length::Unknown));
        assert_eq!(length(&known), Some(Length::Until(12 + 0x9_FFFF)));
        assert_eq!(length(&[]), None);
    }
}
