//! A file that is being written, and becomes an object only when it is whole.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::object::{self, LocalObject};
use super::root::Root;
use crate::{ObjectFacts, ObjectKey};

/// Tells the files of this process apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The file; removed when this is dropped before it was finished.
#[derive(Debug)]
pub(super) struct Upload {
    file: File,
    path: Leftover,
    size_bytes: u64,
}

impl Upload {
    pub(super) fn begin(root: &Root) -> io::Result<Self> {
        loop {
            let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let path = root.incoming().join(name);
            match File::options().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { file, path: Leftover(Some(path)), size_bytes: 0 }),
                // A process of the same number in another container has it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error_of_incoming(error)),
            }
        }
    }

    pub(super) const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub(super) fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.file.write_all(chunk)?;
        self.size_bytes += chunk.len() as u64;
        Ok(())
    }

    /// Writes all bytes of an object; within one file system the kernel copies them.
    pub(super) fn append(&mut self, object: &LocalObject) -> io::Result<()> {
        let size_bytes = object.facts().size_bytes;
        let copied = io::copy(&mut object.file().take(size_bytes), &mut self.file)?;
        if copied < size_bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.size_bytes += copied;
        Ok(())
    }

    /// Makes it the object of that key.
    pub(super) fn finish(mut self, root: &Root, key: &ObjectKey) -> io::Result<ObjectFacts> {
        let modified_ns = root.modified_ns(object::modified_ns(&self.file.metadata()?));
        let since_epoch = Duration::from_nanos(u64::try_from(modified_ns).unwrap_or_default());
        self.file.set_modified(SystemTime::UNIX_EPOCH + since_epoch)?;
        self.file.sync_all()?;
        let facts = object::facts(&self.file.metadata()?);
        root.adopt(self.path.as_path(), key).map_err(error_of_incoming)?;
        self.path.keep();
        Ok(facts)
    }
}

/// A path that is removed when this is dropped.
#[derive(Debug)]
struct Leftover(Option<PathBuf>);

impl Leftover {
    fn as_path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    fn keep(&mut self) {
        self.0 = None;
    }
}

impl Drop for Leftover {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // What cannot be removed now is removed when the root is opened next.
            let _ = fs::remove_file(path);
        }
    }
}

/// A put never says that its object is not found: that would be an answer about another's file.
fn error_of_incoming(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotFound => io::Error::other(error),
        _ => error,
    }
}
