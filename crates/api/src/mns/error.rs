//! Refusals in the vendor's words.

use axum::http::StatusCode;
use stillframe_domain::ErrorCode;
use stillframe_service::ServiceError;
use stillframe_signing::SignatureError;

use super::handle::Answer;
use super::xml::{Element, Malformed};

/// A refused request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// The vendor's code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}

impl Refusal {
    fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    fn of(code: ErrorCode, message: impl Into<String>) -> Self {
        ServiceError::new(code, message).into()
    }

    /// The body is no XML, or not that of the operation.
    pub(super) fn malformed() -> Self {
        Self::bad_request("MalformedXML", "The XML you provided was not well-formed.")
    }

    /// A value that is not accepted.
    pub(super) fn invalid(name: &str) -> Self {
        let message = "The XML you provided did not validate against our published schema";
        Self::bad_request("InvalidArgument", format!("{message}, cause by {name}."))
    }

    /// Something that the vendor keeps and we do not.
    pub(super) fn not_supported(name: &str) -> Self {
        Self::bad_request("InvalidArgument", format!("{name} is not supported by this server."))
    }

    /// A parameter of the query that cannot be read.
    pub(super) fn invalid_query(name: &str) -> Self {
        let message = format!("Http request URL contains invalid querystring item \"{name}\".");
        Self::bad_request("InvalidQueryString", message)
    }

    /// A parameter that is not there.
    pub(super) fn missing(name: &str) -> Self {
        let code = match name {
            "VisibilityTimeout" => "MissingVisibilityTimeout",
            _ => "MissingReceiptHandle",
        };
        Self::bad_request(code, format!("{name} is required."))
    }

    /// There is nothing to receive.
    pub(super) fn no_message() -> Self {
        let (status, code) = (StatusCode::NOT_FOUND, "MessageNotExist");
        Self { status, code, message: "Message not exist.".to_owned() }
    }

    /// A queue's name that is empty or too long.
    pub(super) fn queue_name_length() -> Self {
        Self::bad_request("QueueNameLengthError", "The length of the queue name is not 1 to 120.")
    }

    /// A queue's name with characters that it must not have.
    pub(super) fn queue_name() -> Self {
        Self::bad_request("InvalidQueueName", "The queue name you provided is invalid.")
    }

    /// A path or method that is no operation.
    pub(super) fn unknown_operation() -> Self {
        Self::of(ErrorCode::UnknownOperation, "there is no such operation")
    }

    /// A request without a signature.
    pub(super) fn not_signed() -> Self {
        Self::of(ErrorCode::SignatureMissing, "the request is not signed")
    }

    /// A digest that is not that of the body.
    pub(super) fn wrong_digest() -> Self {
        // The vendor's own spelling.
        Self::bad_request("InvalidDegist", "The Content-MD5 you specified is invalid.")
    }

    /// The refusal as a document.
    pub(super) fn answer(self, host: &str, request_id: &str) -> Answer {
        let children = vec![
            Element::leaf("Code", self.code),
            Element::leaf("Message", self.message),
            Element::leaf("RequestId", request_id),
            Element::leaf("HostId", format!("http://{host}")),
        ];
        Answer::new(self.status, Element::new("Error", children))
    }
}

impl From<Malformed> for Refusal {
    fn from(_: Malformed) -> Self {
        Self::malformed()
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        let (status, code) = words(error.code);
        if status.is_server_error() {
            tracing::error!(error = ?error, "an MNS request failed");
        }
        let message = match (vendor_message(error.code), error.parameter) {
            (Some(message), _) => message.to_owned(),
            (None, Some(parameter)) => error.message.replacen(parameter, parameter_word(parameter), 1),
            (None, None) => error.message,
        };
        Self { status, code, message }
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        let is_date = |name: &str| name.eq_ignore_ascii_case("Date");
        match error {
            SignatureError::Missing { name } if is_date(name) => {
                Self::bad_request("MissingDateHeader", "Date header is required.")
            }
            SignatureError::Malformed { name } if is_date(name) => {
                Self::bad_request("InvalidDateHeader", "The Date header format is invalid.")
            }
            SignatureError::Missing { .. } => Self::not_signed(),
            SignatureError::Malformed { .. } | SignatureError::Unsupported { .. } => {
                let message = "The Authorization header format is invalid.";
                Self::bad_request("InvalidAuthorizationHeader", message)
            }
            SignatureError::NotSigned { .. }
            | SignatureError::Scope { .. }
            | SignatureError::Mismatch { .. } => Self::of(ErrorCode::SignatureMismatch, error.to_string()),
            SignatureError::Expired => Self::of(ErrorCode::RequestExpired, error.to_string()),
        }
    }
}

/// HTTP status and the vendor's code of an error code.
pub(crate) const fn words(code: ErrorCode) -> (StatusCode, &'static str) {
    match code {
        ErrorCode::QueueNotFound => (StatusCode::NOT_FOUND, "QueueNotExist"),
        ErrorCode::QueueExists => (StatusCode::CONFLICT, "QueueAlreadyExist"),
        ErrorCode::HandleExpired => (StatusCode::BAD_REQUEST, "ReceiptHandleError"),
        ErrorCode::UnknownOperation => (StatusCode::BAD_REQUEST, "InvalidRequestURL"),
        ErrorCode::SignatureMissing => (StatusCode::BAD_REQUEST, "MissingAuthorizationHeader"),
        ErrorCode::SignatureMismatch => (StatusCode::FORBIDDEN, "SignatureDoesNotMatch"),
        ErrorCode::KeyNotFound => (StatusCode::FORBIDDEN, "InvalidAccessKeyId"),
        ErrorCode::RequestExpired | ErrorCode::RequestReplayed => {
            (StatusCode::REQUEST_TIMEOUT, "TimeExpired")
        }
        ErrorCode::MissingParameter
        | ErrorCode::InvalidParameter
        | ErrorCode::OffsetOutOfRange
        | ErrorCode::RequestTooLarge
        | ErrorCode::RequestIncomplete => (StatusCode::BAD_REQUEST, "InvalidArgument"),
        ErrorCode::TooManyRequests => (StatusCode::FORBIDDEN, "QpsLimitExceeded"),
        ErrorCode::TooManyQueues
        | ErrorCode::QuotaExceeded
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
        | ErrorCode::LimitExceeded
        | ErrorCode::TemplateNotFound
        | ErrorCode::TemplateImmutable
        | ErrorCode::TooManyTemplates
        | ErrorCode::AppNotFound
        | ErrorCode::MediaNotFound
        | ErrorCode::MediaNotReady
        | ErrorCode::JobNotFound
        | ErrorCode::JobNotCancellable
        | ErrorCode::DuplicateRequest
        | ErrorCode::DuplicateReference
        | ErrorCode::DuplicateProcedure
        | ErrorCode::ProcedureNotFound
        | ErrorCode::EndpointNotFound
        | ErrorCode::DeliveryNotFound
        | ErrorCode::ObjectNotFound
        | ErrorCode::QueueNotEnabled => (StatusCode::FORBIDDEN, "AccessDenied"),
        ErrorCode::TimedOut | ErrorCode::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "InternalServerError")
        }
        ErrorCode::EncodeFailed
        | ErrorCode::DecoderCrashed
        | ErrorCode::AttemptsExhausted
        | ErrorCode::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
    }
}

/// The vendor's own sentence; `None` where ours says more.
fn vendor_message(code: ErrorCode) -> Option<&'static str> {
    let table = [
        (ErrorCode::QueueNotFound, "The queue name you provided is not exist."),
        (ErrorCode::QueueExists, "The queue you want to create is already exist."),
        (ErrorCode::HandleExpired, "The receipt handle you provide is not valid."),
        (ErrorCode::UnknownOperation, "Http request URL format invalid."),
        (ErrorCode::SignatureMissing, "Authorization header is required."),
        (
            ErrorCode::SignatureMismatch,
            "The request signature we calculated does not match the signature you provided. Check your key \
             and signing method.",
        ),
        (ErrorCode::KeyNotFound, "The AccessKey Id you provided is not exist."),
        (ErrorCode::RequestExpired, "The http request you sent is expired."),
    ];
    table.into_iter().find(|(known, _)| *known == code).map(|(_, message)| message)
}

/// The vendor's word of a parameter.
fn parameter_word(parameter: &str) -> &str {
    match parameter {
        "visibility_timeout" => "VisibilityTimeout",
        "body_bytes_max" => "MaximumMessageSize",
        "retention" => "MessageRetentionPeriod",
        "delay" => "DelaySeconds",
        "polling_wait" => "PollingWaitSeconds",
        "priority" => "Priority",
        "body" => "MessageBody",
        "messages" => "Messages",
        "handles" => "ReceiptHandles",
        "limit" => "numOfMessages",
        "wait" => "waitseconds",
        other => other,
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
            assert!(!word.is_empty(), "{code}");
        }
    }

    #[test]
    fn parameters_have_the_vendors_names() {
        let refusal = Refusal::from(stillframe_service::invalid("visibility_timeout", "1 to 43200 seconds"));
        let message = "the value of VisibilityTimeout is not accepted: expected 1 to 43200 seconds";
        assert_eq!((refusal.code, refusal.message.as_str()), ("InvalidArgument", message));
    }
}
