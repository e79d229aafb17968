//! The video of a job, as a child reads it.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stillframe_domain::ByteSource;

use super::channel::{Channel, READ_BYTES_MAX};
use crate::message::{FORESEEN_RANGES_MAX, Report, SourceFacts};

/// How often a child that reads a file by itself says that it does.
const WORKING_EVERY: Duration = Duration::from_secs(1);

/// The source that an order names, with the descriptor that came along.
pub(super) fn open(
    channel: &Arc<Channel>,
    facts: SourceFacts,
    file: Option<OwnedFd>,
) -> io::Result<Arc<dyn ByteSource>> {
    match (facts.is_file, file) {
        (true, Some(file)) => {
            let told_at = Mutex::new(Instant::now());
            Ok(Arc::new(FileSource { file: File::from(file), facts, channel: Arc::clone(channel), told_at }))
        }
        (false, None) => {
            Ok(Arc::new(AskedSource { channel: Arc::clone(channel), facts, ahead: Mutex::default() }))
        }
        _ => Err(io::Error::other("an order whose video does not come as it says")),
    }
}

/// A video that the parent opened.
struct FileSource {
    file: File,
    facts: SourceFacts,
    channel: Arc<Channel>,
    /// When the parent last heard that the file is read.
    told_at: Mutex<Instant>,
}

impl FileSource {
    /// A decoder that is stuck reads nothing, and so says nothing.
    fn tell_working(&self) {
        let mut told_at = self.told_at.lock().unwrap_or_else(PoisonError::into_inner);
        if WORKING_EVERY <= told_at.elapsed() {
            *told_at = Instant::now();
            // A parent that is gone ends this process by itself.
            let _ = self.channel.tell(&Report::Working, &[]);
        }
    }
}

impl ByteSource for FileSource {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.tell_working();
        self.file.read_at(buf, offset)
    }

    fn len(&self) -> u64 {
        self.facts.size_bytes
    }

    fn file(&self) -> Option<BorrowedFd<'_>> {
        Some(self.file.as_fd())
    }

    fn validator(&self) -> String {
        self.facts.validator.clone()
    }
}

/// A video that the parent reads.
struct AskedSource {
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
    /// Bytes that were asked for at once, and where they lie.
    offset: u64,
    bytes: Vec<u8>,
}

impl Ahead {
    /// What is there from `offset` on.
    fn bytes_from(&self, offset: u64) -> &[u8] {
        let from = offset.checked_sub(self.offset).and_then(|skipped| usize::try_from(skipped).ok());
        from.and_then(|from| self.bytes.get(from..)).unwrap_or_default()
    }

    /// How many bytes from `offset` on will be needed.
    fn needed_from(&self, offset: u64) -> usize {
        let ahead =
            self.foreseen.iter().filter(|range| range.contains(&offset)).map(|range| range.end - offset);
        ahead.max().map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX))
    }
}

impl ByteSource for AskedSource {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if ahead.bytes_from(offset).is_empty() && !buf.is_empty() {
            let wanted = ahead.needed_from(offset).max(buf.len()).min(READ_BYTES_MAX);
            (ahead.offset, ahead.bytes) = (offset, self.channel.ask(offset, wanted)?);
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
        for some in ranges.chunks(FORESEEN_RANGES_MAX) {
            // A parent that is gone is noticed by the next read.
            let _ = self.channel.tell(&Report::Foreseen(some.to_vec()), &[]);
        }
    }
}
