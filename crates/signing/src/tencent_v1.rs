//! Tencent Cloud signature version 1: HmacSHA1 and HmacSHA256 over the sorted parameters.
//!
//! Used by the legacy API v2 (path `/v2/index.php`) and, as an alternative, by API 3.0 (path `/`).
//! Source: Tencent Cloud API 2.0, "Signature method", and captures of qcloudapi-sdk-python 2.0.15 and
//! tencentcloud-sdk-python-vod 3.1.194, read on 2026-11-22.
//!
//! Names and values are signed raw, without any encoding. So the scheme does not tell the values
//! `a = "1&b=2"` and `a = "1", b = "2"` apart; this is a property of the scheme that a server cannot mend
//! without refusing honest requests. What it leaves unsigned, [`is_signed`] names: servers must not use it.

use crate::mac::{hmac_sha1_base64, hmac_sha256_base64, is_same};
use crate::{Params, SignatureError, find};

/// The parameter that carries the signature, and is not signed.
pub const SIGNATURE: &str = "Signature";
/// The parameter that names the algorithm; HmacSHA1 when absent.
pub const SIGNATURE_METHOD: &str = "SignatureMethod";

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method in capitals.
    pub method: &'a str,
    /// The `Host` header as sent, with its port.
    pub host: &'a str,
    /// The path as sent, without the query.
    pub path: &'a str,
    /// All parameters, decoded.
    pub params: &'a Params,
}

#[derive(Debug, Clone, Copy)]
enum Algorithm {
    HmacSha1,
    HmacSha256,
}

/// The text that is signed.
pub fn string_to_sign(request: &Request<'_>) -> String {
    let mut signed: Vec<(String, &str)> = request
        .params
        .iter()
        .filter(|(name, value)| is_signed(request.method, name, value))
        .map(|(name, value)| (canonical_name(name), value.as_str()))
        .collect();
    signed.sort_by(|(a, _), (b, _)| a.cmp(b));
    let pairs: Vec<String> = signed.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}{}{}?{}", request.method, request.host, request.path, pairs.join("&"))
}

/// Whether a parameter is part of the signed text: not the signature itself, and in a POST no value that
/// begins with `@` (which old clients read as "the content of this file").
pub fn is_signed(method: &str, name: &str, value: &str) -> bool {
    let is_file = method == "POST" && value.starts_with('@');
    name != SIGNATURE && !is_file
}

/// The name under which a parameter is signed: `_` reads as `.`, so that both name the same parameter.
pub fn canonical_name(name: &str) -> String {
    name.replace('_', ".")
}

/// The signature of a request, by the algorithm that its parameters name.
///
/// # Errors
/// [`SignatureError::Unsupported`] when they name another than `HmacSHA1` and `HmacSHA256`.
pub fn sign(request: &Request<'_>, secret: &str) -> Result<String, SignatureError> {
    let text = string_to_sign(request);
    Ok(match algorithm(request.params)? {
        Algorithm::HmacSha1 => hmac_sha1_base64(secret.as_bytes(), &text),
        Algorithm::HmacSha256 => hmac_sha256_base64(secret.as_bytes(), &text),
    })
}

/// Checks the `Signature` parameter of a request, in constant time.
///
/// # Errors
/// [`SignatureError`] when it is missing, of another scheme, or not the one that `secret` gives.
pub fn verify(request: &Request<'_>, secret: &str) -> Result<(), SignatureError> {
    let given = find(request.params, SIGNATURE).ok_or(SignatureError::Missing { name: SIGNATURE })?;
    if is_same(given, &sign(request, secret)?) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch { string_to_sign: string_to_sign(request) })
    }
}

fn algorithm(params: &Params) -> Result<Algorithm, SignatureError> {
    match find(params, SIGNATURE_METHOD) {
        None | Some("HmacSHA1") => Ok(Algorithm::HmacSha1),
        Some("HmacSHA256") => Ok(Algorithm::HmacSha256),
        Some(_) => Err(SignatureError::Unsupported { name: SIGNATURE_METHOD }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn text(method: &str, pairs: &[(&str, &str)]) -> String {
        string_to_sign(&Request { method, host: "h", path: "/", params: &params(pairs) })
    }

    #[test]
    fn names_are_sorted_by_byte_after_underscores_became_dots() {
        let pairs = [("b", "1"), ("a_b", "2"), ("Z", "3"), ("a.a", "4"), ("Signature", "x")];
        assert_eq!(text("GET", &pairs), "GETh/?Z=3&a.a=4&a.b=2&b=1");
    }

    #[test]
    fn values_that_begin_with_an_at_sign_are_left_out_of_posts_alone() {
        let pairs = [("file", "@/tmp/x"), ("mail", "a@b")];
        assert_eq!(text("POST", &pairs), "POSTh/?mail=a@b");
        assert_eq!(text("GET", &pairs), "GETh/?file=@/tmp/x&mail=a@b");
    }

    #[test]
    fn unknown_algorithms_and_unsigned_requests_are_refused_by_name() {
        let refusal = |pairs: &[(&str, &str)]| {
            let params = params(pairs);
            verify(&Request { method: "GET", host: "h", path: "/", params: &params }, "secret")
        };
        assert_eq!(refusal(&[("a", "1")]), Err(SignatureError::Missing { name: "Signature" }));
        assert_eq!(
            refusal(&[("Signature", "x"), ("SignatureMethod", "TC3-HMAC-SHA256")]),
            Err(SignatureError::Unsupported { name: "SignatureMethod" })
        );
        assert_eq!(
            refusal(&[("Signature", "x")]),
            Err(SignatureError::Mismatch { string_to_sign: "GETh/?".to_owned() })
        );
    }
}
