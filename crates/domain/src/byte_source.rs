//! Where the engine's bytes come from.

use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;

use serde::{Deserialize, Serialize};

use crate::error_code::ErrorCode;
use crate::outcome::Failure;

/// Random access to one video's bytes: a file, an object, a guarded HTTP resource.
///
/// Implementations are called from blocking threads and may block.
pub trait ByteSource: Send + Sync {
    /// Reads up to `buf.len()` bytes at `offset`; 0 means the end. Fewer than could be had are no end.
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

    /// Tells which bytes will be read soon, in any order, so that a source that is far away can have them
    /// on their way together. A hint: what is read is the same without it.
    fn prefetch(&self, _ranges: &[Range<u64>]) {}

    /// What reading has cost so far, where that is counted.
    fn traffic(&self) -> Option<Traffic> {
        None
    }
}

/// What it cost to read a source from afar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Traffic {
    /// Requests that were sent, those that were repeated included.
    pub requests: u64,
    /// Bytes of content that came.
    pub bytes: u64,
}

/// A failure of a source in words for callers, as the cause inside of an [`io::Error`].
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct SourceError(pub Failure);

impl SourceError {
    /// The failure within an error of a source; one that says no more is an unreadable source.
    pub fn failure_in(error: &io::Error) -> Failure {
        let told = error.get_ref().and_then(|cause| cause.downcast_ref::<Self>());
        let unreadable = || Failure::new(ErrorCode::SourceUnreadable, "the video could not be read");
        told.map_or_else(unreadable, |Self(failure)| failure.clone())
    }
}

impl From<SourceError> for io::Error {
    fn from(error: SourceError) -> Self {
        Self::other(error)
    }
}
