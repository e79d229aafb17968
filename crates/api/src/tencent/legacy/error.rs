//! Refusals of the legacy API: our error codes in its numbers.

use stillframe_domain::ErrorCode;
use stillframe_service::ServiceError;
use stillframe_signing::SignatureError;

/// A refused request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The vendor's number.
    pub code: i64,
    /// The vendor's word for the number.
    pub description: &'static str,
    /// A sentence for the caller.
    pub message: String,
}

impl Refusal {
    /// A required parameter that is not there.
    pub(super) fn missing(parameter: &str) -> Self {
        Self::of(ErrorCode::MissingParameter, format!("the parameter {parameter} is required"))
    }

    /// A parameter whose value is not accepted; `expected` completes "expected ...".
    pub(super) fn invalid(parameter: &str, expected: impl std::fmt::Display) -> Self {
        let message = format!("the value of {parameter} is not accepted: expected {expected}");
        Self::of(ErrorCode::InvalidParameter, message)
    }

    /// A request by another protocol or method.
    pub(super) fn unsupported_protocol(message: &str) -> Self {
        Self { code: 4600, description: "UnsupportedProtocol", message: message.to_owned() }
    }

    /// A mark on pictures is asked for, and none is configured.
    pub(super) fn no_watermark(parameter: &str) -> Self {
        let message = format!("{parameter} asks for a watermark, and none is configured");
        Self { code: 1163, description: "NoWatermark", message }
    }

    /// The tasks of a procedure cannot be made.
    pub(super) fn procedure_creation(reason: &str) -> Self {
        Self { code: 50006, description: "ProcedureCreationFailed", message: reason.to_owned() }
    }

    fn of(code: ErrorCode, message: String) -> Self {
        let (code, description) = legacy(code);
        Self { code, description, message }
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        let refusal = Self::of(error.code, error.message.clone());
        if refusal.code == INTERNAL.0 || refusal.code == CLOSED.0 {
            tracing::error!(error = ?error, "a Tencent request failed");
        }
        refusal
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Missing { name } => {
                let message = format!("the request is not signed: the parameter {name} is missing");
                Self::of(ErrorCode::SignatureMissing, message)
            }
            SignatureError::Unsupported { name } => Self::invalid(name, "HmacSHA1 or HmacSHA256"),
            refused => Self::of(ErrorCode::SignatureMismatch, refused.to_string()),
        }
    }
}

const INTERNAL: (i64, &str) = (6000, "InternalError");
const CLOSED: (i64, &str) = (6200, "ServiceUnavailable");

/// The vendor's number and word of an error code.
///
/// Source: public codes 266/7783, and the codes that the operations' own pages name: 1000 (a parameter of
/// the operation), 10008 (no such file), 10009 (the file's state), 50007 (the procedure).
pub(crate) const fn legacy(code: ErrorCode) -> (i64, &'static str) {
    match code {
        ErrorCode::TemplateNotFound => (1000, "InvalidParameter.Definition"),
        ErrorCode::MissingParameter
        | ErrorCode::InvalidParameter
        | ErrorCode::OffsetOutOfRange
        | ErrorCode::HandleExpired
        | ErrorCode::QueueExists
        | ErrorCode::TemplateImmutable
        | ErrorCode::DuplicateRequest
        | ErrorCode::DuplicateReference
        | ErrorCode::DuplicateProcedure
        | ErrorCode::RequestTooLarge
        | ErrorCode::RequestIncomplete => (4000, "InvalidParameter"),
        ErrorCode::SignatureMissing | ErrorCode::SignatureMismatch | ErrorCode::KeyNotFound => {
            (4100, "AuthFailure")
        }
        ErrorCode::RequestExpired => (4200, "RequestExpired"),
        ErrorCode::LimitExceeded
        | ErrorCode::TooManyTemplates
        | ErrorCode::TooManyQueues
        | ErrorCode::QuotaExceeded => (4400, "LimitExceeded"),
        ErrorCode::TooManyRequests => (4400, "RequestLimitExceeded"),
        ErrorCode::RequestReplayed => (4500, "ReplayAttack"),
        ErrorCode::AppNotFound
        | ErrorCode::JobNotFound
        | ErrorCode::EndpointNotFound
        | ErrorCode::DeliveryNotFound
        | ErrorCode::ObjectNotFound
        | ErrorCode::QueueNotFound
        | ErrorCode::QueueNotEnabled => (5000, "ResourceNotFound"),
        ErrorCode::ProcedureNotFound => (50007, "InvalidProcedure"),
        ErrorCode::JobNotCancellable => (5100, "ResourceOperationFailed"),
        ErrorCode::UnknownOperation => (6100, "UnsupportedAction"),
        ErrorCode::MediaNotFound => (10008, "FileNotExist"),
        ErrorCode::MediaNotReady
        | ErrorCode::SourceMissing
        | ErrorCode::SourceUnreadable
        | ErrorCode::SourceEmpty
        | ErrorCode::SourceForbidden
        | ErrorCode::SourceTooLarge
        | ErrorCode::NotAVideo
        | ErrorCode::Truncated
        | ErrorCode::NoVideoStream
        | ErrorCode::UnsupportedCodec
        | ErrorCode::DecodeFailed => (10009, "FileStateAbnormal"),
        ErrorCode::EncodeFailed
        | ErrorCode::DecoderCrashed
        | ErrorCode::AttemptsExhausted
        | ErrorCode::Internal => INTERNAL,
        ErrorCode::TimedOut | ErrorCode::Unavailable => CLOSED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_documented_number() {
        const DOCUMENTED: [i64; 14] =
            [1000, 4000, 4100, 4200, 4400, 4500, 5000, 5100, 6000, 6100, 6200, 10008, 10009, 50007];
        for &code in ErrorCode::ALL {
            assert!(DOCUMENTED.contains(&legacy(code).0), "{code}");
        }
    }
}
