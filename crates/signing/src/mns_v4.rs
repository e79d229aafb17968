//! Alibaba Cloud Message Service (MNS) signature V4, MNS4-HMAC-SHA256, which the Java client can opt in to.
//!
//! Source: class `MNSV4Signer` of aliyun-mns-java-sdk and its unit tests, revision of 2025-12-01, read on
//! 2026-11-24. There is no page of documentation.
//!
//! Unlike the other schemes with a scope, the canonical request itself is signed, not its hash. The body is
//! signed by `Content-MD5` alone.

use crate::alibaba_v4::{Credential, is_signature};
use crate::authorization::fields;
use crate::calendar::utc_text;
use crate::headers::{Headers, canonical, names, value};
use crate::mac::is_same;
use crate::mns::{DATE, SIGNED_PREFIX, signed_at_s};
use crate::percent::{encode, encode_path};
use crate::{Params, SignatureError};

/// Name of the scheme, first in the `Authorization` header.
pub const SCHEME: &str = "MNS4-HMAC-SHA256";
/// The product that keys are derived for.
pub const PRODUCT: &str = "mns";

const AUTHORIZATION: &str = "Authorization";

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method in capitals.
    pub method: &'a str,
    /// The path, decoded.
    pub path: &'a str,
    /// The parameters of the query, decoded; a `+` stands for itself.
    pub query: &'a Params,
    /// All headers.
    pub headers: &'a Headers,
}

/// What the `Authorization` header of this scheme holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// Access key and scope.
    pub credential: Credential<'a>,
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
        let [credential, signature] = fields(text, SCHEME, ["Credential", "Signature"])?;
        let (credential, signature) = (Credential::parse(credential?)?, signature?);
        is_signature(signature).then_some(Self { credential, signature })
    }
}

/// The text that is signed, for a key derived for this region.
///
/// # Errors
/// [`SignatureError`] when the request does not say its time.
pub fn string_to_sign(request: &Request<'_>, region: &str) -> Result<String, SignatureError> {
    let (date, time) = date_and_time(request.headers)?;
    let credential = Credential { access_key_id: "", date: &date, region, product: PRODUCT };
    Ok(format!("{SCHEME}\n{time}\n{}\n{}", credential.scope(), canonical_request(request)))
}

/// The value of the `Authorization` header of a request, for a server of this region.
///
/// # Errors
/// [`SignatureError`] when the request does not say its time.
pub fn sign(
    request: &Request<'_>,
    region: &str,
    access_key_id: &str,
    secret: &str,
) -> Result<String, SignatureError> {
    let (date, _) = date_and_time(request.headers)?;
    let credential = Credential { access_key_id, date: &date, region, product: PRODUCT };
    let signature = credential.sign(secret, &string_to_sign(request, region)?);
    Ok(format!("{SCHEME} Credential={credential},Signature={signature}"))
}

/// Checks the `Authorization` header of a request, in constant time. The caller judges
/// [`crate::mns::signed_at_s`].
///
/// # Errors
/// [`SignatureError`] when it is missing, malformed, for another day or product than the request, or not
/// the one that `secret` gives.
pub fn verify(request: &Request<'_>, secret: &str) -> Result<(), SignatureError> {
    let header =
        value(request.headers, AUTHORIZATION).ok_or(SignatureError::Missing { name: AUTHORIZATION })?;
    let Authorization { credential, signature } = Authorization::parse(&header)?;
    if credential.date != date_and_time(request.headers)?.0 {
        return Err(SignatureError::Scope { part: "day" });
    }
    if credential.product != PRODUCT {
        return Err(SignatureError::Scope { part: "product" });
    }
    let string_to_sign = string_to_sign(request, credential.region)?;
    if is_same(signature, &credential.sign(secret, &string_to_sign)) {
        Ok(())
    } else {
        Err(SignatureError::Mismatch { string_to_sign })
    }
}

/// The signed time as `20261124` and `20261124T010958Z`.
fn date_and_time(headers: &Headers) -> Result<(String, String), SignatureError> {
    let unix_s = signed_at_s(headers)?;
    let text = |format| utc_text(unix_s, format).ok_or(SignatureError::Malformed { name: DATE });
    Ok((text("%Y%m%d")?, text("%Y%m%dT%H%M%SZ")?))
}

fn canonical_request(request: &Request<'_>) -> String {
    let signed = names(request.headers, |name| {
        matches!(name, "content-type" | "content-md5") || name.starts_with(SIGNED_PREFIX)
    });
    format!(
        "{}\n{}\n{}\n{}\n",
        request.method,
        encode_path(request.path),
        canonical_query(request.query),
        canonical(request.headers, signed.iter().map(String::as_str))
    )
}

/// Names are lowered, and neither names nor values keep the spaces around them.
fn canonical_query(query: &Params) -> String {
    let mut pairs: Vec<(String, String)> = query
        .iter()
        .map(|(name, value)| (encode(name.trim().to_lowercase().as_str()), encode(value.trim())))
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

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    type Pairs = &'static [(&'static str, &'static str)];
    /// Method, path, query, headers, date; key id, secret, region, signature.
    type Row = (&'static str, &'static str, Pairs, Pairs, &'static str, [&'static str; 4]);

    const JUNE: &str = "Tue, 03 Jun 2025 10:52:35 GMT";
    const ODD: Pairs =
        &[("param1", "abc"), ("PARAM2", "d  ef"), ("PARAM3", "[def]#bbb"), ("PARAM4", "中文参数")];
    const LONGER: Pairs = &[
        ("num", "10"),
        ("paramx", "100"),
        ("param1", "abc"),
        ("PARAM2", "d  ef"),
        ("PARAM3", "[def]#bbb"),
        ("PARAM4", "中文参数"),
    ];
    const ODD_HEADERS: Pairs =
        &[("x-mns-abc", "kkk"), ("X-MNS-Sss", "2015-06-06xFFF"), ("x-kkk-def", "jjj"), ("X-KKK-def", "lll")];
    const MD5_HEADERS: Pairs = &[
        ("x-mns-version", "2015-06-30"),
        ("x-mns-ttt", "1"),
        ("X-MNS-UUUuu", "FALse"),
        ("bb-MNS-UUUuu", "abcdddDDD"),
        ("Content-Type", "application/json"),
        ("Content-MD5", "0d9d2ce750000593eb34f00"),
    ];
    /// Texts and signatures of the vendor's unit tests (`MNSV4SignerTest`); the tests set the time apart
    /// from the request, so the date headers stand here for it.
    const VECTORS: [Row; 6] = [
        (
            "POST",
            "/queues/TestQueue/",
            ODD,
            &[],
            JUNE,
            ["ak1", "sk1", "region1", "1fc6013f158d4c3aba09570895a2a93c8445c2c5213d82a1463baf602cf0d945"],
        ),
        (
            "POST",
            "/queues/TestQueue",
            LONGER,
            &[],
            JUNE,
            ["ak1", "sk1", "region1", "8d555514e749185d3e6d68df416692e6cc960ba85a089c9d69a2f4d7bb607560"],
        ),
        (
            "PUT",
            "/queues/TestQueue123456",
            &[],
            ODD_HEADERS,
            "Wed, 03 Dec 2025 11:23:48 GMT",
            [
                "akkkkk1111111111",
                "skkkkkkk1111111111",
                "region2",
                "04f1e5f929b5aaac3af6a54970f591581ecd2aade2562f926c5f2ec5d5c8cfad",
            ],
        ),
        (
            "GET",
            "/queues",
            &[],
            MD5_HEADERS,
            "Thu, 04 Dec 2025 06:32:35 GMT",
            [
                "akkkkk222222222",
                "skkkkkk2222222222",
                "eu-west-1",
                "294f776a2d5726df679b54b081ab8126a199a2545c8c8a7a875adff0b386e458",
            ],
        ),
        (
            "GET",
            "/",
            &[],
            &[],
            JUNE,
            [
                "testAk",
                "testSk",
                "testRegion",
                "63f78964dcd1132bab91b9c38ceebdfb59509149b34874c5b2c9dfc2b12e7291",
            ],
        ),
        (
            "POST",
            "/queues/Test Queue@123",
            &[],
            &[],
            JUNE,
            [
                "testAk",
                "testSk",
                "testRegion",
                "87de7499365a31e767cdc0c726a893c72c860e415876f7f92914197ac3795833",
            ],
        ),
    ];

    #[test]
    fn the_vendors_own_test_vectors_are_reproduced() {
        for (method, path, query, sent, date, [id, secret, region, signature]) in VECTORS {
            let query = pairs(query);
            let mut headers = pairs(&[sent, &[("Date", date)]].concat());
            let unsigned = Request { method, path, query: &query, headers: &headers };
            let authorization = sign(&unsigned, region, id, secret).expect("dated");
            assert!(authorization.ends_with(&format!("Signature={signature}")), "{path}: {authorization}");
            headers.push(("Authorization".to_owned(), authorization));
            assert_eq!(verify(&Request { method, path, query: &query, headers: &headers }, secret), Ok(()));
        }
    }

    #[test]
    fn the_canonical_request_itself_is_signed() {
        let headers = pairs(&[
            ("Date", "Mon, 24 Nov 2025 09:13:59 GMT"),
            ("x-mns-version", "2015-06-06"),
            ("Content-Type", "text/xml;charset=UTF-8"),
        ]);
        let request = Request { method: "PUT", path: "/queues/q", query: &[], headers: &headers };
        assert_eq!(
            string_to_sign(&request, "eu-west-1").as_deref(),
            Ok(
                "MNS4-HMAC-SHA256\n20251124T091359Z\n20251124/eu-west-1/mns/aliyun_v4_request\nPUT\n/queues/q\n\n\
                content-type:text/xml;charset=UTF-8\nx-mns-version:2015-06-06\n\n"
            )
        );
    }

    #[test]
    fn keys_of_another_day_or_product_and_other_forms_are_refused() {
        let date = ("Date", "Mon, 24 Nov 2025 09:13:59 GMT");
        let refusal = |authorization: &str| {
            let headers = pairs(&[date, ("Authorization", authorization)]);
            let request = Request { method: "GET", path: "/queues", query: &[], headers: &headers };
            verify(&request, "secret").expect_err("refused")
        };
        let authorization = |scope: &str| {
            format!("{SCHEME} Credential=id/{scope}/aliyun_v4_request,Signature={}", "a".repeat(64))
        };
        let good = authorization("20251124/r/mns");
        assert!(matches!(refusal(&good), SignatureError::Mismatch { .. }));
        assert_eq!(refusal(&authorization("20251125/r/mns")), SignatureError::Scope { part: "day" });
        assert_eq!(refusal(&authorization("20251124/r/oss")), SignatureError::Scope { part: "product" });
        for text in
            ["MNS id:x", "MNS4-HMAC-SHA256", &good.replace("aliyun_v4", "apsara_v4"), &good[..good.len() - 1]]
        {
            assert_eq!(refusal(text), SignatureError::Malformed { name: "Authorization" }, "{text}");
        }
    }
}
