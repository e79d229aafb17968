//! Reading a video for a child that has no file of it.

use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};

use stillframe_domain::{ByteSource, Failure, SourceError};

use crate::message::{RANGES_MAX, READ_BYTES_MAX};

/// After so long an answer is sent with what was read by then: a slow source must not keep a child from what is there,
/// nor its parent from looking whether the call's time is over.
const GATHERING_MAX: Duration = Duration::from_millis(20);

/// What was read for one question: how much of each range, and all bytes one after another.
type Read = (Vec<u32>, Vec<u8>);

/// Reads the ranges that a child asks for, each from its beginning and as far as the source likes. What cannot
/// be read of a range after the first, or not soon, is left for a question of its own.
///
/// # Errors
/// When a child asks for more than it may. The inner one: why the first range cannot be read.
pub(super) fn read_all(source: &dyn ByteSource, ranges: &[Range<u64>]) -> io::Result<Result<Read, Failure>> {
    let total = bytes_of(ranges).ok_or_else(|| io::Error::other("too many bytes asked for"))?;
    Ok(read_within(GATHERING_MAX, source, ranges, vec![0; total]))
}

fn read_within(
    time: Duration,
    source: &dyn ByteSource,
    ranges: &[Range<u64>],
    mut bytes: Vec<u8>,
) -> Result<Read, Failure> {
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
    bytes.truncate(end);
    Ok((lengths, bytes))
}

/// The bytes of all ranges; `None` when they are more than a child may ask for at a time.
fn bytes_of(ranges: &[Range<u64>]) -> Option<usize> {
    if !(1..=RANGES_MAX).contains(&ranges.len()) {
        return None;
    }
    let length = |range: &Range<u64>| range.end.checked_sub(range.start);
    let total = ranges.iter().try_fold(0_u64, |total, range| total.checked_add(length(range)?))?;
    (total <= READ_BYTES_MAX).then_some(total as usize)
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
    fn an_answer_ends_where_reading_fails_or_takes_long() {
        let answer = |time, broken_at| {
            let read = read_within(time, &Broken(broken_at), &[0..5, 30..35, 60..65], vec![0; 15]);
            read.map_err(|failure| failure.code)
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
            assert_eq!(bytes_of(ranges), bytes, "{} ranges, {:?}", ranges.len(), ranges.first());
        }
    }
}
