//! Parameters of a request: its query and its form together.

use axum::body::Bytes;
use axum::http::header;
use axum::http::request::Parts;

use super::error::Refusal;

/// Names and values, decoded, in the order sent. All of them are signed.
#[derive(Debug)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Joins the query and, if the body is a form, the body.
    pub(super) fn decode(parts: &Parts, body: &Bytes) -> Self {
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let form: &[u8] = if is_form { body } else { &[] };
        let pairs = [query, form].into_iter().flat_map(url::form_urlencoded::parse);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The query alone: schemes that sign the body as a whole do not sign its form.
    pub(super) fn of_query(parts: &Parts) -> Self {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Self(url::form_urlencoded::parse(query).into_owned().collect())
    }

    /// All pairs, for the signature.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The first value of that name, unless it is empty.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// The first value of that name, also when it is empty: a part that is to be emptied.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The parts of a list with commas, without the spaces around them.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let parts = self.find(name).unwrap_or_default().split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).collect()
    }

    /// As [`Self::find`].
    ///
    /// # Errors
    /// `Missing<name>` when it is not there.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.find(name).ok_or_else(|| Refusal::missing(name))
    }

    /// A whole number within a range, or `None` when it is not there.
    ///
    /// # Errors
    /// `InvalidParameter` when it is something else.
    pub(super) fn number(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.find(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| Refusal::invalid(name))
    }
}

#[cfg(test)]
impl Params {
    /// Parameters of a test.
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
