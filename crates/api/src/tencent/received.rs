//! A request of either API, decoded, as signature version 1 looks at it.

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Method, header};
use stillframe_signing::tencent_v1;

/// What a request says, decoded, before its signature was checked.
#[derive(Debug)]
pub(super) struct Received {
    /// Its method.
    pub method: Method,
    /// The `Host` header as sent.
    pub host: String,
    /// The path as sent.
    pub path: String,
    /// Names and values in the order sent: the query of a GET, the form of a POST.
    pub pairs: Vec<(String, String)>,
}

impl Received {
    /// Decodes a request. In a POST the query counts for nothing, as the vendor documents.
    pub(super) fn decode(parts: &Parts, body: &Bytes) -> Self {
        let encoded = match parts.method {
            Method::POST => body,
            _ => parts.uri.query().unwrap_or_default().as_bytes(),
        };
        let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
        // HTTP/2 names the host in the URI.
        let host = host.or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
        Self {
            method: parts.method.clone(),
            host: host.unwrap_or_default().to_owned(),
            path: parts.uri.path().to_owned(),
            pairs: url::form_urlencoded::parse(encoded).into_owned().collect(),
        }
    }

    /// The first value of that name, signed or not.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What operations may read: the signed parameters alone, under the names that were signed.
    pub(super) fn signed(&self) -> Vec<(String, String)> {
        let method = self.method.as_str();
        let signed = self.pairs.iter().filter(|(name, value)| tencent_v1::is_signed(method, name, value));
        signed.map(|(name, value)| (tencent_v1::canonical_name(name), value.clone())).collect()
    }

    /// What signature version 1 signs of it.
    pub(super) fn to_be_signed(&self) -> tencent_v1::Request<'_> {
        tencent_v1::Request {
            method: self.method.as_str(),
            host: &self.host,
            path: &self.path,
            params: &self.pairs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(method: Method, pairs: &[(&str, &str)]) -> Received {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let pairs = pairs.iter().map(owned).collect();
        Received { method, host: String::new(), path: String::new(), pairs }
    }

    #[test]
    fn a_post_is_read_from_its_form_alone_and_a_get_from_its_query() {
        let parts = |method: &str| {
            let request = axum::http::Request::builder().method(method).uri("/v2/index.php?a=query");
            request.header("host", "vod.example:1").body(()).expect("a request").into_parts().0
        };
        let form = Bytes::from_static(b"a=form+1");
        let posted = Received::decode(&parts("POST"), &form);
        assert_eq!((posted.find("a"), posted.host.as_str()), (Some("form 1"), "vod.example:1"));
        let got = Received::decode(&parts("GET"), &form);
        assert_eq!((got.find("a"), got.path.as_str()), (Some("query"), "/v2/index.php"));
    }

    #[test]
    fn operations_never_see_what_was_not_signed() {
        let pairs = [("fileId", "@1"), ("a_b", "2"), ("Signature", "x")];
        let posted = received(Method::POST, &pairs);
        assert_eq!(posted.signed(), [("a.b".to_owned(), "2".to_owned())]);
        let got = received(Method::GET, &pairs).signed();
        assert_eq!(got[0], ("fileId".to_owned(), "@1".to_owned()));
    }
}
