//! Serving pictures: `/media/{key}`, and `/{key}` on an app's own domain; before either there may stand
//! the time and hash of a signed URL.

use axum::body::Body;
use axum::extract::State;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use stillframe_domain::ErrorCode;
use stillframe_service::{ServedObject, Service, ServiceError};

use crate::observe::spoken;
use crate::state::ApiState;
use crate::url_access::{Denied, object_path, permit};

/// Keys are written once with their content, so a copy never goes stale.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";
/// What was opened by a signed URL is for its holder alone.
const CACHE_CONTROL_SIGNED: &str = "private, max-age=300";
/// Where Alibaba's CDN tells why it denies a URL.
const DENIED_HEADER: HeaderName = HeaderName::from_static("x-tengine-error");
/// Where every app's objects stand.
const MEDIA: &str = "/media/";

/// `GET|HEAD /media/{key}`, and `/{key}` where the request's host is that of the owning app's picture
/// base; 404 otherwise.
pub(crate) async fn serve(
    State(state): State<ApiState>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    spoken("media", serve_object(&state, &method, &uri, &headers).await)
}

async fn serve_object(state: &ApiState, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return (StatusCode::NOT_FOUND, "nothing is here\n").into_response();
    }
    let service = &state.service;
    let asked = uri.path_and_query().map_or(uri.path(), PathAndQuery::as_str);
    let path = object_path(asked);
    let found = match path.strip_prefix(MEDIA) {
        Some(key) => service.find_object(key).await,
        None => service.find_object_on_host(text(headers, header::HOST).unwrap_or_default(), path).await,
    };
    let place = match found {
        Ok(place) => place,
        Err(error) => return refusal(&error),
    };
    let signing = &place.app.settings.url_signing;
    let now_s = service.now().as_millis() / 1_000;
    // Asked before it is looked for, so that who has no signature does not learn what is there.
    if let Err(denied) = permit(signing, asked, text(headers, header::REFERER), now_s) {
        return forbidden(&denied);
    }
    match service.open_object(place).await {
        Ok(object) => answer(service, &object, method, headers).await,
        Err(error) => refusal(&error),
    }
}

fn forbidden(denied: &Denied) -> Response {
    let mut response = (StatusCode::FORBIDDEN, "this URL is not signed, or no longer good\n").into_response();
    if let Ok(reason) = HeaderValue::from_str(&denied.reason) {
        response.headers_mut().insert(DENIED_HEADER, reason);
    }
    response
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn answer(service: &Service, object: &ServedObject, method: &Method, headers: &HeaderMap) -> Response {
    let facts = &object.facts;
    let mut response = Response::new(Body::empty());
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(object.key.as_str())));
    let is_signed = object.app.settings.url_signing.is_required();
    let cache_control = if is_signed { CACHE_CONTROL_SIGNED } else { CACHE_CONTROL };
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    set.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    set.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    set.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(etag) = HeaderValue::from_str(&facts.etag) {
        set.insert(header::ETAG, etag);
    }
    if is_unchanged(headers, &facts.etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let size = facts.size_bytes;
    let range = requested_range(headers, &facts.etag, size);
    let (status, from, to) = match range {
        Range::Whole => (StatusCode::OK, 0, size),
        Range::Part(from, to) => (StatusCode::PARTIAL_CONTENT, from, to),
        Range::Unsatisfiable => {
            let set = response.headers_mut();
            set.insert(header::CONTENT_RANGE, number_header(&format!("bytes */{size}")));
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            return response;
        }
    };
    *response.status_mut() = status;
    let set = response.headers_mut();
    set.insert(header::CONTENT_LENGTH, number_header(&(to - from).to_string()));
    if status == StatusCode::PARTIAL_CONTENT {
        set.insert(header::CONTENT_RANGE, number_header(&format!("bytes {from}-{}/{size}", to - 1)));
    }
    if method == Method::HEAD {
        return response;
    }
    match service.read_object(object, from, to).await {
        Ok((_, chunks)) => {
            *response.body_mut() = Body::from_stream(chunks);
            response
        }
        Err(error) => refusal(&error),
    }
}

fn number_header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("digits and punctuation are valid in headers")
}

fn refusal(error: &ServiceError) -> Response {
    match error.code {
        ErrorCode::ObjectNotFound => (StatusCode::NOT_FOUND, "there is no such picture\n").into_response(),
        _ => {
            tracing::error!(error = ?error, "could not serve a picture");
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily unavailable\n").into_response()
        }
    }
}

fn content_type(key: &str) -> &'static str {
    match key.rsplit_once('.').map(|(_, extension)| extension) {
        Some("jpg") => "image/jpeg",
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("avif") => "image/avif",
        Some("vtt") => "text/vtt; charset=utf-8",
        Some("mp4" | "m4v") => "video/mp4",
        _ => "application/octet-stream",
    }
}

fn is_unchanged(headers: &HeaderMap, etag: &str) -> bool {
    let given = text(headers, header::IF_NONE_MATCH);
    given.is_some_and(|list| {
        list.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == etag || one == "*")
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    Part(u64, u64),
    Unsatisfiable,
}

/// One byte range of RFC 9110 section 14; several ranges, other units and malformed ones are ignored.
fn requested_range(headers: &HeaderMap, etag: &str, size: u64) -> Range {
    if text(headers, header::IF_RANGE).is_some_and(|version| version != etag) {
        return Range::Whole;
    }
    let Some((first, last)) =
        text(headers, header::RANGE).and_then(|r| r.strip_prefix("bytes=")).and_then(|r| r.split_once('-'))
    else {
        return Range::Whole;
    };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(from), Ok(to)) if from <= to && from < size => Range::Part(from, to.saturating_add(1).min(size)),
        (Ok(from), Err(_)) if last.is_empty() && from < size => Range::Part(from, size),
        (Err(_), Ok(tail)) if first.is_empty() && tail > 0 && size > 0 => {
            Range::Part(size.saturating_sub(tail), size)
        }
        (Ok(from), Ok(to)) if from <= to => Range::Unsatisfiable,
        (Ok(_), Err(_)) if last.is_empty() => Range::Unsatisfiable,
        (Err(_), Ok(_)) if first.is_empty() => Range::Unsatisfiable,
        _ => Range::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range_of(range: &str, size: u64) -> Range {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(range).expect("header"));
        requested_range(&headers, "\"e\"", size)
    }

    #[test]
    fn ranges_are_those_of_rfc_9110() {
        assert_eq!(range_of("bytes=0-0", 10), Range::Part(0, 1));
        assert_eq!(range_of("bytes=2-", 10), Range::Part(2, 10));
        assert_eq!(range_of("bytes=2-99", 10), Range::Part(2, 10));
        assert_eq!(range_of("bytes=-3", 10), Range::Part(7, 10));
        assert_eq!(range_of("bytes=-30", 10), Range::Part(0, 10));
        assert_eq!(range_of("bytes=10-", 10), Range::Unsatisfiable);
        assert_eq!(range_of("bytes=-0", 10), Range::Unsatisfiable);
        assert_eq!(range_of("bytes=0-18446744073709551615", 10), Range::Part(0, 10));
        for ignored in ["bytes=5-2", "lines=1-2", "bytes=0-1,3-4", "bytes=a-b"] {
            assert_eq!(range_of(ignored, 10), Range::Whole, "{ignored}");
        }
    }

    #[test]
    fn a_range_of_another_version_gets_the_whole() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-0"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"other\""));
        assert_eq!(requested_range(&headers, "\"e\"", 10), Range::Whole);
    }
}
