//! One stored file: its facts, its bytes.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;

use bytes::Bytes;
use stillframe_domain::ByteSource;

use super::blocking;
use super::root::Root;
use crate::{Chunks, ObjectFacts, ObjectKey};

/// Bytes of one chunk of a stream.
const CHUNK_BYTES: u64 = 256 * 1024;

/// An object as it was when it was opened: a later put or delete does not change it.
#[derive(Debug)]
pub(super) struct LocalObject {
    file: Arc<File>,
    facts: ObjectFacts,
}

impl LocalObject {
    pub(super) fn open(root: &Root, key: &ObjectKey) -> io::Result<Self> {
        let path = root.path(key)?;
        let not_found = || io::Error::new(io::ErrorKind::NotFound, "it is no plain file");
        loop {
            let named = fs::symlink_metadata(&path)?;
            if !named.is_file() {
                return Err(not_found());
            }
            let file = File::open(&path)?;
            let opened = file.metadata()?;
            // Another inode: a put came between, or a link was followed. Looking again tells which.
            if (named.dev(), named.ino()) == (opened.dev(), opened.ino()) {
                return Ok(Self { file: Arc::new(file), facts: facts(&opened) });
            }
        }
    }

    pub(super) const fn facts(&self) -> &ObjectFacts {
        &self.facts
    }

    /// The file, which nobody has read from yet.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The bytes `from..to`, as far as there are any.
    pub(super) fn chunks(self, from: u64, to: u64) -> Chunks {
        let to = to.min(self.facts.size_bytes);
        Box::pin(futures::stream::try_unfold((self.file, from), move |(file, at)| async move {
            if to <= at {
                return Ok(None);
            }
            let size = usize::try_from((to - at).min(CHUNK_BYTES)).unwrap_or(usize::MAX);
            let (file, chunk) = blocking(move || {
                let mut chunk = vec![0; size];
                file.read_exact_at(&mut chunk, at)?;
                Ok((file, Bytes::from(chunk)))
            })
            .await?;
            let next = at + chunk.len() as u64;
            Ok(Some((chunk, (file, next))))
        }))
    }
}

impl ByteSource for LocalObject {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read_at(buf, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn len(&self) -> u64 {
        self.facts.size_bytes
    }

    fn file(&self) -> Option<BorrowedFd<'_>> {
        Some(self.file.as_fd())
    }

    fn validator(&self) -> String {
        self.facts.etag.clone()
    }
}

/// Facts of a file. Each put makes a new inode and a later modification time, so the validator is new
/// even when the content is the same.
pub(super) fn facts(metadata: &Metadata) -> ObjectFacts {
    let modified_ns = modified_ns(metadata);
    ObjectFacts {
        size_bytes: metadata.size(),
        etag: format!("\"{:x}-{:x}-{:x}\"", metadata.ino(), modified_ns, metadata.size()),
        modified_ms: modified_ns / 1_000_000,
    }
}

/// Nanoseconds from the epoch to the last modification.
pub(super) fn modified_ns(metadata: &Metadata) -> i64 {
    metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec())
}
