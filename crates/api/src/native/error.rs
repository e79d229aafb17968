//! Problem documents (RFC 9457) of the native API.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stillframe_domain::ErrorCode;
use stillframe_service::ServiceError;
use utoipa::ToSchema;

/// A problem (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Problem)]
pub(super) struct ProblemView {
    /// `urn:stillframe:error:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What the code means.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// One of a closed list.
    code: ErrorCode,
    /// What went wrong here.
    detail: String,
    /// The parameter at fault, if there is one.
    parameter: Option<&'static str>,
}

/// A refusal of the native API.
#[derive(Debug)]
pub(crate) struct Problem(pub ServiceError);

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = status(self.0.code);
        if status.is_server_error() {
            tracing::error!(error = ?self.0, "a native request failed");
        }
        response(status, self.0)
    }
}

fn response(status: StatusCode, error: ServiceError) -> Response {
    let document = ProblemView {
        kind: format!("urn:stillframe:error:{}", error.code),
        title: error.code.summary().trim(),
        status: status.as_u16(),
        code: error.code,
        detail: error.message,
        parameter: error.parameter,
    };
    let mut response = (status, Json(document)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::TOO_MANY_REQUESTS {
        // A whole number of seconds is what the header can say, and a key gets at least one token in each.
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"stillframe\""));
    }
    response
}

/// The answer to a path below `/v1` that is no operation.
pub(crate) async fn unknown_operation() -> Problem {
    Problem(ServiceError::new(ErrorCode::UnknownOperation, "there is no such operation below /v1"))
}

/// The answer to a method that a path below `/v1` does not have.
pub(crate) async fn wrong_method() -> Response {
    let message = "this path has no such method; the header Allow names those that it has";
    response(StatusCode::METHOD_NOT_ALLOWED, ServiceError::new(ErrorCode::UnknownOperation, message))
}

/// HTTP status of a code.
pub(crate) const fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::MissingParameter | ErrorCode::InvalidParameter | ErrorCode::OffsetOutOfRange => {
            StatusCode::BAD_REQUEST
        }
        ErrorCode::SignatureMissing
        | ErrorCode::SignatureMismatch
        | ErrorCode::KeyNotFound
        | ErrorCode::RequestExpired
        | ErrorCode::RequestReplayed => StatusCode::UNAUTHORIZED,
        ErrorCode::SourceForbidden | ErrorCode::QuotaExceeded => StatusCode::FORBIDDEN,
        ErrorCode::UnknownOperation
        | ErrorCode::TemplateNotFound
        | ErrorCode::AppNotFound
        | ErrorCode::MediaNotFound
        | ErrorCode::JobNotFound
        | ErrorCode::ProcedureNotFound
        | ErrorCode::EndpointNotFound
        | ErrorCode::DeliveryNotFound
        | ErrorCode::QueueNotFound
        | ErrorCode::ObjectNotFound
        | ErrorCode::SourceMissing => StatusCode::NOT_FOUND,
        ErrorCode::MediaNotReady
        | ErrorCode::QueueNotEnabled
        | ErrorCode::HandleExpired
        | ErrorCode::QueueExists
        | ErrorCode::TooManyQueues
        | ErrorCode::TemplateImmutable
        | ErrorCode::TooManyTemplates
        | ErrorCode::JobNotCancellable
        | ErrorCode::DuplicateRequest
        | ErrorCode::DuplicateReference
        | ErrorCode::DuplicateProcedure => StatusCode::CONFLICT,
        ErrorCode::RequestTooLarge | ErrorCode::SourceTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::RequestIncomplete => StatusCode::REQUEST_TIMEOUT,
        ErrorCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::SourceUnreadable
        | ErrorCode::SourceEmpty
        | ErrorCode::NotAVideo
        | ErrorCode::Truncated
        | ErrorCode::NoVideoStream
        | ErrorCode::UnsupportedCodec
        | ErrorCode::DecodeFailed
        | ErrorCode::EncodeFailed
        | ErrorCode::DecoderCrashed
        | ErrorCode::LimitExceeded
        | ErrorCode::TimedOut
        | ErrorCode::AttemptsExhausted => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
