//! The bytes that are here or on their way.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::waiting::without;

/// What the cache knows of an offset.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// So many bytes were copied.
    Read(usize),
    /// They are on their way.
    Coming,
    /// Nobody asked for them yet.
    Missing,
}

/// Pieces of the source by where they begin; disjoint.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    pieces: BTreeMap<u64, Piece>,
    /// Counts uses, so that the piece that was not used for longest is known.
    clock: u64,
}

#[derive(Debug)]
struct Piece {
    end: u64,
    /// What has come, from the piece's beginning on.
    bytes: Vec<u8>,
    is_coming: bool,
    /// Up to where it was read.
    read_to: u64,
    used_at: u64,
}

impl Cache {
    /// Copies what is here at an offset.
    pub(crate) fn read(&mut self, offset: u64, buf: &mut [u8]) -> Found {
        self.clock += 1;
        let Some((&start, piece)) = self.pieces.range_mut(..=offset).next_back() else {
            return Found::Missing;
        };
        if piece.end <= offset {
            return Found::Missing;
        }
        let here = &piece.bytes[piece.bytes.len().min((offset - start) as usize)..];
        if here.is_empty() {
            return Found::Coming;
        }
        let count = here.len().min(buf.len());
        buf[..count].copy_from_slice(&here[..count]);
        piece.used_at = self.clock;
        piece.read_to = piece.read_to.max(offset + count as u64);
        Found::Read(count)
    }

    /// Adds a piece that is on its way; it must not touch another one's bytes.
    pub(crate) fn begin(&mut self, range: Range<u64>) {
        self.clock += 1;
        let Range { start, end } = range;
        let piece = Piece { end, bytes: Vec::new(), is_coming: true, read_to: start, used_at: self.clock };
        self.pieces.insert(start, piece);
    }

    /// Adds bytes to the piece that begins at `start`; what does not fit is left out.
    pub(crate) fn fill(&mut self, start: u64, bytes: &[u8]) {
        if let Some(piece) = self.pieces.get_mut(&start) {
            let room = (piece.end - start) as usize - piece.bytes.len();
            if piece.bytes.is_empty() {
                piece.bytes.reserve_exact(room.min(1 << 20));
            }
            piece.bytes.extend_from_slice(&bytes[..room.min(bytes.len())]);
        }
    }

    /// Nothing more comes for the piece that begins at `start`; it ends with what is here.
    pub(crate) fn settle(&mut self, start: u64) {
        if let Some(piece) = self.pieces.get_mut(&start) {
            piece.is_coming = false;
            piece.end = start + piece.bytes.len() as u64;
            if piece.bytes.is_empty() {
                self.pieces.remove(&start);
            }
        }
    }

    /// Where the next piece after an offset begins.
    pub(crate) fn next_start(&self, offset: u64) -> Option<u64> {
        self.pieces.range(offset.saturating_add(1)..).next().map(|(&start, _)| start)
    }

    /// The parts of a range that no piece holds.
    pub(crate) fn missing(&self, range: Range<u64>) -> Vec<Range<u64>> {
        without(range, self.pieces.iter().map(|(&start, piece)| start..piece.end))
    }

    /// Drops pieces, those that were not used for longest first, until `needed` more bytes fit into `most`;
    /// ones that were not read to their end only with `may_drop_unread`. False when they do not fit.
    pub(crate) fn make_room(&mut self, needed: u64, most: u64, may_drop_unread: bool) -> bool {
        let mut held: u64 = self.pieces.iter().map(|(&start, piece)| piece.end - start).sum();
        while most < held.saturating_add(needed) {
            let can_go = |piece: &Piece| !piece.is_coming && (may_drop_unread || piece.end <= piece.read_to);
            let gone = self.pieces.iter().filter(|(_, piece)| can_go(piece));
            let Some(start) = gone.min_by_key(|(_, piece)| piece.used_at).map(|(&start, _)| start) else {
                return false;
            };
            if let Some(piece) = self.pieces.remove(&start) {
                held -= piece.end - start;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cache: &mut Cache, offset: u64, count: usize) -> (Found, Vec<u8>) {
        let mut buf = vec![0; count];
        let found = cache.read(offset, &mut buf);
        (found, buf)
    }

    #[test]
    fn bytes_can_be_read_as_they_come() {
        let mut cache = Cache::default();
        cache.begin(10..16);
        assert_eq!(read(&mut cache, 10, 4).0, Found::Coming);
        assert_eq!(read(&mut cache, 9, 4).0, Found::Missing);
        cache.fill(10, b"abc");
        assert_eq!(read(&mut cache, 11, 9), (Found::Read(2), b"bc\0\0\0\0\0\0\0".to_vec()));
        assert_eq!(read(&mut cache, 13, 4).0, Found::Coming);
        cache.fill(10, b"defTOO MUCH");
        assert_eq!(read(&mut cache, 12, 9).0, Found::Read(4));
        assert_eq!(read(&mut cache, 16, 1).0, Found::Missing);
    }

    #[test]
    fn a_piece_that_broke_off_ends_where_its_bytes_end() {
        let mut cache = Cache::default();
        cache.begin(0..8);
        cache.begin(8..16);
        cache.fill(0, b"abc");
        cache.settle(0);
        cache.settle(8);
        assert_eq!(read(&mut cache, 2, 4).0, Found::Read(1));
        assert_eq!(read(&mut cache, 3, 4).0, Found::Missing);
        assert_eq!(cache.missing(0..16), vec![3..16]);
    }

    #[test]
    fn room_is_made_of_what_was_read_before_what_was_not() {
        let mut cache = Cache::default();
        for start in [0, 4, 8] {
            cache.begin(start..start + 4);
            cache.fill(start, b"abcd");
            cache.settle(start);
        }
        cache.begin(12..16);
        read(&mut cache, 8, 4);
        assert!(cache.make_room(4, 16, false));
        assert_eq!(cache.missing(0..16), vec![8..12], "the only one that was read");
        assert!(!cache.make_room(8, 16, false));
        assert!(cache.make_room(4, 12, true));
        assert_eq!(cache.missing(0..16), vec![0..4, 8..12]);
        assert!(!cache.make_room(4, 7, true), "what comes stays");
    }
}
