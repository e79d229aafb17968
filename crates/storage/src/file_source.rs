//! A file that is read where it lies: no object of a store, but a source for the engine all the same.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use stillframe_domain::ByteSource;

/// An open file. What the file was when it was opened decides its size and validator.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    size_bytes: u64,
    validator: String,
}

impl FileSource {
    /// Reads from this file.
    ///
    /// # Errors
    /// When the file's facts cannot be read.
    pub fn of(file: File) -> io::Result<Self> {
        let facts = file.metadata()?;
        let validator = format!("\"{:x}-{:x}-{:x}\"", facts.len(), facts.mtime(), facts.mtime_nsec());
        Ok(Self { file, size_bytes: facts.len(), validator })
    }
}

impl ByteSource for FileSource {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buf, offset)
    }

    fn len(&self) -> u64 {
        self.size_bytes
    }

    fn file(&self) -> Option<BorrowedFd<'_>> {
        Some(self.file.as_fd())
    }

    fn validator(&self) -> String {
        self.validator.clone()
    }
}
