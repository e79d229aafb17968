//! Message authentication codes as text, and their comparison.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

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
