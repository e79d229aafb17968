//! Who asks: signature V1 in the parameters or ACS3 in the headers, its time and its nonce.
//!
//! What names the operation is read from where the scheme signs it: V1 signs parameters alone, ACS3 the
//! headers too. A security token is signed with the rest, and says nothing more: an access key is enough.

use std::time::Duration;

use axum::http::header;
use axum::http::request::Parts;
use stillframe_domain::{App, ErrorCode, Timestamp};
use stillframe_service::{Caller, Service, ServiceError};
use stillframe_signing::{SignatureError, alibaba_acs3, alibaba_rpc};

use super::error::Refusal;
use super::params::Params;
use super::time;

/// How far a request's time may be from ours.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(15 * 60);
/// A nonce is remembered as long as its request's time can be accepted.
const NONCE_KEPT: Duration = Duration::from_secs(2 * 15 * 60);
const NONCE_BYTES_MAX: usize = 256;
/// Schemes of the newer clients, of which one is spoken.
const ACS3: &str = "ACS3-";

/// A request as it came.
pub(super) struct Received<'a> {
    /// Method, path, query and headers.
    pub parts: &'a Parts,
    /// The host that the client believes it speaks to.
    pub host: &'a str,
    /// The body as sent.
    pub body: &'a [u8],
    /// Query and form.
    pub params: &'a Params,
}

/// What an authenticated request asks for.
pub(super) struct Call {
    /// The app whose key signed it.
    pub app: App,
    /// The operation.
    pub action: String,
    /// The version of the API.
    pub version: String,
}

/// What is signed of a request beside its operation's parameters.
struct Signed {
    caller: Caller,
    at: Timestamp,
    nonce: String,
    action: String,
    version: String,
}

/// Whether a request is signed in its headers.
pub(super) fn is_acs3(parts: &Parts) -> bool {
    authorization(parts).is_some_and(|text| text.starts_with(ACS3))
}

/// What the request asks for, and for whom.
///
/// The nonce is used up last, so that nobody without the secret can use up another's.
pub(super) async fn authenticate(service: &Service, received: &Received<'_>) -> Result<Call, Refusal> {
    let Signed { caller, at, nonce, action, version } = match is_acs3(received.parts) {
        true => by_acs3(service, received).await?,
        false => by_parameters(service, received).await?,
    };
    check_time(service.now(), at)?;
    if nonce.len() > NONCE_BYTES_MAX {
        return Err(Refusal::invalid("SignatureNonce"));
    }
    service.count_request(&caller.key)?;
    let scope = format!("alibaba:{}", caller.key.key_id);
    service.remember_nonce(&scope, &nonce, NONCE_KEPT).await?;
    Ok(Call { app: caller.app, action, version })
}

async fn by_parameters(service: &Service, received: &Received<'_>) -> Result<Signed, Refusal> {
    let params = received.params;
    let caller = service.authenticate(params.required("AccessKeyId")?).await?;
    alibaba_rpc::verify(received.parts.method.as_str(), params.pairs(), &caller.key.secret)?;
    Ok(Signed {
        caller,
        at: time::read(params.required("Timestamp")?).ok_or_else(malformed_time)?,
        nonce: params.required("SignatureNonce")?.to_owned(),
        // The headers of the same meaning are not signed here.
        action: params.required("Action")?.to_owned(),
        version: params.required("Version")?.to_owned(),
    })
}

async fn by_acs3(service: &Service, received: &Received<'_>) -> Result<Signed, Refusal> {
    let parts = received.parts;
    let text = authorization(parts).unwrap_or_default();
    if !text.starts_with(alibaba_acs3::SCHEME) {
        return Err(SignatureError::Unsupported { name: alibaba_rpc::SIGNATURE_METHOD }.into());
    }
    let authorization = alibaba_acs3::Authorization::parse(text)?;
    let caller = service.authenticate(authorization.access_key_id).await?;
    let query = Params::of_query(parts);
    let headers = headers(received);
    let request = alibaba_acs3::Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: query.pairs(),
        headers: &headers,
        body: received.body,
    };
    alibaba_acs3::verify(&request, &caller.key.secret).map_err(incomplete)?;
    let at_s = alibaba_acs3::signed_at_s(&headers).map_err(|_| malformed_time())?;
    // Verified: every header that is read here was sent and signed.
    let value = |name| stillframe_signing::headers::value(&headers, name).unwrap_or_default();
    Ok(Signed {
        caller,
        at: Timestamp::from_secs(at_s),
        nonce: value(alibaba_acs3::NONCE),
        action: value("x-acs-action"),
        version: value("x-acs-version"),
    })
}

/// A header that is missing, like one that is not signed, leaves the signature incomplete.
fn incomplete(error: SignatureError) -> Refusal {
    match error {
        SignatureError::Missing { name } => SignatureError::NotSigned { name }.into(),
        other => other.into(),
    }
}

fn authorization(parts: &Parts) -> Option<&str> {
    parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())
}

/// All headers; a client of HTTP/2 names its host outside of them.
fn headers(received: &Received<'_>) -> Vec<(String, String)> {
    let sent = received.parts.headers.iter();
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: Vec<_> = sent.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    if !received.parts.headers.contains_key(header::HOST) {
        headers.push((header::HOST.as_str().to_owned(), received.host.to_owned()));
    }
    headers
}

fn malformed_time() -> Refusal {
    let message = "Specified time stamp or date value is not well formatted.";
    Refusal::bad_request("InvalidTimeStamp.Format", message)
}

fn check_time(now: Timestamp, sent: Timestamp) -> Result<(), Refusal> {
    if now.since(sent).max(sent.since(now)) > CLOCK_SKEW_MAX {
        return Err(ServiceError::new(ErrorCode::RequestExpired, "the Timestamp is too far from now").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_within_fifteen_minutes_are_accepted() {
        let at = |text| time::read(text).expect("a time");
        let now = at("2026-11-22T04:00:00Z");
        let code = |text| check_time(now, at(text)).err().map(|refusal| refusal.code);
        assert_eq!([code("2026-11-22T03:45:00Z"), code("2026-11-22T04:15:00Z")], [None, None]);
        assert_eq!(code("2026-11-22T03:44:59Z").as_deref(), Some("InvalidTimeStamp.Expired"));
        assert_eq!(code("2026-11-22T04:15:01Z").as_deref(), Some("InvalidTimeStamp.Expired"));
    }
}
