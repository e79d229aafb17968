//! What tells one version of a remote file from another.
//!
//! Source: RFC 9110, 8.8 (validators) and 13.1.5 (`If-Range`).

use reqwest::header::{ETAG, HeaderMap, LAST_MODIFIED};

/// One version of a remote file, as its server describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    /// Bytes.
    pub(super) size_bytes: u64,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Version {
    /// The version that an answer's headers tell of.
    pub(super) fn of(headers: &HeaderMap, size_bytes: u64) -> Self {
        let text = |name| headers.get(name)?.to_str().ok().map(str::to_owned);
        Self { size_bytes, etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
    }

    /// What `If-Range` may say: a weak tag is not allowed there.
    pub(super) fn if_range(&self) -> Option<&str> {
        let strong = self.etag.as_deref().filter(|etag| etag.starts_with('"'));
        // A date beside a weak tag may stand for two versions of one second, which the tag tells apart.
        strong.or_else(|| self.last_modified.as_deref().filter(|_| self.etag.is_none()))
    }

    /// Whether an answer belongs to another version. What it does not tell is no difference.
    pub(super) fn differs_from(&self, headers: &HeaderMap, size_bytes: Option<u64>) -> bool {
        let other = Self::of(headers, size_bytes.unwrap_or(self.size_bytes));
        let differs =
            |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
        let is_same_tag = self.etag.is_some() && self.etag == other.etag;
        other.size_bytes != self.size_bytes
            || differs(&self.etag, &other.etag)
            // Servers behind one name may disagree about the date of the same bytes.
            || (!is_same_tag && differs(&self.last_modified, &other.last_modified))
    }

    /// The name of this version.
    pub(super) fn validator(&self) -> String {
        let told = self.etag.as_deref().or(self.last_modified.as_deref()).unwrap_or_default();
        format!("{told} {}", self.size_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(etag: Option<&'static str>, date: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        etag.map(|etag| headers.insert(ETAG, etag.parse().unwrap()));
        date.map(|date| headers.insert(LAST_MODIFIED, date.parse().unwrap()));
        headers
    }

    #[test]
    fn if_range_names_strong_tags_and_dates_without_a_tag() {
        let if_range = |etag, date| Version::of(&headers(etag, date), 9).if_range().map(str::to_owned);
        assert_eq!(if_range(Some("\"a\""), Some("Mon")).as_deref(), Some("\"a\""));
        assert_eq!(if_range(None, Some("Mon")).as_deref(), Some("Mon"));
        assert_eq!(if_range(Some("W/\"a\""), Some("Mon")), None);
        assert_eq!(if_range(None, None), None);
    }

    #[test]
    fn any_difference_that_is_told_counts() {
        let version = Version::of(&headers(Some("\"a\""), Some("Mon")), 9);
        let differs = |etag, date, size| version.differs_from(&headers(etag, date), size);
        assert!(!differs(Some("\"a\""), Some("Mon"), Some(9)));
        assert!(!differs(None, None, None));
        assert!(!differs(Some("\"a\""), Some("Tue"), Some(9)), "the tag is the better witness");
        assert!(differs(Some("\"b\""), Some("Mon"), Some(9)));
        assert!(differs(None, Some("Tue"), None));
        assert!(differs(Some("\"a\""), Some("Mon"), Some(8)));
    }
}
