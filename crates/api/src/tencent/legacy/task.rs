//! What a job is as a task: its id, type, state and times.
//!
//! Source: 266/11724. It documents no type of tasks that take pictures alone; those here are ours.

use std::time::Duration;

use serde_json::{Map, Value, json};
use stillframe_domain::{App, ErrorCode, Job, JobKind, JobState, RequestKind, Timestamp};
use stillframe_service::{Service, ServiceError};

use super::error::Refusal;
use crate::tencent::task_id;

/// How long tasks can be asked for: 72 hours.
const KEPT: Duration = Duration::from_secs(72 * 3_600);

/// A state of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskState {
    /// Accepted, or to be tried again.
    Waiting,
    /// Being worked on.
    Processing,
    /// Done, given up, or withdrawn.
    Finished,
}

impl TaskState {
    /// All states, in the order in which lists have them.
    pub(super) const ALL: [Self; 3] = [Self::Waiting, Self::Processing, Self::Finished];

    /// The state of a job.
    pub(super) const fn of(state: JobState) -> Self {
        match state {
            JobState::Available | JobState::Scheduled | JobState::Retryable => Self::Waiting,
            JobState::Running => Self::Processing,
            JobState::Completed | JobState::Discarded | JobState::Cancelled => Self::Finished,
        }
    }

    /// The vendor's word.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Processing => "PROCESSING",
            Self::Finished => "FINISHED",
        }
    }

    /// The state of that word, which the vendor's examples write in any case; `FINISH` is its older form.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let is_older = name.eq_ignore_ascii_case("FINISH").then_some(Self::Finished);
        is_older.or_else(|| Self::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(name)))
    }
}

/// The app's job of a task id.
///
/// # Errors
/// Code 5000 for another's, one too old, one that is no task, or no id at all.
pub(super) async fn find(service: &Service, app: &App, id: &str) -> Result<Job, Refusal> {
    let unknown = || ServiceError::new(ErrorCode::JobNotFound, "there is no such task");
    let job = service.get_job(app, &task_id::job_id(id).ok_or_else(unknown)?).await?;
    if is_task(&job) && is_recent(&job, service.now()) { Ok(job) } else { Err(unknown().into()) }
}

/// Whether somebody asked for the job.
pub(super) fn is_task(job: &Job) -> bool {
    match job.kind {
        JobKind::Snapshot => job.origin.kind != RequestKind::AutomaticCovers,
        JobKind::Fetch => true,
        JobKind::Probe => false,
    }
}

/// Whether a job is young enough to be asked for.
pub(super) fn is_recent(job: &Job, now: Timestamp) -> bool {
    now.since(job.created_at) <= KEPT
}

/// The fields that a task has wherever it is told of. A moment that has not come is 0.
pub(super) fn fields(job: &Job) -> Map<String, Value> {
    let at = |time: Option<Timestamp>| Value::from(time.map_or(0, Timestamp::as_secs));
    Map::from_iter([
        ("type".to_owned(), json!(type_name(job))),
        ("createTime".to_owned(), at(Some(job.created_at))),
        ("beginProcessTime".to_owned(), at(job.started_at)),
        ("finishTime".to_owned(), at(job.finished_at)),
    ])
}

/// The id of a job as its event has it.
pub(super) fn id(job: &Job) -> String {
    match (job.kind, job.origin.kind) {
        (JobKind::Fetch, _) => task_id::of_pull(&job.id),
        (_, RequestKind::TimeOffsets) => task_id::of_offsets(&job.id),
        (_, RequestKind::Sprite) => task_id::of_sprite(&job.id),
        (
            _,
            RequestKind::Procedure
            | RequestKind::Snapshot
            | RequestKind::AutomaticCovers
            | RequestKind::Ingest
            | RequestKind::Operation,
        ) => task_id::of_procedure(&job.id),
    }
}

const fn type_name(job: &Job) -> &'static str {
    match (job.kind, job.origin.kind) {
        (JobKind::Fetch, _) => "pull",
        (_, RequestKind::TimeOffsets) => "snapshotByTimeOffset",
        (_, RequestKind::Sprite) => "imageSprite",
        (
            _,
            RequestKind::Procedure
            | RequestKind::Snapshot
            | RequestKind::AutomaticCovers
            | RequestKind::Ingest
            | RequestKind::Operation,
        ) => "procedure",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_a_job_has_a_word_and_every_word_its_state() {
        for state in JobState::ALL {
            let state = TaskState::of(state);
            assert_eq!(TaskState::parse(state.name()), Some(state));
        }
        assert_eq!(TaskState::parse("Processing"), Some(TaskState::Processing));
        assert_eq!(TaskState::parse("FINISH"), Some(TaskState::Finished));
        assert_eq!(TaskState::parse("ABORTED"), None);
    }
}
