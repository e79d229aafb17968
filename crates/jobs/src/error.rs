//! How an attempt fails, by what follows from it.

use stillframe_database::DatabaseError;
use stillframe_domain::{ErrorCode, Failure};
use stillframe_storage::StorageError;

/// Why an attempt came to no result.
#[derive(Debug)]
pub(crate) enum JobError {
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

impl From<DatabaseError> for JobError {
    fn from(error: DatabaseError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "the database failed a job");
        Self::retry(ErrorCode::Unavailable, "the database was temporarily unavailable")
    }
}

impl From<StorageError> for JobError {
    fn from(error: StorageError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "the store failed a job");
        Self::retry(ErrorCode::Unavailable, "the store was temporarily unavailable")
    }
}
