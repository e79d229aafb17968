//! `NewFileUpload`, `PullComplete` and `FileDeleted`.
//!
//! Source: 266/7830, 266/7831 and 266/13434, legacy event bodies.

use serde::Serialize;
use stillframe_domain::event::MediaFact;
use stillframe_domain::{Event, EventKind};

use crate::tencent::{status, task_id};

/// How a video came that was not fetched.
const SERVER_UPLOAD: &str = "ServerUpload";

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Data {
    Upload(Upload),
    Pull(Pull),
    Deleted(Deleted),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Upload {
    file_id: String,
    file_name: String,
    cover_url: String,
    file_url: String,
    author: &'static str,
    source_type: &'static str,
    source_context: String,
    stream_id: &'static str,
    procedure_task_id: String,
    transcode_task_id: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pull {
    status: i64,
    message: String,
    vod_task_id: String,
    file_id: String,
    file_url: String,
    transcode_task_id: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deleted {
    status: i64,
    message: &'static str,
    file_info: [FileInfo; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileInfo {
    file_id: String,
}

/// The event about a video; `None` when the format has none for it.
pub(super) fn event(event: &Event, fact: &MediaFact) -> Option<(&'static str, Data)> {
    match event.kind {
        EventKind::MediaStored => Some(("NewFileUpload", Data::Upload(upload(fact)?))),
        EventKind::MediaFetched => Some(("PullComplete", Data::Pull(pull(fact)?))),
        EventKind::MediaDeleted => Some(("FileDeleted", Data::Deleted(deleted(fact)))),
        EventKind::MediaCreated
        | EventKind::MediaReady
        | EventKind::MediaFailed
        | EventKind::MediaUpdated
        | EventKind::SnapshotCompleted
        | EventKind::SnapshotFailed
        | EventKind::JobProgress
        | EventKind::EndpointDisabled
        | EventKind::EndpointPing => None,
    }
}

/// What was fetched is told as fetched alone.
fn upload(fact: &MediaFact) -> Option<Upload> {
    if fact.news.fetch.is_some() {
        return None;
    }
    Some(Upload {
        file_id: fact.media_id.to_string(),
        file_name: fact.name.clone(),
        cover_url: fact.cover_url.clone().unwrap_or_default(),
        file_url: fact.source_url.clone().unwrap_or_default(),
        author: "",
        source_type: SERVER_UPLOAD,
        source_context: fact.pass_through.clone().unwrap_or_default(),
        stream_id: "",
        procedure_task_id: fact.news.procedure_ids.first().map_or_else(String::new, task_id::of_procedure),
        transcode_task_id: "",
    })
}

fn pull(fact: &MediaFact) -> Option<Pull> {
    let fetch = fact.news.fetch.as_ref()?;
    let failure = fact.failure.as_ref();
    Some(Pull {
        status: failure.map_or(0, |failure| status::of_failure(failure.code)),
        message: failure.map_or_else(String::new, |failure| failure.message.clone()),
        vod_task_id: task_id::of_pull(&fetch.job_id),
        file_id: fact.media_id.to_string(),
        file_url: fact.source_url.clone().unwrap_or_default(),
        transcode_task_id: "",
    })
}

fn deleted(fact: &MediaFact) -> Deleted {
    Deleted { status: 0, message: "", file_info: [FileInfo { file_id: fact.media_id.to_string() }] }
}
