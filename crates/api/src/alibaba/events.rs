//! `SnapshotComplete`, for covers and for every job that takes pictures, and the events about videos.
//!
//! Source: seeds/alibaba-SnapshotComplete.md: the fields of its two tables, and no other.

mod media;

pub(super) use media::URL_INVALID;

use serde::Serialize;
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::{
    Endpoint, Event, EventKind, EventPayload, Output, OutputOutcome, RequestKind, Timestamp,
};
use stillframe_events::Renderer;
use stillframe_signing::alibaba_callback;

use super::error::event_code;
use super::{outputs, time};

/// Writes events in the format of Alibaba Cloud VOD.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlibabaRenderer;

impl Renderer for AlibabaRenderer {
    fn body(&self, event: &Event) -> Option<String> {
        body(event).map(|body| serde_json::to_string(&body).expect("the body has text keys alone"))
    }

    fn headers(&self, endpoint: &Endpoint, _: &Event, _: &str, at: Timestamp) -> Vec<(String, String)> {
        // The vendor signs callbacks only where a key was configured.
        if endpoint.secret.is_empty() {
            return Vec::new();
        }
        let timestamp_s = at.as_secs();
        let signature = alibaba_callback::sign(&endpoint.url, timestamp_s, &endpoint.secret);
        vec![
            (alibaba_callback::TIMESTAMP.to_owned(), timestamp_s.to_string()),
            (alibaba_callback::SIGNATURE.to_owned(), signature),
        ]
    }
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Body {
    Snapshot(Box<SnapshotComplete>),
    Media(media::Body),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SnapshotComplete {
    event_time: String,
    event_type: &'static str,
    video_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cover_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot_infos: Option<Vec<SnapshotInfo>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extend: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SnapshotInfo {
    status: &'static str,
    snapshot_type: &'static str,
    snapshot_count: usize,
    snapshot_format: String,
    snapshot_regular: String,
    job_id: String,
}

fn body(event: &Event) -> Option<Body> {
    match (event.kind, &event.payload) {
        (EventKind::SnapshotCompleted | EventKind::SnapshotFailed, EventPayload::Snapshot(fact)) => {
            Some(Body::Snapshot(Box::new(snapshot_complete(event, fact))))
        }
        (_, EventPayload::Media(fact)) => media::body(event, fact).map(Body::Media),
        (_, EventPayload::Snapshot(_) | EventPayload::Endpoint(_)) => None,
    }
}

fn snapshot_complete(event: &Event, fact: &SnapshotFact) -> SnapshotComplete {
    let is_success = fact.failure.is_none();
    SnapshotComplete {
        event_time: time::write(event.created_at),
        event_type: "SnapshotComplete",
        video_id: fact.video_id.to_string(),
        status: status(is_success),
        sub_type: sub_type(event.origin.kind),
        error_code: fact.failure.as_ref().map(|failure| event_code(failure.code)),
        error_message: fact.failure.as_ref().map(|failure| failure.message.clone()),
        cover_url: fact.cover_url.clone().filter(|_| is_success),
        snapshot_infos: is_success.then(|| snapshot_infos(fact)),
        extend: fact.pass_through.clone(),
    }
}

const fn status(is_success: bool) -> &'static str {
    if is_success { "success" } else { "fail" }
}

/// Whether the pictures are those of one request for pictures, not of a procedure or of an upload.
const fn sub_type(kind: RequestKind) -> Option<&'static str> {
    match kind {
        RequestKind::TimeOffsets | RequestKind::Snapshot => Some("SpecifiedTime"),
        RequestKind::Sprite
        | RequestKind::Procedure
        | RequestKind::AutomaticCovers
        | RequestKind::Ingest
        | RequestKind::Operation => None,
    }
}

fn snapshot_infos(fact: &SnapshotFact) -> Vec<SnapshotInfo> {
    let pairs = fact.outputs.iter().zip(&fact.outcomes);
    pairs.filter_map(|(output, outcome)| snapshot_info(fact, output, outcome)).collect()
}

fn snapshot_info(fact: &SnapshotFact, output: &Output, outcome: &OutputOutcome) -> Option<SnapshotInfo> {
    let snapshot_format = outputs::key_rule(&fact.video_id, output);
    Some(SnapshotInfo {
        status: status(outcome.is_success()),
        snapshot_type: outputs::told_type(output.kind)?,
        snapshot_count: outcome.object_count(),
        snapshot_regular: format!("{}/{snapshot_format}", fact.base_url),
        snapshot_format,
        job_id: outputs::job_id(&fact.job_id, &fact.outputs, output).to_owned(),
    })
}

#[cfg(test)]
mod media_tests;
#[cfg(test)]
mod tests;
