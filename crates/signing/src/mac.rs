//! Message authentication codes as text, and their comparison.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::digest::hex;

const KEY_FITS: &str = "HMAC takes keys of any length";

/// HMAC-SHA1 in base64 with padding.
pub(crate) fn hmac_sha1_base64(key: &[u8], text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect(KEY_FITS);
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// HMAC-SHA256 in base64 with padding.
pub(crate) fn hmac_sha256_base64(key: &[u8], text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect(KEY_FITS);
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// HMAC-SHA1 in lower-case hex.
pub(crate) fn hmac_sha1_hex(key: &[u8], text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect(KEY_FITS);
    mac.update(text.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// HMAC-SHA256.
pub(crate) fn hmac_sha256(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect(KEY_FITS);
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA256 in lower-case hex.
pub(crate) fn hmac_sha256_hex(key: &[u8], text: &str) -> String {
    hex(&hmac_sha256(key, text))
}

/// A key that is good for one scope only: HMAC-SHA256 over each part in turn, each under the key before.
pub(crate) fn scoped_key(secret: &str, parts: &[&str]) -> Vec<u8> {
    parts.iter().fold(secret.as_bytes().to_vec(), |key, part| hmac_sha256(&key, part).to_vec())
}

/// Whether two signatures are the same text. The time taken tells nothing but their lengths.
pub fn is_same(given: &str, wanted: &str) -> bool {
    given.as_bytes().ct_eq(wanted.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_not_the_same() {
        assert!(is_same("abc", "abc"));
        assert!(!is_same("ab", "abc") && !is_same("", "abc") && !is_same("abd", "abc"));
    }
}
