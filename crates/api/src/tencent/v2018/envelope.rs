//! The JSON around every answer: `{"Response": {..., "RequestId": "..."}}`.
//!
//! The status is always 200 and the content type exactly `application/json`: the vendor's Python SDK
//! takes an error with any parameter behind the content type for an empty success.

use axum::Json;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tower_http::request_id::RequestId;

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

/// An operation's answer.
pub(super) fn success(mut fields: Answer, request_id: &str) -> Response {
    fields.insert("RequestId".to_owned(), request_id.into());
    Json(json!({ "Response": fields })).into_response()
}

/// A refusal.
pub(super) fn failure(refusal: &Refusal, request_id: &str) -> Response {
    let error = json!({ "Code": refusal.code, "Message": refusal.message });
    Json(json!({ "Response": { "Error": error, "RequestId": request_id } })).into_response()
}

/// The id that all dialects answer in a header.
pub(super) fn request_id(parts: &Parts) -> String {
    let id = parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    id.unwrap_or_default().to_owned()
}
