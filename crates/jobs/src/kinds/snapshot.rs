//! Takes pictures.
//!
//! ```text
//! taking (engine -> spool) -> objects (numbers, keys, puts) -> one completion with outcomes and event
//! ```

mod objects;
mod taking;

use stillframe_database::{JobCompletion, MediaChange};
use stillframe_domain::media::Cover;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::outcome::PictureResult;
use stillframe_domain::{
    Checkpoint, ErrorCode, Failure, JobState, OutputOutcome, RequestKind, Taken, covers,
};

use crate::error::JobError;
use crate::source;
use crate::work::Work;

/// Takes the job's pictures and stores them.
pub(super) async fn run(work: &Work) -> Result<JobCompletion, JobError> {
    let bytes = source::open(work).await?;
    let taken = taking::take(work, bytes).await?;
    let best: Vec<_> = taken.outputs.iter().map(|output| output.best).collect();
    let outcomes = objects::put_all(work, taken).await?;
    if !outcomes.iter().any(OutputOutcome::is_success) {
        return nothing_taken(work, outcomes);
    }
    work.shared.deps.checkpoints.reached(Checkpoint::ObjectsPut);
    completed(work, outcomes, &best).await
}

/// The result of a job that took nothing: every picture that was asked for has its code.
pub(super) fn give_up(work: &Work, failure: Failure) -> JobCompletion {
    let failed = |output| OutputOutcome::failed(output, failure.clone());
    let outcomes = work.job().outputs.iter().map(failed).collect();
    discarded(work, outcomes, failure)
}

/// Each picture failed by itself: tried again if another attempt may give one.
fn nothing_taken(work: &Work, outcomes: Vec<OutputOutcome>) -> Result<JobCompletion, JobError> {
    let failures = || outcomes.iter().filter_map(OutputOutcome::first_failure);
    let temporary = failures().find(|failure| failure.code.is_temporary());
    match temporary {
        Some(failure) if work.job().attempt < work.job().attempt_max => Err(JobError::Retry(failure.clone())),
        _ => {
            let none = || Failure::new(ErrorCode::OffsetOutOfRange, "no picture was asked for");
            let first = failures().next().cloned().unwrap_or_else(none);
            Ok(discarded(work, outcomes, first))
        }
    }
}

fn discarded(work: &Work, outcomes: Vec<OutputOutcome>, failure: Failure) -> JobCompletion {
    let mut completion =
        JobCompletion { outcomes, failure: Some(failure), ..work.completion(JobState::Discarded) };
    completion.events = vec![work.finished_event(&completion, work.media.cover.as_ref())];
    completion
}

async fn completed(
    work: &Work,
    outcomes: Vec<OutputOutcome>,
    best: &[Option<usize>],
) -> Result<JobCompletion, JobError> {
    let job = work.job();
    // The user may have chosen a cover while pictures were taken.
    let media =
        work.shared.deps.database.find_media(job.app_id, job.media_id).await?.ok_or(JobError::Gone)?;
    let change = cover_change(work, &outcomes, best);
    let cover = change.cover.clone().or(media.cover).or_else(|| change.cover_if_unset.clone());
    let mut completion = JobCompletion { outcomes, ..work.completion(JobState::Completed) };
    completion.events = vec![work.finished_event(&completion, cover.as_ref())];
    if change.cover.is_some() || change.cover_if_unset.is_some() {
        completion.media = Some(change);
    }
    Ok(completion)
}

/// The cover that these pictures give: automatic ones yield to the user's choice; one that was asked for is
/// such a choice.
fn cover_change(work: &Work, outcomes: &[OutputOutcome], best: &[Option<usize>]) -> MediaChange {
    match work.job().origin.kind {
        RequestKind::AutomaticCovers => {
            MediaChange { cover_if_unset: automatic_cover(work, outcomes, best), ..MediaChange::default() }
        }
        RequestKind::Procedure | RequestKind::Snapshot => {
            MediaChange { cover: cover_asked_for(work, outcomes), ..MediaChange::default() }
        }
        RequestKind::TimeOffsets | RequestKind::Sprite | RequestKind::Ingest | RequestKind::Operation => {
            MediaChange::default()
        }
    }
}

/// The last cover that the request took.
fn cover_asked_for(work: &Work, outcomes: &[OutputOutcome]) -> Option<Cover> {
    let sets = work.job().outputs.iter().zip(outcomes);
    let covers = sets.filter(|(output, _)| output.kind == OutputKind::Cover);
    let taken = covers.flat_map(|(_, outcome)| outcome.taken()).last()?;
    Some(Cover::Object(taken.key.clone()))
}

/// The automatic cover that stands for a video whose user chose none: the best where the engine named it,
/// else the middle one.
fn automatic_cover(work: &Work, outcomes: &[OutputOutcome], best: &[Option<usize>]) -> Option<Cover> {
    let index = work.job().outputs.iter().position(|output| output.kind == OutputKind::Cover)?;
    let outcome = outcomes.get(index)?;
    let named = best.get(index).copied().flatten().and_then(|best| outcome.pictures.get(best));
    if let Some(PictureResult::Ok(taken)) = named.map(|picture| &picture.result) {
        return Some(Cover::Object(taken.key.clone()));
    }
    let taken: Vec<&Taken> = outcome.taken().collect();
    let number = covers::default_cover_number(u32::try_from(taken.len()).ok()?)?;
    let cover = taken.into_iter().find(|taken| taken.number == number)?;
    Some(Cover::Object(cover.key.clone()))
}
