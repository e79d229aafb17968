//! `SubmitWorkflowJob`, `GetWorkflowTask`, and what a workflow asks for: a workflow is a procedure of the app.

use serde_json::json;
use stillframe_domain::{App, Dialect, Job, JobState, Origin, OutputOutcome, RequestKind, RequestOptions};
use stillframe_service::{Service, SubmitSnapshot};

use super::error::{Refusal, event_code};
use super::handle::Answer;
use super::params::Params;
use super::{job_detail, name_videos, time};

/// Accepts the job and answers its id.
pub(super) async fn submit(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = name_videos::by_id(service, app, params.required("MediaId")?).await?;
    let request = request(service, app, params.required("WorkflowId")?).await?;
    let job = service.submit_snapshot(app, &name_videos::name_of(&media), request).await?;
    Ok(Answer::from_iter([("TaskId".to_owned(), job.id.to_string().into())]))
}

/// `GetWorkflowTask`: what became of a task. What its nodes made is told by `ListSnapshots`.
pub(super) async fn task(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let found = service.find_job_or_output(app, params.required("TaskId")?).await?;
    let is_told = |job: &Job| job.origin.kind == RequestKind::Procedure && job_detail::is_told(service, job);
    let job = found.filter(is_told).ok_or_else(|| Refusal::no_resource("Task"))?;
    let mut answer = Answer::from_iter([
        ("TaskId".to_owned(), json!(job.id)),
        ("WorkflowId".to_owned(), json!(job.options.procedure_key.as_deref().unwrap_or_default())),
        ("Status".to_owned(), status(&job).into()),
        ("GmtCreateUtc".to_owned(), time::write(job.created_at).into()),
    ]);
    answer.extend(job.finished_at.map(|at| ("FinishTimeUtc".to_owned(), time::write(at).into())));
    if let Some(failure) = &job.failure {
        answer.insert("ErrorCode".to_owned(), event_code(failure.code).into());
        answer.insert("ErrorMessage".to_owned(), failure.message.as_str().into());
    }
    Ok(answer)
}

/// A task of which some sets were taken, and some not, succeeded in part.
fn status(job: &Job) -> &'static str {
    match job.state {
        JobState::Completed if job.outcomes.iter().all(OutputOutcome::is_success) => "succeeded",
        JobState::Completed if job.outcomes.iter().any(OutputOutcome::is_success) => "partial-succeeded",
        JobState::Completed | JobState::Discarded => "failed",
        JobState::Cancelled => "stopped",
        JobState::Available | JobState::Scheduled | JobState::Running | JobState::Retryable => "running",
    }
}

/// What the workflow of that id asks for.
///
/// # Errors
/// `NoSuchResource`.
pub(super) async fn request(service: &Service, app: &App, id: &str) -> Result<SubmitSnapshot, Refusal> {
    let procedure = service.find_procedure(app, id).await?;
    Ok(SubmitSnapshot {
        origin: Origin { dialect: Dialect::Alibaba, kind: RequestKind::Procedure },
        outputs: service.procedure_outputs(app, &procedure).await?,
        pass_through: None,
        callback_url: None,
        priority: 0,
        options: RequestOptions { procedure_key: Some(procedure.key), ..RequestOptions::default() },
    })
}
