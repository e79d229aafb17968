//! Our own signed URLs: HMAC-SHA256 over the path and the time of expiry, a line feed between them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Claims, Scheme, Token, param};
use crate::calendar::parse_unix;
use crate::mac::hmac_sha256;

/// The parameter that holds the time of expiry, in Unix seconds.
pub const EXPIRES: &str = "expires";
/// The parameter that holds the signature, in base64 for URLs without padding.
pub const SIGNATURE: &str = "signature";

/// Digits of the latest time that a URL can hold, some three hundred years off.
const TIME_DIGITS_MAX: usize = 10;
const SIGNATURE_CHARACTERS: usize = 43;

/// A path signed until `expires_s` (Unix seconds).
pub fn sign(path: &str, expires_s: u32, key: &str) -> String {
    format!("{path}?{EXPIRES}={expires_s}&{SIGNATURE}={}", signature(path, &expires_s.to_string(), key))
}

pub(super) fn signature(path: &str, expires: &str, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(hmac_sha256(key.as_bytes(), &format!("{path}\n{expires}")))
}

pub(super) fn parse<'a>(path: &'a str, query: &'a str) -> Option<Token<'a>> {
    let (time, given) = (param(query, EXPIRES)?, param(query, SIGNATURE)?);
    let is_base64 =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let is_whole = time.len() <= TIME_DIGITS_MAX && given.len() == SIGNATURE_CHARACTERS && is_base64(given);
    let time_s = parse_unix(time)?;
    let claims = Claims::None;
    is_whole.then_some(Token { scheme: Scheme::Native, path, given, time, time_s, claims })
}
