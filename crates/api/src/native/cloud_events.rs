//! Events as CloudEvents 1.0, structured and binary. The data is that of the native format.
//!
//! Source: CloudEvents 1.0.2, its JSON format and its HTTP binding (read 2026-11-27). The signatures of
//! Standard Webhooks stand beside, since CloudEvents knows none.

use serde_json::{Map, Value, json};
use stillframe_domain::{Endpoint, Event, EventPayload, Timestamp};
use stillframe_events::Renderer;

use super::events::{data, signed};
use crate::timestamp::rfc3339_ms;

const SPEC_VERSION: &str = "1.0";

/// Writes the attributes and the data into the body.
#[derive(Debug, Clone, Copy, Default)]
pub struct CloudEventsRenderer;

/// Writes the attributes into headers, and the data alone into the body.
#[derive(Debug, Clone, Copy, Default)]
pub struct CloudEventsBinaryRenderer;

impl Renderer for CloudEventsRenderer {
    fn body(&self, event: &Event) -> Option<String> {
        let named = attributes(event).into_iter().map(|(name, text)| (name.to_owned(), text.into()));
        let mut document: Map<String, Value> = named.collect();
        document.insert("datacontenttype".to_owned(), json!("application/json"));
        document.insert("data".to_owned(), data(event));
        Some(Value::Object(document).to_string())
    }

    fn content_type(&self) -> &'static str {
        "application/cloudevents+json; charset=utf-8"
    }

    fn headers(
        &self,
        endpoint: &Endpoint,
        event: &Event,
        body: &str,
        at: Timestamp,
    ) -> Vec<(String, String)> {
        signed(endpoint, event, body, at)
    }
}

impl Renderer for CloudEventsBinaryRenderer {
    fn body(&self, event: &Event) -> Option<String> {
        Some(data(event).to_string())
    }

    fn headers(
        &self,
        endpoint: &Endpoint,
        event: &Event,
        body: &str,
        at: Timestamp,
    ) -> Vec<(String, String)> {
        let attributes = attributes(event).into_iter().map(|(name, text)| (format!("ce-{name}"), text));
        attributes.chain(signed(endpoint, event, body, at)).collect()
    }
}

/// All of it is ASCII, so that a header needs no coding.
fn attributes(event: &Event) -> [(&'static str, String); 6] {
    let subject = match &event.payload {
        EventPayload::Snapshot(fact) => format!("jobs/{}", fact.job_id),
        EventPayload::Media(fact) => format!("media/{}", fact.media_id),
        EventPayload::Endpoint(fact) => format!("endpoints/{}", fact.endpoint_id),
    };
    [
        ("specversion", SPEC_VERSION.to_owned()),
        ("id", event.id.to_string()),
        ("source", format!("urn:stillframe:app:{}", event.app_id)),
        ("type", format!("stillframe.{}", event.kind.name())),
        ("subject", subject),
        ("time", rfc3339_ms(event.created_at)),
    ]
}

#[cfg(test)]
mod tests {
    use stillframe_domain::{Dialect, EventKind};

    use super::*;
    use crate::native::events::body;
    use crate::samples::{JOB, media_event, stored};

    #[test]
    fn both_modes_tell_the_attributes_and_the_native_data() {
        let event = media_event(Dialect::Native, EventKind::MediaStored, stored());
        let structured = CloudEventsRenderer.body(&event).expect("words for it");
        let structured: Value = serde_json::from_str(&structured).expect("JSON");
        let native = body(&event);
        assert_eq!(structured["data"], native["data"]);
        assert_eq!(structured["datacontenttype"], "application/json");
        let binary = CloudEventsBinaryRenderer.body(&event).expect("words for it");
        assert_eq!(serde_json::from_str::<Value>(&binary).expect("JSON"), native["data"]);
        for (name, text) in attributes(&event) {
            assert_eq!(structured[name], text, "{name}");
            assert!(text.is_ascii() && !text.is_empty(), "{name}");
        }
        assert_eq!(
            (&structured["id"], &structured["type"]),
            (&json!(JOB), &json!("stillframe.media.stored"))
        );
    }
}
