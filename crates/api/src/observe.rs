//! What is noted of every request: its id, a span for its log lines, and its place in the counts.
//!
//! **Invariant:** a log line has the path of a request without what signs it, and never its query, its
//! headers or its body: those hold keys, signatures and tokens.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tower_http::request_id::{MakeRequestId as _, MakeRequestUuid, RequestId};
use tracing::Instrument as _;

use crate::url_access::object_path;

/// Where a request's id is given and answered.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that a client may choose.
const REQUEST_ID_BYTES_MAX: usize = 64;
/// Most characters of a path in the log.
const LOGGED_PATH_CHARS_MAX: usize = 200;

/// The API that an answer is in, for the counts.
#[derive(Debug, Clone, Copy)]
struct Spoken(&'static str);

/// Says which API an answer is in.
pub(crate) fn spoken(api: &'static str, mut response: Response) -> Response {
    response.extensions_mut().insert(Spoken(api));
    response
}

/// Gives a request its id, runs it, and notes what came of it.
pub(crate) async fn observe(mut request: Request, next: Next) -> Response {
    let id = request_id(&request);
    if let Some(id) = &id {
        request.extensions_mut().insert(id.clone());
    }
    let shown = id.as_ref().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!(
        "request",
        request.id = shown,
        method = %request.method(),
        path = logged_path(request.uri().path()),
    );
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let Spoken(api) = response.extensions().get().copied().unwrap_or(Spoken("none"));
    let (status, taken) = (response.status(), begun.elapsed());
    let class = CLASSES[usize::from(status.as_u16() / 100).min(CLASSES.len() - 1)];
    metrics::counter!("stillframe_http_requests_total", "api" => api, "status" => class).increment(1);
    metrics::histogram!("stillframe_http_request_seconds", "api" => api).record(taken);
    span.in_scope(|| {
        let duration_ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(api, status = status.as_u16(), duration_ms, "answered");
    });
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id.into_header_value());
    }
    response
}

/// Classes of statuses by their first digit.
const CLASSES: [&str; 6] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// The id that the client chose, when it is one, or a new one.
fn request_id(request: &Request) -> Option<RequestId> {
    let given = request.headers().get(REQUEST_ID).filter(|id| is_id(id)).cloned();
    given.map(RequestId::new).or_else(|| MakeRequestUuid.make_request_id(request))
}

fn is_id(value: &HeaderValue) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let bytes = value.as_bytes();
    !bytes.is_empty() && bytes.len() <= REQUEST_ID_BYTES_MAX && bytes.iter().all(is_plain)
}

/// A path without what stands before it in a signed URL, and no longer than a line can bear.
fn logged_path(path: &str) -> String {
    object_path(path).chars().take(LOGGED_PATH_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_plain_or_made_here() {
        let id = |value: &'static [u8]| {
            let value = HeaderValue::from_bytes(value).expect("a header");
            let request = Request::builder().header(REQUEST_ID, value).body(axum::body::Body::empty());
            let id = request_id(&request.expect("a request")).expect("an id");
            id.header_value().to_str().expect("text").to_owned()
        };
        assert_eq!(id(b"trace-1_A.b"), "trace-1_A.b");
        for bad in [b"".as_slice(), b"two words", b"{x}", b"\xff", [b'a'; 65].as_slice().to_vec().leak()] {
            assert_eq!(id(bad.to_vec().leak()).len(), 36, "a UUID in the place of {bad:?}");
        }
    }

    #[test]
    fn paths_are_logged_without_what_signs_them() {
        let signed = "/202611280000/0123456789abcdef0123456789abcdef/media/v/covers/a-00001.jpg";
        assert_eq!(logged_path(signed), "/media/v/covers/a-00001.jpg");
        assert_eq!(logged_path(&format!("/{}", "x".repeat(1_000))).chars().count(), LOGGED_PATH_CHARS_MAX);
    }
}
