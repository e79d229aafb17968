//! The native event format.

use serde::Serialize;
use serde_json::Value;
use stillframe_domain::{Endpoint, Event, Timestamp};
use stillframe_events::Renderer;
use stillframe_signing::standard_webhooks;

use super::model;

/// Writes events as the native API shows them, signed by Standard Webhooks.
#[derive(Debug, Clone, Copy, Default)]
pub struct NativeRenderer;

impl Renderer for NativeRenderer {
    fn body(&self, event: &Event) -> Option<String> {
        Some(body(event).to_string())
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

/// The headers of Standard Webhooks; no signature when nothing signs.
pub(super) fn signed(endpoint: &Endpoint, event: &Event, body: &str, at: Timestamp) -> Vec<(String, String)> {
    let id = event.id.as_str();
    let signature = standard_webhooks::sign(endpoint.secrets_at(at), id, at.as_secs(), body);
    let mut headers = vec![
        (standard_webhooks::ID.to_owned(), id.to_owned()),
        (standard_webhooks::TIMESTAMP.to_owned(), at.as_secs().to_string()),
    ];
    if !signature.is_empty() {
        headers.push((standard_webhooks::SIGNATURE.to_owned(), signature));
    }
    headers
}

/// The document that is sent.
pub(crate) fn body(event: &Event) -> Value {
    written(&model::event(event))
}

/// What happened.
pub(super) fn data(event: &Event) -> Value {
    written(&model::event_data(event))
}

fn written(view: &impl Serialize) -> Value {
    serde_json::to_value(view).expect("plain values with text for keys can be written")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stillframe_domain::event::{EndpointFact, MediaBasics, MediaNews, PAYLOAD_VERSION};
    use stillframe_domain::object_key::OutputKind;
    use stillframe_domain::{
        Dialect, DisableReason, EndpointId, ErrorCode, EventKind, EventPayload, Failure, MediaDetails, OsRng,
        RequestKind,
    };

    use super::*;
    use crate::native::{openapi, schema_check};
    use crate::samples::{self, JOB, fetched, media_event, stored};

    #[test]
    fn what_is_new_of_a_video_is_told_where_there_is_something() {
        let told = |kind, news| body(&media_event(Dialect::Native, kind, news))["data"].clone();
        let data = told(EventKind::MediaStored, stored());
        assert_eq!((&data["size_bytes"], data.get("fetch")), (&json!(8_000_000), None));
        assert_eq!(data["tags"], json!(["a", "b"]));
        let data = told(EventKind::MediaFetched, fetched());
        assert_eq!(data["fetch"], json!({ "job_id": JOB, "url": "http://example.org/film.mp4" }));
        let name = "old.mp4".to_owned();
        let before = MediaBasics { name, details: MediaDetails::default(), cover_url: None };
        let news = MediaNews { before: Some(Box::new(before)), ..MediaNews::default() };
        assert_eq!(told(EventKind::MediaUpdated, news)["before"]["name"], "old.mp4");
    }

    /// Events of every shape that there is.
    fn events() -> Vec<Event> {
        let native = Dialect::Native;
        let stills = samples::stills(1, OutputKind::Normal, None, &[0, 40]);
        let taken = samples::taken(&stills, &[None, Some(ErrorCode::DecodeFailed)]);
        let sprite = samples::sprite(2, OutputKind::Sprite, None);
        let cells = samples::taken_sprite(&sprite);
        let none = samples::taken(&stills, &[Some(ErrorCode::Truncated), Some(ErrorCode::Truncated)]);
        let sets = vec![(stills.clone(), taken), (sprite, cells)];
        let failure = Failure::new(ErrorCode::Truncated, "nothing of it");
        let before = MediaBasics {
            name: "old.mp4".to_owned(),
            details: MediaDetails { category: Some(1), ..MediaDetails::default() },
            cover_url: Some("http://media.example/cover.jpg".to_owned()),
        };
        let news = MediaNews { before: Some(Box::new(before)), ..MediaNews::default() };
        let mut ready = media_event(native, EventKind::MediaReady, MediaNews::default());
        samples::media_fact(&mut ready).facts = Some(samples::media_facts());
        let mut failed = media_event(native, EventKind::MediaFailed, MediaNews::default());
        samples::media_fact(&mut failed).failure = Some(failure.clone());
        let at = Timestamp::from_millis(1_533_031_651_999);
        let endpoint = |kind, reason: Option<DisableReason>| Event {
            kind,
            payload: EventPayload::Endpoint(EndpointFact {
                version: PAYLOAD_VERSION,
                endpoint_id: EndpointId::mint(&OsRng),
                url: "https://example.com/hook".to_owned(),
                reason,
                failing_since: reason.map(|_| at),
            }),
            ..media_event(native, kind, MediaNews::default())
        };
        vec![
            samples::event(native, RequestKind::Snapshot, sets, None),
            samples::event(native, RequestKind::Snapshot, vec![(stills, none)], Some(failure)),
            media_event(native, EventKind::MediaStored, stored()),
            media_event(native, EventKind::MediaFetched, fetched()),
            media_event(native, EventKind::MediaUpdated, news),
            ready,
            failed,
            endpoint(EventKind::EndpointDisabled, Some(DisableReason::Failing)),
            endpoint(EventKind::EndpointPing, None),
        ]
    }

    #[test]
    fn events_are_as_the_document_has_them_and_nothing_else_is() {
        let document = openapi::value();
        let faults = |event: &Value| schema_check::faults(&document, "Event", event);
        for event in events() {
            let told = body(&event);
            assert_eq!(faults(&told), Vec::<String>::new(), "{told:#}");
            for name in ["id", "type", "created_at", "data"] {
                let mut less = told.clone();
                less.as_object_mut().expect("an object").remove(name);
                assert_ne!(faults(&less), Vec::<String>::new(), "without {name}");
            }
            for name in told["data"].as_object().expect("an object").keys() {
                let mut other = told.clone();
                other["data"][name] = json!([1.5]);
                assert_ne!(faults(&other), Vec::<String>::new(), "{name} is no list of numbers");
            }
            for place in ["", "/data"] {
                let mut more = told.clone();
                more.pointer_mut(place).expect("it is there")["more"] = json!(1);
                assert_ne!(faults(&more), Vec::<String>::new(), "more in {place}");
            }
        }
    }
}
