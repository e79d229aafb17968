//! The native event format.

use serde_json::{Value, json};
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
        let id = event.id.as_str();
        let signature = standard_webhooks::sign(&endpoint.secret, id, at.as_secs(), body);
        vec![
            ("webhook-id".to_owned(), id.to_owned()),
            ("webhook-timestamp".to_owned(), at.as_secs().to_string()),
            ("webhook-signature".to_owned(), signature),
        ]
    }
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

fn data(event: &Event) -> Value {
    match &event.payload {
        EventPayload::Snapshot(fact) => {
            let urls = Urls::plain(&fact.base_url);
            let outputs: Vec<Value> = fact
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
                "failure": fact.failure.as_ref().map(model::failure),
                "cover_url": fact.cover_url,
                "pass_through": fact.pass_through,
            })
        }
        EventPayload::Media(fact) => json!({
            "media_id": fact.media_id.to_string(),
            "video_id": fact.video_id,
            "name": fact.name,
            "source_url": fact.source_url,
            "facts": fact.facts.as_ref().map(model::facts),
            "failure": fact.failure.as_ref().map(model::failure),
            "pass_through": fact.pass_through,
        }),
    }
}
