//! `NewFileUpload`, `PullComplete` and `FileDeleted`: FileUploadTask, PullUploadTask, FileDeleteTask.
//!
//! Source: API 2018-07-17, those data types; 266/33950 and 266/33951 for what the vendor fills in. What
//! a probe finds comes later, so that `MetaData` is left out, as it is there.

use serde::Serialize;
use serde_json::{Value, json};
use stillframe_domain::event::MediaFact;
use stillframe_domain::{AppId, JobId};

use super::super::err_code_ext;
use crate::tencent::task_id;
use crate::timestamp::rfc3339_s;

const SUCCESS: &str = "SUCCESS";
/// What the vendor writes for a video that is kept for ever.
const NEVER: &str = "9999-12-31T23:59:59Z";

/// `FileUploadTask`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Upload {
    file_id: String,
    media_basic_info: Value,
    procedure_task_id: String,
    review_audio_video_task_id: &'static str,
}

/// `PullUploadTask`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Pull {
    task_id: String,
    status: &'static str,
    err_code: i64,
    message: String,
    file_id: String,
    /// Left out when nothing was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    media_basic_info: Option<Value>,
    file_url: String,
    procedure_task_id: String,
    review_audio_video_task_id: &'static str,
    session_context: String,
    session_id: String,
    progress: u32,
}

/// `FileDeleteTask`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Deleted {
    file_id_set: [String; 1],
    file_delete_result_info: [DeleteResult; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteResult {
    file_id: String,
    /// Empty for a video that is gone as a whole.
    delete_parts: [Value; 0],
}

/// What was uploaded; `None` for what was fetched, which is told as fetched alone.
pub(super) fn upload(app_id: AppId, fact: &MediaFact) -> Option<Upload> {
    if fact.news.fetch.is_some() {
        return None;
    }
    Some(Upload {
        file_id: fact.media_id.to_string(),
        media_basic_info: basic_info(fact),
        procedure_task_id: procedure_id(app_id, fact),
        review_audio_video_task_id: "",
    })
}

/// The end of a fetch, good or bad.
pub(super) fn pull(app_id: AppId, fact: &MediaFact) -> Option<Pull> {
    let fetch = fact.news.fetch.as_ref()?;
    let failure = fact.failure.as_ref();
    Some(Pull {
        task_id: task_id::of_pull_2018(app_id, &fetch.job_id),
        status: "FINISH",
        err_code: failure.map_or(0, |failure| err_code_ext::number(err_code_ext::word(failure.code))),
        message: failure.map_or_else(|| SUCCESS.to_owned(), |failure| failure.message.clone()),
        file_id: fact.media_id.to_string(),
        media_basic_info: failure.is_none().then(|| basic_info(fact)),
        file_url: fact.source_url.clone().unwrap_or_default(),
        procedure_task_id: procedure_id(app_id, fact),
        review_audio_video_task_id: "",
        session_context: fetch.pass_through.clone().unwrap_or_default(),
        session_id: fetch.dedupe_key.clone().unwrap_or_default(),
        progress: 100,
    })
}

/// The video is gone.
pub(super) fn deleted(fact: &MediaFact) -> Deleted {
    let file_id = fact.media_id.to_string();
    Deleted {
        file_id_set: [file_id.clone()],
        file_delete_result_info: [DeleteResult { file_id, delete_parts: [] }],
    }
}

fn procedure_id(app_id: AppId, fact: &MediaFact) -> String {
    let id = |id: &JobId| task_id::of_procedure_2018(app_id, id);
    fact.news.procedure_ids.first().map_or_else(String::new, id)
}

/// `MediaBasicInfo` as it was then.
fn basic_info(fact: &MediaFact) -> Value {
    let added_at = fact.added_at.map_or_else(String::new, rfc3339_s);
    json!({
        "Name": fact.name,
        "Description": fact.details.description,
        "CreateTime": added_at,
        "UpdateTime": added_at,
        "ExpireTime": NEVER,
        "ClassId": fact.details.category.unwrap_or_default(),
        "CoverUrl": fact.cover_url.as_deref().unwrap_or_default(),
        "Type": file_type(&fact.name),
        "MediaUrl": fact.source_url.as_deref().unwrap_or_default(),
        "TagSet": fact.details.tags,
        "SourceInfo": {
            "SourceType": "Upload",
            "SourceContext": fact.pass_through.as_deref().unwrap_or_default(),
        },
        "Vid": fact.media_id.to_string(),
    })
}

/// The ending of a file's name.
fn file_type(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}
