//! Problem documents (RFC 9457) of the native API.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use stillframe_domain::ErrorCode;
use stillframe_service::ServiceError;

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
        let Self(error) = self;
        let status = status(error.code);
        if status.is_server_error() {
            tracing::error!(error = ?error, "a native request failed");
        }
        let document = json!({
            "type": format!("urn:stillframe:error:{}", error.code),
            "title": error.code.summary(),
            "status": status.as_u16(),
            "code": error.code.name(),
            "detail": error.message,
            "parameter": error.parameter,
        });
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"stillframe\""));
        }
        response
    }
}

/// The answer to a path below `/v1` that is no operation.
pub(crate) async fn unknown_operation() -> Problem {
    Problem(ServiceError::new(ErrorCode::UnknownOperation, "there is no such operation below /v1"))
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
        ErrorCode::SourceForbidden => StatusCode::FORBIDDEN,
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
