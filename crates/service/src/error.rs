//! What a use case can refuse, in words for its caller.

use stillframe_database::DatabaseError;
use stillframe_domain::ErrorCode;
use stillframe_storage::StorageError;

/// A refusal or failure. The message is public; the source is for the log alone.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ServiceError {
    /// What went wrong; each dialect has its words for it.
    pub code: ErrorCode,
    /// One sentence for the caller, without internals.
    pub message: String,
    /// The parameter at fault, in native words.
    pub parameter: Option<&'static str>,
    /// What lies behind it.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ServiceError {
    /// A refusal with a message of its own.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), parameter: None, source: None }
    }
}

/// A parameter whose value is not accepted; `expected` completes "expected ...".
pub fn invalid(parameter: &'static str, expected: impl std::fmt::Display) -> ServiceError {
    ServiceError {
        code: ErrorCode::InvalidParameter,
        message: format!("the value of {parameter} is not accepted: expected {expected}"),
        parameter: Some(parameter),
        source: None,
    }
}

/// A required parameter that is not there.
pub fn missing(parameter: &'static str) -> ServiceError {
    ServiceError {
        code: ErrorCode::MissingParameter,
        message: format!("{parameter} is required"),
        parameter: Some(parameter),
        source: None,
    }
}

impl From<DatabaseError> for ServiceError {
    fn from(error: DatabaseError) -> Self {
        let (code, message) = match &error {
            DatabaseError::Unavailable { .. } => {
                (ErrorCode::Unavailable, "the service is temporarily unavailable; try again")
            }
            DatabaseError::Inconsistent { .. } | DatabaseError::Conflict { .. } => {
                (ErrorCode::Internal, "the service failed; its log says why")
            }
        };
        Self { code, message: message.to_owned(), parameter: None, source: Some(Box::new(error)) }
    }
}

impl From<StorageError> for ServiceError {
    fn from(error: StorageError) -> Self {
        let (code, message) = match &error {
            StorageError::NotFound { .. } => {
                (ErrorCode::ObjectNotFound, "there is no such object".to_owned())
            }
            StorageError::TooLarge { size_bytes_max, .. } => {
                (ErrorCode::SourceTooLarge, format!("the video exceeds the limit of {size_bytes_max} bytes"))
            }
            StorageError::Content { .. } => {
                (ErrorCode::InvalidParameter, "the upload broke off before its end".to_owned())
            }
            StorageError::Backend { .. } => {
                (ErrorCode::Unavailable, "the store is temporarily unavailable; try again".to_owned())
            }
        };
        Self { code, message, parameter: None, source: Some(Box::new(error)) }
    }
}
