//! Alibaba Cloud VOD event callbacks: the headers `X-VOD-TIMESTAMP` and `X-VOD-SIGNATURE`.
//!
//! Source: Alibaba Cloud VOD, "HTTP callbacks", section on callback authentication, read on 2026-11-22.
//!
//! The signature covers the address and the time, not the body. This is a property of the scheme.

use crate::SignatureError;
use crate::calendar::parse_unix;
use crate::digest::md5_hex;
use crate::mac::is_same;

/// The header that holds the time of sending, in Unix seconds.
pub const TIMESTAMP: &str = "X-VOD-TIMESTAMP";
/// The header that holds the signature.
pub const SIGNATURE: &str = "X-VOD-SIGNATURE";

/// The value of `X-VOD-SIGNATURE` for the callback address exactly as it was configured.
pub fn sign(url: &str, timestamp_s: i64, key: &str) -> String {
    md5_hex(&format!("{url}|{timestamp_s}|{key}"))
}

/// Checks both headers as received, in constant time. The caller judges the time; the vendor advises to
/// refuse one that is more than five minutes off.
///
/// # Errors
/// [`SignatureError`] when `timestamp` is no time, or `given` is not the signature that `key` gives.
pub fn verify(given: &str, timestamp: &str, url: &str, key: &str) -> Result<(), SignatureError> {
    let timestamp_s = parse_unix(timestamp).ok_or(SignatureError::Malformed { name: TIMESTAMP })?;
    if is_same(given, &sign(url, timestamp_s, key)) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch { string_to_sign: format!("{url}|{timestamp_s}|") })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The address and key are those of the vendor's page, which prints the first 28 digits.
    #[test]
    fn the_published_example_is_reproduced() {
        let url = "https://www.example.com/your/callback";
        let known = "c72b60894140fa98920f1279219b7ed4";
        assert_eq!(sign(url, 1_519_375_990, "test123"), known);
        assert_eq!(verify(known, "1519375990", url, "test123"), Ok(()));
    }

    #[test]
    fn a_time_of_another_form_is_refused() {
        let malformed = Err(SignatureError::Malformed { name: TIMESTAMP });
        assert_eq!(verify(&sign("u", 1, "k"), "+1", "u", "k"), malformed);
    }

    proptest! {
        #[test]
        fn an_altered_address_time_key_or_signature_is_refused(
            url in "[a-z:/.]{1,20}", timestamp_s in 0..i64::MAX, other_s in 0..i64::MAX,
            key in "[a-zA-Z0-9]{1,32}", at in 0..32_usize, by in "[0-9a-fA-F]",
        ) {
            let good = sign(&url, timestamp_s, &key);
            let timestamp = timestamp_s.to_string();
            prop_assert_eq!(verify(&good, &timestamp, &url, &key), Ok(()));
            prop_assert!(
                other_s == timestamp_s || verify(&good, &other_s.to_string(), &url, &key).is_err()
            );
            let (other_url, other_key) = (format!("{url}/"), format!("{key}x"));
            prop_assert!(verify(&good, &timestamp, &other_url, &key).is_err());
            prop_assert!(verify(&good, &timestamp, &url, &other_key).is_err());
            let mut altered = good.clone();
            altered.replace_range(at..=at, &by);
            prop_assert!(altered == good || verify(&altered, &timestamp, &url, &key).is_err());
        }
    }
}
