//! Where the engine's bytes come from.

use std::io;
use std::os::fd::BorrowedFd;

/// Random access to one video's bytes: a file, an object, a guarded HTTP resource.
///
/// Implementations are called from blocking threads and may block.
pub trait ByteSource: Send + Sync {
    /// Reads up to `buf.len()` bytes at `offset`; 0 means the end.
    ///
    /// # Errors
    /// Whatever the underlying store says; the engine reports it as an unreadable source.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;

    /// Size in bytes.
    fn len(&self) -> u64;

    /// True when there is not a single byte.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The open file that holds exactly these bytes, if there is one: a reader in another process can
    /// be handed it.
    fn file(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Names this version of the content (an ETag, or size and modification time).
    fn validator(&self) -> String;
}
