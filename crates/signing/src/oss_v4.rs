//! Alibaba Cloud Object Storage Service (OSS) signature V4, OSS4-HMAC-SHA256, in the `Authorization` header
//! or in the query of a signed URL.
//!
//! Source: class `ProviderAuthV4` of oss2 2.19.1, read on 2026-11-24.
//!
//! All parameters are signed, and of the headers `content-type`, `content-md5`, those that begin with
//! `x-oss-`, and those that the client lists as additional. The body is signed by `Content-MD5` alone.

use crate::alibaba_v4::{Credential, is_signature};
use crate::authorization::{fields, is_name_list};
use crate::calendar::{parse_unix, parse_utc};
use crate::digest::sha256_hex;
use crate::headers::{Headers, canonical, names, value};
use crate::mac::is_same;
use crate::oss::{OSS_DATE, Request, SIGNED_PREFIX};
use crate::percent::{encode, encode_path};
use crate::{Params, SignatureError, find};

/// Name of the scheme, first in the `Authorization` header.
pub const SCHEME: &str = "OSS4-HMAC-SHA256";
/// The product that keys are derived for.
pub const PRODUCT: &str = "oss";
/// The longest time for which a signed URL is good.
pub const URL_VALIDITY_S_MAX: i64 = 7 * 24 * 60 * 60;

const AUTHORIZATION: &str = "Authorization";
const CONTENT_SHA256: &str = "x-oss-content-sha256";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
const VERSION: &str = "x-oss-signature-version";
const SIGNATURE: &str = "x-oss-signature";
const CREDENTIAL: &str = "x-oss-credential";
const ADDITIONAL_HEADERS: &str = "x-oss-additional-headers";
const EXPIRES: &str = "x-oss-expires";
const TIME_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// What a signed request says of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Id of the access key.
    pub access_key_id: String,
    /// When it was signed, in Unix seconds. The vendor allows for fifteen minutes of difference.
    pub signed_at_s: i64,
    /// For how long a signed URL is good; `None` when the header is signed.
    pub validity_s: Option<i64>,
    credential: String,
    time: String,
    additional_headers: String,
    signature: String,
}

/// What the parts of a signature are read from.
struct Parts<'a> {
    credential: Option<&'a str>,
    time: Option<String>,
    additional_headers: Option<&'a str>,
    signature: Option<&'a str>,
    validity_s: Option<i64>,
}

/// For whom and when a request is signed.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// Id of the access key.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// Region of the server.
    pub region: &'a str,
    /// Lower-case names of further headers to sign, sorted and joined by semicolons; may be empty.
    pub additional_headers: &'a str,
}

impl Authorization {
    /// Finds it in the header of a request, or, without that, in its query.
    ///
    /// # Errors
    /// [`SignatureError`] when it is in neither, or not of exactly this form.
    pub fn find(request: &Request<'_>) -> Result<Self, SignatureError> {
        let found = match value(request.headers, AUTHORIZATION) {
            Some(header) => Self::of_header(&header, request.headers).ok_or(AUTHORIZATION),
            None if find(request.query, SIGNATURE).is_none() => {
                return Err(SignatureError::Missing { name: AUTHORIZATION });
            }
            None => Self::of_url(request.query).ok_or(SIGNATURE),
        };
        found.map_err(|name| SignatureError::Malformed { name })
    }

    fn of_header(text: &str, headers: &Headers) -> Option<Self> {
        let [credential, additional_headers, signature] =
            fields(text, SCHEME, ["Credential", "AdditionalHeaders", "Signature"])?;
        let time = value(headers, OSS_DATE);
        Self::whole(Parts { credential, time, additional_headers, signature, validity_s: None })
    }

    fn of_url(query: &Params) -> Option<Self> {
        let validity_s = parse_unix(find(query, EXPIRES)?)?;
        let is_known = find(query, VERSION) == Some(SCHEME) && (1..=URL_VALIDITY_S_MAX).contains(&validity_s);
        let parts = Parts {
            credential: find(query, CREDENTIAL),
            time: find(query, OSS_DATE).map(str::to_owned),
            additional_headers: find(query, ADDITIONAL_HEADERS),
            signature: find(query, SIGNATURE),
            validity_s: Some(validity_s),
        };
        is_known.then(|| Self::whole(parts)).flatten()
    }

    fn whole(parts: Parts<'_>) -> Option<Self> {
        let (credential, signature) = (parts.credential?, parts.signature?);
        let (time, additional_headers) = (parts.time?, parts.additional_headers.unwrap_or_default());
        let is_whole =
            is_signature(signature) && (additional_headers.is_empty() || is_name_list(additional_headers));
        is_whole.then_some(())?;
        Some(Self {
            access_key_id: Credential::parse(credential)?.access_key_id.to_owned(),
            signed_at_s: parse_utc(&time, TIME_FORMAT)?,
            validity_s: parts.validity_s,
            credential: credential.to_owned(),
            time,
            additional_headers: additional_headers.to_owned(),
            signature: signature.to_owned(),
        })
    }
}

/// The text that is signed, at a time written `20261124T010958Z`, with further headers as in [`Signer`].
pub fn string_to_sign(request: &Request<'_>, time: &str, scope: &str, additional_headers: &str) -> String {
    let canonical = canonical_request(request, additional_headers);
    format!("{SCHEME}\n{time}\n{scope}\n{}", sha256_hex(canonical.as_bytes()))
}

/// The value of the `Authorization` header of a request, which has to hold `x-oss-date` and
/// `x-oss-content-sha256: UNSIGNED-PAYLOAD`.
///
/// # Errors
/// [`SignatureError`] when the request does not say its time.
pub fn sign(request: &Request<'_>, signer: &Signer<'_>) -> Result<String, SignatureError> {
    let time = value(request.headers, OSS_DATE).ok_or(SignatureError::Missing { name: OSS_DATE })?;
    parse_utc(&time, TIME_FORMAT).ok_or(SignatureError::Malformed { name: OSS_DATE })?;
    let Signer { access_key_id, secret, region, additional_headers } = *signer;
    let credential = Credential { access_key_id, date: day(&time), region, product: PRODUCT };
    let text = string_to_sign(request, &time, &credential.scope(), additional_headers);
    let more = match additional_headers {
        "" => String::new(),
        names => format!(", AdditionalHeaders={names}"),
    };
    Ok(format!("{SCHEME} Credential={credential}, Signature={}{more}", credential.sign(secret, &text)))
}

/// Checks the signature of a request, in constant time, and at `now_s` (Unix seconds) that a signed URL has
/// not expired. When the header is signed, the caller judges [`Authorization::signed_at_s`].
///
/// # Errors
/// [`SignatureError`] when it is missing, malformed, for another day or product than the request, not the
/// one that `secret` gives, or has expired.
pub fn verify(request: &Request<'_>, secret: &str, now_s: i64) -> Result<(), SignatureError> {
    let authorization = Authorization::find(request)?;
    let credential =
        Credential::parse(&authorization.credential).ok_or(SignatureError::Malformed { name: CREDENTIAL })?;
    if credential.date != day(&authorization.time) {
        return Err(SignatureError::Scope { part: "day" });
    }
    if credential.product != PRODUCT {
        return Err(SignatureError::Scope { part: "product" });
    }
    if value(request.headers, CONTENT_SHA256).is_some_and(|hash| hash != UNSIGNED_PAYLOAD) {
        return Err(SignatureError::Unsupported { name: CONTENT_SHA256 });
    }
    let Authorization { time, additional_headers, .. } = &authorization;
    let string_to_sign = string_to_sign(request, time, &credential.scope(), additional_headers);
    if !is_same(&authorization.signature, &credential.sign(secret, &string_to_sign)) {
        return Err(SignatureError::Mismatch { string_to_sign });
    }
    let is_over = |validity_s| authorization.signed_at_s.saturating_add(validity_s) < now_s;
    if authorization.validity_s.is_some_and(is_over) { Err(SignatureError::Expired) } else { Ok(()) }
}

/// The day of a time that has been checked to be of [`TIME_FORMAT`].
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or_default()
}

fn canonical_request(request: &Request<'_>, additional_headers: &str) -> String {
    let signed = names(request.headers, |name| {
        matches!(name, "content-type" | "content-md5")
            || name.starts_with(SIGNED_PREFIX)
            || additional_headers.split(';').any(|listed| listed == name)
    });
    let path = match request.bucket {
        "" => "/".to_owned(),
        bucket => encode_path(&format!("/{bucket}/{}", request.key)),
    };
    format!(
        "{}\n{path}\n{}\n{}\n{additional_headers}\n{UNSIGNED_PAYLOAD}",
        request.method,
        canonical_query(request.query),
        canonical(request.headers, signed.iter().map(String::as_str))
    )
}

fn canonical_query(query: &Params) -> String {
    let mut pairs: Vec<(String, String)> = query
        .iter()
        .filter(|(name, _)| name != SIGNATURE)
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort();
    let pair = |(name, value): (String, String)| {
        if value.is_empty() { name } else { format!("{name}={value}") }
    };
    pairs.into_iter().map(pair).collect::<Vec<String>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(credential: &str, more: &str, content_sha256: &str) -> SignatureError {
        let signature = "a".repeat(64);
        let authorization = format!("{SCHEME} Credential={credential}, Signature={signature}{more}");
        let headers = [
            ("x-oss-date".to_owned(), "20261124T011000Z".to_owned()),
            ("x-oss-content-sha256".to_owned(), content_sha256.to_owned()),
            ("Authorization".to_owned(), authorization),
        ];
        let request = Request { method: "GET", bucket: "b", key: "k", query: &[], headers: &headers };
        verify(&request, "secret", 0).expect_err("refused")
    }

    #[test]
    fn scope_hash_and_form_are_checked_by_name() {
        let good = "id/20261124/r/oss/aliyun_v4_request";
        let malformed = SignatureError::Malformed { name: "Authorization" };
        assert!(matches!(refusal(good, "", UNSIGNED_PAYLOAD), SignatureError::Mismatch { .. }));
        assert_eq!(
            refusal("id/20261125/r/oss/aliyun_v4_request", "", UNSIGNED_PAYLOAD),
            SignatureError::Scope { part: "day" }
        );
        assert_eq!(
            refusal("id/20261124/r/mns/aliyun_v4_request", "", UNSIGNED_PAYLOAD),
            SignatureError::Scope { part: "product" }
        );
        assert_eq!(
            refusal(good, "", &sha256_hex(b"")),
            SignatureError::Unsupported { name: "x-oss-content-sha256" }
        );
        assert_eq!(refusal("id/20261124/r/oss/aws4_request", "", UNSIGNED_PAYLOAD), malformed);
        assert_eq!(refusal(good, ", AdditionalHeaders=Host", UNSIGNED_PAYLOAD), malformed);
        assert_eq!(refusal(good, "0", UNSIGNED_PAYLOAD), malformed);
    }

    #[test]
    fn no_url_is_good_for_longer_than_a_week() {
        let outcome = |validity_s: i64| {
            let query = [
                (CREDENTIAL, "id/20261124/r/oss/aliyun_v4_request"),
                (OSS_DATE, "20261124T011000Z"),
                (VERSION, SCHEME),
                (EXPIRES, &validity_s.to_string()),
                (SIGNATURE, &"a".repeat(64)),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let request = Request { method: "GET", bucket: "b", key: "k", query: &query, headers: &[] };
            Authorization::find(&request).map(|found| found.validity_s)
        };
        let malformed = Err(SignatureError::Malformed { name: SIGNATURE });
        assert_eq!(outcome(URL_VALIDITY_S_MAX), Ok(Some(URL_VALIDITY_S_MAX)));
        assert_eq!((outcome(URL_VALIDITY_S_MAX + 1), outcome(0)), (malformed.clone(), malformed));
    }
}
