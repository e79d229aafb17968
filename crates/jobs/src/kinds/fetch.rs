//! Fetches a video's bytes from its URL into the store.

use std::io;
use std::time::Duration;

use stillframe_database::{JobCompletion, JobFilter, MediaChange};
use stillframe_domain::event::MediaNews;
use stillframe_domain::{
    ErrorCode, Event, EventKind, Failure, Job, JobKind, JobState, Media, MediaSource, MediaState, Quota,
    covers, ingest, object_key,
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
    metrics::counter!("stillframe_fetched_bytes_total").increment(stored.size_bytes);
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
    let room = room(work).await?;
    let limits =
        DownloadLimits { size_bytes_max: room, timeout: Duration::from_millis(config.attempt_timeout_ms) };
    let key = ObjectKey::parse(key)
        .map_err(|error| JobError::fail(ErrorCode::InvalidParameter, error.to_string()))?;
    let is_of_quota = room < config.source_size_bytes_max;
    let download = work.shared.deps.outbound.download(url, limits).await;
    let download = download.map_err(|error| match error.source_code() {
        ErrorCode::SourceTooLarge if is_of_quota => quota_exceeded(),
        _ => refused(&error),
    })?;
    let stored = work.shared.deps.storage.put_stream(&key, download.chunks, limits.size_bytes_max).await;
    stored.map_err(|error| match error {
        StorageError::Content { source, .. } => broken_off(&source),
        StorageError::TooLarge { .. } if is_of_quota => quota_exceeded(),
        StorageError::TooLarge { size_bytes_max, .. } => {
            JobError::fail(ErrorCode::SourceTooLarge, format!("the video exceeds {size_bytes_max} bytes"))
        }
        other => JobError::from(other),
    })
}

/// Bytes that the app may still bring, at most those of one video.
async fn room(work: &Work) -> Result<u64, JobError> {
    let most = work.shared.config.source_size_bytes_max;
    let (database, app_id) = (&work.shared.deps.database, work.media.app_id);
    let Some(app) = database.find_app(app_id).await? else { return Err(JobError::Gone) };
    // The video itself is among those that the app has.
    let quota = Quota { videos_max: None, ..app.settings.quota };
    if !quota.is_limited() {
        return Ok(most);
    }
    let usage = database.usage(app_id).await?;
    Ok(quota.room(usage.videos, usage.bytes).ok_or_else(quota_exceeded)?.min(most))
}

fn quota_exceeded() -> JobError {
    JobError::fail(ErrorCode::QuotaExceeded, "the app has as many bytes of videos as it may")
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
