//! What an object protocol's client can be refused, by what it can do about it.

use stillframe_domain::limits;
use stillframe_storage::StorageError;

use crate::ServiceError;

/// A refusal or failure of an upload; each protocol has its words for it.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The key may not do this: it is for another object, or its upload has become a video or is over.
    #[error("the key may not do this")]
    Denied,
    /// Nothing was uploaded yet.
    #[error("there is no such object")]
    NoObject,
    /// The upload in parts was completed or aborted, or never begun.
    #[error("there is no such upload in parts")]
    NoMultipart,
    /// Complete or abort some first.
    #[error("at most {} uploads in parts are open for an object", limits::UPLOAD_MULTIPARTS_MAX)]
    TooManyMultiparts,
    /// A part's number is out of range.
    #[error("parts have the numbers 1 to {}", limits::UPLOAD_PART_NUMBER_MAX)]
    PartNumber,
    /// A listed part was not uploaded, or not with that validator; or none is listed.
    #[error("a part was not found, or its ETag is not that of the part")]
    Part,
    /// List parts by rising numbers.
    #[error("the parts are not listed in ascending order")]
    PartOrder,
    /// A part other than the last is too small.
    #[error("a part but the last has fewer than {} bytes", limits::UPLOAD_PART_BYTES_MIN)]
    PartTooSmall,
    /// The object or part is too large.
    #[error("the object exceeds {size_bytes_max} bytes")]
    TooLarge {
        /// The limit that it exceeds.
        size_bytes_max: u64,
    },
    /// The bytes that came are not those of the MD5 that was sent along.
    #[error("the Content-MD5 is not that of the bytes that came")]
    DigestMismatch,
    /// The request ended before its bytes.
    #[error("the body broke off")]
    Incomplete,
    /// Something else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<stillframe_database::DatabaseError> for UploadError {
    fn from(error: stillframe_database::DatabaseError) -> Self {
        Self::Service(error.into())
    }
}

impl From<StorageError> for UploadError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::TooLarge { size_bytes_max, .. } => Self::TooLarge { size_bytes_max },
            StorageError::Content { source, .. } => {
                // What the stream of the bytes said itself.
                let own = source.into_inner().and_then(|inner| inner.downcast::<Self>().ok());
                own.map_or(Self::Incomplete, |own| *own)
            }
            other => Self::Service(other.into()),
        }
    }
}
