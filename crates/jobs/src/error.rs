//! How an attempt fails, by what follows from it.

use std::io;

use stillframe_database::DatabaseError;
use stillframe_domain::{ErrorCode, Failure};
use stillframe_storage::StorageError;

/// Why an attempt came to no result.
#[derive(Debug)]
pub(crate) enum JobError {
    /// The service itself lacks what it needs, such as room on its disk: that is not the job's fault, so it
    /// waits, and this attempt does not count.
    Hold(Failure),
    /// Another attempt may end otherwise.
    Retry(Failure),
    /// No attempt can end otherwise.
    Fail(Failure),
    /// The job, its video or its app is gone, or the lease is lost: nobody waits for a result.
    Gone,
}

impl JobError {
    /// Another attempt may end otherwise.
    pub(crate) fn retry(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Retry(Failure::new(code, message))
    }

    /// No attempt can end otherwise.
    pub(crate) fn fail(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Fail(Failure::new(code, message))
    }

    /// Retried or not as the failure's code says.
    pub(crate) fn of(failure: Failure) -> Self {
        if failure.code.is_temporary() { Self::Retry(failure) } else { Self::Fail(failure) }
    }
}

/// Whether the store has no room, or may not be written: each job would fail alike.
pub(crate) fn is_of_the_store(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem | PermissionDenied)
}

impl From<DatabaseError> for JobError {
    fn from(error: DatabaseError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "the database failed a job");
        let failure = Failure::new(ErrorCode::Unavailable, "the database was temporarily unavailable");
        match error {
            DatabaseError::Unavailable { .. } => Self::Hold(failure),
            _ => Self::Retry(failure),
        }
    }
}

impl From<StorageError> for JobError {
    fn from(error: StorageError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "the store failed a job");
        let failure = Failure::new(ErrorCode::Unavailable, "the store was temporarily unavailable");
        match &error {
            StorageError::Backend { source, .. } if is_of_the_store(source) => Self::Hold(failure),
            _ => Self::Retry(failure),
        }
    }
}
