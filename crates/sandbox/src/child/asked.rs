//! A video that the parent reads, as a child reads it.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::iter;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stillframe_domain::ByteSource;

use super::channel::Channel;
use crate::message::{Question, RANGES_MAX, READ_BYTES_MAX, Report, SourceFacts, WINDOW_BYTES};

/// Fewest bytes asked for at a time: parsers of containers read a few bytes here and a few there.
const ASKED_BYTES_MIN: u64 = 4 << 10;
/// Most bytes asked for when some are needed: only when all are in the window can the first be read.
const ASKED_BYTES_MAX: u64 = 256 << 10;
/// Most bytes asked for ahead, of one range or of several: each question wakes both processes.
const AHEAD_BYTES_MAX: u64 = READ_BYTES_MAX;
/// Pieces of the window that are remembered: all those of one answer at least.
const PIECES_MAX: usize = RANGES_MAX;

/// A video that the parent reads into a window, where this process can read it. While it decodes what came, the
/// parent reads what is foreseen next.
pub(super) struct AskedSource {
    channel: Arc<Channel>,
    facts: SourceFacts,
    window: File,
    /// The question whose answer was not looked at yet.
    asked: Mutex<Option<Question>>,
    known: Mutex<Known>,
}

impl AskedSource {
    pub(super) fn new(channel: Arc<Channel>, facts: SourceFacts, window: File) -> Self {
        Self { channel, facts, window, asked: Mutex::default(), known: Mutex::default() }
    }

    /// Reads what is in the window: 0 bytes when nothing is.
    fn read_known(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let known = lock(&self.known);
        let Some((place, length)) = known.place_of(offset) else { return Ok(0) };
        let count = buf.len().min(length as usize);
        self.window.read_exact_at(&mut buf[..count], place)?;
        Ok(count)
    }

    /// Reads what the parent has read ahead, or else reads when it is asked to: 0 bytes when there are none.
    fn read_answer(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let mut asked = lock(&self.asked);
        if let Some(ahead) = asked.take() {
            // What cannot be read ahead is asked for again when it is needed.
            let lengths = self.channel.answer_to(&ahead).unwrap_or_default();
            lock(&self.known).keep(&ahead, &lengths);
        }
        if lock(&self.known).place_of(offset).is_none() {
            let needed = lock(&self.known).question(offset, buf.len());
            self.channel.ask(&needed)?;
            let lengths = self.channel.answer_to(&needed)?;
            lock(&self.known).keep(&needed, &lengths);
        }
        self.ask_ahead(&mut asked)?;
        // As long as nobody else asks, nothing overwrites it.
        self.read_known(offset, buf)
    }

    fn ask_ahead(&self, asked: &mut Option<Question>) -> io::Result<()> {
        if asked.is_some() {
            return Ok(());
        }
        *asked = lock(&self.known).question_ahead();
        asked.as_ref().map_or(Ok(()), |question| self.channel.ask(question))
    }
}

impl ByteSource for AskedSource {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if self.facts.size_bytes <= offset || buf.is_empty() {
            return Ok(0);
        }
        match self.read_known(offset, buf)? {
            0 => self.read_answer(offset, buf),
            count => Ok(count),
        }
    }

    fn len(&self) -> u64 {
        self.facts.size_bytes
    }

    fn validator(&self) -> String {
        self.facts.validator.clone()
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        for some in ranges.chunks(RANGES_MAX) {
            // A parent that is gone is noticed by the next read.
            let _ = self.channel.tell(&Report::Foreseen(some.to_vec()), &[]);
        }
        let mut asked = lock(&self.asked);
        lock(&self.known).foresee(ranges, self.facts.size_bytes);
        let _ = self.ask_ahead(&mut asked);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is known of the bytes that will be needed. libav reads in small pieces, of which each would cost a
/// question.
#[derive(Default)]
struct Known {
    /// Ranges that will be read, by where they begin.
    foreseen: Vec<Range<u64>>,
    /// What lies before it in the video was asked for, or is not needed soon.
    ahead_from: u64,
    /// How many bytes may be asked for ahead next.
    ahead_bytes_max: u64,
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

    fn foresee(&mut self, ranges: &[Range<u64>], size_bytes: u64) {
        self.foreseen = ranges.iter().map(|range| range.start..range.end.min(size_bytes)).collect();
        self.foreseen.sort_by_key(|range| range.start);
        self.ahead_from = 0;
        // Until the first come, there is nothing to decode.
        self.ahead_bytes_max = ASKED_BYTES_MAX;
    }

    /// What to ask for when `count` bytes are read at `offset`: just what is foreseen there, however much libav
    /// would have.
    fn question(&mut self, offset: u64, count: usize) -> Question {
        let foreseen_here =
            self.foreseen.iter().filter(|range| range.contains(&offset)).map(|range| range.end - offset);
        let foreseen_here = foreseen_here.max().filter(|&bytes| ASKED_BYTES_MIN <= bytes);
        let length = foreseen_here.unwrap_or(count as u64).clamp(ASKED_BYTES_MIN, ASKED_BYTES_MAX);
        self.placed(iter::once(offset..offset.saturating_add(length)).collect())
    }

    /// What to ask for before it is needed: the next foreseen ranges that are not here. Of one that is too long for any
    /// question as much comes along as may be; the others come whole.
    fn question_ahead(&mut self) -> Option<Question> {
        let (mut ranges, mut left, mut from) = (Vec::new(), self.ahead_bytes_max, self.ahead_from);
        for range in &self.foreseen {
            let mut start = range.start.max(from);
            while let Some((_, length)) = self.place_of(start) {
                start += length;
            }
            let end = range.end.min(start.saturating_add(left));
            let is_whole_later = range.end.saturating_sub(start) <= AHEAD_BYTES_MAX;
            if end < range.end && is_whole_later && !ranges.is_empty() || ranges.len() == RANGES_MAX {
                break;
            }
            if start < end {
                left -= end - start;
                from = end;
                ranges.push(start..end);
            }
        }
        self.ahead_bytes_max = AHEAD_BYTES_MAX;
        (!ranges.is_empty()).then(|| self.placed(ranges))
    }

    /// Finds a place for an answer; what it will overwrite is forgotten.
    fn placed(&mut self, ranges: Vec<Range<u64>>) -> Question {
        let total: u64 = ranges.iter().map(|range| range.end - range.start).sum();
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
        self.ahead_from = question.ranges.first().map_or(0, |range| range.end);
        self.next_place = question.place;
        for (range, length) in question.ranges.iter().zip(lengths.iter().copied().map(u64::from)) {
            let bytes = range.start..range.start + length;
            self.ahead_from = if length == 0 { range.end } else { bytes.end };
            self.pieces.push_back(Piece { bytes, place: self.next_place });
            self.next_place += length;
        }
        let excess = self.pieces.len().saturating_sub(PIECES_MAX);
        self.pieces.drain(..excess);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::thread;

    use stillframe_domain::{ErrorCode, Failure};

    use super::*;
    use crate::message::Order;
    use crate::wire::{Received, receive, send};

    const SIZE_BYTES: u64 = 5 << 20;

    /// The byte at a place of the video.
    fn byte_at(offset: u64) -> u8 {
        (offset % 251) as u8
    }

    fn questions(foreseen: &[Range<u64>], reads: &[(u64, usize)]) -> Vec<Vec<Range<u64>>> {
        questions_when(&|_| false, &[foreseen], reads)
    }

    /// Reads at some places of a video after some ranges were foreseen; gives what the parent was asked, which cannot
    /// read what some questions ask.
    fn questions_when(
        is_unreadable: &(dyn Fn(usize) -> bool + Sync),
        foreseen: &[&[Range<u64>]],
        reads: &[(u64, usize)],
    ) -> Vec<Vec<Range<u64>>> {
        let (socket, of_child) = UnixStream::pair().unwrap();
        let window = tempfile::tempfile().unwrap();
        let written = window.try_clone().unwrap();
        let answer_all = move || {
            let mut questions = Vec::new();
            while let Ok(Received { message, .. }) = receive(&socket, &mut || None) {
                let Report::Read(Question { ranges, place }) = message else { continue };
                let bytes = |range: &Range<u64>| (range.start..range.end.min(SIZE_BYTES)).map(byte_at);
                let lengths = ranges.iter().map(|range| bytes(range).count() as u32).collect();
                let all: Vec<u8> = ranges.iter().flat_map(bytes).collect();
                assert!(place + all.len() as u64 <= WINDOW_BYTES, "{} bytes at {place}", all.len());
                written.write_all_at(&all, place).unwrap();
                let answer = if is_unreadable(questions.len()) {
                    Order::Unreadable(Failure::new(ErrorCode::SourceUnreadable, "gone"))
                } else {
                    Order::Bytes(lengths)
                };
                questions.push(ranges);
                // Nobody may wait for the answer any more.
                let _ = send(&socket, &answer, &[], None);
            }
            questions
        };
        let facts =
            SourceFacts { size_bytes: SIZE_BYTES, validator: String::new(), version: None, is_file: false };
        let source = AskedSource::new(Arc::new(Channel::new(of_child)), facts, window);
        thread::scope(|scope| {
            let parent = scope.spawn(answer_all);
            foreseen.iter().for_each(|ranges| source.prefetch(ranges));
            for &(offset, count) in reads {
                let mut bytes = vec![0; count];
                let got = source.read_at(offset, &mut bytes).unwrap();
                assert_eq!(got == 0, SIZE_BYTES <= offset, "{offset}");
                let is_right = bytes[..got].iter().zip(offset..).all(|(&byte, place)| byte == byte_at(place));
                assert!(is_right, "{got} bytes at {offset}");
            }
            drop(source);
            parent.join().unwrap()
        })
    }

    #[test]
    fn little_ranges_that_are_foreseen_come_with_one_question() {
        let mut little: Vec<_> = (1..=40).map(|k| k * 100_000..k * 100_000 + 30_000).collect();
        let reads: Vec<_> = little.iter().map(|range| (range.start, 65_536)).collect();
        // What is foreseen twice comes once.
        little.insert(3, little[3].clone());
        let asked = questions(&little, &reads);
        little.remove(3);
        assert_eq!(asked, [&little[..8], &little[8..25], &little[25..]]);
    }

    #[test]
    fn what_comes_next_of_a_large_range_is_asked_for_ahead() {
        let (mebibyte, part) = (1_u64 << 20, 512_u64 << 10);
        let foreseen = [3 * mebibyte..3 * mebibyte + 10, 0..2 * mebibyte];
        let reads: Vec<_> = (0..32).map(|k| (k * 65_536, 65_536)).collect();
        let ends = [0, part / 2, 3 * part / 2, 5 * part / 2, 7 * part / 2, 4 * part];
        let range = |ends: &[u64]| iter::once(ends[0]..ends[1]).collect();
        let mut wanted: Vec<Vec<_>> = ends.windows(2).map(range).collect();
        assert_eq!(questions(&foreseen, &reads[..9]), wanted[..3]);
        wanted[4].push(foreseen[0].clone());
        assert_eq!(questions(&foreseen, &reads), wanted);
        // Whoever begins elsewhere waits for less, and goes on from there.
        let begun = mebibyte + 100..mebibyte + 100 + part / 2;
        let next = begun.end..begun.end + part;
        let asked = questions(&foreseen, &[(begun.start, 1), (begun.end, 1)]);
        assert_eq!(asked[1..3], [vec![begun], vec![next]]);
    }

    #[test]
    fn long_ranges_fill_the_questions_and_others_are_not_split() {
        let foreseen: Vec<_> = (1..=3).map(|k| k * 1_000_000..k * 1_000_000 + 600_000).collect();
        let places = |range: &Range<u64>| [range.start, range.start + 262_144, range.end - 1];
        let reads: Vec<_> = foreseen.iter().flat_map(places).map(|place| (place, 1)).collect();
        assert_eq!(questions(&foreseen, &reads).len(), 4, "256 KiB, and three times 512 KiB at most");
    }

    #[test]
    fn what_cannot_be_read_ahead_is_asked_for_again_when_it_is_needed() {
        let foreseen = [0..10_000, 200_000..400_000];
        let [first, second] = foreseen.clone().map(|range| vec![range]);
        let reads = [(0, 5_000), (5_000, 5_000), (200_000, 70_000)];
        let asked = questions_when(&|number| number == 0 || number == 2, &[&foreseen], &reads);
        assert_eq!(asked, [foreseen.to_vec(), first, second.clone(), second]);
    }

    #[test]
    fn whoever_foresees_again_asks_nothing_twice() {
        let [first, second] = [20_000..30_000, 50_000..60_000].map(|range: Range<u64>| vec![range]);
        let reads = [(50_000, 5_000), (20_000, 5_000), (25_000, 5_000), (55_000, 5_000)];
        let asked = questions_when(&|_| false, &[&first, &second, &second], &reads);
        assert_eq!(asked, [first, second]);
    }

    #[test]
    fn what_is_read_again_or_nearby_is_not_asked_for_again() {
        let asked = questions(&[], &[(0, 16), (32, 16), (9_000, 8), (40, 8), (9_100, 8), (SIZE_BYTES, 8)]);
        assert_eq!(asked, [0..4_096, 9_000..13_096].map(|range| vec![range]));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let reads: Vec<_> = (0..20).chain(0..20).map(|k| (k << 18, 1 << 20)).collect();
        assert_eq!(questions(&[], &reads).len(), 40);
        let reads: Vec<_> = (0..600).chain([599, 0]).map(|k| (k * 8_192, 16)).collect();
        assert_eq!(questions(&[], &reads).len(), 601);
    }

    #[test]
    fn the_first_of_very_many_little_ranges_is_kept() {
        let little: Vec<_> = (1..=2_000).map(|k| k * 2_000..k * 2_000 + 100).collect();
        let reads: Vec<_> = little.iter().map(|range| (range.start, 100)).collect();
        assert_eq!(questions(&little, &reads), [little]);
    }
}
