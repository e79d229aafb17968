//! The native event format.

use serde_json::{Value, json};
use stillframe_domain::event::MediaFact;
use stillframe_domain::{Endpoint, Event, EventPayload, Timestamp};
use stillframe_events::Renderer;
use stillframe_signing::standard_webhooks;

use super::model;
use crate::timestamp::rfc3339_ms;
use crate::urls::Urls;

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
    json!({
        "id": event.id,
        "type": event.kind,
        "created_at": rfc3339_ms(event.created_at),
        "data": data(event),
    })
}

/// What happened.
pub(super) fn data(event: &Event) -> Value {
    match &event.payload {
        EventPayload::Snapshot(fact) => {
            let urls = Urls::plain(&fact.base_url);
            let outputs: Vec<_> = fact
                .outputs
                .iter()
                .zip(&fact.outcomes)
                .map(|(output, outcome)| model::output(output, Some(outcome), &urls))
                .collect();
            json!({
                "job_id": fact.job_id,
                "media_id": fact.media_id.to_string(),
                "video_id": fact.video_id,
                "origin": event.origin,
                "outputs": outputs,
                "failure": fact.failure,
                "cover_url": fact.cover_url,
                "pass_through": fact.pass_through,
            })
        }
        EventPayload::Media(fact) => media(event, fact),
        EventPayload::Endpoint(fact) => json!({
            "endpoint_id": fact.endpoint_id,
            "url": fact.url,
            "reason": fact.reason,
            "failing_since": fact.failing_since.map(rfc3339_ms),
        }),
    }
}

fn media(event: &Event, fact: &MediaFact) -> Value {
    let mut data = json!({
        "media_id": fact.media_id.to_string(),
        "video_id": fact.video_id,
        "origin": event.origin,
        "name": fact.name,
        "description": fact.details.description,
        "tags": fact.details.tags,
        "category": fact.details.category,
        "reference_id": fact.details.reference_id,
        "cover_url": fact.cover_url,
        "source_url": fact.source_url,
        "facts": fact.facts.as_ref().map(model::facts),
        "failure": fact.failure,
        "pass_through": fact.pass_through,
    });
    let news = &fact.news;
    if let Some(size_bytes) = news.size_bytes {
        data["size_bytes"] = size_bytes.into();
    }
    if let Some(fetch) = &news.fetch {
        data["fetch"] = json!({ "job_id": fetch.job_id, "url": fetch.url });
    }
    if let Some(before) = &news.before {
        data["before"] = json!({
            "name": before.name,
            "description": before.details.description,
            "tags": before.details.tags,
            "category": before.details.category,
            "reference_id": before.details.reference_id,
            "cover_url": before.cover_url,
        });
    }
    data
}

#[cfg(test)]
mod tests {
    use stillframe_domain::event::{MediaBasics, MediaNews};
    use stillframe_domain::{Dialect, EventKind, MediaDetails};

    use super::*;
    use crate::samples::{JOB, fetched, media_event, stored};

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
}
