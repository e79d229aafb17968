//! `GetTaskInfo`: what became of a task of the last 72 hours.
//!
//! Source: 266/11724. `data` is what the task's event holds. A waiting task has none, nor has one that was
//! withdrawn, nor one of a single set of pictures before its end.

use serde_json::Value;
use stillframe_domain::event::{MediaNews, SnapshotFact, Telling};
use stillframe_domain::media::Media;
use stillframe_domain::{
    App, Event, EventId, EventKind, EventPayload, Job, JobKind, JobState, RequestKind, Timestamp,
};
use stillframe_service::{MediaName, Service};

use super::envelope::{self, Answer};
use super::error::Refusal;
use super::events;
use super::params::Params;
use super::task::{self, TaskState};

/// Answers the task.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let job = task::find(service, app, params.required("vodTaskId")?).await?;
    let media = service.find_media(app, &MediaName::FileId(Some(job.media_id))).await?;
    let mut answer = task::fields(&job);
    answer.insert("status".to_owned(), TaskState::of(job.state).name().into());
    if let Some(data) = event(service, app, (&job, &media)).as_ref().and_then(data) {
        answer.insert("data".to_owned(), data);
    }
    Ok(answer)
}

fn data(event: &Event) -> Option<Value> {
    events::body(event).and_then(|body| envelope::fields(&body).remove("data"))
}

/// The event that a job gives where it stands.
fn event(service: &Service, app: &App, (job, media): (&Job, &Media)) -> Option<Event> {
    let base_url = service.media_base_url(app);
    let until = job.finished_at.unwrap_or_else(|| service.now());
    let is_finished = matches!(job.state, JobState::Completed | JobState::Discarded);
    // It is never told, so any id will do.
    let id = EventId::parse(job.id.as_str()).ok()?;
    if job.kind == JobKind::Fetch {
        return is_finished.then(|| fetched(id, (job, media), &base_url, until));
    }
    let fact = SnapshotFact::of_job(job, media, &base_url, service.cover_url(app, media), until);
    if is_finished {
        return Some(Event::of_finished_job(id, job, fact));
    }
    let is_told = job.state == JobState::Running && job.origin.kind == RequestKind::Procedure;
    is_told.then(|| Event {
        id,
        app_id: job.app_id,
        kind: EventKind::JobProgress,
        origin: job.origin,
        created_at: until,
        payload: EventPayload::Snapshot(fact),
    })
}

fn fetched(id: EventId, (job, media): (&Job, &Media), base_url: &str, at: Timestamp) -> Event {
    let news = MediaNews::default().fetched(job, "", at);
    let told = Event::of_media(id, EventKind::MediaFetched, job.origin, media, Telling { at, base_url });
    told.with_news(news)
}
