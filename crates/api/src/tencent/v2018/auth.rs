//! Who asks, and for what: TC3-HMAC-SHA256 over the bytes as sent, or version 1 over the parameters.
//!
//! Source: Tencent Cloud API 3.0, "Signature v3" and "Signature v1".

use std::time::Duration;

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use serde_json::{Value, json};
use stillframe_domain::{App, ErrorCode, Timestamp};
use stillframe_service::{Service, ServiceError};
use stillframe_signing::{headers, tencent_tc3};

use super::error::Refusal;
use super::input::unflattened;
use crate::tencent::received::Received;

/// The one version of the API that is spoken.
pub(super) const VERSION: &str = "2018-07-17";
/// The header that names the operation; present with TC3 alone.
pub(super) const ACTION_HEADER: &str = "x-tc-action";

/// How far a request's time may be from ours.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(5 * 60);
/// A nonce is remembered as long as its request's time can be accepted.
const NONCE_KEPT: Duration = Duration::from_secs(2 * 5 * 60);
/// Largest query of a GET, in bytes.
const QUERY_BYTES_MAX: usize = 32 << 10;
/// Largest form of a POST that is signed by version 1, in bytes.
const FORM_BYTES_MAX: usize = 1 << 20;
/// Largest body of a POST that is signed by TC3, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 10 << 20;

/// An authenticated call.
#[derive(Debug)]
pub(super) struct Call {
    /// The app whose key signed it.
    pub app: App,
    /// The operation.
    pub action: String,
    /// Its parameters, as one tree.
    pub tree: Value,
}

/// Checks the signature and the time, and decodes the parameters.
pub(super) async fn authenticate(service: &Service, parts: &Parts, body: &Bytes) -> Result<Call, Refusal> {
    let is_tc3 =
        parts.headers.contains_key(header::AUTHORIZATION) || parts.headers.contains_key(ACTION_HEADER);
    let limit = match (&parts.method, is_tc3) {
        (&Method::GET, _) => QUERY_BYTES_MAX,
        (_, true) => BODY_BYTES_MAX,
        (_, false) => FORM_BYTES_MAX,
    };
    let size = if parts.method == Method::GET { query(parts).len() } else { body.len() };
    if size > limit {
        let message = format!("the parameters exceed {limit} bytes");
        return Err(ServiceError::new(ErrorCode::RequestTooLarge, message).into());
    }
    if is_tc3 { tc3(service, parts, body).await } else { version_1(service, parts, body).await }
}

async fn tc3(service: &Service, parts: &Parts, body: &Bytes) -> Result<Call, Refusal> {
    let headers = headers(parts);
    let header = |name| headers::value(&headers, name).ok_or_else(|| Refusal::missing(name));
    let authorization = header("Authorization")?;
    let key_id = tencent_tc3::Authorization::parse(&authorization)?.secret_id;
    let caller = service.authenticate(key_id).await?;
    let request =
        tencent_tc3::Request { method: parts.method.as_str(), query: query(parts), headers: &headers, body };
    tencent_tc3::verify(&request, &caller.key.secret)?;
    check_time(service.now(), Timestamp::from_secs(tencent_tc3::signed_at_s(&headers)?))?;
    service.count_request(&caller.key)?;
    let action = header("X-TC-Action")?;
    check_version(&header("X-TC-Version")?)?;
    let tree = if parts.method == Method::GET {
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(query(parts).as_bytes()).into_owned().collect();
        unflattened(&pairs)?
    } else {
        from_json(&parts.headers, body)?
    };
    Ok(Call { app: caller.app, action, tree })
}

/// The nonce is used up last, so that nobody without the secret can use up another's.
async fn version_1(service: &Service, parts: &Parts, body: &Bytes) -> Result<Call, Refusal> {
    let received = Received::decode(parts, body);
    let required = |name| received.find(name).ok_or_else(|| Refusal::missing(name));
    let key_id = required("SecretId")?;
    let caller = service.authenticate(key_id).await?;
    stillframe_signing::tencent_v1::verify(&received.to_be_signed(), &caller.key.secret)?;
    let number = |name| {
        let parsed = required(name)?.parse::<u64>();
        parsed.map_err(|_| Refusal::mistyped(name, "a whole number"))
    };
    let (timestamp_s, nonce) = (number("Timestamp")?, number("Nonce")?);
    let sent = Timestamp::from_secs(i64::try_from(timestamp_s).unwrap_or(i64::MAX));
    check_time(service.now(), sent)?;
    service.count_request(&caller.key)?;
    let scope = format!("tencent-2018:{key_id}");
    service.remember_nonce(&scope, &format!("{timestamp_s}:{nonce}"), NONCE_KEPT).await?;
    let action = required("Action")?.to_owned();
    check_version(required("Version")?)?;
    Ok(Call { app: caller.app, action, tree: unflattened(&received.signed())? })
}

fn from_json(headers: &HeaderMap, body: &Bytes) -> Result<Value, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        let message = "a POST is taken as application/json alone";
        return Err(Refusal::new("UnsupportedProtocol", message));
    }
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).map_err(|_| Refusal::mistyped("the body", "a JSON object"))
}

fn check_version(version: &str) -> Result<(), Refusal> {
    match version {
        VERSION => Ok(()),
        _ => Err(Refusal::new("NoSuchVersion", format!("the version is not {VERSION}"))),
    }
}

fn check_time(now: Timestamp, sent: Timestamp) -> Result<(), Refusal> {
    if now.since(sent).max(sent.since(now)) > CLOCK_SKEW_MAX {
        let message = "the time of the request is more than 5 minutes from the server's";
        return Err(ServiceError::new(ErrorCode::RequestExpired, message).into());
    }
    Ok(())
}

fn query(parts: &Parts) -> &str {
    parts.uri.query().unwrap_or_default()
}

/// The headers as received; HTTP/2 names the host in the URI.
fn headers(parts: &Parts) -> Vec<(String, String)> {
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: Vec<(String, String)> =
        parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    if let (false, Some(authority)) = (parts.headers.contains_key(header::HOST), parts.uri.authority()) {
        headers.push(("host".to_owned(), authority.to_string()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_within_five_minutes_are_accepted() {
        let now = Timestamp::from_secs(1_700_000_000);
        let code = |s| check_time(now, Timestamp::from_secs(s)).err().map(|refusal| refusal.code);
        assert_eq!([code(1_700_000_300), code(1_699_999_700)], [None, None]);
        assert_eq!([code(1_700_000_301), code(1_699_999_699)], [Some("AuthFailure.SignatureExpire"); 2]);
    }
}
