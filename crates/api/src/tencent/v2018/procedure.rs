//! `ProcedureTask`: a job with all its tasks, in events and task queries.
//!
//! A failed picture has no slot of its own here: it is left out, and a task fails when it has none.
//! Source: API 2018-07-17, data types ProcedureTask, MediaProcessTaskResult and the outputs of its
//! tasks; `Message` is `SUCCESS` where nothing failed, as in observed callbacks.

mod tasks;

use serde::Serialize;
use serde_json::Value;
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::{AppId, NotifyMode};

use super::{err_code_ext, meta_data};
pub(super) use crate::tencent::told::Progress;
use crate::tencent::{task_id, told};

/// The message of what did not fail.
const SUCCESS: &str = "SUCCESS";

/// The vendor's `ProcedureTask`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Task {
    task_id: String,
    status: &'static str,
    err_code: i64,
    message: String,
    file_id: String,
    file_name: String,
    file_url: String,
    meta_data: Option<Value>,
    media_process_result_set: Vec<Value>,
    ai_content_review_result_set: [Value; 0],
    ai_analysis_result_set: [Value; 0],
    ai_recognition_result_set: [Value; 0],
    tasks_priority: i32,
    tasks_notify_mode: &'static str,
    session_context: String,
    session_id: String,
}

/// The task of a job.
pub(super) fn task(app_id: AppId, fact: &SnapshotFact, progress: Progress) -> Task {
    // While it goes on, nothing is said of the whole.
    let failure = fact.failure.as_ref().filter(|_| progress == Progress::Finished);
    let media = fact.media.as_ref();
    let result = |set| tasks::result(fact, &set, progress);
    Task {
        task_id: task_id::of_procedure_2018(app_id, &fact.job_id),
        status: match progress {
            Progress::Processing => "PROCESSING",
            Progress::Finished => "FINISH",
        },
        err_code: failure.map_or(0, |failure| err_code_ext::number(err_code_ext::word(failure.code))),
        message: failure.map_or_else(|| SUCCESS.to_owned(), |failure| failure.message.clone()),
        file_id: fact.media_id.to_string(),
        file_name: media.map_or_else(String::new, |media| media.name.clone()),
        file_url: media.and_then(|media| media.source_url.clone()).unwrap_or_default(),
        meta_data: media.and_then(|media| media.facts.as_ref()).map(meta_data::of),
        media_process_result_set: told::sets(fact).into_iter().map(result).collect(),
        ai_content_review_result_set: [],
        ai_analysis_result_set: [],
        ai_recognition_result_set: [],
        tasks_priority: fact.priority,
        tasks_notify_mode: notify_mode(fact.options.notify),
        session_context: fact.pass_through.clone().unwrap_or_default(),
        session_id: fact.options.dedupe_key.clone().unwrap_or_default(),
    }
}

/// The vendor's word for when a caller wants to be told.
pub(super) const fn notify_mode(mode: NotifyMode) -> &'static str {
    match mode {
        NotifyMode::Finish => "Finish",
        NotifyMode::Change => "Change",
        NotifyMode::Never => "None",
    }
}
