//! Who asks: a temporary key, its signature, its token, and what it may do.

use stillframe_domain::{App, Dialect, UploadSession};
use stillframe_service::Service;
use stillframe_signing::headers::value;
use stillframe_signing::{SignatureError, cos, is_same_secret, oss, oss_v4};

use super::Protocol;
use super::error::Refusal;
use super::received::{Received, Scheme, bucket};

/// How far the time of a signed header may be from ours, in seconds.
const CLOCK_SKEW_S_MAX: u64 = 15 * 60;

/// The session whose key signed the request, and its app.
///
/// # Errors
/// Unless signature, time and token are right, the key has not expired, and the request names its object or
/// its bucket.
pub(super) async fn authenticate(
    service: &Service,
    scheme: Scheme,
    received: &Received,
) -> Result<(App, UploadSession), Refusal> {
    let key_id = key_id(scheme, received)?;
    let found = service.find_upload_by_key(&key_id).await.map_err(Refusal::from)?;
    let (app, session) = found.ok_or(Refusal::KeyUnknown)?;
    verify(scheme, received, &session, service.now().as_secs())?;
    let given = token(scheme.protocol(), received).unwrap_or_default();
    if !is_same_secret(&given, &session.key.token) {
        return Err(Refusal::Token);
    }
    if session.key.expires_at <= service.now() {
        return Err(Refusal::KeyExpired);
    }
    check_reach(scheme.protocol(), received, &session)?;
    Ok((app, session))
}

fn key_id(scheme: Scheme, received: &Received) -> Result<String, SignatureError> {
    Ok(match scheme {
        Scheme::Cos => cos::Authorization::find(&cos_request(received, ""))?.secret_id,
        Scheme::OssV1 => oss::Authorization::find(&oss_request(received, ""))?.access_key_id,
        Scheme::OssV4 => oss_v4::Authorization::find(&oss_request(received, ""))?.access_key_id,
    })
}

fn verify(scheme: Scheme, received: &Received, session: &UploadSession, now_s: i64) -> Result<(), Refusal> {
    let secret = &session.key.secret;
    let bucket = bucket(session.app_id);
    let path = format!("/{}", received.key);
    let signed_at_s = match scheme {
        Scheme::Cos => {
            let request = cos_request(received, &path);
            cos::verify(&request, secret, now_s)?;
            check_params(&cos::Authorization::find(&request)?, received)?;
            None
        }
        Scheme::OssV1 => {
            let request = oss_request(received, &bucket);
            oss::verify(&request, secret, now_s)?;
            let is_url = oss::Authorization::find(&request)?.expires_s.is_some();
            if is_url { None } else { Some(oss::signed_at_s(&received.headers)?) }
        }
        Scheme::OssV4 => {
            let request = oss_request(received, &bucket);
            oss_v4::verify(&request, secret, now_s)?;
            let authorization = oss_v4::Authorization::find(&request)?;
            authorization.validity_s.is_none().then_some(authorization.signed_at_s)
        }
    };
    match signed_at_s {
        Some(signed_at_s) if CLOCK_SKEW_S_MAX < now_s.abs_diff(signed_at_s) => Err(Refusal::Skewed),
        _ => Ok(()),
    }
}

/// This protocol signs what its client lists; a parameter that is not on the list could be anybody's.
fn check_params(authorization: &cos::Authorization, received: &Received) -> Result<(), Refusal> {
    let is_signed = |(name, _): &(String, String)| name.starts_with("q-") || authorization.signs_param(name);
    if received.query.iter().all(is_signed) { Ok(()) } else { Err(Refusal::Denied) }
}

fn token(protocol: Protocol, received: &Received) -> Option<String> {
    let name = format!("{}security-token", protocol.prefix());
    let in_query = || received.param(&name).or_else(|| received.param("security-token")).map(str::to_owned);
    value(&received.headers, &name).or_else(in_query)
}

/// A key reaches its own object, by its own protocol, and the list of its object's uploads.
fn check_reach(protocol: Protocol, received: &Received, session: &UploadSession) -> Result<(), Refusal> {
    let own = match session.dialect {
        Dialect::Tencent => Protocol::Cos,
        Dialect::Alibaba | Dialect::Native => Protocol::Oss,
    };
    let is_bucket = received.bucket.as_ref().is_none_or(|named| *named == bucket(session.app_id));
    let is_key = received.key == session.object_key || received.key.is_empty();
    if protocol == own && is_bucket && is_key { Ok(()) } else { Err(Refusal::Denied) }
}

fn cos_request<'a>(received: &'a Received, path: &'a str) -> cos::Request<'a> {
    cos::Request { method: &received.method, path, query: &received.query, headers: &received.headers }
}

fn oss_request<'a>(received: &'a Received, bucket: &'a str) -> oss::Request<'a> {
    oss::Request {
        method: &received.method,
        bucket,
        key: &received.key,
        query: &received.query,
        headers: &received.headers,
    }
}
