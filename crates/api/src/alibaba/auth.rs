//! Who asks: signature V1, its time and its nonce.

use std::time::Duration;

use axum::http::Method;
use stillframe_domain::{App, ErrorCode, Timestamp};
use stillframe_service::{Service, ServiceError};
use stillframe_signing::alibaba_rpc;

use super::error::Refusal;
use super::params::Params;
use super::time;

/// How far a request's time may be from ours.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(15 * 60);
/// A nonce is remembered as long as its request's time can be accepted.
const NONCE_KEPT: Duration = Duration::from_secs(2 * 15 * 60);
const NONCE_BYTES_MAX: usize = 256;

/// The app whose key signed the request.
///
/// The nonce is used up last, so that nobody without the secret can use up another's.
pub(super) async fn authenticate(
    service: &Service,
    method: &Method,
    params: &Params,
) -> Result<App, Refusal> {
    let key_id = params.required("AccessKeyId")?;
    let caller = service.authenticate(key_id).await?;
    alibaba_rpc::verify(method.as_str(), params.pairs(), &caller.key.secret)?;
    check_time(service.now(), params.required("Timestamp")?)?;
    let nonce = params.required("SignatureNonce")?;
    if nonce.len() > NONCE_BYTES_MAX {
        return Err(Refusal::invalid("SignatureNonce"));
    }
    service.remember_nonce(&format!("alibaba:{key_id}"), nonce, NONCE_KEPT).await?;
    Ok(caller.app)
}

fn check_time(now: Timestamp, text: &str) -> Result<(), Refusal> {
    let malformed = "Specified time stamp or date value is not well formatted.";
    let sent = time::read(text).ok_or_else(|| Refusal::bad_request("InvalidTimeStamp.Format", malformed))?;
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
        let now = time::read("2026-11-22T04:00:00Z").expect("a time");
        let code = |text| check_time(now, text).err().map(|refusal| refusal.code);
        assert_eq!([code("2026-11-22T03:45:00Z"), code("2026-11-22T04:15:00Z")], [None, None]);
        assert_eq!(code("2026-11-22T03:44:59Z").as_deref(), Some("InvalidTimeStamp.Expired"));
        assert_eq!(code("2026-11-22T04:15:01Z").as_deref(), Some("InvalidTimeStamp.Expired"));
        assert_eq!(code("1700000000").as_deref(), Some("InvalidTimeStamp.Format"));
    }
}
