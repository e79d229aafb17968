//! A video that the parent reads, as a child reads it.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use stillframe_domain::ByteSource;

use super::channel::Channel;
use crate::message::{RANGES_MAX, READ_BYTES_MAX, Report, SourceFacts};

/// Fewest bytes asked for at a time: parsers of containers read a few bytes here and a few there.
const ASKED_BYTES_MIN: u64 = 4 << 10;
/// Up to so many bytes, little ranges are asked for together: each question wakes both processes, and a worker may
/// have nothing to decode meanwhile.
const GATHERED_BYTES_MAX: u64 = 256 << 10;
/// Bytes that are kept; the largest answer is among them.
const KEPT_BYTES_MAX: usize = 2 << 20;
/// Pieces that are kept.
const KEPT_PIECES_MAX: usize = 256;

/// A video that the parent reads.
pub(super) struct AskedSource {
    channel: Arc<Channel>,
    facts: SourceFacts,
    ahead: Mutex<Ahead>,
}

/// What is known of the bytes that will be needed. libav reads in small pieces, of which each would cost a
/// question.
#[derive(Default)]
struct Ahead {
    /// Ranges that will be read, as the parent was told.
    foreseen: Vec<Range<u64>>,
    /// Bytes that were asked for, and where they begin; the newest last.
    pieces: VecDeque<(u64, Vec<u8>)>,
}

impl Ahead {
    /// What is there from `offset` on.
    fn bytes_from(&self, offset: u64) -> &[u8] {
        let from = |(start, bytes): &'_ (u64, Vec<u8>)| {
            let skipped = usize::try_from(offset.checked_sub(*start)?).ok()?;
            (skipped < bytes.len()).then_some(skipped)
        };
        let found = self.pieces.iter().rev().find_map(|piece| Some(&piece.1[from(piece)?..]));
        found.unwrap_or_default()
    }

    /// What to ask for when `count` bytes are read at `offset`: just what is foreseen there, however much libav
    /// would have, and with a little of it other little ranges that come after.
    fn question(&self, offset: u64, count: usize) -> Vec<Range<u64>> {
        let foreseen_here =
            self.foreseen.iter().filter(|range| range.contains(&offset)).map(|range| range.end - offset);
        let foreseen_here = foreseen_here.max().filter(|&bytes| ASKED_BYTES_MIN <= bytes);
        let needed = foreseen_here.unwrap_or(count as u64).max(ASKED_BYTES_MIN);
        let mut total = needed.min(READ_BYTES_MAX);
        let first = offset..offset.saturating_add(total);
        let mut after: Vec<_> = self.foreseen.iter().filter(|range| first.end <= range.start).collect();
        let mut ranges = vec![first.clone()];
        after.sort_by_key(|range| range.start);
        for range in after {
            let length = range.end - range.start;
            if GATHERED_BYTES_MAX < total + length || ranges.len() == RANGES_MAX {
                break;
            }
            if self.bytes_from(range.start).is_empty() {
                total += length;
                ranges.push(range.clone());
            }
        }
        ranges
    }

    fn keep(&mut self, ranges: &[Range<u64>], bytes: Vec<Vec<u8>>) {
        self.pieces.extend(ranges.iter().map(|range| range.start).zip(bytes));
        let mut total: usize = self.pieces.iter().map(|(_, bytes)| bytes.len()).sum();
        while KEPT_BYTES_MAX < total || KEPT_PIECES_MAX < self.pieces.len() {
            total -= self.pieces.pop_front().map_or(0, |(_, bytes)| bytes.len());
        }
    }
}

impl AskedSource {
    pub(super) fn new(channel: Arc<Channel>, facts: SourceFacts) -> Self {
        Self { channel, facts, ahead: Mutex::default() }
    }
}

impl ByteSource for AskedSource {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if self.facts.size_bytes <= offset {
            return Ok(0);
        }
        if ahead.bytes_from(offset).is_empty() && !buf.is_empty() {
            let ranges = ahead.question(offset, buf.len());
            let bytes = self.channel.ask(&ranges)?;
            ahead.keep(&ranges, bytes);
        }
        let bytes = ahead.bytes_from(offset);
        let count = bytes.len().min(buf.len());
        buf[..count].copy_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn len(&self) -> u64 {
        self.facts.size_bytes
    }

    fn validator(&self) -> String {
        self.facts.validator.clone()
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner).foreseen = ranges.to_vec();
        for some in ranges.chunks(RANGES_MAX) {
            // A parent that is gone is noticed by the next read.
            let _ = self.channel.tell(&Report::Foreseen(some.to_vec()), &[]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;
    use crate::message::Order;
    use crate::wire::{Received, receive, send};

    const SIZE_BYTES: u64 = 5 << 20;

    /// The byte at a place of the video.
    fn byte_at(offset: u64) -> u8 {
        (offset % 251) as u8
    }

    /// Reads at some places of a video after some ranges were foreseen; gives what the parent was asked.
    fn questions(foreseen: &[Range<u64>], reads: &[(u64, usize)]) -> Vec<Vec<Range<u64>>> {
        let (socket, of_child) = UnixStream::pair().unwrap();
        let parent = thread::spawn(move || {
            let mut questions = Vec::new();
            while let Ok(Received { message, .. }) = receive(&socket, &mut || None) {
                if let Report::Read(ranges) = message {
                    let bytes = |range: &Range<u64>| (range.start..range.end.min(SIZE_BYTES)).map(byte_at);
                    let lengths = ranges.iter().map(|range| bytes(range).count() as u32).collect();
                    let bulk: Vec<u8> = ranges.iter().flat_map(bytes).collect();
                    send(&socket, &Order::Bytes(lengths), &bulk, None).unwrap();
                    questions.push(ranges);
                }
            }
            questions
        });
        let facts =
            SourceFacts { size_bytes: SIZE_BYTES, validator: String::new(), version: None, is_file: false };
        let source = AskedSource::new(Arc::new(Channel::new(of_child)), facts);
        source.prefetch(foreseen);
        for &(offset, count) in reads {
            let mut bytes = vec![0; count];
            let got = source.read_at(offset, &mut bytes).unwrap();
            assert_eq!(got == 0, SIZE_BYTES <= offset, "{offset}");
            let is_right = bytes[..got].iter().zip(offset..).all(|(&byte, place)| byte == byte_at(place));
            assert!(is_right, "{got} bytes at {offset}");
        }
        drop(source);
        parent.join().unwrap()
    }

    #[test]
    fn little_ranges_that_are_foreseen_come_with_one_question() {
        let little: Vec<_> = (1..=20).map(|k| k * 100_000..k * 100_000 + 30_000).collect();
        let reads: Vec<_> = little.iter().map(|range| (range.start, 65_536)).collect();
        let asked = questions(&little, &reads);
        let (first, rest) = little.split_at(8);
        assert_eq!(asked, [first, &rest[..8], &rest[8..]]);
    }

    #[test]
    fn a_large_range_comes_by_the_mebibyte_and_alone() {
        let mebibyte = 1_u64 << 20;
        let reads: Vec<_> = (0..32).map(|k| (k * 65_536, 65_536)).collect();
        let asked = questions(&[0..2 * mebibyte, 3 * mebibyte..3 * mebibyte + 10], &reads);
        let wanted = [0..mebibyte, mebibyte..2 * mebibyte].map(|range| vec![range]);
        assert_eq!(asked, wanted);
    }

    #[test]
    fn what_is_read_again_or_nearby_is_not_asked_for_again() {
        let asked = questions(&[], &[(0, 16), (32, 16), (9_000, 8), (40, 8), (9_100, 8), (SIZE_BYTES, 8)]);
        assert_eq!(asked, [0..4_096, 9_000..13_096].map(|range| vec![range]));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let reads: Vec<_> = (0..4).chain(0..4).map(|k| (k << 20, 1 << 20)).collect();
        assert_eq!(questions(&[], &reads).len(), 8);
        let reads: Vec<_> = (0..300).chain([299, 0]).map(|k| (k * 8_192, 16)).collect();
        assert_eq!(questions(&[], &reads).len(), 301);
    }
}
