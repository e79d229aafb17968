//! Who asks: signature version 1, its time and its nonce.

use std::time::Duration;

use stillframe_domain::{App, ErrorCode, Timestamp};
use stillframe_service::{Service, ServiceError};
use stillframe_signing::tencent_v1;

use super::error::Refusal;
use crate::tencent::received::Received;

/// How far a request's time may be from ours.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(2 * 3_600);
/// A nonce is remembered as long as its request's time can be accepted.
const NONCE_KEPT: Duration = Duration::from_secs(2 * 2 * 3_600);

/// The app whose key signed the request.
///
/// The nonce is used up last, so that nobody without the secret can use up another's.
pub(super) async fn authenticate(service: &Service, received: &Received) -> Result<App, Refusal> {
    let required = |name| received.find(name).ok_or_else(|| Refusal::missing(name));
    let key_id = required("SecretId")?;
    let caller = service.authenticate(key_id).await?;
    tencent_v1::verify(&received.to_be_signed(), &caller.key.secret)?;
    let number = |name| {
        let parsed = required(name)?.parse::<u64>();
        parsed.map_err(|_| Refusal::invalid(name, "a whole number"))
    };
    let (timestamp_s, nonce) = (number("Timestamp")?, number("Nonce")?);
    check_time(service.now(), timestamp_s)?;
    service.count_request(&caller.key)?;
    let scope = format!("tencent:{key_id}");
    service.remember_nonce(&scope, &format!("{timestamp_s}:{nonce}"), NONCE_KEPT).await?;
    Ok(caller.app)
}

/// A time long past has expired (4200); one far ahead cannot be told from a forged one (4500).
fn check_time(now: Timestamp, timestamp_s: u64) -> Result<(), Refusal> {
    let sent = Timestamp::from_secs(i64::try_from(timestamp_s).unwrap_or(i64::MAX));
    let refused = |code, message: &str| Err(ServiceError::new(code, message).into());
    if now.since(sent) > CLOCK_SKEW_MAX {
        refused(ErrorCode::RequestExpired, "the Timestamp is more than 2 hours ago")
    } else if sent.since(now) > CLOCK_SKEW_MAX {
        refused(ErrorCode::RequestReplayed, "the Timestamp is more than 2 hours ahead")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_within_two_hours_are_accepted() {
        let now = Timestamp::from_secs(1_700_000_000);
        let code = |offset_s: i64| {
            let refusal = check_time(now, (1_700_000_000 + offset_s) as u64).err();
            refusal.map(|refusal| refusal.code)
        };
        assert_eq!([code(0), code(7_200), code(-7_200)], [None; 3]);
        assert_eq!((code(-7_201), code(7_201)), (Some(4200), Some(4500)));
        assert_eq!(check_time(now, u64::MAX).expect_err("far ahead").code, 4500);
    }
}
