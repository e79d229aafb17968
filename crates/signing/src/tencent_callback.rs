//! Tencent Cloud VOD event callbacks: `Sign` and `T` in the body, from the application's sign key.
//!
//! Source: Tencent Cloud VOD API 2018-07-17, ModifyEventConfig, "SignKey", read on 2026-11-22.
//!
//! The signature covers the time alone, not the event: it shows that the sender knew the key before `T`,
//! and nothing about the rest of the body. This is a property of the scheme.

use crate::SignatureError;
use crate::calendar::parse_unix;
use crate::digest::md5_hex;
use crate::mac::is_same;

/// The member of the body that holds the signature.
pub const SIGN: &str = "Sign";
/// The member of the body that holds the time until which the signature is good.
pub const EXPIRES: &str = "T";
/// From sending to the time in `T`.
pub const VALIDITY_S: i64 = 10 * 60;

/// The value of `Sign` for a `T` in Unix seconds.
pub fn sign(key: &str, expires_s: i64) -> String {
    md5_hex(&format!("{key}{expires_s}"))
}

/// Checks `Sign` and `T` as received, in constant time, at `now_s` (Unix seconds).
///
/// # Errors
/// [`SignatureError`] when `expires` is no time, `sign` is not the one that `key` gives, or it has expired.
pub fn verify(given: &str, expires: &str, key: &str, now_s: i64) -> Result<(), SignatureError> {
    let expires_s = parse_unix(expires).ok_or(SignatureError::Malformed { name: EXPIRES })?;
    if !is_same(given, &sign(key, expires_s)) {
        return Err(SignatureError::Mismatch { string_to_sign: expires_s.to_string() });
    }
    if now_s <= expires_s { Ok(()) } else { Err(SignatureError::Expired) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: &str = "5e3f26816a60a0590bfaa8f3ebb4d1dc";

    #[test]
    fn the_known_vector_is_reproduced_and_expires() {
        assert_eq!(sign("secret", 1_700_000_600), KNOWN);
        assert_eq!(verify(KNOWN, "1700000600", "secret", 1_700_000_600), Ok(()));
        assert_eq!(verify(KNOWN, "1700000600", "secret", 1_700_000_601), Err(SignatureError::Expired));
    }

    #[test]
    fn forms_that_hide_another_time_are_refused() {
        let malformed = Err(SignatureError::Malformed { name: EXPIRES });
        for expires in ["", "+1700000600", "1700000600 ", "1.7e9"] {
            assert_eq!(verify(KNOWN, expires, "secret", 0), malformed);
        }
    }

    proptest! {
        #[test]
        fn an_altered_time_key_or_signature_is_refused(
            key in "[a-zA-Z0-9]{1,32}", expires_s in 0..i64::MAX, other_s in 0..i64::MAX,
            at in 0..32_usize, by in "[0-9a-fA-F]",
        ) {
            let good = sign(&key, expires_s);
            let expires = expires_s.to_string();
            prop_assert_eq!(verify(&good, &expires, &key, 0), Ok(()));
            prop_assert!(other_s == expires_s || verify(&good, &other_s.to_string(), &key, 0).is_err());
            let other_key = format!("x{key}");
            prop_assert!(verify(&good, &expires, &other_key, 0).is_err());
            let mut altered = good.clone();
            altered.replace_range(at..=at, &by);
            prop_assert!(altered == good || verify(&altered, &expires, &key, 0).is_err());
        }
    }
}
