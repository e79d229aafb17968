//! What a job is as a task: its type, its state, its times.

use std::time::Duration;

use stillframe_domain::{App, ErrorCode, Job, JobKind, JobState, RequestKind, Timestamp};
use stillframe_service::{Service, ServiceError};

use super::error::Refusal;
use crate::tencent::task_id;
use crate::timestamp::rfc3339_s;

/// How long tasks can be asked for.
const KEPT: Duration = Duration::from_secs(3 * 24 * 3_600);

/// The app's job of a task id.
///
/// # Errors
/// `InvalidParameterValue.TaskId` for another's, one too old, one that is no task, or no id at all.
pub(super) async fn find(service: &Service, app: &App, id: &str) -> Result<Job, Refusal> {
    let unknown = || ServiceError::new(ErrorCode::JobNotFound, "there is no such task");
    let job = service.get_job(app, &task_id::job_id(id).ok_or_else(unknown)?).await?;
    if is_task(&job, service.now()) { Ok(job) } else { Err(unknown().into()) }
}

/// Whether a job can be asked for as a task.
pub(super) fn is_task(job: &Job, now: Timestamp) -> bool {
    let is_asked_for = match job.origin.kind {
        RequestKind::TimeOffsets | RequestKind::Sprite | RequestKind::Procedure | RequestKind::Snapshot => {
            true
        }
        RequestKind::AutomaticCovers | RequestKind::Ingest => false,
    };
    is_asked_for && job.kind == JobKind::Snapshot && now.since(job.created_at) <= KEPT
}

/// The id of a job as the answer to its request had it.
pub(super) fn id(job: &Job) -> String {
    match job.origin.kind {
        RequestKind::TimeOffsets => task_id::of_offsets(&job.id),
        RequestKind::Sprite => task_id::of_sprite(&job.id),
        RequestKind::Procedure
        | RequestKind::Snapshot
        | RequestKind::AutomaticCovers
        | RequestKind::Ingest => task_id::of_procedure_2018(job.app_id, &job.id),
    }
}

/// The vendor's word for a job's state.
pub(super) const fn status(state: JobState) -> &'static str {
    match state {
        JobState::Available | JobState::Scheduled | JobState::Retryable => "WAITING",
        JobState::Running => "PROCESSING",
        JobState::Completed | JobState::Discarded => "FINISH",
        JobState::Cancelled => "ABORTED",
    }
}

/// A moment that may not have come: empty until then.
pub(super) fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, rfc3339_s)
}
