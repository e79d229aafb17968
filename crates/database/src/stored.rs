//! How domain values stand in text columns, the same on every backend.
//!
//! A document is `{"version": 1, "value": ...}`: code that meets a later version says so instead of
//! guessing. A name is the text that serde writes for a unit variant.

use serde::de::value::{Error as NameError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};

use crate::{DatabaseError, Result};

/// Version of the documents that this code writes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a, T> {
    version: u32,
    value: &'a T,
}

#[derive(Deserialize)]
struct Read<T> {
    version: u32,
    value: T,
}

/// Writes a document.
pub(crate) fn document<T: Serialize>(doing: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(&Written { version: VERSION, value }).map_err(|error| unexpected(doing, &error))
}

/// Writes a document where there is a value.
pub(crate) fn optional_document<T: Serialize>(
    doing: &'static str,
    value: Option<&T>,
) -> Result<Option<String>> {
    value.map(|value| document(doing, value)).transpose()
}

/// Reads a document.
pub(crate) fn value<T: DeserializeOwned>(doing: &'static str, text: &str) -> Result<T> {
    match serde_json::from_str::<Read<T>>(text) {
        Ok(read) if read.version == VERSION => Ok(read.value),
        Ok(read) => Err(unexpected(doing, &format_args!("a document of version {}", read.version))),
        Err(error) => Err(unexpected(doing, &error)),
    }
}

/// The name of a unit variant.
pub(crate) fn name<T: Serialize>(doing: &'static str, variant: &T) -> Result<String> {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        Ok(other) => Err(unexpected(doing, &format_args!("{other} is no name"))),
        Err(error) => Err(unexpected(doing, &error)),
    }
}

/// The unit variant of that name.
pub(crate) fn variant<T: DeserializeOwned>(doing: &'static str, name: &str) -> Result<T> {
    let name: StrDeserializer<'_, NameError> = name.into_deserializer();
    T::deserialize(name).map_err(|error| unexpected(doing, &error))
}

fn unexpected(doing: &'static str, detail: &dyn std::fmt::Display) -> DatabaseError {
    DatabaseError::Inconsistent { doing, detail: detail.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stillframe_domain::template::presets;
    use stillframe_domain::{JobState, RequestKind, SnapshotSpec};

    const DOING: &str = "tests::read";

    #[test]
    fn documents_read_back() {
        for template in presets() {
            let text = document(DOING, &template.spec).unwrap();
            assert!(text.starts_with(r#"{"version":1,"value":{"#), "{text}");
            assert_eq!(value::<SnapshotSpec>(DOING, &text).unwrap(), template.spec);
        }
    }

    #[test]
    fn later_versions_and_damaged_documents_are_inconsistent() {
        for text in [r#"{"version":2,"value":7}"#, r#"{"value":7}"#, r#"{"version":1,"value":"#, "", "7"] {
            let error = value::<u32>(DOING, text).expect_err(text);
            assert!(matches!(error, DatabaseError::Inconsistent { doing: DOING, .. }), "{text}: {error}");
        }
    }

    #[test]
    fn names_read_back() {
        assert_eq!(name(DOING, &RequestKind::TimeOffsets).unwrap(), "time_offsets");
        for state in JobState::ALL {
            assert_eq!(name(DOING, &state).unwrap(), state.name());
            assert_eq!(variant::<JobState>(DOING, state.name()).unwrap(), state);
        }
        assert!(variant::<JobState>(DOING, "lost").is_err());
    }
}
