//! Where a child that has no file of a video sees what was read of it.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};
use stillframe_domain::{ByteSource, Failure, SourceError};

use crate::message::{Question, RANGES_MAX, READ_BYTES_MAX, WINDOW_BYTES};

/// After so long an answer is sent with what was read by then: a slow source must not keep a child from what is there,
/// nor its parent from looking whether the call's time is over.
const GATHERING_MAX: Duration = Duration::from_millis(20);

/// How much is read at a time on its way to the window: little enough to stay in the processor's cache.
const STEP_BYTES: usize = 64 << 10;

/// Memory that the parent writes and the child reads.
pub(super) struct Window {
    written: File,
    /// The same memory, by a descriptor that cannot write.
    shown: File,
    /// What is read, on its way to the window.
    step: Box<[u8]>,
}

impl Window {
    pub(super) fn open() -> io::Result<Self> {
        let written = File::from(memfd_create("video", MemfdFlags::CLOEXEC)?);
        let shown = File::open(format!("/proc/self/fd/{}", written.as_raw_fd()))?;
        Ok(Self { written, shown, step: vec![0; STEP_BYTES].into() })
    }

    /// Reads the ranges that a child asks for into the window, each from its beginning and as far as the source
    /// likes: gives how many bytes of each are there. What cannot be read of a range after the first, or
    /// not soon, is left for a question of its own.
    ///
    /// # Errors
    /// When a child asks for more than it may. The inner one: why the first range cannot be read.
    pub(super) fn show(
        &mut self,
        source: &dyn ByteSource,
        question: &Question,
    ) -> io::Result<Result<Vec<u32>, Failure>> {
        self.show_within(GATHERING_MAX, source, question)
    }

    fn show_within(
        &mut self,
        time: Duration,
        source: &dyn ByteSource,
        question: &Question,
    ) -> io::Result<Result<Vec<u32>, Failure>> {
        if !is_allowed(question) {
            return Err(io::Error::other("too many bytes asked for"));
        }
        let begun = Instant::now();
        let (mut lengths, mut place) = (Vec::new(), question.place);
        for range in &question.ranges {
            if !lengths.is_empty() && time < begun.elapsed() {
                break;
            }
            match self.copy(source, range, place)? {
                Ok(count) => {
                    lengths.push(count as u32);
                    place += count;
                }
                Err(error) if lengths.is_empty() => return Ok(Err(SourceError::failure_in(&error))),
                Err(_) => break,
            }
        }
        Ok(Ok(lengths))
    }

    /// Reads a range to a place in the window until the source gives less than it was asked for; an error counts
    /// when nothing came before it.
    fn copy(
        &mut self,
        source: &dyn ByteSource,
        range: &Range<u64>,
        place: u64,
    ) -> io::Result<io::Result<u64>> {
        let mut copied = 0;
        while range.start + copied < range.end {
            let wanted = (range.end - range.start - copied).min(STEP_BYTES as u64) as usize;
            let count = match source.read_at(range.start + copied, &mut self.step[..wanted]) {
                Ok(count) => count,
                Err(error) if copied == 0 => return Ok(Err(error)),
                Err(_) => break,
            };
            self.written.write_all_at(&self.step[..count], place + copied)?;
            copied += count as u64;
            if count < wanted {
                break;
            }
        }
        Ok(Ok(copied))
    }
}

impl AsFd for Window {
    /// What a child may have.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shown.as_fd()
    }
}

/// Whether a child may ask for so much at a time, and all of it has a place in the window.
fn is_allowed(question: &Question) -> bool {
    let ranges = &question.ranges;
    let length = |range: &Range<u64>| range.end.checked_sub(range.start);
    let total = ranges.iter().try_fold(0_u64, |total, range| total.checked_add(length(range)?));
    let is_in_window = |total| question.place.checked_add(total).is_some_and(|end| end <= WINDOW_BYTES);
    (1..=RANGES_MAX).contains(&ranges.len())
        && total.is_some_and(|total| total <= READ_BYTES_MAX && is_in_window(total))
}

#[cfg(test)]
mod tests {
    use stillframe_domain::ErrorCode;

    use super::*;

    /// Answers each read with one byte, and an error at a place.
    struct Broken(u64);

    impl ByteSource for Broken {
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            if offset == self.0 {
                return Err(io::Error::other("broken"));
            }
            buf[0] = offset as u8;
            Ok(1)
        }

        fn len(&self) -> u64 {
            100
        }

        fn validator(&self) -> String {
            String::new()
        }
    }

    #[test]
    fn a_child_can_read_the_window_and_not_write_it() {
        let mut window = Window::open().unwrap();
        let question = Question { ranges: std::iter::once(7..12).collect(), place: 3 };
        assert_eq!(window.show(&Broken(99), &question).unwrap(), Ok(vec![1]));
        let of_child = File::from(window.as_fd().try_clone_to_owned().unwrap());
        let mut bytes = [0; 4];
        assert_eq!((of_child.read_at(&mut bytes, 0).unwrap(), bytes), (4, [0, 0, 0, 7]));
        assert!(of_child.write_at(&[1], 0).is_err() && of_child.set_len(0).is_err());
    }

    #[test]
    fn an_answer_ends_where_reading_fails_or_takes_long() {
        let answer = |time, broken_at| {
            let mut window = Window::open().unwrap();
            let question = Question { ranges: vec![0..5, 30..35, 60..65], place: 7 };
            let lengths = window.show_within(time, &Broken(broken_at), &question).unwrap();
            let lengths = lengths.map_err(|failure| failure.code)?;
            let mut bytes = vec![0; lengths.len()];
            window.shown.read_exact_at(&mut bytes, 7).unwrap();
            Ok((lengths, bytes))
        };
        assert_eq!(answer(Duration::MAX, 99), Ok((vec![1; 3], vec![0, 30, 60])));
        assert_eq!(answer(Duration::MAX, 60), Ok((vec![1; 2], vec![0, 30])));
        assert_eq!(answer(Duration::MAX, 0), Err(ErrorCode::SourceUnreadable));
        assert_eq!(answer(Duration::ZERO, 99), Ok((vec![1], vec![0])));
    }

    /// Has as many bytes as it is told, and an error behind them.
    struct Long(u64);

    impl ByteSource for Long {
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            if self.0 <= offset {
                return Err(io::Error::other("broken"));
            }
            let count = buf.len().min((self.0 - offset) as usize);
            (offset..).zip(&mut buf[..count]).for_each(|(place, byte)| *byte = (place % 251) as u8);
            Ok(count)
        }

        fn len(&self) -> u64 {
            u64::MAX
        }

        fn validator(&self) -> String {
            String::new()
        }
    }

    #[test]
    fn long_ranges_come_whole_or_as_far_as_they_can_be_read() {
        let step = STEP_BYTES as u64;
        for (there, shown) in [(u64::MAX, 4 * step), (3 * step, 2 * step), (3 * step + 5, 2 * step + 5)] {
            let mut window = Window::open().unwrap();
            let question = Question { ranges: std::iter::once(step..5 * step).collect(), place: 9 };
            assert_eq!(window.show(&Long(there), &question).unwrap(), Ok(vec![shown as u32]));
            let mut bytes = vec![0; shown as usize];
            window.shown.read_exact_at(&mut bytes, 9).unwrap();
            assert!((step..).zip(bytes).all(|(place, byte)| byte == (place % 251) as u8), "{there}");
        }
    }

    #[test]
    fn a_child_may_ask_for_half_a_mebibyte_in_some_thousand_ranges() {
        let most = 512_u64 << 10;
        let (whole, backwards) = (5..most + 5, Range { start: 8, end: 7 });
        let cases: [(&[Range<u64>], bool); 7] = [
            (&[], false),
            (&[7..7, 9..9], true),
            (&[whole.clone(), 3..3], true),
            (&[whole, 0..1], false),
            (&[0..u64::MAX, 0..u64::MAX], false),
            (&[backwards, 0..1], false),
            (&vec![0..1; RANGES_MAX + 1], false),
        ];
        for (ranges, is_right) in cases {
            let question = Question { ranges: ranges.to_vec(), place: WINDOW_BYTES / 2 };
            assert_eq!(is_allowed(&question), is_right, "{} ranges, {:?}", ranges.len(), ranges.first());
        }
        for (place, is_right) in [(WINDOW_BYTES - 5, true), (WINDOW_BYTES - 4, false), (u64::MAX, false)] {
            let question = Question { ranges: std::iter::once(7..12).collect(), place };
            assert_eq!(is_allowed(&question), is_right, "at {place}");
        }
    }
}
