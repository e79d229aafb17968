//! Parameters of the legacy API, as they were signed.

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Method, header};
use stillframe_signing::tencent_v1;

use super::error::Refusal;

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
    pub(super) fn signed_params(&self) -> Params {
        let method = self.method.as_str();
        let signed = self.pairs.iter().filter(|(name, value)| tencent_v1::is_signed(method, name, value));
        Params(signed.map(|(name, value)| (tencent_v1::canonical_name(name), value.clone())).collect())
    }
}

/// The signed parameters of a request.
#[derive(Debug)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// The first value of that name, unless it is empty.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// As [`Self::find`].
    ///
    /// # Errors
    /// A refusal when it is not there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.find(name).ok_or_else(|| Refusal::missing(name))
    }

    /// A whole number.
    ///
    /// # Errors
    /// A refusal when it is not there or no whole number.
    pub(super) fn integer(&self, name: &str) -> Result<i64, Refusal> {
        let text = self.required(name)?;
        text.parse().map_err(|_| Refusal::invalid(name, "a whole number"))
    }

    /// The values of `name.0`, `name.1`, ... by the order of their numbers. These may begin anywhere and
    /// leave gaps: the vendor's own examples begin at 0 or 1, and skip.
    ///
    /// # Errors
    /// A refusal for `name.` followed by something else than digits.
    pub(super) fn list(&self, name: &str) -> Result<Vec<&str>, Refusal> {
        let mut numbered = Vec::new();
        for (key, value) in &self.0 {
            let Some(index) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            let index: u64 = index.parse().map_err(|_| Refusal::invalid(key, "a number after the dot"))?;
            numbered.push((index, value.as_str()));
        }
        numbered.sort_by_key(|(index, _)| *index);
        Ok(numbered.into_iter().map(|(_, value)| value).collect())
    }
}

#[cfg(test)]
impl Params {
    /// Parameters of a test.
    pub(super) fn of(pairs: &[(String, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect())
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
    fn lists_are_sorted_by_number_from_any_base_with_gaps() {
        let pairs = [("t.10", "c"), ("t.9", "b"), ("t.2", "a"), ("tt.0", "x"), ("t", "y")];
        let params = received(Method::GET, &pairs).signed_params();
        assert_eq!(params.list("t"), Ok(vec!["a", "b", "c"]));
        assert_eq!(params.list("none"), Ok(vec![]));
        let bad = received(Method::GET, &[("t.x", "a")]).signed_params();
        assert_eq!(bad.list("t").expect_err("no number").code, 4000);
    }

    #[test]
    fn operations_never_see_what_was_not_signed() {
        let pairs = [("fileId", "@1"), ("a_b", "2"), ("Signature", "x")];
        let posted = received(Method::POST, &pairs).signed_params();
        assert_eq!(posted.find("fileId"), None);
        assert_eq!(posted.find("Signature"), None);
        assert_eq!(posted.find("a.b"), Some("2"));
        assert_eq!(received(Method::GET, &pairs).signed_params().find("fileId"), Some("@1"));
    }
}
