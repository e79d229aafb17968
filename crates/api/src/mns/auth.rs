//! Who asks: HMAC-SHA1 over method, path and headers, or version 4, and what stands in for the body.

use std::time::Duration;

use axum::http::request::Parts;
use stillframe_domain::{App, ErrorCode, Timestamp};
use stillframe_service::{Service, ServiceError};
use stillframe_signing::{headers, mns, mns_v4};

use super::error::Refusal;
use super::query::Query;

/// How far a request's time may be from ours.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(15 * 60);

/// The app whose key signed the request.
///
/// The scheme knows no nonce. The body is signed by its digest alone, so a digest that was sent is checked.
pub(super) async fn authenticate(
    service: &Service,
    parts: &Parts,
    query: &Query,
    body: &[u8],
) -> Result<App, Refusal> {
    let sent = sent(parts);
    let authorization = headers::value(&sent, "Authorization").ok_or_else(Refusal::not_signed)?;
    let is_v4 = authorization.starts_with(mns_v4::SCHEME);
    let key_id = if is_v4 {
        mns_v4::Authorization::parse(&authorization)?.credential.access_key_id
    } else {
        mns::Authorization::parse(&authorization)?.access_key_id
    };
    let caller = service.authenticate(key_id).await?;
    let (method, secret) = (parts.method.as_str(), &caller.key.secret);
    if is_v4 {
        let path = decoded(parts.uri.path());
        let request = mns_v4::Request { method, path: &path, query: query.pairs(), headers: &sent };
        mns_v4::verify(&request, secret)?;
    } else {
        let resource = parts.uri.path_and_query().map_or("", |resource| resource.as_str());
        mns::verify(&mns::Request { method, resource, headers: &sent }, secret)?;
    }
    check_time(service.now(), Timestamp::from_secs(mns::signed_at_s(&sent)?))?;
    service.count_request(&caller.key)?;
    match headers::value(&sent, "Content-MD5") {
        Some(digest) if !mns::is_digest_of(&digest, body) => Err(Refusal::wrong_digest()),
        _ => Ok(caller.app),
    }
}

/// A path or a part of it without percent encoding.
pub(super) fn decoded(path: &str) -> String {
    // Of a query without `=` and `&`, the decoder makes one name.
    let escaped = path.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(escaped.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

fn check_time(now: Timestamp, sent: Timestamp) -> Result<(), Refusal> {
    if now.since(sent).max(sent.since(now)) > CLOCK_SKEW_MAX {
        return Err(ServiceError::new(ErrorCode::RequestExpired, "the Date is too far from now").into());
    }
    Ok(())
}

fn sent(parts: &Parts) -> Vec<(String, String)> {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_within_fifteen_minutes_are_accepted() {
        let now = Timestamp::from_secs(1_700_000_000);
        let code = |s| check_time(now, Timestamp::from_secs(s)).err().map(|refusal| refusal.code);
        assert_eq!([code(1_700_000_900), code(1_699_999_100)], [None, None]);
        assert_eq!([code(1_700_000_901), code(1_699_999_099)], [Some("TimeExpired"); 2]);
    }

    #[test]
    fn paths_are_decoded() {
        assert_eq!(decoded("/queues/a%20b+c=d&e"), "/queues/a b+c=d&e");
    }
}
