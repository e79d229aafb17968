//! Refusals of API 2018-07-17: our error codes in its words.

use stillframe_domain::ErrorCode;
use stillframe_service::ServiceError;
use stillframe_signing::SignatureError;

/// A refused request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The vendor's code.
    pub code: &'static str,
    /// A sentence for the caller.
    pub message: String,
}

impl Refusal {
    /// A refusal in the vendor's words.
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A required parameter that is not there.
    pub(super) fn missing(parameter: &str) -> Self {
        Self::new("MissingParameter", format!("the parameter {parameter} is required"))
    }

    /// A parameter of another type than documented; `expected` completes "expected ...".
    pub(super) fn mistyped(parameter: &str, expected: impl std::fmt::Display) -> Self {
        Self::new("InvalidParameter", format!("the type of {parameter} is not accepted: expected {expected}"))
    }

    /// A value that is not accepted, with the vendor's code for it; `expected` completes "expected ...".
    pub(super) fn value(
        code: &'static str,
        parameter: impl std::fmt::Display,
        expected: impl std::fmt::Display,
    ) -> Self {
        Self::new(code, format!("the value of {parameter} is not accepted: expected {expected}"))
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        let refusal = Self::new(word(error.code), error.message.clone());
        if refusal.code.starts_with(INTERNAL) {
            tracing::error!(error = ?error, "a Tencent request failed");
        }
        refusal
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Missing { name } => Self::missing(name),
            SignatureError::Unsupported { name } => {
                Self::value("InvalidParameterValue", name, "HmacSHA1 or HmacSHA256")
            }
            SignatureError::Malformed { .. } | SignatureError::NotSigned { .. } => {
                Self::new("AuthFailure.InvalidAuthorization", error.to_string())
            }
            SignatureError::Expired => Self::new("AuthFailure.SignatureExpire", error.to_string()),
            SignatureError::Scope { .. } | SignatureError::Mismatch { .. } => {
                Self::new(word(ErrorCode::SignatureMismatch), error.to_string())
            }
        }
    }
}

const INTERNAL: &str = "InternalError";

/// The vendor's word of an error code.
///
/// Source: the error codes of the API's SDK (`errorcodes.py`), and the common codes of API 3.0.
pub(crate) const fn word(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::MissingParameter | ErrorCode::SignatureMissing => "MissingParameter",
        ErrorCode::InvalidParameter | ErrorCode::HandleExpired | ErrorCode::OffsetOutOfRange => {
            "InvalidParameterValue"
        }
        ErrorCode::UnknownOperation => "InvalidAction",
        ErrorCode::SignatureMismatch => "AuthFailure.SignatureFailure",
        ErrorCode::KeyNotFound => "AuthFailure.SecretIdNotFound",
        ErrorCode::RequestExpired | ErrorCode::RequestReplayed => "AuthFailure.SignatureExpire",
        ErrorCode::RequestTooLarge => "RequestSizeLimitExceeded",
        ErrorCode::MediaNotFound => "InvalidParameterValue.FileId",
        ErrorCode::AppNotFound => "InvalidParameterValue.SubAppId",
        ErrorCode::JobNotFound => "InvalidParameterValue.TaskId",
        ErrorCode::TemplateNotFound => "ResourceNotFound.TemplateNotExist",
        ErrorCode::TemplateImmutable => "InvalidParameterValue.ModifyDefaultTemplate",
        ErrorCode::TooManyTemplates => "LimitExceeded.TooMuchTemplate",
        ErrorCode::DuplicateRequest => "InvalidParameterValue.SessionId",
        ErrorCode::DuplicateProcedure => "InvalidParameter.ExistedProcedureName",
        ErrorCode::ProcedureNotFound => "InvalidParameter.ProcedureNameNotExist",
        ErrorCode::DuplicateReference => "InvalidParameterValue",
        ErrorCode::JobNotCancellable | ErrorCode::QueueNotEnabled | ErrorCode::QueueExists => {
            "FailedOperation"
        }
        ErrorCode::EndpointNotFound
        | ErrorCode::DeliveryNotFound
        | ErrorCode::ObjectNotFound
        | ErrorCode::QueueNotFound => "ResourceNotFound",
        ErrorCode::LimitExceeded | ErrorCode::TooManyQueues | ErrorCode::QuotaExceeded => "LimitExceeded",
        ErrorCode::TooManyRequests => "RequestLimitExceeded",
        ErrorCode::RequestIncomplete => "InvalidParameter",
        ErrorCode::NotAVideo | ErrorCode::NoVideoStream | ErrorCode::UnsupportedCodec => {
            "FailedOperation.MediaType"
        }
        ErrorCode::MediaNotReady
        | ErrorCode::SourceMissing
        | ErrorCode::SourceUnreadable
        | ErrorCode::SourceEmpty
        | ErrorCode::SourceForbidden
        | ErrorCode::SourceTooLarge
        | ErrorCode::Truncated
        | ErrorCode::DecodeFailed => "FailedOperation",
        ErrorCode::EncodeFailed
        | ErrorCode::DecoderCrashed
        | ErrorCode::AttemptsExhausted
        | ErrorCode::TimedOut
        | ErrorCode::Unavailable
        | ErrorCode::Internal => INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_word_of_the_vendors_families() {
        const FAMILIES: [&str; 11] = [
            "AuthFailure",
            "FailedOperation",
            "InternalError",
            "InvalidAction",
            "InvalidParameter",
            "InvalidParameterValue",
            "LimitExceeded",
            "MissingParameter",
            "RequestLimitExceeded",
            "RequestSizeLimitExceeded",
            "ResourceNotFound",
        ];
        for &code in ErrorCode::ALL {
            let family = word(code).split('.').next().expect("a first part");
            assert!(FAMILIES.contains(&family), "{code}");
        }
    }
}
