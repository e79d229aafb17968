//! A request as it came: which object it names, and how it is signed.

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use stillframe_domain::AppId;
use stillframe_signing::{cos, oss, oss_v4};

use super::Protocol;

/// All buckets are named so, with the number of their app behind.
const BUCKET_PREFIX: &str = "stillframe-uploads-";

/// The bucket of an app's uploads.
pub(crate) fn bucket(app_id: AppId) -> String {
    format!("{BUCKET_PREFIX}{app_id}")
}

/// How a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// COS.
    Cos,
    /// OSS, version 1.
    OssV1,
    /// OSS, version 4.
    OssV4,
}

/// A request without its body.
#[derive(Debug)]
pub(super) struct Received {
    /// HTTP method in capitals.
    pub method: String,
    /// The bucket, where the host or the path names one.
    pub bucket: Option<String>,
    /// Key of the object, decoded; empty for the bucket itself.
    pub key: String,
    /// The parameters of the query, decoded.
    pub query: Vec<(String, String)>,
    /// All headers.
    pub headers: Vec<(String, String)>,
}

impl Scheme {
    /// Finds it in the header of a request, or in its query; `None` for what is no request of an object
    /// protocol.
    pub(super) fn of(parts: &Parts) -> Option<Self> {
        let text = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match text {
            Some(text) if text.starts_with(cos::ALGORITHM) => Some(Self::Cos),
            Some(text) if text.starts_with(oss_v4::SCHEME) => Some(Self::OssV4),
            Some(text) if text.strip_prefix(oss::SCHEME).is_some_and(|rest| rest.starts_with(' ')) => {
                Some(Self::OssV1)
            }
            Some(_) => None,
            None => Self::of_query(parts.uri.query().unwrap_or_default()),
        }
    }

    fn of_query(query: &str) -> Option<Self> {
        let names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        let known = names.filter_map(|name| match name.as_ref() {
            cos::ALGORITHM => Some(Self::Cos),
            "x-oss-signature-version" => Some(Self::OssV4),
            "OSSAccessKeyId" => Some(Self::OssV1),
            _ => None,
        });
        known.into_iter().next()
    }

    /// Whose words it belongs to.
    pub(super) const fn protocol(self) -> Protocol {
        match self {
            Self::Cos => Protocol::Cos,
            Self::OssV1 | Self::OssV4 => Protocol::Oss,
        }
    }
}

impl Received {
    /// Reads a request; `None` when its path is no text.
    pub(super) fn of(parts: &Parts) -> Option<Self> {
        let path = percent_decode_str(parts.uri.path()).decode_utf8().ok()?.into_owned();
        let path = path.strip_prefix('/').unwrap_or(&path);
        let headers = headers(parts);
        let (bucket, key) = match path_bucket(path) {
            Some((bucket, key)) => (Some(bucket), key),
            None => (host_bucket(&parts.headers), path),
        };
        let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        Some(Self {
            method: parts.method.as_str().to_owned(),
            bucket: bucket.map(str::to_owned),
            key: key.to_owned(),
            query: query.into_owned().collect(),
            headers,
        })
    }

    /// The value of a parameter.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Whether a path names a bucket of ours: then an unsigned request is one of an object protocol too.
pub(super) fn names_bucket(path: &str) -> bool {
    path_bucket(path.strip_prefix('/').unwrap_or(path)).is_some()
}

fn path_bucket(path: &str) -> Option<(&str, &str)> {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    is_bucket(first).then_some((first, rest))
}

fn host_bucket(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    host.split('.').next().filter(|first| is_bucket(first))
}

fn is_bucket(name: &str) -> bool {
    let number = name.strip_prefix(BUCKET_PREFIX);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The headers as received; HTTP/2 names the host in the URI.
fn headers(parts: &Parts) -> Vec<(String, String)> {
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: Vec<(String, String)> =
        parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    if let (false, Some(authority)) = (parts.headers.contains_key(header::HOST), parts.uri.authority()) {
        headers.push(("host".to_owned(), authority.to_string()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn received(uri: &str, host: &str) -> (Option<String>, String) {
        let request = Request::get(uri).header(header::HOST, host).body(()).expect("a request");
        let received = Received::of(&request.into_parts().0).expect("text");
        (received.bucket, received.key)
    }

    #[test]
    fn the_bucket_stands_in_the_path_or_the_host_or_nowhere() {
        let own = Some("stillframe-uploads-1".to_owned());
        let key = "0f/source/a b.mp4".to_owned();
        for (uri, host) in [
            ("/stillframe-uploads-1/0f%2Fsource%2Fa%20b.mp4", "127.0.0.1:7400"),
            ("/stillframe-uploads-1/0f/source/a%20b.mp4", "127.0.0.1:7400"),
            ("/0f/source/a%20b.mp4", "stillframe-uploads-1.vod.example"),
        ] {
            assert_eq!(received(uri, host), (own.clone(), key.clone()), "{uri}");
        }
        assert_eq!(received("/0f/source/a%20b.mp4", "vod.example"), (None, key));
        assert_eq!(received("/stillframe-uploads-1?uploads", "vod.example"), (own, String::new()));
        assert_eq!(received("/stillframe-uploads-x/a", "stillframe-uploads-.x").0, None);
    }

    #[test]
    fn only_object_protocols_are_known_by_their_signature() {
        let scheme = |authorization: &str, uri: &str| {
            let request = Request::get(uri).header(header::AUTHORIZATION, authorization).body(());
            Scheme::of(&request.expect("a request").into_parts().0)
        };
        assert_eq!(scheme("q-sign-algorithm=sha1&q-ak=", "/"), Some(Scheme::Cos));
        assert_eq!(scheme("OSS id:signature", "/"), Some(Scheme::OssV1));
        assert_eq!(scheme("OSS4-HMAC-SHA256 Credential=", "/"), Some(Scheme::OssV4));
        for other in ["TC3-HMAC-SHA256 Credential=", "ACS3-HMAC-SHA256 Credential=", "MNS id:x", "Basic eA=="]
        {
            assert_eq!(scheme(other, "/?OSSAccessKeyId=id"), None, "{other}");
        }
        let of_query = |uri: &str| Scheme::of(&Request::get(uri).body(()).expect("a request").into_parts().0);
        assert_eq!(of_query("/k?q-sign-algorithm=sha1"), Some(Scheme::Cos));
        assert_eq!(of_query("/k?OSSAccessKeyId=id"), Some(Scheme::OssV1));
        assert_eq!(of_query("/?Action=GetVideoInfo&Signature=x"), None);
    }
}
