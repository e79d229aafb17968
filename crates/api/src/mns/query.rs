//! The parameters of a query.

use axum::http::Uri;

use super::error::Refusal;

/// Decoded names and values. Names are compared without regard to case, since clients differ in it.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes a query; a `+` stands for itself, since some clients send Base64 as it is.
    pub(super) fn decode(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default().replace('+', "%2B");
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// All parameters as received.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The value of a parameter.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let read = |text: &str| text.parse().map_err(|_| Refusal::invalid_query(name));
        self.find(name).map(read).transpose()
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.find(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_read_whether_they_are_encoded_or_not() {
        for uri in ["/q?ReceiptHandle=1-a+b/==&x", "/q?x=&receiptHandle=1-a%2Bb%2F%3D%3D"] {
            let query = Query::decode(&uri.parse().expect("a URI"));
            assert_eq!(query.find("ReceiptHandle"), Some("1-a+b/=="), "{uri}");
        }
    }

    #[test]
    fn numbers_are_whole_and_not_negative() {
        let query = Query::decode(&"/q?a=7&b=-1&c=x&d=".parse().expect("a URI"));
        assert_eq!(query.number::<u64>("A"), Ok(Some(7)));
        assert_eq!(query.number::<u64>("z"), Ok(None));
        for name in ["b", "c", "d"] {
            assert_eq!(query.number::<u64>(name), Err(Refusal::invalid_query(name)));
        }
    }
}
