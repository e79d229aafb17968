//! Tencent Cloud signature TC3-HMAC-SHA256, as API 2018-07-17 takes it at the path `/`.
//!
//! Source: Tencent Cloud API 3.0, "Signature v3", and captures of tencentcloud-sdk-python-vod 3.1.194, read on
//! 2026-11-22.
//!
//! The query and the body are signed as the bytes on the wire: clients send the query unsorted and sign it
//! so. Only the headers that the client lists are signed, and most clients list `content-type` and `host`
//! alone: `X-TC-Action`, `X-TC-Region` and the others can be changed by whoever carries the request. This
//! is a property of the scheme. The time is always signed, since the text to sign holds it.
//!
//! Some of the vendor's clients (tencentcloud-sdk-nodejs-common 4.1.220 among them) take the first label of
//! the endpoint's name for the service and sign the host without its port. Both are the same for the
//! vendor's own endpoint, and both are accepted for any other.

use crate::SignatureError;
use crate::authorization::{fields, is_name_list, parts};
use crate::calendar::{parse_unix, utc_text};
use crate::digest::{is_hex, sha256_hex};
use crate::headers::{Headers, canonical, value};
use crate::mac::{hmac_sha256_hex, is_same, scoped_key};

/// Name of the scheme, first in the `Authorization` header.
pub const SCHEME: &str = "TC3-HMAC-SHA256";
/// The service that keys are derived for.
pub const SERVICE: &str = "vod";
/// The header that holds the signed time, in Unix seconds.
pub const TIMESTAMP: &str = "X-TC-Timestamp";
/// The header by which a client leaves its body unsigned.
pub const CONTENT_SHA256: &str = "X-TC-Content-SHA256";

const AUTHORIZATION: &str = "Authorization";
const TERMINATOR: &str = "tc3_request";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// What every client has to sign.
const ALWAYS_SIGNED: [&str; 2] = ["content-type", "host"];

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method in capitals.
    pub method: &'a str,
    /// The query as sent, without the question mark.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a Headers,
    /// The body as sent.
    pub body: &'a [u8],
}

/// What the `Authorization` header of this scheme holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// Id of the access key.
    pub secret_id: &'a str,
    /// UTC day that the key was derived for, `2023-11-14`.
    pub date: &'a str,
    /// Service that the key was derived for.
    pub service: &'a str,
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
        let [credential, signed_headers, signature] =
            fields(text, SCHEME, ["Credential", "SignedHeaders", "Signature"])?;
        let [secret_id, date, service, terminator] = parts(credential?)?;
        let (signed_headers, signature) = (signed_headers?, signature?);
        let is_whole = terminator == TERMINATOR && is_name_list(signed_headers) && is_hex(signature, 64);
        is_whole.then_some(Self { secret_id, date, service, signed_headers, signature })
    }
}

/// How the values of `content-type` and `host` are signed.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// As the vendor's clients do.
    AsSent,
    /// In lower case, as the documentation has it; it matters for the boundary of a multipart body.
    Lowered,
    /// The host without its port, as some of the vendor's clients do.
    WithoutPort,
}

/// The signed time, in Unix seconds. The vendor allows for five minutes of difference.
///
/// # Errors
/// [`SignatureError`] when `X-TC-Timestamp` is missing or no number.
pub fn signed_at_s(headers: &Headers) -> Result<i64, SignatureError> {
    let text = value(headers, TIMESTAMP).ok_or(SignatureError::Missing { name: TIMESTAMP })?;
    parse_unix(&text).ok_or(SignatureError::Malformed { name: TIMESTAMP })
}

/// The text that is signed, with these headers (lower-case names, joined by semicolons).
///
/// # Errors
/// [`SignatureError`] when the request does not say its time.
pub fn string_to_sign(request: &Request<'_>, signed_headers: &str) -> Result<String, SignatureError> {
    text_to_sign(request, (signed_headers, SERVICE), Form::AsSent)
}

/// The value of the `Authorization` header of a request, with these headers signed.
///
/// # Errors
/// [`SignatureError`] when the request does not say its time.
pub fn sign(
    request: &Request<'_>,
    signed_headers: &str,
    secret_id: &str,
    secret: &str,
) -> Result<String, SignatureError> {
    let date = utc_day(signed_at_s(request.headers)?)?;
    let signature = signature((&date, SERVICE), secret, &string_to_sign(request, signed_headers)?);
    Ok(format!(
        "{SCHEME} Credential={secret_id}/{date}/{SERVICE}/{TERMINATOR}, SignedHeaders={signed_headers}, \
         Signature={signature}"
    ))
}

/// Checks the `Authorization` header of a request, in constant time. The caller judges [`signed_at_s`].
///
/// # Errors
/// [`SignatureError`] when it is missing, malformed, for another day or service than the request, leaves
/// out a header that has to be signed, or is not the one that `secret` gives.
pub fn verify(request: &Request<'_>, secret: &str) -> Result<(), SignatureError> {
    let header =
        value(request.headers, AUTHORIZATION).ok_or(SignatureError::Missing { name: AUTHORIZATION })?;
    let authorization = Authorization::parse(&header)?;
    let date = utc_day(signed_at_s(request.headers)?)?;
    if authorization.date != date {
        return Err(SignatureError::Scope { part: "day" });
    }
    let service = authorization.service;
    if !is_service(service, &value(request.headers, "host").unwrap_or_default()) {
        return Err(SignatureError::Scope { part: "service" });
    }
    let listed: Vec<&str> = authorization.signed_headers.split(';').collect();
    if let Some(name) = ALWAYS_SIGNED.into_iter().find(|name| !listed.contains(name)) {
        return Err(SignatureError::NotSigned { name });
    }
    for form in [Form::AsSent, Form::Lowered, Form::WithoutPort] {
        let text = text_to_sign(request, (authorization.signed_headers, service), form)?;
        if is_same(authorization.signature, &signature((&date, service), secret, &text)) {
            return Ok(());
        }
    }
    Err(SignatureError::Mismatch { string_to_sign: string_to_sign(request, authorization.signed_headers)? })
}

/// Whether a key may be derived for this service by a client of that host.
fn is_service(service: &str, host: &str) -> bool {
    service == SERVICE || host.split('.').next() == Some(service)
}

fn signature((date, service): (&str, &str), secret: &str, string_to_sign: &str) -> String {
    let key = scoped_key(&format!("TC3{secret}"), &[date, service, TERMINATOR]);
    hmac_sha256_hex(&key, string_to_sign)
}

fn utc_day(unix_s: i64) -> Result<String, SignatureError> {
    utc_text(unix_s, "%Y-%m-%d").ok_or(SignatureError::Malformed { name: TIMESTAMP })
}

fn text_to_sign(
    request: &Request<'_>,
    (signed_headers, service): (&str, &str),
    form: Form,
) -> Result<String, SignatureError> {
    let timestamp_s = signed_at_s(request.headers)?;
    let date = utc_day(timestamp_s)?;
    let hash = sha256_hex(canonical_request(request, signed_headers, form).as_bytes());
    Ok(format!("{SCHEME}\n{timestamp_s}\n{date}/{service}/{TERMINATOR}\n{hash}"))
}

fn canonical_request(request: &Request<'_>, signed_headers: &str, form: Form) -> String {
    let headers: String =
        signed_headers.split(';').map(|name| header_line(request.headers, name, form)).collect();
    let is_unsigned = value(request.headers, CONTENT_SHA256).as_deref() == Some(UNSIGNED_PAYLOAD);
    let payload = if is_unsigned { UNSIGNED_PAYLOAD.as_bytes() } else { request.body };
    format!("{}\n/\n{}\n{headers}\n{signed_headers}\n{}", request.method, request.query, sha256_hex(payload))
}

fn header_line(headers: &Headers, name: &str, form: Form) -> String {
    let line = canonical(headers, [name]);
    match form {
        Form::WithoutPort if name == "host" => without_port(&line),
        Form::AsSent | Form::WithoutPort if ALWAYS_SIGNED.contains(&name) => line,
        Form::AsSent | Form::WithoutPort | Form::Lowered => line.to_lowercase(),
    }
}

/// `host:name:port` with its line end, without the port.
fn without_port(line: &str) -> String {
    match line.trim_end().rsplit_once(':') {
        Some((host, port)) if host.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{host}\n")
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNATURE: &str = "235ef3c761245842c9f08c524e63ec2d8deb4335113e47b0cac70acea3b89e2f";

    fn pull_events(authorization: &str) -> Vec<(String, String)> {
        [
            ("Content-Type", "application/json"),
            ("Host", "127.0.0.1:18181"),
            ("X-TC-Action", "PullEvents"),
            ("X-TC-Timestamp", "1700000000"),
            ("Authorization", authorization),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    fn request(headers: &Headers) -> Request<'_> {
        Request { method: "POST", query: "", headers, body: b"{}" }
    }

    fn refusal(authorization: &str) -> SignatureError {
        verify(&request(&pull_events(authorization)), "secret").expect_err("refused")
    }

    #[test]
    fn the_steps_on_the_way_are_the_known_ones() {
        let headers = pull_events("");
        let request = request(&headers);
        assert_eq!(
            canonical_request(&request, "content-type;host", Form::AsSent),
            "POST\n/\n\ncontent-type:application/json\nhost:127.0.0.1:18181\n\ncontent-type;host\n\
             44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
        assert_eq!(
            string_to_sign(&request, "content-type;host").as_deref(),
            Ok("TC3-HMAC-SHA256\n1700000000\n2023-11-14/vod/tc3_request\n\
                435d206f86c391aa2e874221d0efa1316b7d41b84027711852457c1e3db86960")
        );
    }

    #[test]
    fn scope_and_signed_headers_are_checked_by_name() {
        let authorization = |scope: &str, signed: &str| {
            format!("{SCHEME} Credential=AKIDTEST/{scope}, SignedHeaders={signed}, Signature={SIGNATURE}")
        };
        let good = "2023-11-14/vod/tc3_request";
        let mismatch = |error| matches!(error, SignatureError::Mismatch { string_to_sign } if !string_to_sign.is_empty());
        assert_eq!(
            refusal(&authorization("2023-11-15/vod/tc3_request", "content-type;host")),
            SignatureError::Scope { part: "day" }
        );
        assert_eq!(
            refusal(&authorization("2023-11-14/cvm/tc3_request", "content-type;host")),
            SignatureError::Scope { part: "service" }
        );
        assert_eq!(refusal(&authorization(good, "host")), SignatureError::NotSigned { name: "content-type" });
        assert_eq!(refusal(&authorization(good, "content-type")), SignatureError::NotSigned { name: "host" });
        assert!(mismatch(refusal(&authorization(good, "content-type;host;x-tc-action"))));
    }

    #[test]
    fn a_client_may_name_the_service_by_its_endpoint_and_sign_no_port() {
        // As tencentcloud-sdk-nodejs-common 4.1.220 signs for the endpoint 127.0.0.1:18181.
        let (scope, names) = ("2023-11-14/127/tc3_request", "content-type;host");
        let headers = pull_events("");
        let text = text_to_sign(&request(&headers), (names, "127"), Form::WithoutPort).expect("a text");
        let signed = |secret: &str| {
            let signature = signature(("2023-11-14", "127"), secret, &text);
            format!("{SCHEME} Credential=AKIDTEST/{scope}, SignedHeaders={names}, Signature={signature}")
        };
        assert_eq!(verify(&request(&pull_events(&signed("secret"))), "secret"), Ok(()));
        assert!(matches!(refusal(&signed("other")), SignatureError::Mismatch { .. }));
        for (line, without) in
            [("host:a:1\n", "host:a\n"), ("host:[::1]:1\n", "host:[::1]\n"), ("host:a\n", "host:a\n")]
        {
            assert_eq!(without_port(line), without);
        }
        assert!(is_service("stillframe", "stillframe.example:7400") && !is_service("cvm", "vod.example"));
    }

    #[test]
    fn other_forms_of_the_header_are_malformed() {
        let good = format!(
            "{SCHEME} Credential=AKIDTEST/2023-11-14/vod/tc3_request, SignedHeaders=content-type;host, \
             Signature={SIGNATURE}"
        );
        assert_eq!(verify(&request(&pull_events(&good)), "secret"), Ok(()));
        for (from, to) in [
            ("TC3-HMAC-SHA256", "TC3-HMAC-SM3"),
            ("tc3_request", "tc2_request"),
            ("AKIDTEST/", ""),
            ("AKIDTEST", ""),
            ("Signature=2", "Signature=A"),
            ("Signature=2", "Signature=22"),
            ("content-type;host", "Content-Type;host"),
            ("SignedHeaders=content-type;host, ", ""),
            (&good, "SKIP"),
        ] {
            let malformed = SignatureError::Malformed { name: "Authorization" };
            assert_eq!(refusal(&good.replacen(from, to, 1)), malformed, "{from} -> {to}");
        }
    }

    #[test]
    fn the_documented_lower_case_of_values_is_accepted_too() {
        let mut headers = pull_events("");
        headers[0].1 = "multipart/form-data; boundary=AbC".to_owned();
        let as_sent = sign(&request(&headers), "content-type;host;x-tc-action", "id", "secret");
        let mut lowered = headers.clone();
        lowered[0].1 = lowered[0].1.to_lowercase();
        let lowered = sign(&request(&lowered), "content-type;host;x-tc-action", "id", "secret");
        assert_ne!(as_sent, lowered);
        for authorization in [as_sent, lowered] {
            headers[4].1 = authorization.expect("signed");
            assert_eq!(verify(&request(&headers), "secret"), Ok(()));
        }
        headers[2].1 = "ConfirmEvents".to_owned();
        assert!(verify(&request(&headers), "secret").is_err(), "the action is signed when it is listed");
    }

    #[test]
    fn a_request_without_its_time_is_refused() {
        let mut headers = pull_events("");
        headers[3].1 = "now".to_owned();
        let malformed = Err(SignatureError::Malformed { name: TIMESTAMP });
        assert_eq!(string_to_sign(&request(&headers), "host"), malformed);
        headers.remove(3);
        assert_eq!(signed_at_s(&headers), Err(SignatureError::Missing { name: TIMESTAMP }));
    }
}
