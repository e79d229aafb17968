//! Where a bucket is and by whom it is read: by the variables that other tools of the S3 protocol heed.
//!
//! Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints", read on 2026-11-28;
//! `AWS_VIRTUAL_HOSTED_STYLE_REQUEST` and `AWS_SKIP_SIGNATURE` are those of the crate `object_store`.

use std::time::Duration;

use rusty_s3::{Bucket, BucketError, Credentials, S3Action, UrlStyle};
use url::Url;

use super::refusal::Terms;

/// The region of a store that nobody names.
const REGION_DEFAULT: &str = "us-east-1";
/// Longest name of a region, in bytes.
const REGION_BYTES_MAX: usize = 32;
/// Variables that name the address of a store, the most special first.
const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
const SKIP_SIGNATURE: &str = "AWS_SKIP_SIGNATURE";
const VIRTUAL_HOSTED: &str = "AWS_VIRTUAL_HOSTED_STYLE_REQUEST";

/// Looks a variable of the environment up; none that is empty.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A bucket, and what opens it.
pub struct Store {
    bucket: Bucket,
    /// `None` for what is public.
    credentials: Option<Credentials>,
}

impl Store {
    /// The bucket of that name.
    ///
    /// # Errors
    /// Which variable is missing or cannot be used, and never its value.
    pub fn of(bucket: &str, variable: Variables<'_>) -> Result<Self, String> {
        let region = region(variable)?;
        let credentials = credentials(variable)?;
        let (endpoint, style) = place(bucket, &region, variable)?;
        let bucket =
            Bucket::new(endpoint, style, bucket.to_owned(), region).map_err(|error| match error {
                BucketError::UnsupportedScheme | BucketError::MissingHost => unusable_endpoint(variable),
                BucketError::ParseError(_) => {
                    format!("the bucket's name cannot be a part of the host's: set {VIRTUAL_HOSTED}=false")
                }
            })?;
        Ok(Self { bucket, credentials })
    }

    /// A URL by which anybody can read the object for that long.
    pub fn url_of(&self, key: &str, valid_for: Duration) -> Url {
        self.bucket.get_object(self.credentials.as_ref(), key).sign(valid_for)
    }

    /// What a refusal is judged by.
    pub fn terms(&self) -> Terms<'_> {
        Terms { region: self.bucket.region(), is_signed: self.credentials.is_some() }
    }
}

fn region(variable: Variables<'_>) -> Result<String, String> {
    let named =
        ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| Some((name, variable(name)?)));
    let Some((name, region)) = named else { return Ok(REGION_DEFAULT.to_owned()) };
    // It becomes a part of the host's name.
    let is_plain = region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_plain || REGION_BYTES_MAX < region.len() {
        return Err(format!("{name} names no region: expected one such as eu-central-1"));
    }
    Ok(region)
}

fn credentials(variable: Variables<'_>) -> Result<Option<Credentials>, String> {
    if is_set(SKIP_SIGNATURE, variable)? {
        return Ok(None);
    }
    match (variable(ACCESS_KEY_ID), variable(SECRET_ACCESS_KEY)) {
        (Some(id), Some(secret)) => Ok(Some(match variable(SESSION_TOKEN) {
            Some(token) => Credentials::new_with_token(id, secret, token),
            None => Credentials::new(id, secret),
        })),
        (Some(_), None) => Err(format!("{SECRET_ACCESS_KEY} is missing: {ACCESS_KEY_ID} is set")),
        (None, Some(_)) => Err(format!("{ACCESS_KEY_ID} is missing: {SECRET_ACCESS_KEY} is set")),
        (None, None) => Err(format!(
            "there are no credentials: set {ACCESS_KEY_ID} and {SECRET_ACCESS_KEY} \
             (`aws configure export-credentials --format env` prints those of a profile), \
             or {SKIP_SIGNATURE}=true for what is public"
        )),
    }
}

/// The store's address, and whether the bucket stands in its path or in its host. Stores of one's own seldom have
/// a name for each bucket; the certificates of the public one are not good for names with dots.
fn place(bucket: &str, region: &str, variable: Variables<'_>) -> Result<(Url, UrlStyle), String> {
    let own = ENDPOINTS.into_iter().find_map(variable);
    let is_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_hosted = match variable(VIRTUAL_HOSTED) {
        Some(_) => is_set(VIRTUAL_HOSTED, variable)?,
        None => own.is_none() && bucket.bytes().all(is_label),
    };
    let style = if is_hosted { UrlStyle::VirtualHost } else { UrlStyle::Path };
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let address = own.unwrap_or_else(|| format!("https://s3.{region}.{domain}"));
    let endpoint = Url::parse(&address).map_err(|_error| unusable_endpoint(variable))?;
    Ok((endpoint, style))
}

/// An address may hold a password, so it is not repeated.
fn unusable_endpoint(variable: Variables<'_>) -> String {
    let name = ENDPOINTS.into_iter().find(|name| variable(name).is_some()).unwrap_or(ENDPOINTS[1]);
    format!("{name} is no http or https URL: expected one such as http://localhost:9000")
}

fn is_set(name: &str, variable: Variables<'_>) -> Result<bool, String> {
    match variable(name).map(|value| value.to_ascii_lowercase()).as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(format!("{name} is neither true nor false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [(&str, &str); 2] = [(ACCESS_KEY_ID, "id"), (SECRET_ACCESS_KEY, "hidden")];

    fn store(bucket: &str, environment: &[(&str, &str)]) -> Result<Store, String> {
        let variable = |name: &str| {
            let found = environment.iter().find(|(of, _)| *of == name)?;
            Some(found.1.to_owned())
        };
        Store::of(bucket, &variable)
    }

    /// The URL of a public object, hence without a signature.
    fn url(bucket: &str, key: &str, environment: &[(&str, &str)]) -> String {
        let environment = [&[(SKIP_SIGNATURE, "true")], environment].concat();
        store(bucket, &environment).unwrap().url_of(key, Duration::from_secs(9)).into()
    }

    #[test]
    fn a_bucket_is_where_the_variables_say() {
        for (environment, expected) in [
            (&[][..], "https://films.s3.us-east-1.amazonaws.com/k"),
            (&[("AWS_REGION", "eu-west-3")], "https://films.s3.eu-west-3.amazonaws.com/k"),
            (&[("AWS_DEFAULT_REGION", "eu-west-3")], "https://films.s3.eu-west-3.amazonaws.com/k"),
            (&[("AWS_REGION", "cn-north-1")], "https://films.s3.cn-north-1.amazonaws.com.cn/k"),
            (&[(VIRTUAL_HOSTED, "false")], "https://s3.us-east-1.amazonaws.com/films/k"),
            (&[("AWS_ENDPOINT_URL", "http://localhost:9000")], "http://localhost:9000/films/k"),
            (&[("AWS_ENDPOINT", "https://example.com/s3")], "https://example.com/s3/films/k"),
            (
                &[("AWS_ENDPOINT_URL", "http://a.example"), ("AWS_ENDPOINT_URL_S3", "http://b.example")],
                "http://b.example/films/k",
            ),
            (
                &[("AWS_ENDPOINT_URL", "https://example.com"), (VIRTUAL_HOSTED, "true")],
                "https://films.example.com/k",
            ),
        ] {
            assert_eq!(url("films", "k", environment), expected);
        }
        assert_eq!(url("my.films", "k", &[]), "https://s3.us-east-1.amazonaws.com/my.films/k");
        assert_eq!(url("Films", "k", &[]), "https://s3.us-east-1.amazonaws.com/Films/k");
    }

    #[test]
    fn a_key_is_encoded_and_nothing_of_it_decoded() {
        for (key, path) in [
            ("a b+c%20.mp4", "a%20b%2Bc%2520.mp4"),
            ("what?#1.mp4", "what%3F%231.mp4"),
            ("電影/käse.mp4", "%E9%9B%BB%E5%BD%B1/k%C3%A4se.mp4"),
            ("/a//b", "/a//b"),
            ("http://x:1/y", "http%3A//x%3A1/y"),
            ("%2e%2e/x", "%252e%252e/x"),
            ("a\\..\\b", "a%5C..%5Cb"),
        ] {
            assert_eq!(url("films", key, &[]), format!("https://films.s3.us-east-1.amazonaws.com/{path}"));
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_without_its_value() {
        for (environment, name) in [
            (&[][..], ACCESS_KEY_ID),
            (&KEY[..1], SECRET_ACCESS_KEY),
            (&KEY[1..], ACCESS_KEY_ID),
            (&[KEY[0], KEY[1], ("AWS_REGION", "hidden.example/")], "AWS_REGION"),
            (&[KEY[0], KEY[1], ("AWS_ENDPOINT_URL", "hidden")], "AWS_ENDPOINT_URL"),
            (&[KEY[0], KEY[1], ("AWS_ENDPOINT", "ftp://hidden")], "AWS_ENDPOINT"),
            (&[KEY[0], KEY[1], (SKIP_SIGNATURE, "hidden")], SKIP_SIGNATURE),
            (
                &[KEY[0], KEY[1], ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"), (VIRTUAL_HOSTED, "1")],
                VIRTUAL_HOSTED,
            ),
        ] {
            let fault = store("films", environment).err().expect("it cannot be used");
            assert!(fault.contains(name) && !fault.contains("hidden"), "{fault}");
        }
    }

    #[test]
    fn signed_urls_tell_how_long_they_are_good_and_not_the_secret() {
        let signed = |environment: &[(&str, &str)]| -> String {
            store("films", environment).unwrap().url_of("k", Duration::from_secs(9)).into()
        };
        let url = signed(&KEY);
        assert!(url.contains("X-Amz-Expires=9&") && url.contains("X-Amz-Credential=id%2F"), "{url}");
        assert!(!url.contains("hidden") && !url.contains("X-Amz-Security-Token"), "{url}");
        let url = signed(&[KEY[0], KEY[1], (SESSION_TOKEN, "a/b+c=")]);
        assert!(url.contains("X-Amz-Security-Token=a%2Fb%2Bc%3D&"), "{url}");
    }
}
