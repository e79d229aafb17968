//! Reading request bodies within a limit.

use axum::body::{Body, Bytes, to_bytes};
use stillframe_domain::ErrorCode;
use stillframe_service::ServiceError;

/// Largest body of a request that is not an upload, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;

/// The whole body.
///
/// # Errors
/// `RequestTooLarge` beyond [`BODY_BYTES_MAX`], or when it breaks off.
pub(crate) async fn read(body: Body) -> Result<Bytes, ServiceError> {
    to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| ServiceError {
        code: ErrorCode::RequestTooLarge,
        message: format!("the body broke off or exceeds {BODY_BYTES_MAX} bytes"),
        parameter: None,
        source: Some(error.into()),
    })
}
