//! `DescribeTaskDetail`: what became of a task of the last three days.
//!
//! Source: API 2018-07-17, DescribeTaskDetail. The member of a task is the same that its event holds.

use serde_json::{Value, json};
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::{App, Job, JobKind, JobState, Media, RequestKind};
use stillframe_service::{MediaName, Service};

use super::envelope::{self, Answer};
use super::error::Refusal;
use super::events::of_2017;
use super::input::Input;
use super::procedure::{self, Progress};
use super::{pull_upload_task, task};

/// Answers the task and its member; an aborted task has none.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let job = task::find(service, app, &input.required_text("TaskId")?).await?;
    let media = service.find_media(app, &MediaName::FileId(Some(job.media_id))).await?;
    let mut answer = Answer::from_iter([
        ("TaskType".to_owned(), task::task_type(&job).into()),
        ("Status".to_owned(), task::status(job.state).into()),
        ("CreateTime".to_owned(), task::time(Some(job.created_at)).into()),
        ("BeginProcessTime".to_owned(), task::time(job.started_at).into()),
        ("FinishTime".to_owned(), task::time(job.finished_at).into()),
    ]);
    let member = match job.kind {
        JobKind::Fetch => {
            let member = pull_upload_task::of(service, app, &job, &media).await?;
            Some(("PullUploadTask", member))
        }
        JobKind::Probe | JobKind::Snapshot => member(&job, &fact(service, app, &job, &media)),
    };
    answer.extend(member.map(|(name, member)| (name.to_owned(), member)));
    Ok(answer)
}

fn fact(service: &Service, app: &App, job: &Job, media: &Media) -> SnapshotFact {
    let cover_url = service.cover_url(app, media);
    let until = job.finished_at.unwrap_or_else(|| service.now());
    SnapshotFact::of_job(job, media, &service.media_base_url(app), cover_url, until)
}

fn member(job: &Job, fact: &SnapshotFact) -> Option<(&'static str, Value)> {
    let is_finished = matches!(job.state, JobState::Completed | JobState::Discarded);
    match job.origin.kind {
        _ if job.state == JobState::Cancelled => None,
        RequestKind::TimeOffsets if is_finished => {
            Some(("SnapshotByTimeOffsetTask", json!(of_2017::offsets(fact))))
        }
        RequestKind::Sprite if is_finished => Some(("CreateImageSpriteTask", json!(of_2017::sprite(fact)))),
        RequestKind::TimeOffsets | RequestKind::Sprite => None,
        RequestKind::Procedure
        | RequestKind::Snapshot
        | RequestKind::AutomaticCovers
        | RequestKind::Ingest
        | RequestKind::Operation => {
            let progress = if is_finished { Progress::Finished } else { Progress::Processing };
            let task = envelope::fields(&procedure::task(job.app_id, fact, progress));
            Some(("ProcedureTask", task.into()))
        }
    }
}
