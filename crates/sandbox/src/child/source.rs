//! The video of a job, as a child reads it.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stillframe_domain::ByteSource;

use super::asked::AskedSource;
use super::channel::Channel;
use crate::message::{Report, SourceFacts};

/// How often a child that reads a file by itself says that it does.
const WORKING_EVERY: Duration = Duration::from_secs(1);

/// The source that an order names, with the descriptor that came along: the video itself, or the window through
/// which the parent shows it.
pub(super) fn open(
    channel: &Arc<Channel>,
    facts: SourceFacts,
    descriptor: Option<OwnedFd>,
) -> io::Result<Arc<dyn ByteSource>> {
    let file = File::from(descriptor.ok_or_else(|| io::Error::other("an order without its video"))?);
    let channel = Arc::clone(channel);
    if facts.is_file {
        Ok(Arc::new(FileSource { file, facts, channel, told_at: Mutex::new(Instant::now()) }))
    } else {
        Ok(Arc::new(AskedSource::new(channel, facts, file)))
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
