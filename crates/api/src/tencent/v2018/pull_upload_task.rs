//! `PullUploadTask`: a video being fetched, or what became of it, in task queries.
//!
//! Source: API 2018-07-17, data type PullUploadTask. The event of the same task tells what was known at its
//! end; this tells what is known now.

use serde_json::{Value, json};
use stillframe_domain::{App, Job, JobKind, JobState, Media, RequestKind};
use stillframe_service::{JobSearch, Service};

use super::error::Refusal;
use super::media_info::basic_info;
use super::{err_code_ext, meta_data, task};
use crate::tencent::task_id;

const SUCCESS: &str = "SUCCESS";

/// The member of a job that fetches.
pub(super) async fn of(service: &Service, app: &App, job: &Job, media: &Media) -> Result<Value, Refusal> {
    let is_finished = job.state.is_terminal();
    let failure = job.failure.as_ref().filter(|_| is_finished);
    let is_fetched = job.state == JobState::Completed;
    let mut member = json!({
        "TaskId": task::id(job),
        "Status": if is_finished { "FINISH" } else { "PROCESSING" },
        "ErrCode": failure.map_or(0, |failure| err_code_ext::number(err_code_ext::word(failure.code))),
        "Message": failure.map_or(SUCCESS, |failure| failure.message.as_str()),
        "FileId": media.id.to_string(),
        "FileUrl": service.source_url(app, media).unwrap_or_default(),
        "ProcedureTaskId": procedure_task_id(service, app, job).await?,
        "ReviewAudioVideoTaskId": "",
        "SessionContext": job.pass_through.as_deref().unwrap_or_default(),
        "SessionId": job.options.dedupe_key.as_deref().unwrap_or_default(),
        "Progress": if is_finished { 100 } else { 0 },
    });
    if is_fetched {
        member["MediaBasicInfo"] = basic_info(service, app, media);
    }
    if let Some(facts) = media.facts.as_ref().filter(|_| is_fetched) {
        member["MetaData"] = meta_data::of(facts);
    }
    Ok(member)
}

/// The procedure that the same request asked for: the video's first one, if it was accepted before the
/// bytes were here, since no other can have been.
async fn procedure_task_id(service: &Service, app: &App, fetch: &Job) -> Result<String, Refusal> {
    let search = JobSearch {
        media_id: Some(fetch.media_id),
        kinds: vec![JobKind::Snapshot],
        requests: vec![RequestKind::Procedure],
        created_before: fetch.finished_at,
        is_ascending: true,
        ..JobSearch::default()
    };
    let found = service.search_jobs(app, &search, None, 1).await?;
    Ok(found.items.first().map_or_else(String::new, |job| task_id::of_procedure_2018(app.id, &job.id)))
}
