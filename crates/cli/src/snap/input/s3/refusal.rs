//! Why a store does not give an object, in words for the one who asked.
//!
//! Source: Amazon S3 User Guide, "Billing for Amazon S3 error responses" (names and their status), read on 2026-11-28.
//! Of what the store says only names are repeated: its own words may hold what was signed.

use stillframe_domain::{ErrorCode, Failure};
use stillframe_outbound::Glance;

/// Longest name that is repeated, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// How the object was asked for.
pub struct Terms<'a> {
    /// The region that it was looked for in.
    pub region: &'a str,
    /// Whether credentials were shown.
    pub is_signed: bool,
}

/// What an answer says of why there is no object; `None` when it says nothing, or brings one.
pub fn failure_of(answer: &Glance, terms: &Terms<'_>) -> Option<Failure> {
    let body = String::from_utf8_lossy(&answer.body_prefix);
    let name = element(&body, "Code").unwrap_or_default();
    let unreadable = |message: &str| Some(Failure::new(ErrorCode::SourceUnreadable, message.to_owned()));
    match (name, answer.status) {
        (_, ..300) => None,
        ("NoSuchKey", _) => Some(missing("there is no such object in the bucket")),
        ("NoSuchBucket", _) => Some(missing("there is no such bucket")),
        ("SignatureDoesNotMatch", _) => unreadable(
            "the store does not accept the signature: AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID",
        ),
        ("InvalidAccessKeyId" | "NotSignedUp", _) => {
            unreadable("the store has no account for the key in AWS_ACCESS_KEY_ID")
        }
        ("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired", _) => {
            unreadable("the credentials have expired: AWS_SESSION_TOKEN is not good any more")
        }
        ("RequestTimeTooSkewed", _) => {
            unreadable("the clocks of this machine and of the store differ too much")
        }
        ("InvalidObjectState", _) => unreadable("the object is archived: have the store restore it first"),
        ("AccessDenied" | "AllAccessDisabled", _) | ("", 401 | 403) => unreadable(denied(terms)),
        _ => elsewhere(&body, name, terms)
            .or_else(|| {
                (!name.is_empty()).then(|| format!("the store refused with status {}, {name}", answer.status))
            })
            .and_then(|message| unreadable(&message)),
    }
}

fn missing(message: &str) -> Failure {
    Failure::new(ErrorCode::SourceMissing, message.to_owned())
}

fn denied(terms: &Terms<'_>) -> &'static str {
    if terms.is_signed {
        "access is denied: the key may not read the object (s3:GetObject); one that may not list the bucket is \
         told the same of an object that is missing"
    } else {
        "access is denied: the object is not public, so credentials are needed"
    }
}

/// The region that was asked is not the bucket's. Other faults of a signature have the same names, and some stores
/// tell their region with every fault, hence the look at both.
fn elsewhere(body: &str, name: &str, terms: &Terms<'_>) -> Option<String> {
    let is_redirect = matches!(name, "PermanentRedirect" | "TemporaryRedirect");
    let is_fault_of_region =
        is_redirect || matches!(name, "AuthorizationQueryParametersError" | "AuthorizationHeaderMalformed");
    is_fault_of_region.then_some(())?;
    let told = element(body, "Region").or_else(|| element(body, "Endpoint").and_then(region_in));
    let asked = terms.region;
    match told.filter(|told| *told != asked) {
        Some(right) => Some(format!("the bucket is not in the region {asked}: set AWS_REGION={right}")),
        None if is_redirect => {
            Some(format!("the bucket is not in the region {asked}: set AWS_REGION to the one that it is in"))
        }
        None => None,
    }
}

/// The region in the name of a host such as `films.s3.eu-west-1.amazonaws.com` or `s3-eu-west-1.amazonaws.com`.
fn region_in(host: &str) -> Option<&str> {
    let (front, _) = host.split_once(".amazonaws.com")?;
    let last = front.rsplit('.').next()?;
    let region = last.strip_prefix("s3-").unwrap_or(last);
    let is_region = region.ends_with(|last: char| last.is_ascii_digit()) && 2 <= region.matches('-').count();
    is_region.then_some(region)
}

/// What stands in the first element of that name, if it is a plain name.
fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    (is_plain && (1..=NAME_BYTES_MAX).contains(&text.len())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms<'_> = Terms { region: "us-east-1", is_signed: true };

    fn told(status: u16, body: &str) -> Option<(ErrorCode, String)> {
        let answer = Glance { status, body_prefix: body.as_bytes().to_vec() };
        failure_of(&answer, &TERMS).map(|failure| (failure.code, failure.message))
    }

    fn of(name: &str, more: &str) -> String {
        let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
        format!("{head}\n<Error><Code>{name}</Code><Message>Words of the store</Message>{more}</Error>")
    }

    #[test]
    fn each_reason_has_words_that_say_what_to_do() {
        for (status, name, code, words) in [
            (404, "NoSuchKey", ErrorCode::SourceMissing, "no such object"),
            (404, "NoSuchBucket", ErrorCode::SourceMissing, "no such bucket"),
            (403, "AccessDenied", ErrorCode::SourceUnreadable, "s3:GetObject"),
            (403, "SignatureDoesNotMatch", ErrorCode::SourceUnreadable, "AWS_SECRET_ACCESS_KEY"),
            (403, "InvalidAccessKeyId", ErrorCode::SourceUnreadable, "AWS_ACCESS_KEY_ID"),
            (400, "ExpiredToken", ErrorCode::SourceUnreadable, "AWS_SESSION_TOKEN"),
            (403, "RequestTimeTooSkewed", ErrorCode::SourceUnreadable, "clocks"),
            (403, "InvalidObjectState", ErrorCode::SourceUnreadable, "archived"),
            (405, "MethodNotAllowed", ErrorCode::SourceUnreadable, "status 405, MethodNotAllowed"),
        ] {
            let (found, message) = told(status, &of(name, "")).expect("a reason");
            assert_eq!(found, code, "{name}");
            assert!(message.contains(words) && !message.contains("Words of the store"), "{message}");
        }
        assert!(told(403, "").unwrap().1.contains("access is denied"));
        let public = Terms { is_signed: false, ..TERMS };
        let answer = Glance { status: 403, body_prefix: of("AccessDenied", "").into() };
        assert!(failure_of(&answer, &public).unwrap().message.contains("not public"));
    }

    #[test]
    fn a_bucket_of_another_region_names_it() {
        let set = "set AWS_REGION=eu-central-1";
        for (status, name, more) in [
            (400, "AuthorizationQueryParametersError", "<Region>eu-central-1</Region>"),
            (400, "AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>"),
            (301, "PermanentRedirect", "<Endpoint>films.s3.eu-central-1.amazonaws.com</Endpoint>"),
            (301, "PermanentRedirect", "<Endpoint>s3-eu-central-1.amazonaws.com</Endpoint>"),
            (307, "TemporaryRedirect", "<Endpoint>films.s3.eu-central-1.amazonaws.com</Endpoint>"),
        ] {
            let message = told(status, &of(name, more)).expect("a reason").1;
            assert!(message.contains("region us-east-1") && message.ends_with(set), "{message}");
        }
        for more in ["", "<Endpoint>films.s3.amazonaws.com</Endpoint>", "<Region>a b</Region>"] {
            let message = told(301, &of("PermanentRedirect", more)).expect("a reason").1;
            assert!(message.ends_with("set AWS_REGION to the one that it is in"), "{message}");
        }
        for (name, more) in [
            ("AuthorizationQueryParametersError", ""),
            ("AuthorizationQueryParametersError", "<Region>us-east-1</Region>"),
            ("InvalidRequest", "<Region>eu-central-1</Region>"),
        ] {
            let other = told(400, &of(name, more)).expect("a reason").1;
            assert!(!other.contains("AWS_REGION"), "{other}");
        }
    }

    #[test]
    fn what_says_nothing_is_no_reason() {
        assert_eq!(told(206, &of("NoSuchKey", "")), None);
        assert_eq!(told(500, "<html>"), None);
        assert_eq!(told(301, ""), None);
        assert_eq!(told(400, "<Code>X-Amz-Signature=abc</Code>"), None);
        assert_eq!(told(400, &format!("<Code>{}</Code>", "a".repeat(NAME_BYTES_MAX + 1))), None);
    }
}
