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

/// Memory that the parent writes and the child reads.
pub(super) struct Window {
    written: File,
    /// The same memory, by a descriptor that cannot write.
    shown: File,
    /// What is read, on its way to the window.
    bytes: Vec<u8>,
}

impl Window {
    pub(super) fn open() -> io::Result<Self> {
        let written = File::from(memfd_create("video", MemfdFlags::CLOEXEC)?);
        let shown = File::open(format!("/proc/self/fd/{}", written.as_raw_fd()))?;
        Ok(Self { written, shown, bytes: Vec::new() })
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
        let total = bytes_of(question).ok_or_else(|| io::Error::other("too many bytes asked for"))?;
        if self.bytes.len() < total {
            self.bytes.resize(total, 0);
        }
        let read = read_within(GATHERING_MAX, source, &question.ranges, &mut self.bytes);
        if let Ok(lengths) = &read {
            let end: usize = lengths.iter().map(|&length| length as usize).sum();
            self.written.write_all_at(&self.bytes[..end], question.place)?;
        }
        Ok(read)
    }
}

impl AsFd for Window {
    /// What a child may have.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shown.as_fd()
    }
}

/// Reads ranges one after another into `bytes`.
fn read_within(
    time: Duration,
    source: &dyn ByteSource,
    ranges: &[Range<u64>],
    bytes: &mut [u8],
) -> Result<Vec<u32>, Failure> {
    let begun = Instant::now();
    let (mut lengths, mut end) = (Vec::new(), 0);
    for range in ranges {
        if !lengths.is_empty() && time < begun.elapsed() {
            break;
        }
        let space = &mut bytes[end..][..(range.end - range.start) as usize];
        match source.read_at(range.start, space) {
            Ok(count) => {
                lengths.push(count as u32);
                end += count;
            }
            Err(error) if lengths.is_empty() => return Err(SourceError::failure_in(&error)),
            Err(_) => break,
        }
    }
    Ok(lengths)
}

/// The bytes of all ranges; `None` when they are more than a child may ask for at a time, or have no place in the
/// window.
fn bytes_of(question: &Question) -> Option<usize> {
    let ranges = &question.ranges;
    if !(1..=RANGES_MAX).contains(&ranges.len()) {
        return None;
    }
    let length = |range: &Range<u64>| range.end.checked_sub(range.start);
    let total = ranges.iter().try_fold(0_u64, |total, range| total.checked_add(length(range)?))?;
    let is_in_window = question.place.checked_add(total).is_some_and(|end| end <= WINDOW_BYTES);
    (total <= READ_BYTES_MAX && is_in_window).then_some(total as usize)
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
            let mut bytes = vec![0; 15];
            let lengths = read_within(time, &Broken(broken_at), &[0..5, 30..35, 60..65], &mut bytes);
            let lengths = lengths.map_err(|failure| failure.code)?;
            bytes.truncate(lengths.len());
            Ok((lengths, bytes))
        };
        assert_eq!(answer(Duration::MAX, 99), Ok((vec![1; 3], vec![0, 30, 60])));
        assert_eq!(answer(Duration::MAX, 60), Ok((vec![1; 2], vec![0, 30])));
        assert_eq!(answer(Duration::MAX, 0), Err(ErrorCode::SourceUnreadable));
        assert_eq!(answer(Duration::ZERO, 99), Ok((vec![1], vec![0])));
    }

    #[test]
    fn a_child_may_ask_for_a_mebibyte_in_some_thousand_ranges() {
        let mebibyte = 1_u64 << 20;
        let (whole, backwards) = (5..mebibyte + 5, Range { start: 8, end: 7 });
        let cases: [(&[Range<u64>], Option<usize>); 7] = [
            (&[], None),
            (&[7..7, 9..9], Some(0)),
            (&[whole.clone(), 3..3], Some(1 << 20)),
            (&[whole, 0..1], None),
            (&[0..u64::MAX, 0..u64::MAX], None),
            (&[backwards, 0..1], None),
            (&vec![0..1; RANGES_MAX + 1], None),
        ];
        for (ranges, bytes) in cases {
            let question = Question { ranges: ranges.to_vec(), place: WINDOW_BYTES / 2 };
            assert_eq!(bytes_of(&question), bytes, "{} ranges, {:?}", ranges.len(), ranges.first());
        }
        for (place, bytes) in [(WINDOW_BYTES - 5, Some(5)), (WINDOW_BYTES - 4, None), (u64::MAX, None)] {
            let question = Question { ranges: std::iter::once(7..12).collect(), place };
            assert_eq!(bytes_of(&question), bytes, "at {place}");
        }
    }
}
