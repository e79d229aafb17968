//! Reading request bodies within a limit.

use axum::body::{Body, Bytes, to_bytes};
use http_body_util::LengthLimitError;
use stillframe_domain::ErrorCode;
use stillframe_domain::limits::REQUEST_BODY_BYTES_MAX;
use stillframe_service::ServiceError;

/// A body that came too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
pub struct SlowBody;

/// The whole body of a request that is not an upload.
///
/// # Errors
/// `RequestTooLarge` beyond [`REQUEST_BODY_BYTES_MAX`]; `RequestIncomplete` when it breaks off or is too slow.
pub(crate) async fn read(body: Body) -> Result<Bytes, ServiceError> {
    read_within(body, REQUEST_BODY_BYTES_MAX).await
}

/// The whole body, of at most so many bytes.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_within(body: Body, bytes_max: usize) -> Result<Bytes, ServiceError> {
    to_bytes(body, bytes_max).await.map_err(|error| {
        let (code, message) = if is_caused_by::<LengthLimitError>(&error) {
            (ErrorCode::RequestTooLarge, format!("the body exceeds {bytes_max} bytes"))
        } else if is_caused_by::<SlowBody>(&error) {
            (ErrorCode::RequestIncomplete, "the body came too slowly".to_owned())
        } else {
            (ErrorCode::RequestIncomplete, "the body broke off".to_owned())
        };
        ServiceError { source: Some(error.into()), ..ServiceError::new(code, message) }
    })
}

fn is_caused_by<E: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|cause| cause.is::<E>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_too_large_or_broke_off_or_came_too_slowly() {
        let code = async |body| read_within(body, 4).await.map_err(|error| error.code);
        assert_eq!(code(Body::from("four")).await, Ok(Bytes::from("four")));
        assert_eq!(code(Body::from("fives")).await, Err(ErrorCode::RequestTooLarge));
        let failing = |error: axum::Error| {
            let chunks = [Ok(Bytes::from("a")), Err(error)];
            Body::from_stream(futures::stream::iter(chunks))
        };
        let broken = axum::Error::new(std::io::Error::other("reset"));
        assert_eq!(code(failing(broken)).await, Err(ErrorCode::RequestIncomplete));
        let slow = read_within(failing(axum::Error::new(SlowBody)), 4).await.expect_err("slow");
        assert_eq!(
            (slow.code, slow.message.as_str()),
            (ErrorCode::RequestIncomplete, "the body came too slowly")
        );
    }
}
