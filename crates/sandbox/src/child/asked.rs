//! A video that the parent reads, as a child reads it.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stillframe_domain::ByteSource;

use super::channel::Channel;
use crate::message::{Question, RANGES_MAX, READ_BYTES_MAX, Report, SourceFacts, WINDOW_BYTES};

/// Fewest bytes asked for at a time: parsers of containers read a few bytes here and a few there.
const ASKED_BYTES_MIN: u64 = 4 << 10;
/// Up to so many bytes, little ranges are asked for together: each question wakes both processes, and a worker may
/// have nothing to decode meanwhile.
const GATHERED_BYTES_MAX: u64 = 256 << 10;
/// Pieces of the window that are remembered: all those of one answer at least.
const PIECES_MAX: usize = RANGES_MAX;

/// A video that the parent reads into a window that this process can read.
pub(super) struct AskedSource {
    channel: Arc<Channel>,
    facts: SourceFacts,
    window: File,
    /// Held while a question waits for its answer: by then it may have answered the next one too.
    asking: Mutex<()>,
    known: Mutex<Known>,
}

impl AskedSource {
    pub(super) fn new(channel: Arc<Channel>, facts: SourceFacts, window: File) -> Self {
        Self { channel, facts, window, asking: Mutex::default(), known: Mutex::default() }
    }

    /// Reads what is in the window; nothing when none of it is.
    fn read_known(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let known = lock(&self.known);
        let Some((place, length)) = known.place_of(offset) else { return Ok(0) };
        let count = buf.len().min(length as usize);
        self.window.read_exact_at(&mut buf[..count], place)?;
        Ok(count)
    }
}

impl ByteSource for AskedSource {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if self.facts.size_bytes <= offset || buf.is_empty() {
            return Ok(0);
        }
        let mut count = self.read_known(offset, buf)?;
        if count == 0 {
            let _asking = lock(&self.asking);
            count = self.read_known(offset, buf)?;
            if count == 0 {
                let question = lock(&self.known).question(offset, buf.len());
                let lengths = self.channel.ask(&question)?;
                lock(&self.known).keep(&question, &lengths);
                count = self.read_known(offset, buf)?;
            }
        }
        Ok(count)
    }

    fn len(&self) -> u64 {
        self.facts.size_bytes
    }

    fn validator(&self) -> String {
        self.facts.validator.clone()
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        lock(&self.known).foreseen = ranges.to_vec();
        for some in ranges.chunks(RANGES_MAX) {
            // A parent that is gone is noticed by the next read.
            let _ = self.channel.tell(&Report::Foreseen(some.to_vec()), &[]);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is known of the bytes that will be needed. libav reads in small pieces, of which each would cost a
/// question.
#[derive(Default)]
struct Known {
    /// Ranges that will be read, as the parent was told.
    foreseen: Vec<Range<u64>>,
    /// Bytes that are in the window; the newest last.
    pieces: VecDeque<Piece>,
    /// Where the next answer goes: the window is used round and round.
    next_place: u64,
}

/// Bytes of the video that are in the window.
struct Piece {
    /// Where they are in the video.
    bytes: Range<u64>,
    /// Where they begin in the window.
    place: u64,
}

impl Known {
    /// Where in the window the bytes from `offset` on are, and how many.
    fn place_of(&self, offset: u64) -> Option<(u64, u64)> {
        let piece = self.pieces.iter().rev().find(|piece| piece.bytes.contains(&offset))?;
        Some((piece.place + (offset - piece.bytes.start), piece.bytes.end - offset))
    }

    /// What to ask for when `count` bytes are read at `offset`: just what is foreseen there, however much libav
    /// would have, and with a little of it other little ranges that come after. What the answer will
    /// overwrite is forgotten.
    fn question(&mut self, offset: u64, count: usize) -> Question {
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
            if self.place_of(range.start).is_none() {
                total += length;
                ranges.push(range.clone());
            }
        }
        let place = if WINDOW_BYTES - self.next_place < total { 0 } else { self.next_place };
        let is_elsewhere = |piece: &Piece| {
            let end = piece.place + (piece.bytes.end - piece.bytes.start);
            end <= place || place + total <= piece.place
        };
        self.pieces.retain(is_elsewhere);
        Question { ranges, place }
    }

    /// Notes what was answered: so many bytes of each range, one after another in the window.
    fn keep(&mut self, question: &Question, lengths: &[u32]) {
        let mut place = question.place;
        for (range, &length) in question.ranges.iter().zip(lengths) {
            let bytes = range.start..range.start + u64::from(length);
            self.pieces.push_back(Piece { bytes, place });
            place += u64::from(length);
        }
        self.next_place = place;
        let excess = self.pieces.len().saturating_sub(PIECES_MAX);
        self.pieces.drain(..excess);
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
        let window = tempfile::tempfile().unwrap();
        let written = window.try_clone().unwrap();
        let parent = thread::spawn(move || {
            let mut questions = Vec::new();
            while let Ok(Received { message, .. }) = receive(&socket, &mut || None) {
                if let Report::Read(Question { ranges, place }) = message {
                    let bytes = |range: &Range<u64>| (range.start..range.end.min(SIZE_BYTES)).map(byte_at);
                    let lengths = ranges.iter().map(|range| bytes(range).count() as u32).collect();
                    let all: Vec<u8> = ranges.iter().flat_map(bytes).collect();
                    assert!(place + all.len() as u64 <= WINDOW_BYTES, "{} bytes at {place}", all.len());
                    written.write_all_at(&all, place).unwrap();
                    send(&socket, &Order::Bytes(lengths), &[], None).unwrap();
                    questions.push(ranges);
                }
            }
            questions
        });
        let facts =
            SourceFacts { size_bytes: SIZE_BYTES, validator: String::new(), version: None, is_file: false };
        let source = AskedSource::new(Arc::new(Channel::new(of_child)), facts, window);
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
        let reads: Vec<_> = (0..600).chain([599, 0]).map(|k| (k * 8_192, 16)).collect();
        assert_eq!(questions(&[], &reads).len(), 601);
    }

    #[test]
    fn the_first_of_very_many_little_ranges_is_kept() {
        let little: Vec<_> = (1..=2_000).map(|k| k * 2_000..k * 2_000 + 100).collect();
        let reads: Vec<_> = little.iter().map(|range| (range.start, 100)).collect();
        let asked = questions(&little, &reads);
        assert!(asked.len() < 20, "{} questions", asked.len());
    }
}
