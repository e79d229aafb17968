//! JSON or XML, as the request asks.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::params::Params;
use crate::xml;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// The default of requests with signature V1.
    Xml,
    /// The default of requests with signature ACS3, and as nearly every other client asks.
    Json,
}

impl Format {
    /// What `Format` names, in any case; without it `default`.
    ///
    /// # Errors
    /// `InvalidParameter` for another name.
    pub(super) fn of(params: &Params, default: Self) -> Result<Self, Refusal> {
        match params.find("Format").map(str::to_ascii_uppercase).as_deref() {
            None => Ok(default),
            Some("XML") => Ok(Self::Xml),
            Some("JSON") => Ok(Self::Json),
            Some(_) => Err(Refusal::invalid("Format")),
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            // The vendor's newer SDKs read XML under exactly this name.
            Self::Xml => "text/xml;charset=utf-8",
            Self::Json => "application/json;charset=utf-8",
        }
    }

    fn response(self, status: StatusCode, root: &str, document: &Value) -> Response {
        let body = match self {
            Self::Xml => xml::document(root, document),
            Self::Json => document.to_string(),
        };
        (status, [(header::CONTENT_TYPE, self.content_type())], body).into_response()
    }

    /// The answer of an operation: its fields beside `RequestId`.
    pub(super) fn success(self, action: &str, request_id: &str, fields: Map<String, Value>) -> Response {
        let mut document = fields;
        document.insert("RequestId".to_owned(), request_id.into());
        self.response(StatusCode::OK, &format!("{action}Response"), &Value::Object(document))
    }

    /// A refusal.
    pub(super) fn failure(self, host: &str, request_id: &str, refusal: &Refusal) -> Response {
        let document = json!({
            "RequestId": request_id,
            "HostId": host,
            "Code": refusal.code,
            "Message": refusal.message,
        });
        self.response(refusal.status, "Error", &document)
    }
}
