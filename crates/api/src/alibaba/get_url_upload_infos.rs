//! `GetURLUploadInfos`: what became of fetches.

use serde_json::{Map, Value, json};
use stillframe_domain::{App, Job, JobKind, JobState, Media};
use stillframe_service::{JobFilter, MediaFilter, MediaName, Service};

use super::error::Refusal;
use super::events::URL_INVALID;
use super::handle::Answer;
use super::params::Params;
use super::upload_media_by_url::urls;
use super::{time, video};

/// Most names of one request.
const NAMES_MAX: usize = 10;
/// Most fetches that are told of one URL.
const FETCHES_MAX: usize = 100;

/// Answers the fetches of the jobs named, or else of the URLs named, and which names are of none.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let (mut infos, mut unknown) = (Vec::<Value>::new(), Vec::<String>::new());
    match (params.list("JobIds"), urls(params, "UploadURLs")) {
        (ids, urls) if ids.is_empty() && urls.is_empty() => return Err(Refusal::missing("JobIds")),
        (ids, _) if NAMES_MAX < ids.len() => return Err(Refusal::invalid("JobIds")),
        (ids, urls) if ids.is_empty() && NAMES_MAX < urls.len() => {
            return Err(Refusal::invalid("UploadURLs"));
        }
        (ids, urls) if ids.is_empty() => {
            for url in urls {
                let found = of_url(service, app, &url).await?;
                if found.is_empty() {
                    unknown.push(url);
                }
                infos.extend(found);
            }
        }
        (ids, _) => {
            for id in ids {
                match of_job(service, app, id).await? {
                    Some(info) => infos.push(info),
                    None => unknown.push(id.to_owned()),
                }
            }
        }
    }
    Ok(Answer::from_iter([
        ("URLUploadInfoList".to_owned(), infos.into()),
        ("NonExists".to_owned(), json!(unknown)),
    ]))
}

async fn of_job(service: &Service, app: &App, id: &str) -> Result<Option<Value>, Refusal> {
    let found = service.find_job_or_output(app, id).await?;
    let Some(job) = found.filter(|job| job.kind == JobKind::Fetch) else { return Ok(None) };
    let media = service.find_media(app, &MediaName::FileId(Some(job.media_id))).await?;
    Ok(Some(info(&job, &media)))
}

/// The fetches of a URL, newest first.
async fn of_url(service: &Service, app: &App, url: &str) -> Result<Vec<Value>, Refusal> {
    let filter = MediaFilter { fetched_from: vec![url.to_owned()], ..MediaFilter::default() };
    let mut infos = Vec::new();
    for media in service.search_media(app, &filter, 0, FETCHES_MAX).await?.items {
        let filter =
            JobFilter { media_id: Some(media.id), kind: Some(JobKind::Fetch), ..JobFilter::default() };
        let jobs = service.list_jobs(app, &filter, None, 1).await?;
        infos.extend(jobs.items.iter().map(|job| info(job, &media)));
    }
    Ok(infos)
}

fn info(job: &Job, media: &Media) -> Value {
    let mut info = Map::from_iter([
        ("JobId".to_owned(), json!(job.id)),
        ("UploadURL".to_owned(), json!(media.details.fetched_from)),
        ("MediaId".to_owned(), json!(media.video_id)),
        ("Status".to_owned(), status(job.state).into()),
        ("CreationTime".to_owned(), time::write(job.created_at).into()),
    ]);
    let mut tell = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            info.insert(name.to_owned(), value.into());
        }
    };
    tell("CompleteTime", job.finished_at.map(time::write));
    tell("FileSize", media.facts.as_ref().map(|facts| facts.size_bytes.to_string()));
    tell("UserData", video::user_data(media));
    if let Some(failure) = job.failure.as_ref().filter(|_| job.state == JobState::Discarded) {
        tell("ErrorCode", Some(URL_INVALID.to_owned()));
        tell("ErrorMessage", Some(failure.message.clone()));
    }
    info.into()
}

const fn status(state: JobState) -> &'static str {
    match state {
        JobState::Available | JobState::Scheduled | JobState::Retryable => "PENDING",
        JobState::Running => "RUNNING",
        JobState::Completed => "SUCCESS",
        JobState::Cancelled | JobState::Discarded => "FAIL",
    }
}
