//! Alibaba Cloud RPC signature V1: HMAC-SHA1 over the sorted, percent-encoded parameters.
//!
//! Source: Alibaba Cloud VOD, "Request signatures" (RPC style, SignatureVersion 1.0), and captures of
//! aliyun-python-sdk-core 2.16.1, alibabacloud-tea-openapi 0.4.6 and @alicloud/pop-core 1.8.0, read on
//! 2026-11-22.
//!
//! Parameters are signed as decoded and encoded anew, never as they stood on the wire: one client sends
//! `+` for a space that it signed as `%20`.

use crate::mac::{hmac_sha1_base64, is_same};
use crate::percent::{encode, encode_pairs};
use crate::{Params, SignatureError, find};

/// The parameter that carries the signature, and is not signed.
pub const SIGNATURE: &str = "Signature";
/// The parameter that names the algorithm.
pub const SIGNATURE_METHOD: &str = "SignatureMethod";
/// The parameter that names the version of the scheme.
pub const SIGNATURE_VERSION: &str = "SignatureVersion";

/// The text that is signed: query and form parameters together, by HTTP method. The path is always `/`.
pub fn string_to_sign(method: &str, params: &Params) -> String {
    let mut signed: Vec<(String, String)> =
        params.iter().filter(|(name, _)| name != SIGNATURE).cloned().collect();
    signed.sort_by(|(a, _), (b, _)| a.cmp(b));
    format!("{method}&%2F&{}", encode(&encode_pairs(&signed)))
}

/// The signature of a request.
pub fn sign(method: &str, params: &Params, secret: &str) -> String {
    let key = format!("{secret}&");
    hmac_sha1_base64(key.as_bytes(), &string_to_sign(method, params))
}

/// Checks the `Signature` parameter of a request, in constant time.
///
/// # Errors
/// [`SignatureError`] when it is missing, of another scheme, or not the one that `secret` gives.
pub fn verify(method: &str, params: &Params, secret: &str) -> Result<(), SignatureError> {
    let required = |name| find(params, name).ok_or(SignatureError::Missing { name });
    if !required(SIGNATURE_METHOD)?.eq_ignore_ascii_case("HMAC-SHA1") {
        return Err(SignatureError::Unsupported { name: SIGNATURE_METHOD });
    }
    if required(SIGNATURE_VERSION)? != "1.0" {
        return Err(SignatureError::Unsupported { name: SIGNATURE_VERSION });
    }
    if is_same(required(SIGNATURE)?, &sign(method, params, secret)) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch { string_to_sign: string_to_sign(method, params) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn empty_values_are_signed() {
        let text = string_to_sign("GET", &params(&[("b", ""), ("a", "x y"), ("Signature", "z")]));
        assert_eq!(text, "GET&%2F&a%3Dx%2520y%26b%3D");
    }

    #[test]
    fn other_schemes_and_missing_parts_are_refused_by_name() {
        let refusal = |pairs: &[(&str, &str)]| verify("GET", &params(pairs), "secret");
        let missing = |name| Err(SignatureError::Missing { name });
        let unsupported = |name| Err(SignatureError::Unsupported { name });
        let method = ("SignatureMethod", "Hmac-SHA1");
        assert_eq!(refusal(&[]), missing(SIGNATURE_METHOD));
        assert_eq!(refusal(&[("SignatureMethod", "HMAC-SHA256")]), unsupported(SIGNATURE_METHOD));
        assert_eq!(refusal(&[method]), missing(SIGNATURE_VERSION));
        assert_eq!(refusal(&[method, ("SignatureVersion", "2.0")]), unsupported(SIGNATURE_VERSION));
        assert_eq!(refusal(&[method, ("SignatureVersion", "1.0")]), missing(SIGNATURE));
    }
}
