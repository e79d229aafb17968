//! Finds out a video's facts.

use stillframe_database::{JobCompletion, MediaChange};
use stillframe_domain::{ErrorCode, EventKind, JobState, Media, MediaState};

use crate::error::JobError;
use crate::source;
use crate::work::Work;

/// Probes the video and makes it ready.
pub(super) async fn run(work: &Work) -> Result<JobCompletion, JobError> {
    let bytes = source::open(work).await?;
    let limits = work.shared.config.engine_limits.clone();
    let probed = tokio::task::spawn_blocking(move || stillframe_engine::probe(bytes, &limits)).await;
    let facts = probed
        .map_err(|_panic| JobError::retry(ErrorCode::Internal, "the probe broke down"))?
        .map_err(|error| JobError::of(error.failure()))?;
    let media =
        Media { state: MediaState::Ready, facts: Some(facts.clone()), failure: None, ..work.media.clone() };
    let change = MediaChange { state: Some(MediaState::Ready), facts: Some(facts), ..MediaChange::default() };
    Ok(JobCompletion {
        media: Some(change),
        events: vec![work.media_event(EventKind::MediaReady, &media)],
        ..work.completion(JobState::Completed)
    })
}
