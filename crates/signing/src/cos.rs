//! Tencent Cloud Object Storage (COS) XML API signature, `q-sign-algorithm=sha1`, in the `Authorization`
//! header or in the query of a signed URL.
//!
//! Source: module `cos_auth` of cos-python-sdk-v5 1.9.44, read on 2026-11-24.
//!
//! Only the headers and parameters that the client lists are signed. The others can be changed by whoever
//! carries the request: ask [`Authorization::signs_header`] and [`Authorization::signs_param`] before one
//! of them widens what a request does. The body is signed by nothing.

use crate::calendar::parse_unix;
use crate::digest::{is_hex, sha1_hex};
use crate::headers::{Headers, value};
use crate::mac::{hmac_sha1_hex, is_same};
use crate::percent::encode;
use crate::{Params, SignatureError, find};

/// Start of the `Authorization` header, and a parameter of a signed URL.
pub const ALGORITHM: &str = "q-sign-algorithm";

const AUTHORIZATION: &str = "Authorization";
const FIELDS: [&str; 7] =
    [ALGORITHM, "q-ak", "q-sign-time", "q-key-time", "q-header-list", "q-url-param-list", "q-signature"];

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// The path, decoded, with its leading slash.
    pub path: &'a str,
    /// The parameters of the query, decoded.
    pub query: &'a Params,
    /// All headers.
    pub headers: &'a Headers,
}

/// Two Unix times in seconds, the first not after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From this second on.
    pub first_s: i64,
    /// Up to and with this second.
    pub last_s: i64,
}

/// What a signed request says of its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Id of the access key.
    pub secret_id: String,
    /// When the signature is good.
    pub sign_time: Window,
    /// When the key that it was made with is good.
    pub key_time: Window,
    /// 40 hex digits.
    pub signature: String,
    header_list: String,
    param_list: String,
}

impl Window {
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once(';')?;
        let window = Self { first_s: parse_unix(first)?, last_s: parse_unix(last)? };
        (window.first_s <= window.last_s && window.to_string() == text).then_some(window)
    }

    fn holds(self, now_s: i64) -> bool {
        self.first_s <= now_s && now_s <= self.last_s
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{};{}", self.first_s, self.last_s)
    }
}

impl Authorization {
    /// Finds it in the header of a request, or, without that, in its query.
    ///
    /// # Errors
    /// [`SignatureError`] when it is in neither, or not of exactly this form.
    pub fn find(request: &Request<'_>) -> Result<Self, SignatureError> {
        if let Some(header) = value(request.headers, AUTHORIZATION) {
            let fields: Option<Vec<(&str, &str)>> =
                header.split('&').map(|field| field.split_once('=')).collect();
            let fields = fields.as_deref().and_then(Self::read);
            return fields.ok_or(SignatureError::Malformed { name: AUTHORIZATION });
        }
        find(request.query, ALGORITHM).ok_or(SignatureError::Missing { name: AUTHORIZATION })?;
        let fields: Vec<(&str, &str)> = request
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| FIELDS.contains(name))
            .collect();
        Self::read(&fields).ok_or(SignatureError::Malformed { name: ALGORITHM })
    }

    fn read(fields: &[(&str, &str)]) -> Option<Self> {
        let field = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let has_each_once =
            fields.len() == FIELDS.len() && FIELDS.into_iter().all(|name| field(name).is_some());
        let authorization = Self {
            secret_id: field("q-ak")?.to_owned(),
            sign_time: Window::parse(field("q-sign-time")?)?,
            key_time: Window::parse(field("q-key-time")?)?,
            signature: field("q-signature")?.to_owned(),
            header_list: field("q-header-list")?.to_owned(),
            param_list: field("q-url-param-list")?.to_owned(),
        };
        let is_whole = has_each_once
            && field(ALGORITHM) == Some("sha1")
            && !authorization.secret_id.is_empty()
            && is_hex(&authorization.signature, 40);
        is_whole.then_some(authorization)
    }

    /// Whether a header is signed.
    pub fn signs_header(&self, name: &str) -> bool {
        is_listed(&self.header_list, name)
    }

    /// Whether a parameter is signed.
    pub fn signs_param(&self, name: &str) -> bool {
        is_listed(&self.param_list, name)
    }

    fn signature(&self, secret: &str, string_to_sign: &str) -> String {
        let key = hmac_sha1_hex(secret.as_bytes(), &self.key_time.to_string());
        hmac_sha1_hex(key.as_bytes(), string_to_sign)
    }
}

/// The text that is signed, with what `authorization` lists.
pub fn string_to_sign(request: &Request<'_>, authorization: &Authorization) -> String {
    text_to_sign(request, request.headers, authorization)
}

/// The value of the `Authorization` header of a request, with all its headers and parameters signed; the
/// same text, encoded, makes the query of a signed URL.
pub fn sign(request: &Request<'_>, window: Window, secret_id: &str, secret: &str) -> String {
    let list = |pairs: &Params| {
        let mut names: Vec<String> = pairs.iter().map(|(name, _)| canonical_name(name)).collect();
        names.sort_unstable();
        names.join(";")
    };
    let authorization = Authorization {
        secret_id: secret_id.to_owned(),
        sign_time: window,
        key_time: window,
        signature: String::new(),
        header_list: list(request.headers),
        param_list: list(request.query),
    };
    let signature = authorization.signature(secret, &string_to_sign(request, &authorization));
    let Authorization { header_list, param_list, .. } = authorization;
    format!(
        "{ALGORITHM}=sha1&q-ak={secret_id}&q-sign-time={window}&q-key-time={window}\
         &q-header-list={header_list}&q-url-param-list={param_list}&q-signature={signature}"
    )
}

/// Checks the signature of a request, in constant time, at `now_s` (Unix seconds).
///
/// The vendor's Python client signs the host without its port, so a signature over that is good too.
///
/// # Errors
/// [`SignatureError`] when it is missing, malformed, not the one that `secret` gives, or not valid now.
pub fn verify(request: &Request<'_>, secret: &str, now_s: i64) -> Result<(), SignatureError> {
    let authorization = Authorization::find(request)?;
    let bare = without_port(request.headers);
    let is_good = [request.headers, &bare].into_iter().any(|headers| {
        let text = text_to_sign(request, headers, &authorization);
        is_same(&authorization.signature, &authorization.signature(secret, &text))
    });
    if !is_good {
        return Err(SignatureError::Mismatch { string_to_sign: string_to_sign(request, &authorization) });
    }
    let is_valid = authorization.sign_time.holds(now_s) && authorization.key_time.holds(now_s);
    if is_valid { Ok(()) } else { Err(SignatureError::Expired) }
}

fn text_to_sign(request: &Request<'_>, headers: &Headers, authorization: &Authorization) -> String {
    let canonical = format!(
        "{}\n{}\n{}\n{}\n",
        request.method.to_lowercase(),
        request.path,
        canonical_pairs(request.query, &authorization.param_list),
        canonical_pairs(headers, &authorization.header_list)
    );
    format!("sha1\n{}\n{}\n", authorization.sign_time, sha1_hex(&canonical))
}

/// Names are encoded first and lowered then, so that the digits of their escapes are lower-case too.
fn canonical_name(name: &str) -> String {
    encode(name).to_lowercase()
}

fn is_listed(list: &str, name: &str) -> bool {
    let name = canonical_name(name);
    list.split(';').any(|listed| listed == name)
}

/// The listed pairs, sorted by name. A name on the list that was not sent has no equals sign, and so cannot
/// match what a client signed; the values of a repeated one are joined by commas.
fn canonical_pairs(pairs: &Params, list: &str) -> String {
    let mut listed: Vec<&str> = list.split(';').filter(|listed| !listed.is_empty()).collect();
    listed.sort_unstable();
    let pair = |listed: &str| {
        let values = pairs.iter().filter(|(name, _)| canonical_name(name) == listed);
        let values: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
        if values.is_empty() { listed.to_owned() } else { format!("{listed}={}", encode(&values.join(","))) }
    };
    listed.into_iter().map(pair).collect::<Vec<String>>().join("&")
}

fn without_port(headers: &Headers) -> Vec<(String, String)> {
    let bare = |(name, value): &(String, String)| {
        let is_host = name.eq_ignore_ascii_case("host");
        let host = value.rsplit_once(':').filter(|(_, port)| parse_unix(port).is_some());
        (name.clone(), host.filter(|_| is_host).map_or(value.as_str(), |(host, _)| host).to_owned())
    };
    headers.iter().map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "q-sign-algorithm=sha1&q-ak=id&q-sign-time=10;20&q-key-time=12;18&q-header-list=\
                        &q-url-param-list=&q-signature=0123456789abcdef0123456789abcdef01234567";

    fn refusal(authorization: &str) -> SignatureError {
        let headers = [("Authorization".to_owned(), authorization.to_owned())];
        let request = Request { method: "GET", path: "/a", query: &[], headers: &headers };
        verify(&request, "secret", 15).expect_err("refused")
    }

    #[test]
    fn other_forms_are_malformed() {
        assert!(matches!(refusal(GOOD), SignatureError::Mismatch { .. }));
        for (from, to) in [
            ("sha1", "sha256"),
            ("q-ak=id&", ""),
            ("q-ak=id", "q-ak="),
            ("10;20", "20;10"),
            ("10;20", "010;20"),
            ("10;20", "10"),
            ("q-ak=id", "q-ak=id&q-ak=other"),
            ("0123", "012"),
            ("0123", "ABCD"),
            (GOOD, "q-sign-algorithm"),
        ] {
            let malformed = SignatureError::Malformed { name: "Authorization" };
            assert_eq!(refusal(&GOOD.replacen(from, to, 1)), malformed, "{from} -> {to}");
        }
    }

    #[test]
    fn unsigned_requests_are_told_what_is_missing() {
        let request = Request { method: "GET", path: "/a", query: &[], headers: &[] };
        let missing = Err(SignatureError::Missing { name: "Authorization" });
        assert_eq!(verify(&request, "secret", 15), missing);
    }

    #[test]
    fn the_key_has_to_be_valid_too() {
        let request = Request { method: "GET", path: "/a", query: &[], headers: &[] };
        let authorization = Authorization {
            secret_id: "id".to_owned(),
            sign_time: Window { first_s: 10, last_s: 20 },
            key_time: Window { first_s: 12, last_s: 18 },
            signature: String::new(),
            header_list: String::new(),
            param_list: String::new(),
        };
        let signature = authorization.signature("secret", &string_to_sign(&request, &authorization));
        let header = GOOD.replace("0123456789abcdef0123456789abcdef01234567", &signature);
        let headers = [("Authorization".to_owned(), header)];
        let outcome = |now_s| verify(&Request { headers: &headers, ..request }, "secret", now_s);
        assert_eq!((outcome(12), outcome(18)), (Ok(()), Ok(())));
        let expired = Err(SignatureError::Expired);
        assert_eq!((outcome(11), outcome(19)), (expired.clone(), expired));
    }
}
