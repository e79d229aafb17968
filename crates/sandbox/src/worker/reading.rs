//! Reading a video for a child that has no file of it.

use std::io;
use std::ops::Range;

use stillframe_domain::{ByteSource, Failure, SourceError};

use crate::message::{RANGES_MAX, READ_BYTES_MAX};

/// What was read for one question: how much of each range, and all bytes one after another.
type Read = (Vec<u32>, Vec<u8>);

/// Reads the ranges that a child asks for, each from its beginning and as far as the source likes. What cannot
/// be read of a range after the first is left for a question of its own.
///
/// # Errors
/// When a child asks for more than it may. The inner one: why the first range cannot be read.
pub(super) fn read_all(source: &dyn ByteSource, ranges: &[Range<u64>]) -> io::Result<Result<Read, Failure>> {
    let mut bytes = vec![0; bytes_of(ranges).ok_or_else(|| io::Error::other("too many bytes asked for"))?];
    let (mut lengths, mut end) = (Vec::new(), 0);
    for range in ranges {
        let space = &mut bytes[end..][..(range.end - range.start) as usize];
        match source.read_at(range.start, space) {
            Ok(count) => {
                lengths.push(count as u32);
                end += count;
            }
            Err(error) if lengths.is_empty() => return Ok(Err(SourceError::failure_in(&error))),
            Err(_) => break,
        }
    }
    bytes.truncate(end);
    Ok(Ok((lengths, bytes)))
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
    use super::*;

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
