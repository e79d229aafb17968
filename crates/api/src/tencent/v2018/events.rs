//! Events of API 2018-07-17: `{"EventType": ..., "<member>": {...}}`.
//!
//! | job's origin | event | member |
//! |---|---|---|
//! | legacy time offsets | `CreateSnapshotByTimeOffsetComplete` | `SnapshotByTimeOffsetCompleteEvent` |
//! | legacy sprite | `CreateImageSpriteComplete` | `CreateImageSpriteCompleteEvent` |
//! | any other | `ProcedureStateChanged` | `ProcedureStateChangeEvent` |
//! | a video was uploaded | `NewFileUpload` | `FileUploadEvent` |
//! | a video was fetched, or could not be | `PullComplete` | `PullCompleteEvent` |
//! | a video was deleted | `FileDeleted` | `FileDeleteEvent` |
//!
//! A procedure whose caller asked for `Change` is also told as PROCESSING when one of its tasks ends.
//!
//! Members of other event types are left out, as in the vendor's documents; its servers write them as
//! null, which its SDKs read the same way. Source: API 2018-07-17, data type EventContent; the two
//! events of 2017 from SnapshotByTimeOffsetTask2017 and CreateImageSpriteTask2017.

mod media;
pub(super) mod of_2017;

use serde::Serialize;
use serde_json::Value;
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::{
    App, Endpoint, Event, EventKind, EventPayload, NotifyMode, Owner, RequestKind, Timestamp,
};
use stillframe_events::Renderer;
use stillframe_signing::tencent_callback;

use super::procedure::{self, Progress};

/// Writes events in the format of API 2018-07-17.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tencent2018Renderer;

impl Renderer for Tencent2018Renderer {
    fn body(&self, event: &Event) -> Option<String> {
        body(event).map(|body| serde_json::to_string(&body).expect("the body has text keys alone"))
    }

    fn headers(&self, _: &Endpoint, _: &Event, _: &str, _: Timestamp) -> Vec<(String, String)> {
        // The format is signed in the body.
        Vec::new()
    }

    /// Adds `Sign` and `T` when the app set a key by ModifyEventConfig, which governs its own callback
    /// alone.
    fn seal(&self, body: String, app: &App, endpoint: &Endpoint, at: Timestamp) -> String {
        match &app.settings.tencent_events.sign_key {
            Some(key) if endpoint.owner == Owner::Tencent => signed(&body, key, at),
            _ => body,
        }
    }
}

fn signed(body: &str, key: &str, at: Timestamp) -> String {
    let expires_s = at.as_secs() + tencent_callback::VALIDITY_S;
    let mut document: Value = serde_json::from_str(body).expect("bodies are JSON of our own");
    document[tencent_callback::SIGN] = tencent_callback::sign(key, expires_s).into();
    document[tencent_callback::EXPIRES] = expires_s.into();
    document.to_string()
}

/// A body, pushed or pulled.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Body {
    event_type: &'static str,
    #[serde(flatten)]
    member: Member,
}

/// The one member that an event type has.
#[derive(Debug, Serialize)]
enum Member {
    #[serde(rename = "SnapshotByTimeOffsetCompleteEvent")]
    Offsets(of_2017::Offsets),
    #[serde(rename = "CreateImageSpriteCompleteEvent")]
    Sprite(of_2017::Sprite),
    #[serde(rename = "ProcedureStateChangeEvent")]
    Procedure(procedure::Task),
    #[serde(rename = "FileUploadEvent")]
    Upload(media::Upload),
    #[serde(rename = "PullCompleteEvent")]
    Pull(media::Pull),
    #[serde(rename = "FileDeleteEvent")]
    Deleted(media::Deleted),
}

/// The body of an event; `None` when the format has no words for it.
pub(super) fn body(event: &Event) -> Option<Body> {
    let (event_type, member) = match (event.kind, &event.payload) {
        (EventKind::SnapshotCompleted | EventKind::SnapshotFailed, EventPayload::Snapshot(fact)) => {
            of_job(event, fact)?
        }
        (EventKind::JobProgress, EventPayload::Snapshot(fact)) => of_progress(event, fact)?,
        (EventKind::MediaStored, EventPayload::Media(fact)) => {
            ("NewFileUpload", Member::Upload(media::upload(event.app_id, fact)?))
        }
        (EventKind::MediaFetched, EventPayload::Media(fact)) => {
            ("PullComplete", Member::Pull(media::pull(event.app_id, fact)?))
        }
        (EventKind::MediaDeleted, EventPayload::Media(fact)) => {
            ("FileDeleted", Member::Deleted(media::deleted(fact)))
        }
        (_, EventPayload::Snapshot(_) | EventPayload::Media(_) | EventPayload::Endpoint(_)) => return None,
    };
    Some(Body { event_type, member })
}

fn of_job(event: &Event, fact: &SnapshotFact) -> Option<(&'static str, Member)> {
    Some(match event.origin.kind {
        RequestKind::TimeOffsets => {
            ("CreateSnapshotByTimeOffsetComplete", Member::Offsets(of_2017::offsets(fact)))
        }
        RequestKind::Sprite => ("CreateImageSpriteComplete", Member::Sprite(of_2017::sprite(fact))),
        RequestKind::Procedure | RequestKind::Snapshot => procedure_state(event, fact, Progress::Finished),
        RequestKind::AutomaticCovers | RequestKind::Ingest | RequestKind::Operation => return None,
    })
}

fn of_progress(event: &Event, fact: &SnapshotFact) -> Option<(&'static str, Member)> {
    let is_told = event.origin.kind == RequestKind::Procedure && fact.options.notify == NotifyMode::Change;
    is_told.then(|| procedure_state(event, fact, Progress::Processing))
}

fn procedure_state(event: &Event, fact: &SnapshotFact, progress: Progress) -> (&'static str, Member) {
    ("ProcedureStateChanged", Member::Procedure(procedure::task(event.app_id, fact, progress)))
}

#[cfg(test)]
mod media_tests;
#[cfg(test)]
mod tests;
