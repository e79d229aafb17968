//! Parameters of the legacy API, as they were signed.

use std::collections::BTreeSet;

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
        whole(name, self.required(name)?)
    }

    /// A whole number, if it is there.
    ///
    /// # Errors
    /// A refusal when it is no whole number.
    pub(super) fn optional_integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.find(name).map(|text| whole(name, text)).transpose()
    }

    /// A switch: 1, or 0 when it is not there.
    ///
    /// # Errors
    /// A refusal for anything else.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.find(name) {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(_) => Err(Refusal::invalid(name, "0 or 1")),
        }
    }

    /// A priority as a job's: 0 (the default) is the middle, 1 high, 2 low.
    ///
    /// # Errors
    /// A refusal for anything else.
    pub(super) fn priority(&self, name: &str) -> Result<i32, Refusal> {
        match self.find(name) {
            None | Some("0") => Ok(0),
            Some("1") => Ok(10),
            Some("2") => Ok(-10),
            Some(_) => Err(Refusal::invalid(name, "0, 1 or 2")),
        }
    }

    /// Whether anything below `name.` is there.
    pub(super) fn has_section(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The sections `name.0`, `name.1`, ... that hold anything, by the order of their numbers. As in
    /// [`Self::list`] these may begin anywhere and leave gaps.
    ///
    /// # Errors
    /// A refusal for `name.` followed by something else than digits and a dot.
    pub(super) fn sections(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let mut numbers = BTreeSet::new();
        for (key, _) in &self.0 {
            let Some(rest) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let number = rest.split_once('.').and_then(|(number, _)| number.parse::<u64>().ok());
            numbers.insert(number.ok_or_else(|| Refusal::invalid(key, "a number between the dots"))?);
        }
        Ok(numbers.into_iter().map(|number| format!("{name}.{number}")).collect())
    }

    /// As [`Self::list`], of whole numbers.
    ///
    /// # Errors
    /// As [`Self::list`], and for a value that is no whole number.
    pub(super) fn integers(&self, name: &str) -> Result<Vec<i64>, Refusal> {
        let values = self.list(name)?;
        values.into_iter().map(|text| whole(&format!("{name}.n"), text)).collect()
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

fn whole(name: &str, text: &str) -> Result<i64, Refusal> {
    text.parse().map_err(|_| Refusal::invalid(name, "a whole number"))
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
        assert!(params.has_section("tt") && !params.has_section("none"));
        let bad = Params::of(&[("t.x".to_owned(), "a")]);
        assert_eq!(bad.list("t").expect_err("no number").code, 4000);
    }

    #[test]
    fn sections_are_numbered_from_any_base_with_gaps() {
        let pairs = [("set.10.url", "c"), ("set.2.url", "a"), ("set.2.name", "b"), ("sets.1.url", "x")];
        let params = Params::of(&pairs.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(params.sections("set"), Ok(vec!["set.2".to_owned(), "set.10".to_owned()]));
        for bad in ["set.url", "set.1", "set.x.url"] {
            let params = Params::of(&[(bad.to_owned(), "a")]);
            assert_eq!(params.sections("set").expect_err("no number").code, 4000, "{bad}");
        }
    }

    #[test]
    fn switches_and_priorities_have_defaults_and_refuse_other_values() {
        let params = Params::of(&[("on", "1"), ("low", "2"), ("bad", "yes")].map(|(n, v)| (n.to_owned(), v)));
        assert_eq!((params.flag("on"), params.flag("none")), (Ok(true), Ok(false)));
        assert_eq!((params.priority("on"), params.priority("low")), (Ok(10), Ok(-10)));
        assert_eq!(params.priority("none"), Ok(0));
        for code in
            [params.flag("low").map(i32::from), params.flag("bad").map(i32::from), params.priority("bad")]
        {
            assert_eq!(code.expect_err("no such value").code, 4000);
        }
    }
}
