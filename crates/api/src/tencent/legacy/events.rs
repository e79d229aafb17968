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
//!
//! Source: seeds/tencent-CreateSnapshotByTimeOffsetComplete.md; 266/7829 and following.

mod offsets;
mod procedure;
mod sprite;

use serde::Serialize;
use stillframe_domain::{Endpoint, Event, EventKind, EventPayload, Product, RequestKind, Timestamp};
use stillframe_events::Renderer;

use crate::tencent::told::sets;

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
}

/// The body of an event; `None` when the format has no words for it.
pub(super) fn body(event: &Event) -> Option<Body> {
    let fact = match (event.kind, &event.payload) {
        (EventKind::SnapshotCompleted | EventKind::SnapshotFailed, EventPayload::Snapshot(fact)) => fact,
        (_, EventPayload::Snapshot(_) | EventPayload::Media(_)) => return None,
    };
    let sets = sets(fact);
    let (event_type, data) = match event.origin.kind {
        RequestKind::TimeOffsets => offsets::event(fact, &sets),
        RequestKind::Sprite => sprite::event(fact, &sets),
        RequestKind::Procedure => procedure::event(fact, &sets),
        RequestKind::Snapshot => match sets.first().map(|set| &set.output.spec.product) {
            Some(Product::Sprite { .. }) => sprite::event(fact, &sets),
            Some(Product::Stills { .. }) | None => offsets::event(fact, &sets),
        },
        RequestKind::AutomaticCovers | RequestKind::Ingest => return None,
    };
    Some(Body { version: "4.0", event_type, data })
}

#[cfg(test)]
mod tests;
