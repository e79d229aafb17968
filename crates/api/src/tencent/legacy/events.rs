//! Events in format 4.0: `{"version": "4.0", "eventType": ..., "data": {...}}`.
//!
//! Which event a job gives depends on the request that it came from:
//!
//! | request | event |
//! |---|---|
//! | legacy time offsets | `CreateSnapshotByTimeOffsetComplete` |
//! | legacy sprite | `CreateImageSpriteComplete` |
//! | procedure | `ProcedureStateChanged` |
//! | any other | by its first output: pictures or sprite |
//! | an upload | `NewFileUpload` |
//! | a fetch from a URL, good or bad | `PullComplete` |
//! | a deletion | `FileDeleted` |
//!
//! A procedure whose caller asked for `Change` is also told as PROCESSING when one of its tasks ends.
//!
//! Source: seeds/tencent-CreateSnapshotByTimeOffsetComplete.md; 266/7829 and following.

mod media;
mod offsets;
mod procedure;
mod sprite;

use serde::Serialize;
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::{
    Endpoint, Event, EventKind, EventPayload, NotifyMode, Product, RequestKind, Timestamp,
};
use stillframe_events::Renderer;

use crate::tencent::told::{Progress, sets};

/// Writes events in format 4.0.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tencent40Renderer;

impl Renderer for Tencent40Renderer {
    fn body(&self, event: &Event) -> Option<String> {
        body(event).map(|body| serde_json::to_string(&body).expect("the body has text keys alone"))
    }

    fn headers(&self, _: &Endpoint, _: &Event, _: &str, _: Timestamp) -> Vec<(String, String)> {
        // The legacy format has no signature.
        Vec::new()
    }
}

/// A body, pushed or pulled.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    version: &'static str,
    event_type: &'static str,
    data: Data,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Data {
    Offsets(offsets::Data),
    Sprite(sprite::Data),
    Procedure(procedure::Data),
    Media(media::Data),
}

/// The body of an event; `None` when the format has no words for it.
pub(super) fn body(event: &Event) -> Option<Body> {
    let (event_type, data) = match (event.kind, &event.payload) {
        (EventKind::SnapshotCompleted | EventKind::SnapshotFailed, EventPayload::Snapshot(fact)) => {
            of_job(event, fact)?
        }
        (EventKind::JobProgress, EventPayload::Snapshot(fact)) => {
            let is_procedure = event.origin.kind == RequestKind::Procedure;
            if !is_procedure || fact.options.notify != NotifyMode::Change {
                return None;
            }
            procedure::event(fact, &sets(fact), Progress::Processing)
        }
        (_, EventPayload::Media(fact)) => {
            let (event_type, data) = media::event(event, fact)?;
            (event_type, Data::Media(data))
        }
        (_, EventPayload::Snapshot(_) | EventPayload::Endpoint(_)) => return None,
    };
    Some(Body { version: "4.0", event_type, data })
}

fn of_job(event: &Event, fact: &SnapshotFact) -> Option<(&'static str, Data)> {
    let sets = sets(fact);
    Some(match event.origin.kind {
        RequestKind::TimeOffsets => offsets::event(fact, &sets),
        RequestKind::Sprite => sprite::event(fact, &sets),
        RequestKind::Procedure => procedure::event(fact, &sets, Progress::Finished),
        RequestKind::Snapshot => match sets.first().map(|set| &set.output.spec.product) {
            Some(Product::Sprite { .. }) => sprite::event(fact, &sets),
            Some(Product::Stills { .. }) | None => offsets::event(fact, &sets),
        },
        RequestKind::AutomaticCovers | RequestKind::Ingest | RequestKind::Operation => return None,
    })
}

#[cfg(test)]
mod media_tests;
#[cfg(test)]
mod tests;
