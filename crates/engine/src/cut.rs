//! What is left of a packet when everything that some targets do not need is cut out of it.

use std::ops::Range;

/// A run of bytes of a packet that is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands in the packet.
    Kept(Range<usize>),
    /// Written anew in place of what stood there.
    Written(Vec<u8>),
}

impl Part {
    /// Its bytes; those that are kept must lie within `data`.
    pub fn bytes<'a>(&'a self, data: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Kept(range) => &data[range.clone()],
            Self::Written(bytes) => bytes,
        }
    }

    /// Adds bytes of the packet to its parts.
    pub fn keep(parts: &mut Vec<Self>, range: Range<usize>) {
        match parts.last_mut() {
            Some(Self::Kept(last)) if last.end == range.start => last.end = range.end,
            _ => parts.push(Self::Kept(range)),
        }
    }

    /// Whether these parts are the whole packet of `size_bytes`, as it was.
    pub fn are_whole(parts: &[Self], size_bytes: usize) -> bool {
        matches!(parts, [Self::Kept(range)] if *range == (0..size_bytes))
    }
}
