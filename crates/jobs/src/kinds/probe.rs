//! Finds out a video's facts.

use std::sync::Arc;
use std::time::Instant;

use stillframe_database::{JobCompletion, MediaChange};
use stillframe_domain::{ErrorCode, EventKind, JobState, Media, MediaState};
use stillframe_sandbox::Call;

use crate::blocking;
use crate::error::JobError;
use crate::source;
use crate::work::Work;

/// Probes the video and makes it ready.
pub(super) async fn run(work: &Work) -> Result<JobCompletion, JobError> {
    let bytes = source::open(work).await?;
    let (shared, abandoned) = (Arc::clone(&work.shared), work.abandoned.clone());
    let deps = &work.shared.deps;
    let probing = blocking::run(deps.blocking.as_ref(), move || {
        let call = Call { source: bytes, version: None, is_abandoned: &|| abandoned.is_cancelled() };
        let begun = Instant::now();
        let facts = shared.deps.decoder.probe(&call, &shared.config.engine_limits);
        metrics::histogram!("stillframe_decode_seconds", "operation" => "probe").record(begun.elapsed());
        facts
    });
    let facts = probing
        .await
        .map_err(|blocking::Panicked| JobError::retry(ErrorCode::Internal, "the probe broke down"))?
        .map_err(JobError::of)?;
    let media =
        Media { state: MediaState::Ready, facts: Some(facts.clone()), failure: None, ..work.media.clone() };
    let change = MediaChange { state: Some(MediaState::Ready), facts: Some(facts), ..MediaChange::default() };
    Ok(JobCompletion {
        media: Some(change),
        events: vec![work.media_event(EventKind::MediaReady, &media)],
        ..work.completion(JobState::Completed)
    })
}
