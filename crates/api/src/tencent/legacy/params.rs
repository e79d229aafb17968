//! Parameters of the legacy API, as they were signed.

use super::error::Refusal;
use crate::tencent::received::Received;

/// The signed parameters of a request.
#[derive(Debug)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// The parameters of a request.
    pub(super) fn of_request(received: &Received) -> Self {
        Self(received.signed())
    }

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

    #[test]
    fn lists_are_sorted_by_number_from_any_base_with_gaps() {
        let pairs = [("t.10", "c"), ("t.9", "b"), ("t.2", "a"), ("tt.0", "x"), ("t", "y")];
        let params = Params::of(&pairs.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(params.list("t"), Ok(vec!["a", "b", "c"]));
        assert_eq!(params.list("none"), Ok(vec![]));
        let bad = Params::of(&[("t.x".to_owned(), "a")]);
        assert_eq!(bad.list("t").expect_err("no number").code, 4000);
    }
}
