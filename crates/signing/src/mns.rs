//! Alibaba Cloud Message Service (MNS) signature, HMAC-SHA1: `Authorization: MNS id:signature`.
//!
//! Source: Alibaba Cloud MNS, "Sign requests" (help document 27487), and captures of aliyun-mns-sdk 1.3.0,
//! read on 2026-11-22.
//!
//! The path and query are signed as the bytes on the wire. `Content-MD5` is signed as sent, whatever it
//! holds: some clients send the base64 of the hex text. The body is signed by that header alone, and
//! `Host` and `security-token` not at all. This is a property of the scheme.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use crate::SignatureError;
use crate::calendar::parse_http_date;
use crate::digest::hex;
use crate::headers::{Headers, canonical, names, value};
use crate::mac::{hmac_sha1_base64, is_same};

/// Name of the scheme, first in the `Authorization` header.
pub const SCHEME: &str = "MNS";
/// The header that holds the signed time.
pub const DATE: &str = "Date";
/// The header that stands in for `Date` where a client cannot set that.
pub const MNS_DATE: &str = "x-mns-date";
/// Headers that begin so are signed.
pub(crate) const SIGNED_PREFIX: &str = "x-mns-";

const AUTHORIZATION: &str = "Authorization";

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method in capitals.
    pub method: &'a str,
    /// Path and query as sent.
    pub resource: &'a str,
    /// All headers.
    pub headers: &'a Headers,
}

/// What the `Authorization` header of this scheme holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// Id of the access key.
    pub access_key_id: &'a str,
    /// Base64.
    pub signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the value of the header.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`] when it is not of exactly this form.
    pub fn parse(text: &'a str) -> Result<Self, SignatureError> {
        Self::read(text).ok_or(SignatureError::Malformed { name: AUTHORIZATION })
    }

    fn read(text: &'a str) -> Option<Self> {
        let (access_key_id, signature) = text.strip_prefix(SCHEME)?.strip_prefix(' ')?.split_once(':')?;
        let is_whole = !access_key_id.is_empty() && !signature.is_empty();
        is_whole.then_some(Self { access_key_id, signature })
    }
}

/// The signed time as sent: `x-mns-date` where there is one, else `Date`.
pub(crate) fn date(headers: &Headers) -> Option<String> {
    value(headers, MNS_DATE).or_else(|| value(headers, DATE))
}

/// The signed time, in Unix seconds. The vendor allows for fifteen minutes of difference.
///
/// # Errors
/// [`SignatureError`] when it is missing or of another form.
pub fn signed_at_s(headers: &Headers) -> Result<i64, SignatureError> {
    let text = date(headers).ok_or(SignatureError::Missing { name: DATE })?;
    parse_http_date(&text).ok_or(SignatureError::Malformed { name: DATE })
}

/// Whether a `Content-MD5` is that of a body: base64 of the 16 bytes, or of their hex text, as some clients
/// send.
pub fn is_digest_of(content_md5: &str, body: &[u8]) -> bool {
    let Ok(decoded) = STANDARD.decode(content_md5) else { return false };
    let digest = Md5::digest(body);
    decoded == digest.as_slice() || decoded.eq_ignore_ascii_case(hex(&digest).as_bytes())
}

/// The text that is signed.
pub fn string_to_sign(request: &Request<'_>) -> String {
    let signed = names(request.headers, |name| name.starts_with(SIGNED_PREFIX));
    let header = |name| value(request.headers, name).unwrap_or_default();
    format!(
        "{}\n{}\n{}\n{}\n{}{}",
        request.method,
        header("content-md5"),
        header("content-type"),
        date(request.headers).unwrap_or_default(),
        canonical(request.headers, signed.iter().map(String::as_str)),
        request.resource
    )
}

/// The value of the `Authorization` header of a request.
pub fn sign(request: &Request<'_>, access_key_id: &str, secret: &str) -> String {
    format!("{SCHEME} {access_key_id}:{}", signature(request, secret))
}

/// Checks the `Authorization` header of a request, in constant time. The caller judges [`signed_at_s`].
///
/// # Errors
/// [`SignatureError`] when it is missing or malformed, the request does not say its time, or the signature
/// is not the one that `secret` gives.
pub fn verify(request: &Request<'_>, secret: &str) -> Result<(), SignatureError> {
    let header =
        value(request.headers, AUTHORIZATION).ok_or(SignatureError::Missing { name: AUTHORIZATION })?;
    let authorization = Authorization::parse(&header)?;
    signed_at_s(request.headers)?;
    if is_same(authorization.signature, &signature(request, secret)) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch { string_to_sign: string_to_sign(request) })
    }
}

fn signature(request: &Request<'_>, secret: &str) -> String {
    hmac_sha1_base64(secret.as_bytes(), &string_to_sign(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The vendor's page prints the first 24 characters of the signature.
    #[test]
    fn the_published_example_is_reproduced() {
        let headers = headers(&[("Date", "Thu, 09 Jul 2015 03:01:34 GMT"), ("x-mns-version", "2015-06-06")]);
        let request = Request { method: "GET", resource: "/MyQueue", headers: &headers };
        assert_eq!(
            string_to_sign(&request),
            "GET\n\n\nThu, 09 Jul 2015 03:01:34 GMT\nx-mns-version:2015-06-06\n/MyQueue"
        );
        assert_eq!(
            sign(&request, "TestAccessID", "TestAccessSecret"),
            "MNS TestAccessID:uwx3yeWoILzgmvesW0BQSgfM7b8="
        );
    }

    #[test]
    fn the_vendors_date_header_stands_in_for_date() {
        let date = "Thu, 09 Jul 2015 03:01:34 GMT";
        let headers = headers(&[("Date", "Fri, 10 Jul 2015 00:00:00 GMT"), ("X-Mns-Date", date)]);
        let text = string_to_sign(&Request { method: "GET", resource: "/q", headers: &headers });
        assert_eq!(text, format!("GET\n\n\n{date}\nx-mns-date:{date}\n/q"));
        assert_eq!(signed_at_s(&headers), Ok(1_436_410_894));
    }

    #[test]
    fn unsigned_undated_and_malformed_requests_are_refused_by_name() {
        let refusal = |pairs: &[(&str, &str)]| {
            let headers = headers(pairs);
            verify(&Request { method: "GET", resource: "/q", headers: &headers }, "secret")
        };
        let signed = ("Authorization", "MNS id:x");
        assert_eq!(refusal(&[]), Err(SignatureError::Missing { name: "Authorization" }));
        assert_eq!(refusal(&[signed]), Err(SignatureError::Missing { name: "Date" }));
        assert_eq!(refusal(&[signed, ("Date", "now")]), Err(SignatureError::Malformed { name: "Date" }));
        for text in ["", "MNS", "MNS id", "MNS :x", "MNS id:", "MNSid:x", "OSS id:x"] {
            let malformed = Err(SignatureError::Malformed { name: "Authorization" });
            assert_eq!(refusal(&[("Authorization", text)]), malformed, "{text}");
        }
    }

    #[test]
    fn digests_are_read_in_both_forms_that_clients_send() {
        let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Queue xmlns=\"http://mns.aliyuncs.com/doc/v1/\">\
            <VisibilityTimeout>60</VisibilityTimeout></Queue>";
        // Captured from aliyun-mns-sdk 1.3.0, and the same as RFC 1864 has it.
        let forms = ["MTcyN2Q5MGRjYzYwZTg2MTQ1ODE3MTE3MjM2MzAwNzY=", "FyfZDcxg6GFFgXEXI2MAdg=="];
        for form in forms {
            assert!(is_digest_of(form, body.as_bytes()), "{form}");
            assert!(!is_digest_of(form, body.replace("60", "61").as_bytes()), "{form}");
        }
        assert!(!is_digest_of("", b"") && !is_digest_of("1727d90dcc60e8614581711723630076", body.as_bytes()));
    }
}
