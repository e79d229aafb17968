//! What a job is as a task: its type, its state, its times.

use stillframe_domain::{App, ErrorCode, Job, JobKind, JobState, RequestKind, Timestamp};
use stillframe_service::{JobSearch, Service, ServiceError};

use super::error::Refusal;
use crate::tencent::task_id;
use crate::timestamp::rfc3339_s;

/// The type of sprites in a single task; lists have it in the plural.
pub(super) const SPRITE: &str = "ImageSprite";
/// How long tasks can be asked for: 3 days.
const KEPT_MS: i64 = 3 * 24 * 3_600_000;
/// What tasks do.
const TASK_KINDS: [JobKind; 2] = [JobKind::Fetch, JobKind::Snapshot];
/// What tasks come from: all that somebody asked for.
const TASK_REQUESTS: [RequestKind; 5] = [
    RequestKind::TimeOffsets,
    RequestKind::Sprite,
    RequestKind::Procedure,
    RequestKind::Snapshot,
    RequestKind::Ingest,
];

/// The app's job of a task id.
///
/// # Errors
/// `InvalidParameterValue.TaskId` for another's, one too old, one that is no task, or no id at all.
pub(super) async fn find(service: &Service, app: &App, id: &str) -> Result<Job, Refusal> {
    let unknown = || ServiceError::new(ErrorCode::JobNotFound, "there is no such task");
    let job = service.get_job(app, &task_id::job_id(id).ok_or_else(unknown)?).await?;
    if is_task(&job, service.now()) { Ok(job) } else { Err(unknown().into()) }
}

/// Finds the jobs that can be asked for as tasks: those of the last days that somebody asked for.
pub(super) fn search(now: Timestamp) -> JobSearch {
    JobSearch {
        kinds: TASK_KINDS.to_vec(),
        requests: TASK_REQUESTS.to_vec(),
        created_from: Some(Timestamp::from_millis(now.as_millis() - KEPT_MS)),
        ..JobSearch::default()
    }
}

fn is_task(job: &Job, now: Timestamp) -> bool {
    let is_recent = now.as_millis() - job.created_at.as_millis() <= KEPT_MS;
    is_recent && TASK_KINDS.contains(&job.kind) && TASK_REQUESTS.contains(&job.origin.kind)
}

/// The vendor's word for what a job does, in its singular.
pub(super) const fn task_type(job: &Job) -> &'static str {
    match (job.kind, job.origin.kind) {
        (JobKind::Fetch, _) => "PullUpload",
        (_, RequestKind::TimeOffsets) => "SnapshotByTimeOffset",
        (_, RequestKind::Sprite) => SPRITE,
        (
            _,
            RequestKind::Procedure
            | RequestKind::Snapshot
            | RequestKind::AutomaticCovers
            | RequestKind::Ingest
            | RequestKind::Operation,
        ) => "Procedure",
    }
}

/// The id of a job as the answer to its request had it.
pub(super) fn id(job: &Job) -> String {
    match (job.kind, job.origin.kind) {
        (JobKind::Fetch, _) => task_id::of_pull_2018(job.app_id, &job.id),
        (_, RequestKind::TimeOffsets) => task_id::of_offsets(&job.id),
        (_, RequestKind::Sprite) => task_id::of_sprite(&job.id),
        (
            _,
            RequestKind::Procedure
            | RequestKind::Snapshot
            | RequestKind::AutomaticCovers
            | RequestKind::Ingest
            | RequestKind::Operation,
        ) => task_id::of_procedure_2018(job.app_id, &job.id),
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
