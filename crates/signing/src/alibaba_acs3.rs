//! Alibaba Cloud signature V3, ACS3-HMAC-SHA256: the default of the vendor's newer clients.
//!
//! Source: Alibaba Cloud, "V3 request body and signature", and captures and the source of
//! alibabacloud-tea-openapi 0.4.6, read on 2026-11-24.
//!
//! Exactly the headers that the client lists are signed; some clients list all that they send. Everything
//! that a server acts on has to be among them, so [`verify`] refuses a request that leaves one out.
//! Query parameters are signed as decoded and encoded anew: clients send `+` for a space that they
//! signed as `%20`.

use crate::authorization::{fields, is_name_list};
use crate::calendar::parse_utc;
use crate::digest::{is_hex, sha256_hex};
use crate::headers::{Headers, canonical, value};
use crate::mac::{hmac_sha256_hex, is_same};
use crate::percent::encode_pairs;
use crate::{Params, SignatureError};

/// Name of the scheme, first in the `Authorization` header.
pub const SCHEME: &str = "ACS3-HMAC-SHA256";
/// The header that holds the signed time, `2026-11-24T01:09:58Z`.
pub const DATE: &str = "x-acs-date";
/// The header that holds the SHA-256 of the body.
pub const CONTENT_SHA256: &str = "x-acs-content-sha256";
/// The header that no two requests share.
pub const NONCE: &str = "x-acs-signature-nonce";

const AUTHORIZATION: &str = "Authorization";
/// What every client has to send and sign.
const ALWAYS_SIGNED: [&str; 6] = ["host", "x-acs-action", "x-acs-version", DATE, NONCE, CONTENT_SHA256];
/// What has to be signed when it is sent.
const SIGNED_IF_SENT: [&str; 2] = ["x-acs-security-token", "x-acs-accesskey-id"];

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method in capitals.
    pub method: &'a str,
    /// The path as sent, without the query.
    pub path: &'a str,
    /// The parameters of the query, decoded; those of a form belong to the body.
    pub query: &'a Params,
    /// All headers.
    pub headers: &'a Headers,
    /// The body as sent.
    pub body: &'a [u8],
}

/// What the `Authorization` header of this scheme holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// Id of the access key.
    pub access_key_id: &'a str,
    /// Lower-case names of the signed headers, joined by semicolons.
    pub signed_headers: &'a str,
    /// 64 hex digits.
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
        let [access_key_id, signed_headers, signature] =
            fields(text, SCHEME, ["Credential", "SignedHeaders", "Signature"])?;
        let (access_key_id, signed_headers, signature) = (access_key_id?, signed_headers?, signature?);
        let is_whole = is_name_list(signed_headers) && is_hex(signature, 64);
        is_whole.then_some(Self { access_key_id, signed_headers, signature })
    }
}

/// The signed time, in Unix seconds. The vendor allows for fifteen minutes of difference.
///
/// # Errors
/// [`SignatureError`] when `x-acs-date` is missing or of another form.
pub fn signed_at_s(headers: &Headers) -> Result<i64, SignatureError> {
    let text = value(headers, DATE).ok_or(SignatureError::Missing { name: DATE })?;
    parse_utc(&text, "%Y-%m-%dT%H:%M:%SZ").ok_or(SignatureError::Malformed { name: DATE })
}

/// The value of [`CONTENT_SHA256`] for a body.
pub fn content_sha256(body: &[u8]) -> String {
    sha256_hex(body)
}

/// The text that is signed, with these headers (lower-case names, joined by semicolons).
pub fn string_to_sign(request: &Request<'_>, signed_headers: &str) -> String {
    format!("{SCHEME}\n{}", sha256_hex(canonical_request(request, signed_headers).as_bytes()))
}

/// The value of the `Authorization` header of a request, with these headers signed.
pub fn sign(request: &Request<'_>, signed_headers: &str, access_key_id: &str, secret: &str) -> String {
    let signature = hmac_sha256_hex(secret.as_bytes(), &string_to_sign(request, signed_headers));
    format!("{SCHEME} Credential={access_key_id},SignedHeaders={signed_headers},Signature={signature}")
}

/// Checks the `Authorization` header of a request, in constant time. The caller judges [`signed_at_s`] and
/// the nonce.
///
/// # Errors
/// [`SignatureError`] when a header is missing, malformed or not signed, the body has another hash than the
/// request says, or the signature is not the one that `secret` gives.
pub fn verify(request: &Request<'_>, secret: &str) -> Result<(), SignatureError> {
    let header =
        value(request.headers, AUTHORIZATION).ok_or(SignatureError::Missing { name: AUTHORIZATION })?;
    let authorization = Authorization::parse(&header)?;
    check_signed_headers(request.headers, authorization.signed_headers)?;
    if value(request.headers, CONTENT_SHA256) != Some(content_sha256(request.body)) {
        return Err(SignatureError::Malformed { name: CONTENT_SHA256 });
    }
    let string_to_sign = string_to_sign(request, authorization.signed_headers);
    if is_same(authorization.signature, &hmac_sha256_hex(secret.as_bytes(), &string_to_sign)) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch { string_to_sign })
    }
}

fn check_signed_headers(headers: &Headers, signed_headers: &str) -> Result<(), SignatureError> {
    let is_listed = |name: &str| signed_headers.split(';').any(|listed| listed == name);
    if let Some(name) = ALWAYS_SIGNED.into_iter().find(|name| value(headers, name).is_none()) {
        return Err(SignatureError::Missing { name });
    }
    let sent = SIGNED_IF_SENT.into_iter().filter(|name| value(headers, name).is_some());
    match ALWAYS_SIGNED.into_iter().chain(sent).find(|name| !is_listed(name)) {
        Some(name) => Err(SignatureError::NotSigned { name }),
        None => Ok(()),
    }
}

fn canonical_request(request: &Request<'_>, signed_headers: &str) -> String {
    let mut query = request.query.to_vec();
    query.sort_by(|(a, _), (b, _)| a.cmp(b));
    format!(
        "{}\n{}\n{}\n{}\n{signed_headers}\n{}",
        request.method,
        request.path,
        encode_pairs(&query),
        canonical(request.headers, signed_headers.split(';')),
        sha256_hex(request.body)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &str =
        "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";

    fn headers() -> Vec<(String, String)> {
        let pairs = [
            ("Host", "h"),
            ("x-acs-action", "GetVideoInfo"),
            ("x-acs-content-sha256", &sha256_hex(b"a=1")),
            ("x-acs-date", "2026-11-24T01:09:58Z"),
            ("x-acs-signature-nonce", "n"),
            ("x-acs-version", "2017-03-21"),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    fn outcome(headers: &Headers, signed: &str) -> Result<(), SignatureError> {
        let unsigned = Request { method: "POST", path: "/", query: &[], headers, body: b"a=1" };
        let authorization = sign(&unsigned, signed, "id", "secret");
        let headers = [headers, &[("Authorization".to_owned(), authorization)]].concat();
        verify(&Request { headers: &headers, ..unsigned }, "secret")
    }

    #[test]
    fn what_a_server_acts_on_has_to_be_signed() {
        assert_eq!(outcome(&headers(), SIGNED), Ok(()));
        for name in SIGNED.split(';') {
            let rest: Vec<&str> = SIGNED.split(';').filter(|listed| *listed != name).collect();
            let refusal = outcome(&headers(), &rest.join(";")).expect_err("refused");
            assert!(matches!(refusal, SignatureError::NotSigned { name: told } if told == name));
            let kept: Vec<_> =
                headers().into_iter().filter(|(sent, _)| !sent.eq_ignore_ascii_case(name)).collect();
            let refusal = outcome(&kept, SIGNED).expect_err("refused");
            assert!(matches!(refusal, SignatureError::Missing { name: told } if told == name));
        }
        let token = ("x-acs-security-token".to_owned(), "t".to_owned());
        assert_eq!(
            outcome(&[headers(), vec![token]].concat(), SIGNED),
            Err(SignatureError::NotSigned { name: "x-acs-security-token" })
        );
    }

    #[test]
    fn a_body_of_another_hash_is_refused() {
        let mut headers = headers();
        headers[2].1 = sha256_hex(b"a=2");
        assert_eq!(outcome(&headers, SIGNED), Err(SignatureError::Malformed { name: CONTENT_SHA256 }));
    }

    #[test]
    fn other_forms_of_the_header_are_malformed() {
        let good = format!("{SCHEME} Credential=id,SignedHeaders={SIGNED},Signature={}", "a".repeat(64));
        assert!(Authorization::parse(&good).is_ok());
        for (from, to) in
            [("ACS3-HMAC-SHA256", "ACS3-RSA-SHA256"), ("Credential=id,", ""), ("=a", "=A"), ("host", "Host")]
        {
            let malformed = Err(SignatureError::Malformed { name: "Authorization" });
            assert_eq!(Authorization::parse(&good.replacen(from, to, 1)), malformed, "{from} -> {to}");
        }
    }

    #[test]
    fn the_signed_time_is_read_strictly() {
        assert_eq!(signed_at_s(&headers()), Ok(1_795_482_598));
        let mut loose = headers();
        loose[3].1 = "2026-11-24 01:09:58".to_owned();
        assert_eq!(signed_at_s(&loose), Err(SignatureError::Malformed { name: DATE }));
    }
}
