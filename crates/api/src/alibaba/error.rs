//! Refusals in the vendor's words.

use axum::http::StatusCode;
use stillframe_domain::ErrorCode;
use stillframe_service::ServiceError;
use stillframe_signing::{SignatureError, alibaba_rpc};

/// A refused request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// The vendor's code.
    pub code: String,
    /// The vendor's sentence, where it has one.
    pub message: String,
}

impl Refusal {
    /// A refusal with status 400.
    pub(super) fn bad_request(code: &str, message: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: code.to_owned(), message: message.to_owned() }
    }

    /// A required parameter that is not there.
    pub(super) fn missing(parameter: &str) -> Self {
        let message = format!("{parameter} is mandatory for this action.");
        Self::bad_request(&format!("Missing{parameter}"), &message)
    }

    /// A parameter whose value is not accepted.
    pub(super) fn invalid(parameter: &str) -> Self {
        let message = format!("The specified parameter \"{parameter}\" is not valid.");
        Self::bad_request("InvalidParameter", &message)
    }

    /// What the vendor does and Stillframe does not.
    pub(super) fn unsupported() -> Self {
        Self::bad_request("UnsupportedOperation", "The specified action is not supported.")
    }

    /// What is not the caller's to use.
    pub(super) fn forbidden() -> Self {
        let message = "User not authorized to operate on the specified resource.";
        Self { status: StatusCode::FORBIDDEN, code: "Forbidden".to_owned(), message: message.to_owned() }
    }

    /// A resource that there is not, by the vendor's word for it.
    pub(super) fn no_resource(kind: &str) -> Self {
        let (status, code) = words(ErrorCode::JobNotFound);
        let message = format!("The specified resource {kind} does not exist.");
        Self { status, code: code.to_owned(), message }
    }

    /// An operation, or a version of the API, that there is not.
    pub(super) fn unknown_operation() -> Self {
        let (status, code) = words(ErrorCode::UnknownOperation);
        let message = "Specified api is not found, please check your url and method.";
        Self { status, code: code.to_owned(), message: message.to_owned() }
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        let (status, code) = words(error.code);
        if status.is_server_error() {
            tracing::error!(error = ?error, "an Alibaba request failed");
        }
        let message = vendor_message(error.code).map_or(error.message, str::to_owned);
        Self { status, code: code.to_owned(), message }
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        if let SignatureError::Mismatch { string_to_sign } = &error {
            // The vendor's SDK reads what stands behind the colon, and compares it with its own text.
            let message = "Specified signature is not matched with our calculation.";
            let message = format!("{message} server string to sign is:{string_to_sign}");
            return Self::bad_request(words(ErrorCode::SignatureMismatch).1, &message);
        }
        match error {
            SignatureError::Missing { name } => Self::missing(name),
            SignatureError::Unsupported { name: alibaba_rpc::SIGNATURE_METHOD } => {
                Self::bad_request("InvalidSignatureMethod", "Specified signature method is not valid.")
            }
            SignatureError::Unsupported { name } => Self::invalid(name),
            _ => {
                let message = "The request signature does not conform to Aliyun standards.";
                Self::bad_request(words(ErrorCode::SignatureMissing).1, message)
            }
        }
    }
}

/// HTTP status and the vendor's code of an error code.
pub(crate) const fn words(code: ErrorCode) -> (StatusCode, &'static str) {
    match code {
        ErrorCode::MissingParameter => (StatusCode::BAD_REQUEST, "MissingParameter"),
        ErrorCode::InvalidParameter
        | ErrorCode::OffsetOutOfRange
        | ErrorCode::RequestTooLarge
        | ErrorCode::RequestIncomplete => (StatusCode::BAD_REQUEST, "InvalidParameter"),
        ErrorCode::TooManyRequests => (StatusCode::BAD_REQUEST, "Throttling.User"),
        ErrorCode::UnknownOperation => (StatusCode::NOT_FOUND, "InvalidAction.NotFound"),
        ErrorCode::MediaNotFound => (StatusCode::NOT_FOUND, "InvalidVideo.NotFound"),
        ErrorCode::TemplateNotFound
        | ErrorCode::AppNotFound
        | ErrorCode::JobNotFound
        | ErrorCode::ProcedureNotFound
        | ErrorCode::EndpointNotFound
        | ErrorCode::DeliveryNotFound
        | ErrorCode::QueueNotFound
        | ErrorCode::ObjectNotFound => (StatusCode::NOT_FOUND, "NoSuchResource"),
        ErrorCode::MediaNotReady
        | ErrorCode::SourceMissing
        | ErrorCode::SourceUnreadable
        | ErrorCode::SourceEmpty
        | ErrorCode::SourceTooLarge
        | ErrorCode::NotAVideo
        | ErrorCode::Truncated
        | ErrorCode::NoVideoStream
        | ErrorCode::UnsupportedCodec
        | ErrorCode::DecodeFailed => (StatusCode::BAD_REQUEST, "Forbidden.IllegalStatus"),
        ErrorCode::SourceForbidden => (StatusCode::FORBIDDEN, "Forbidden"),
        ErrorCode::QueueNotEnabled
        | ErrorCode::HandleExpired
        | ErrorCode::QueueExists
        | ErrorCode::TooManyQueues
        | ErrorCode::TemplateImmutable
        | ErrorCode::TooManyTemplates
        | ErrorCode::JobNotCancellable
        | ErrorCode::DuplicateRequest
        | ErrorCode::DuplicateReference
        | ErrorCode::DuplicateProcedure
        | ErrorCode::QuotaExceeded
        | ErrorCode::LimitExceeded => (StatusCode::FORBIDDEN, "OperationDenied"),
        ErrorCode::KeyNotFound => (StatusCode::NOT_FOUND, "InvalidAccessKeyId.NotFound"),
        ErrorCode::SignatureMissing => (StatusCode::BAD_REQUEST, "IncompleteSignature"),
        ErrorCode::SignatureMismatch => (StatusCode::BAD_REQUEST, "SignatureDoesNotMatch"),
        ErrorCode::RequestExpired => (StatusCode::BAD_REQUEST, "InvalidTimeStamp.Expired"),
        ErrorCode::RequestReplayed => (StatusCode::BAD_REQUEST, "SignatureNonceUsed"),
        ErrorCode::TimedOut | ErrorCode::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnAvailable")
        }
        ErrorCode::EncodeFailed
        | ErrorCode::DecoderCrashed
        | ErrorCode::AttemptsExhausted
        | ErrorCode::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
    }
}

/// The vendor's own sentence, which callers may compare; `None` where ours says more.
const fn vendor_message(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::MediaNotFound => Some("The video does not exist."),
        ErrorCode::MediaNotReady => Some("Status of the video is illegal."),
        ErrorCode::TemplateNotFound => Some("The specified resource SnapshotTemplate does not exist."),
        ErrorCode::JobNotFound => Some("The specified resource Job does not exist."),
        ErrorCode::ProcedureNotFound => Some("The specified resource Workflow does not exist."),
        ErrorCode::KeyNotFound => Some("Specified access key is not found."),
        ErrorCode::RequestExpired => Some("Specified time stamp or date value is expired."),
        ErrorCode::TooManyRequests => Some("Request was denied due to user flow control."),
        ErrorCode::RequestReplayed => Some("Specified signature nonce was used already."),
        ErrorCode::Unavailable => Some("The request has failed due to a temporary failure of the server."),
        ErrorCode::Internal => Some("The request processing has failed due to some unknown error."),
        ErrorCode::OffsetOutOfRange
        | ErrorCode::SourceMissing
        | ErrorCode::SourceUnreadable
        | ErrorCode::SourceEmpty
        | ErrorCode::SourceForbidden
        | ErrorCode::SourceTooLarge
        | ErrorCode::NotAVideo
        | ErrorCode::Truncated
        | ErrorCode::NoVideoStream
        | ErrorCode::UnsupportedCodec
        | ErrorCode::DecodeFailed
        | ErrorCode::EncodeFailed
        | ErrorCode::DecoderCrashed
        | ErrorCode::LimitExceeded
        | ErrorCode::TimedOut
        | ErrorCode::AttemptsExhausted
        | ErrorCode::MissingParameter
        | ErrorCode::InvalidParameter
        | ErrorCode::UnknownOperation
        | ErrorCode::TemplateImmutable
        | ErrorCode::TooManyTemplates
        | ErrorCode::JobNotCancellable
        | ErrorCode::DuplicateRequest
        | ErrorCode::DuplicateReference
        | ErrorCode::DuplicateProcedure
        | ErrorCode::AppNotFound
        | ErrorCode::EndpointNotFound
        | ErrorCode::DeliveryNotFound
        | ErrorCode::ObjectNotFound
        | ErrorCode::QueueNotEnabled
        | ErrorCode::HandleExpired
        | ErrorCode::QueueNotFound
        | ErrorCode::QueueExists
        | ErrorCode::TooManyQueues
        | ErrorCode::SignatureMissing
        | ErrorCode::SignatureMismatch
        | ErrorCode::RequestTooLarge
        | ErrorCode::RequestIncomplete
        | ErrorCode::QuotaExceeded => None,
    }
}

/// The vendor's code in an event.
///
/// Source: codes of the same engine's own API (MPS), since the event's documents list none.
pub(crate) const fn event_code(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::OffsetOutOfRange => "InvalidParameter.TimeArray",
        ErrorCode::SourceMissing | ErrorCode::MediaNotFound | ErrorCode::MediaNotReady => {
            "InvalidParameter.ResourceNotFound"
        }
        ErrorCode::SourceUnreadable
        | ErrorCode::SourceEmpty
        | ErrorCode::SourceForbidden
        | ErrorCode::SourceTooLarge
        | ErrorCode::NotAVideo
        | ErrorCode::Truncated
        | ErrorCode::NoVideoStream
        | ErrorCode::UnsupportedCodec
        | ErrorCode::DecoderCrashed
        | ErrorCode::DecodeFailed => "InvalidParameter.ResourceContentBad",
        ErrorCode::TimedOut => "SnapshotTimeOut",
        ErrorCode::MissingParameter
        | ErrorCode::InvalidParameter
        | ErrorCode::LimitExceeded
        | ErrorCode::QuotaExceeded => "InvalidParameter",
        ErrorCode::EncodeFailed
        | ErrorCode::AttemptsExhausted
        | ErrorCode::UnknownOperation
        | ErrorCode::TemplateNotFound
        | ErrorCode::TemplateImmutable
        | ErrorCode::TooManyTemplates
        | ErrorCode::JobNotCancellable
        | ErrorCode::DuplicateRequest
        | ErrorCode::DuplicateReference
        | ErrorCode::ProcedureNotFound
        | ErrorCode::DuplicateProcedure
        | ErrorCode::AppNotFound
        | ErrorCode::JobNotFound
        | ErrorCode::EndpointNotFound
        | ErrorCode::DeliveryNotFound
        | ErrorCode::ObjectNotFound
        | ErrorCode::QueueNotEnabled
        | ErrorCode::HandleExpired
        | ErrorCode::QueueNotFound
        | ErrorCode::QueueExists
        | ErrorCode::TooManyQueues
        | ErrorCode::SignatureMissing
        | ErrorCode::SignatureMismatch
        | ErrorCode::KeyNotFound
        | ErrorCode::RequestExpired
        | ErrorCode::RequestReplayed
        | ErrorCode::RequestTooLarge
        | ErrorCode::RequestIncomplete
        | ErrorCode::TooManyRequests
        | ErrorCode::Unavailable
        | ErrorCode::Internal => "InternalError",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_a_failure_in_http() {
        for &code in ErrorCode::ALL {
            let (status, word) = words(code);
            assert!(status.is_client_error() || status.is_server_error(), "{code}");
            assert!(!word.is_empty() && !event_code(code).is_empty(), "{code}");
        }
    }

    #[test]
    fn a_mismatch_tells_the_string_to_sign_behind_its_only_colon() {
        let string_to_sign = "GET&%2F&a%3D1".to_owned();
        let refusal = Refusal::from(SignatureError::Mismatch { string_to_sign });
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
        assert_eq!(refusal.message.split(':').nth(1), Some("GET&%2F&a%3D1"));
    }
}
