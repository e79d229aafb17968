//! Alibaba Cloud Object Storage Service (OSS) signature V1, HMAC-SHA1, in the `Authorization` header or in
//! the query of a signed URL.
//!
//! Source: class `ProviderAuth` of oss2 2.19.1, read on 2026-11-24.
//!
//! Of the parameters only those that name a subresource are signed; the others (`prefix`, `marker` and
//! such) can be changed by whoever carries the request. The text does not tell a key `a?acl` from the
//! subresource `acl` of the key `a`. The body is signed by `Content-MD5` alone. These are properties of the
//! scheme.

use crate::calendar::{parse_http_date, parse_unix};
use crate::headers::{Headers, canonical, names, value};
use crate::mac::{hmac_sha1_base64, is_same};
use crate::{Params, SignatureError, find};

/// Name of the scheme, first in the `Authorization` header.
pub const SCHEME: &str = "OSS";
/// The header that holds the signed time.
pub const DATE: &str = "Date";
/// The header that stands in for `Date`.
pub const OSS_DATE: &str = "x-oss-date";
/// The parameter of a signed URL that holds the time until which it is good, in Unix seconds.
pub const EXPIRES: &str = "Expires";
/// Headers that begin so are signed.
pub(crate) const SIGNED_PREFIX: &str = "x-oss-";

const AUTHORIZATION: &str = "Authorization";
const ACCESS_KEY_ID: &str = "OSSAccessKeyId";
const SIGNATURE: &str = "Signature";

/// Parameters that name a subresource or change what a resource answers, and so are signed.
const SUBRESOURCES: &str = "accessPoint accessPointPolicy acl append asyncFetch bucketArchiveDirectRead \
    bucketInfo callback callback-var cname comp continuation-token cors delete encryption endTime group \
    httpsConfig inventory inventoryId lifecycle link live location logging metaQuery objectInfo objectMeta \
    partNumber policy position publicAccessBlock qos qosInfo qosRequester redundancyTransition referer \
    regionList replication replicationLocation replicationProgress requestPayment requesterQosInfo \
    resourceGroup resourcePool resourcePoolBuckets resourcePoolInfo response-cache-control \
    response-content-disposition response-content-encoding response-content-language \
    response-content-type response-expires restore security-token sequential startTime stat status style \
    styleName symlink tagging transferAcceleration uploadId uploads versionId versioning versions vod \
    website worm wormExtend wormId x-oss-ac-forward-allow x-oss-ac-source-ip x-oss-ac-subnet-mask \
    x-oss-ac-vpc-id x-oss-access-point-name x-oss-async-process x-oss-process \
    x-oss-redundancy-transition-taskid x-oss-request-payer x-oss-target-redundancy-type \
    x-oss-traffic-limit x-oss-write-get-object-response";

/// What is signed of a request, in both versions of the scheme.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method in capitals.
    pub method: &'a str,
    /// Name of the bucket, wherever the request names it; empty for the service itself.
    pub bucket: &'a str,
    /// Key of the object, decoded, without a leading slash; empty for the bucket itself.
    pub key: &'a str,
    /// The parameters of the query, decoded.
    pub query: &'a Params,
    /// All headers.
    pub headers: &'a Headers,
}

/// What a signed request says of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Id of the access key.
    pub access_key_id: String,
    /// Base64.
    pub signature: String,
    /// Until when a signed URL is good, in Unix seconds; `None` when the header is signed.
    pub expires_s: Option<i64>,
}

impl Authorization {
    /// Finds it in the header of a request, or, without that, in its query.
    ///
    /// # Errors
    /// [`SignatureError`] when it is in neither, or not of exactly this form.
    pub fn find(request: &Request<'_>) -> Result<Self, SignatureError> {
        let found = match value(request.headers, AUTHORIZATION) {
            Some(header) => Self::of_header(&header).ok_or(AUTHORIZATION),
            None if find(request.query, SIGNATURE).is_none() => {
                return Err(SignatureError::Missing { name: AUTHORIZATION });
            }
            None => Self::of_url(request.query).ok_or(SIGNATURE),
        };
        found.map_err(|name| SignatureError::Malformed { name })
    }

    fn of_header(text: &str) -> Option<Self> {
        let (id, signature) = text.strip_prefix(SCHEME)?.strip_prefix(' ')?.split_once(':')?;
        Self::whole(id, signature, None)
    }

    fn of_url(query: &Params) -> Option<Self> {
        let expires_s = parse_unix(find(query, EXPIRES)?)?;
        Self::whole(find(query, ACCESS_KEY_ID)?, find(query, SIGNATURE)?, Some(expires_s))
    }

    fn whole(id: &str, signature: &str, expires_s: Option<i64>) -> Option<Self> {
        let is_whole = !id.is_empty() && !signature.is_empty();
        is_whole.then(|| Self { access_key_id: id.to_owned(), signature: signature.to_owned(), expires_s })
    }
}

/// The signed time of a request whose header is signed, in Unix seconds. The vendor allows for fifteen
/// minutes of difference.
///
/// # Errors
/// [`SignatureError`] when it is missing or of another form.
pub fn signed_at_s(headers: &Headers) -> Result<i64, SignatureError> {
    let text = date(headers).ok_or(SignatureError::Missing { name: DATE })?;
    parse_http_date(&text).ok_or(SignatureError::Malformed { name: DATE })
}

/// The text that is signed: of a request with a signed header, or of a URL that is good until `expires_s`.
pub fn string_to_sign(request: &Request<'_>, expires_s: Option<i64>) -> String {
    let signed = names(request.headers, |name| name.starts_with(SIGNED_PREFIX));
    let header = |name| value(request.headers, name).unwrap_or_default();
    let time = expires_s.map(|expires_s| expires_s.to_string()).or_else(|| date(request.headers));
    format!(
        "{}\n{}\n{}\n{}\n{}{}",
        request.method,
        header("content-md5"),
        header("content-type"),
        time.unwrap_or_default(),
        canonical(request.headers, signed.iter().map(String::as_str)),
        canonical_resource(request)
    )
}

/// The value of the `Authorization` header of a request.
pub fn sign(request: &Request<'_>, access_key_id: &str, secret: &str) -> String {
    format!("{SCHEME} {access_key_id}:{}", signature(request, None, secret))
}

/// Checks the signature of a request, in constant time, and at `now_s` (Unix seconds) that a signed URL has
/// not expired. When the header is signed, the caller judges [`signed_at_s`].
///
/// # Errors
/// [`SignatureError`] when it is missing, malformed, not the one that `secret` gives, or has expired.
pub fn verify(request: &Request<'_>, secret: &str, now_s: i64) -> Result<(), SignatureError> {
    let Authorization { signature: given, expires_s, .. } = Authorization::find(request)?;
    if expires_s.is_none() {
        signed_at_s(request.headers)?;
    }
    if !is_same(&given, &signature(request, expires_s, secret)) {
        return Err(SignatureError::Mismatch { string_to_sign: string_to_sign(request, expires_s) });
    }
    if expires_s.is_none_or(|expires_s| now_s <= expires_s) { Ok(()) } else { Err(SignatureError::Expired) }
}

fn signature(request: &Request<'_>, expires_s: Option<i64>, secret: &str) -> String {
    hmac_sha1_base64(secret.as_bytes(), &string_to_sign(request, expires_s))
}

fn date(headers: &Headers) -> Option<String> {
    value(headers, OSS_DATE).or_else(|| value(headers, DATE))
}

fn canonical_resource(request: &Request<'_>) -> String {
    let is_subresource = |name: &str| SUBRESOURCES.split_ascii_whitespace().any(|known| known == name);
    let mut signed: Vec<&(String, String)> =
        request.query.iter().filter(|(name, _)| is_subresource(name)).collect();
    signed.sort_by(|(a, _), (b, _)| a.cmp(b));
    let pair = |(name, value): &(String, String)| {
        if value.is_empty() { name.clone() } else { format!("{name}={value}") }
    };
    let query: Vec<String> = signed.into_iter().map(pair).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    let path = match request.bucket {
        "" => "/".to_owned(),
        bucket => format!("/{bucket}/{}", request.key),
    };
    format!("{path}{mark}{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(headers: &[(&str, &str)], query: &[(&str, &str)]) -> SignatureError {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let (headers, query) = (owned(headers), owned(query));
        let request = Request { method: "GET", bucket: "b", key: "k", query: &query, headers: &headers };
        verify(&request, "secret", 0).expect_err("refused")
    }

    #[test]
    fn unsigned_undated_and_malformed_requests_are_refused_by_name() {
        let signed = ("Authorization", "OSS id:x");
        assert_eq!(refusal(&[], &[]), SignatureError::Missing { name: "Authorization" });
        assert_eq!(refusal(&[signed], &[]), SignatureError::Missing { name: "Date" });
        assert_eq!(refusal(&[signed, ("Date", "1")], &[]), SignatureError::Malformed { name: "Date" });
        for text in ["OSS", "OSS id", "OSS :x", "OSS id:", "OSS2 id:x"] {
            let malformed = SignatureError::Malformed { name: "Authorization" };
            assert_eq!(refusal(&[("Authorization", text)], &[]), malformed, "{text}");
        }
        let url = [("OSSAccessKeyId", "id"), ("Expires", "soon"), ("Signature", "x")];
        assert_eq!(refusal(&[], &url), SignatureError::Malformed { name: "Signature" });
        assert_eq!(refusal(&[], &url[1..]), SignatureError::Malformed { name: "Signature" });
    }

    #[test]
    fn the_service_and_its_buckets_have_their_own_resource() {
        let headers = [("x-oss-date".to_owned(), "d".to_owned())];
        let query = [("acl".to_owned(), String::new()), ("prefix".to_owned(), "p".to_owned())];
        let text = |bucket| {
            string_to_sign(
                &Request { method: "GET", bucket, key: "", query: &query, headers: &headers },
                None,
            )
        };
        assert_eq!(text(""), "GET\n\n\nd\nx-oss-date:d\n/?acl");
        assert_eq!(text("b"), "GET\n\n\nd\nx-oss-date:d\n/b/?acl");
    }
}
