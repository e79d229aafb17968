//! Names of objects: the one gate against keys that point outside of the store.

use std::fmt;

/// Longest key in bytes: the limit of S3.
pub const KEY_BYTES_MAX: usize = 1_024;

/// Longest segment of a key in bytes: the limit of common file systems.
pub const SEGMENT_BYTES_MAX: usize = 255;

/// A valid key: relative, `/`-separated, safe as a path below a root on any backend.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an object key: {reason}")]
pub struct InvalidKey {
    /// Which rule it breaks.
    pub reason: &'static str,
}

impl ObjectKey {
    /// Reads a key.
    ///
    /// # Errors
    /// [`InvalidKey`] unless the text has 1 to `KEY_BYTES_MAX` bytes in segments of 1 to
    /// `SEGMENT_BYTES_MAX`, none of them `.` or `..`, and no backslash or control character.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        match broken_rule(text) {
            Some(reason) => Err(InvalidKey { reason }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn broken_rule(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if KEY_BYTES_MAX < text.len() {
        return Some("it is too long");
    }
    if text.chars().any(|c| c == '\\' || c.is_control()) {
        return Some("it has a backslash or a control character");
    }
    text.split('/').find_map(|segment| match segment {
        "" => Some("it has an empty segment"),
        "." | ".." => Some("it has a relative segment"),
        long if SEGMENT_BYTES_MAX < long.len() => Some("it has a segment that is too long"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_the_contract_are_accepted() {
        let long = ["d".repeat(255), "d".repeat(255), "d".repeat(255), "d".repeat(256 - 1)].join("/");
        for text in ["a", "0f/source/film.mp4", "a/b..c/.d", "影/…", " ", "%2e%2e/a", "a:b", &long] {
            let key = ObjectKey::parse(text);
            assert_eq!(key.as_ref().map(ObjectKey::as_str), Ok(text));
        }
        assert_eq!(
            ObjectKey::parse("a/b/c.vtt").map(|key| key.file_name().to_owned()),
            Ok("c.vtt".to_owned())
        );
    }

    #[test]
    fn keys_that_could_leave_the_store_are_refused() {
        let too_long = vec!["d".repeat(200); 6].join("/");
        let segment = "d".repeat(256);
        let bad = [
            "",
            "/",
            "/etc/passwd",
            "a//b",
            "a/",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            "a/..",
            "a\\b",
            "..\\a",
            "a\0b",
            "a\nb",
            "a\u{7f}",
            "a\u{85}b",
            "C:\\a",
            &too_long,
            &segment,
        ];
        for text in bad {
            assert!(ObjectKey::parse(text).is_err(), "{text:?}");
        }
    }
}
