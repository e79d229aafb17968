//! `GetTaskInfo`: what became of a task of the last 72 hours.
//!
//! Source: 266/11724. `data` is what the task's event holds. A waiting task has none, nor has one that was
//! withdrawn, nor one of a single set of pictures before its end.

use serde_json::Value;
use stillframe_domain::event::{MediaNews, SnapshotFact, Telling, fetch_url};
use stillframe_domain::media::Media;
use stillframe_domain::{
    App, Event, EventId, EventKind, EventPayload, Job, JobKind, JobState, NotifyMode, RequestKind,
    RequestOptions, Timestamp,
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
    let told = Told {
        base_url: service.media_base_url(app),
        cover_url: service.cover_url(app, &media),
        at: job.finished_at.unwrap_or_else(|| service.now()),
    };
    let mut answer = task::fields(&job);
    answer.insert("status".to_owned(), TaskState::of(job.state).name().into());
    if let Some(data) = data(&job, &media, told) {
        answer.insert("data".to_owned(), data);
    }
    Ok(answer)
}

/// What a job is told with, beside its video.
struct Told {
    base_url: String,
    cover_url: Option<String>,
    at: Timestamp,
}

fn data(job: &Job, media: &Media, told: Told) -> Option<Value> {
    let body = events::body(&event(job, media, told)?)?;
    envelope::fields(&body).remove("data")
}

/// The event that a job gives where it stands.
fn event(job: &Job, media: &Media, told: Told) -> Option<Event> {
    // It is never told, so any id will do.
    let id = EventId::parse(job.id.as_str()).ok()?;
    let is_ended = matches!(job.state, JobState::Completed | JobState::Discarded);
    if job.kind == JobKind::Fetch {
        let telling = Telling { at: told.at, base_url: &told.base_url };
        let event = Event::of_media(id, EventKind::MediaFetched, job.origin, media, telling);
        let url = fetch_url(media).unwrap_or_default();
        return is_ended.then(|| event.with_news(MediaNews::default().fetched(job, url, told.at)));
    }
    let fact = SnapshotFact::of_job(job, media, &told.base_url, told.cover_url, told.at);
    if is_ended {
        return Some(Event::of_finished_job(id, job, fact));
    }
    let is_under_way = job.state == JobState::Running && job.origin.kind == RequestKind::Procedure;
    // Who asks wants to know, whatever the request said of events.
    let options = RequestOptions { notify: NotifyMode::Change, ..RequestOptions::default() };
    let progress = Event {
        id,
        app_id: job.app_id,
        kind: EventKind::JobProgress,
        origin: job.origin,
        created_at: told.at,
        payload: EventPayload::Snapshot(SnapshotFact { options, ..fact }),
    };
    is_under_way.then_some(progress)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stillframe_domain::media::{MediaSource, MediaState};
    use stillframe_domain::object_key::OutputKind;
    use stillframe_domain::{AppId, Dialect, MediaDetails, MediaId, Origin, OsRng, VideoId, ingest};

    use super::*;
    use crate::samples;

    fn media() -> Media {
        let at = Timestamp::from_secs(1_700_000_000);
        Media {
            id: MediaId(7),
            video_id: VideoId::parse(samples::VIDEO).expect("hex"),
            app_id: AppId(1),
            name: "film.mp4".to_owned(),
            details: MediaDetails::default(),
            source: MediaSource::Object { key: "source/film.mp4".to_owned() },
            state: MediaState::Stored,
            facts: None,
            failure: None,
            cover: None,
            added_by: Dialect::Tencent,
            pass_through: None,
            created_at: at,
            updated_at: at,
        }
    }

    fn data_of(job: &Job) -> Option<Value> {
        let told = Told { base_url: samples::BASE.to_owned(), cover_url: None, at: job.created_at };
        data(job, &media(), told)
    }

    fn snapshot(kind: RequestKind, state: JobState) -> Job {
        let origin = Origin { dialect: Dialect::Tencent, kind };
        let outputs = vec![samples::stills(1, OutputKind::Normal, Some(10), &[1_000])];
        let job = ingest::snapshot_job(&media(), origin, outputs, &OsRng, Timestamp::from_secs(1));
        Job { state, ..job }
    }

    #[test]
    fn a_procedure_under_way_tells_of_its_tasks_and_one_that_waits_of_nothing() {
        let job = snapshot(RequestKind::Procedure, JobState::Running);
        let task = json!({
            "taskType": "SnapshotByTimeOffset",
            "status": "PROCESSING",
            "errCode": 0,
            "message": "",
            "input": { "definition": 10, "timeOffset": [1_000] },
        });
        let data = data_of(&job).expect("it runs");
        assert_eq!((&data["status"], &data["processTaskList"]), (&json!("PROCESSING"), &json!([task])));
        for state in [JobState::Available, JobState::Retryable, JobState::Scheduled, JobState::Cancelled] {
            assert_eq!(data_of(&snapshot(RequestKind::Procedure, state)), None, "{}", state.name());
        }
        assert_eq!(data_of(&snapshot(RequestKind::TimeOffsets, JobState::Running)), None);
    }

    #[test]
    fn a_fetch_tells_of_its_video_at_its_end() {
        let job = ingest::fetch_job(&media(), &OsRng, Timestamp::from_secs(1));
        assert_eq!(data_of(&job), None);
        let data = data_of(&Job { state: JobState::Completed, ..job.clone() }).expect("it ended");
        assert_eq!(data["vodTaskId"], format!("Pull-{}", job.id));
        assert_eq!((&data["status"], &data["fileId"]), (&json!(0), &json!("7")));
    }
}
