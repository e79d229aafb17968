//! Answers: XML bodies, and headers that let clients check what was stored.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use stillframe_domain::{Multipart, Part, Timestamp};
use stillframe_service::{ObjectFacts, PieceSums};

use super::Protocol;
use super::error::Refusal;
use crate::{timestamp, xml};

/// Answers in one protocol's words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers<'a> {
    /// Whose words.
    pub protocol: Protocol,
    /// The bucket of the key's app.
    pub bucket: &'a str,
    /// The object.
    pub key: &'a str,
}

impl Answers<'_> {
    /// A validator as it stands in answers.
    fn etag(self, etag: &str) -> String {
        match self.protocol {
            Protocol::Cos => format!("\"{etag}\""),
            Protocol::Oss => format!("\"{}\"", etag.to_uppercase()),
        }
    }

    /// An object or part was stored.
    pub(super) fn stored(self, sums: &PieceSums) -> Response {
        let mut response = StatusCode::OK.into_response();
        self.add_sums(&mut response, sums);
        response
    }

    /// Facts of the object, without its bytes.
    pub(super) fn facts(self, facts: &ObjectFacts, sums: &PieceSums) -> Response {
        let mut response = Response::new(Body::empty());
        self.add_sums(&mut response, sums);
        let set = response.headers_mut();
        set.insert(header::CONTENT_LENGTH, HeaderValue::from(facts.size_bytes));
        let modified = timestamp::http_date(Timestamp::from_millis(facts.modified_ms));
        set.insert(header::LAST_MODIFIED, text(&modified));
        response
    }

    /// An upload in parts has begun.
    pub(super) fn begun(self, multipart: &Multipart) -> Response {
        let id = multipart.id.as_str();
        self.xml(
            "InitiateMultipartUploadResult",
            &json!({ "Bucket": self.bucket, "Key": self.key, "UploadId": id }),
        )
    }

    /// The parts have become an object.
    pub(super) fn completed(self, sums: &PieceSums) -> Response {
        let location = format!("/{}/{}", self.bucket, self.key);
        let value = json!({
            "Location": location,
            "Bucket": self.bucket,
            "Key": self.key,
            "ETag": self.etag(&sums.etag),
        });
        let mut response = self.xml("CompleteMultipartUploadResult", &value);
        self.add_sums(&mut response, sums);
        response
    }

    /// Parts that came.
    pub(super) fn parts(
        self,
        id: &str,
        (after, limit): (u32, usize),
        (parts, has_more): (&[Part], bool),
    ) -> Response {
        let listed: Vec<Value> = parts
            .iter()
            .map(|part| {
                json!({
                    "PartNumber": part.number,
                    "LastModified": whole_seconds(part.created_at),
                    "ETag": self.etag(&part.md5),
                    "Size": part.size_bytes,
                })
            })
            .collect();
        let value = json!({
            "Bucket": self.bucket,
            "Key": self.key,
            "UploadId": id,
            "PartNumberMarker": after,
            "NextPartNumberMarker": parts.last().map_or(after, |part| part.number),
            "MaxParts": limit,
            "IsTruncated": has_more,
            "Part": listed,
        });
        self.xml("ListPartsResult", &value)
    }

    /// Uploads in parts that are open.
    pub(super) fn multiparts(self, prefix: &str, multiparts: &[Multipart]) -> Response {
        let listed: Vec<Value> = multiparts
            .iter()
            .filter(|multipart| multipart.object_key.starts_with(prefix))
            .map(|multipart| {
                json!({
                    "Key": multipart.object_key,
                    "UploadId": multipart.id.as_str(),
                    "Initiated": whole_seconds(multipart.created_at),
                    "StorageClass": "Standard",
                })
            })
            .collect();
        let value = json!({
            "Bucket": self.bucket,
            "KeyMarker": "",
            "UploadIdMarker": "",
            "NextKeyMarker": "",
            "NextUploadIdMarker": "",
            "Prefix": prefix,
            "MaxUploads": 1_000,
            "IsTruncated": false,
            "Upload": listed,
        });
        self.xml("ListMultipartUploadsResult", &value)
    }

    fn xml(self, root: &str, value: &Value) -> Response {
        xml_body(xml::document(root, value)).into_response()
    }

    fn add_sums(self, response: &mut Response, sums: &PieceSums) {
        let set = response.headers_mut();
        set.insert(header::ETAG, text(&self.etag(&sums.etag)));
        set.insert(own_header(self.protocol, "hash-crc64ecma"), HeaderValue::from(sums.crc64));
    }
}

/// Nothing is left to say.
pub(super) fn gone() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// A refusal. Clients want every member of it to have some text.
pub(super) fn failure(refusal: &Refusal, protocol: Protocol, resource: &str, request_id: &str) -> Response {
    let words = refusal.words(protocol);
    let mut value = json!({
        "Code": words.code,
        "Message": words.message,
        "Resource": resource,
        "RequestId": request_id,
        "HostId": "stillframe",
    });
    if let Refusal::Mismatch(string_to_sign) = refusal {
        value["StringToSign"] = string_to_sign.as_str().into();
    }
    (words.status, xml_body(xml::document("Error", &value))).into_response()
}

/// Names the request as the protocol does.
pub(super) fn with_request_id(mut response: Response, protocol: Protocol, request_id: &str) -> Response {
    response.headers_mut().insert(own_header(protocol, "request-id"), text(request_id));
    response
}

fn xml_body(body: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/xml")], body)
}

fn own_header(protocol: Protocol, name: &str) -> HeaderName {
    let name = format!("{}{name}", protocol.prefix());
    HeaderName::try_from(name).expect("letters, digits and hyphens are valid in names")
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("our own texts are valid in headers")
}

/// The one form that clients of both protocols read.
fn whole_seconds(at: Timestamp) -> String {
    timestamp::rfc3339_ms(Timestamp::from_secs(at.as_secs()))
}
