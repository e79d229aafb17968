//! A file with an index of its fragments put in.
//!
//! libav reads a fragmented file without an index from end to end before it seeks. So it is handed one with
//! an index (`sidx`) before the first fragment; all that it reads behind that is the file's own, further on
//! by the index's length. Times in the index only lead to a fragment: those of the samples come from the
//! fragments themselves.

use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use stillframe_domain::{ByteSource, Traffic};

/// The file with bytes put in.
pub(super) struct Spliced {
    pub(super) source: Arc<dyn ByteSource>,
    /// Where they are put in.
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
    /// Where the file ends for its reader, without them.
    pub(super) end: u64,
}

/// An index of fragments that follow it at once: the length of each, and when it begins.
pub(super) fn sidx(track: u32, timescale: u32, fragments: &[(u64, i64)]) -> Option<Vec<u8>> {
    let count = u16::try_from(fragments.len()).ok()?;
    let first = fragments.first().map_or(0, |&(_, time)| time).max(0);
    let mut bytes = Vec::with_capacity(40 + 12 * fragments.len());
    bytes.extend(u32::try_from(40 + 12 * fragments.len()).ok()?.to_be_bytes());
    bytes.extend(b"sidx");
    bytes.extend([1, 0, 0, 0]);
    bytes.extend(track.to_be_bytes());
    bytes.extend(timescale.to_be_bytes());
    bytes.extend(first.to_be_bytes());
    bytes.extend(0_u64.to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(count.to_be_bytes());
    for (place, &(length, time)) in fragments.iter().enumerate() {
        let next = fragments.get(place + 1).map_or(time + 1, |&(_, next)| next);
        bytes.extend(u32::try_from(length).ok().filter(|length| length >> 31 == 0)?.to_be_bytes());
        bytes.extend(u32::try_from(next.saturating_sub(time).max(0)).ok()?.to_be_bytes());
        bytes.extend(0x9000_0000_u32.to_be_bytes());
    }
    Some(bytes)
}

impl Spliced {
    fn shift(&self) -> u64 {
        self.bytes.len() as u64
    }
}

impl ByteSource for Spliced {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let until =
            |end: u64| usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX).min(buf.len());
        if offset < self.at {
            let most = until(self.at);
            return self.source.read_at(offset, &mut buf[..most]);
        }
        if offset < self.at + self.shift() {
            let from = (offset - self.at) as usize;
            let count = until(self.at + self.shift());
            buf[..count].copy_from_slice(&self.bytes[from..from + count]);
            return Ok(count);
        }
        let most = until(self.len());
        self.source.read_at(offset - self.shift(), &mut buf[..most])
    }

    fn len(&self) -> u64 {
        self.end + self.shift()
    }

    fn file(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn validator(&self) -> String {
        self.source.validator()
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        let own = |at: u64| if at <= self.at { at } else { at.saturating_sub(self.shift()).max(self.at) };
        let ranges: Vec<_> =
            ranges.iter().map(|range| own(range.start)..own(range.end).min(self.end)).collect();
        self.source.prefetch(&ranges);
    }

    fn traffic(&self) -> Option<Traffic> {
        self.source.traffic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(Vec<u8>);

    impl ByteSource for Bytes {
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            let rest = self.0.get(offset as usize..).unwrap_or_default();
            let count = rest.len().min(buf.len());
            buf[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
        fn validator(&self) -> String {
            String::new()
        }
    }

    #[test]
    fn bytes_are_put_in_and_the_end_is_left_out() {
        let source = Arc::new(Bytes(b"headtailEND".to_vec()));
        let spliced = Spliced { source, at: 4, bytes: b"+++".to_vec(), end: 8 };
        for step in [1, 2, 5, 100] {
            let (mut all, mut buf) = (Vec::<u8>::new(), vec![0; step]);
            loop {
                match spliced.read_at(all.len() as u64, &mut buf).unwrap() {
                    0 => break,
                    count => all.extend(&buf[..count]),
                }
            }
            assert_eq!(all, b"head+++tail");
        }
    }

    #[test]
    fn an_index_lists_lengths_and_durations() {
        let bytes = sidx(1, 1_000, &[(500, 0), (700, 2_000)]).unwrap();
        assert_eq!(bytes.len(), 64);
        assert_eq!(bytes[40..48], [0, 0, 1, 244, 0, 0, 7, 208][..]);
        assert!(sidx(1, 1_000, &[(1 << 31, 0)]).is_none(), "too long for an entry");
    }
}
