//! JSON objects as callers write them: with single quotes, and with texts where numbers belong.
//!
//! The vendor's own examples have both.

use serde_json::{Map, Value};

/// The members of an object.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads an object. Single quotes stand for double ones where the text is no JSON as it is: no name or
    /// value of the vendor's configurations has a quote in it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let value = serde_json::from_str(text).or_else(|_| serde_json::from_str(&text.replace('\'', "\"")));
        match value {
            Ok(Value::Object(members)) => Some(Self(members)),
            _ => None,
        }
    }

    /// The text of a member that is a text or a number, unless it is empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            other => Some(other.to_string()),
        }
    }

    /// A whole number of a range, or `None` when it is not there.
    ///
    /// # Errors
    /// The name, when it is something else.
    pub(super) fn number<T>(&self, name: &'static str, least: T, most: T) -> Result<Option<T>, &'static str>
    where
        T: std::str::FromStr + PartialOrd,
    {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or(name)
    }

    /// A member that is an object, or a text that holds one.
    ///
    /// # Errors
    /// The name, when it is something else.
    pub(super) fn object(&self, name: &'static str) -> Result<Option<Self>, &'static str> {
        match self.text(name) {
            None => Ok(None),
            Some(text) => Self::read(&text).map(Some).ok_or(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_in_either_quotes_and_nested_as_texts() {
        let fields = Fields::read(r#"{'A':{'B':"3"},'C':7,'D':"{\"E\":1}",'F':null,'G':''}"#).expect("read");
        assert_eq!(fields.object("A").expect("one").expect("there").number("B", 1, 5), Ok(Some(3)));
        assert_eq!(fields.object("D").expect("one").expect("there").text("E").as_deref(), Some("1"));
        assert_eq!((fields.number("C", 1, 5), fields.number("F", 1, 5)), (Err("C"), Ok(None)));
        assert_eq!((fields.text("G"), fields.object("C").err()), (None, Some("C")));
        assert!(Fields::read("[]").is_none() && Fields::read("x").is_none());
    }
}
