//! The JSON around every answer: `code`, `message`, `codeDesc`, and an operation's fields beside them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::Refusal;

/// The fields of an operation's answer.
pub(super) type Answer = Map<String, Value>;

/// The fields of a value that serialises to an object.
///
/// # Panics
/// When it serialises to something else; answers are structs with named fields and text keys.
pub(super) fn fields(answer: &impl Serialize) -> Answer {
    match serde_json::to_value(answer) {
        Ok(Value::Object(fields)) => fields,
        _ => unreachable!("answers are structs with named fields"),
    }
}

/// An answer with code 0.
pub(super) fn success(fields: Answer) -> Response {
    let mut document = head(0, "", "Success");
    document.extend(fields);
    Json(Value::Object(document)).into_response()
}

/// A refusal with its code.
pub(super) fn failure(refusal: &Refusal) -> Response {
    Json(Value::Object(head(refusal.code, &refusal.message, refusal.description))).into_response()
}

fn head(code: i64, message: &str, description: &str) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("code".to_owned(), code.into());
    document.insert("message".to_owned(), message.into());
    document.insert("codeDesc".to_owned(), description.into());
    document
}
