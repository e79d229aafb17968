//! Fetches a video's bytes from its URL into the store.

use std::io;
use std::time::Duration;

use stillframe_database::{JobCompletion, JobFilter, MediaChange};
use stillframe_domain::event::MediaNews;
use stillframe_domain::{
    ErrorCode, Event, EventKind, Failure, Job, JobKind, JobState, Media, MediaSource, MediaState, covers,
    ingest, object_key,
};
use stillframe_outbound::{DownloadLimits, OutboundError};
use stillframe_storage::{ObjectFacts, ObjectKey, StorageError};

use crate::error::JobError;
use crate::work::Work;

/// Jobs of a new video that are looked through for procedures.
const WAITING_JOBS_MAX: usize = 100;

/// Downloads, stores, and starts what follows for a new video.
pub(super) async fn run(work: &Work) -> Result<JobCompletion, JobError> {
    let MediaSource::Url { url } = &work.media.source else {
        return Err(JobError::fail(ErrorCode::InvalidParameter, "the video has no URL to fetch"));
    };
    let key = object_key::source(&work.media.video_id, &work.media.name);
    let stored = store(work, url, &key).await?;
    if stored.size_bytes == 0 {
        return Err(JobError::fail(ErrorCode::SourceEmpty, "the URL gave no bytes"));
    }
    let source = MediaSource::Object { key };
    let media = Media { source: source.clone(), state: MediaState::Stored, ..work.media.clone() };
    let change =
        MediaChange { source: Some(source), state: Some(MediaState::Stored), ..MediaChange::default() };
    Ok(JobCompletion {
        media: Some(change),
        events: events(work, &media, stored.size_bytes).await?,
        jobs: following_jobs(work, &media),
        ..work.completion(JobState::Completed)
    })
}

/// The fetch ended, and the bytes are here. Both name the procedures that waited for them.
async fn events(work: &Work, media: &Media, size_bytes: u64) -> Result<Vec<Event>, JobError> {
    let filter =
        JobFilter { media_id: Some(media.id), kind: Some(JobKind::Snapshot), ..JobFilter::default() };
    let waiting = work.shared.deps.database.list_jobs(media.app_id, &filter, None, WAITING_JOBS_MAX).await?;
    let news = work.fetch_news(MediaNews::stored(size_bytes, &waiting.items)).unwrap_or_default();
    let kinds = [EventKind::MediaFetched, EventKind::MediaStored];
    Ok(kinds.map(|kind| work.media_event(kind, media).with_news(news.clone())).into())
}

async fn store(work: &Work, url: &str, key: &str) -> Result<ObjectFacts, JobError> {
    let config = &work.shared.config;
    let limits = DownloadLimits {
        size_bytes_max: config.source_size_bytes_max,
        timeout: Duration::from_millis(config.attempt_timeout_ms),
    };
    let key = ObjectKey::parse(key)
        .map_err(|error| JobError::fail(ErrorCode::InvalidParameter, error.to_string()))?;
    let download = work.shared.deps.outbound.download(url, limits).await.map_err(|error| refused(&error))?;
    let stored = work.shared.deps.storage.put_stream(&key, download.chunks, limits.size_bytes_max).await;
    stored.map_err(|error| match error {
        StorageError::Content { source, .. } => broken_off(&source),
        StorageError::TooLarge { size_bytes_max, .. } => {
            JobError::fail(ErrorCode::SourceTooLarge, format!("the video exceeds {size_bytes_max} bytes"))
        }
        other => JobError::from(other),
    })
}

fn refused(error: &OutboundError) -> JobError {
    tracing::warn!(?error, "cannot fetch");
    JobError::of(Failure::new(error.source_code(), error.to_string()))
}

fn broken_off(error: &io::Error) -> JobError {
    match OutboundError::in_io(error) {
        Some(error) => refused(error),
        None => JobError::retry(ErrorCode::SourceUnreadable, "the download broke off"),
    }
}

fn following_jobs(work: &Work, media: &Media) -> Vec<Job> {
    let deps = &work.shared.deps;
    let (rng, now) = (deps.rng.as_ref(), deps.clock.now());
    let mut jobs = vec![ingest::probe_job(media, rng, now)];
    if work.app.settings.automatic_covers {
        jobs.push(covers::covers_job(media, work.app.settings.cover_choice, rng, now));
    }
    jobs
}
