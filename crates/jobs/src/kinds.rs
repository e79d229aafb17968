//! What each kind of job does, and what it leaves behind when it is given up.

mod fetch;
mod probe;
mod snapshot;

use stillframe_database::JobCompletion;
use stillframe_domain::{Failure, JobKind};

use crate::error::JobError;
use crate::work::Work;

/// Runs one attempt.
pub(crate) async fn run(work: &Work) -> Result<JobCompletion, JobError> {
    match work.job().kind {
        JobKind::Fetch => fetch::run(work).await,
        JobKind::Probe => probe::run(work).await,
        JobKind::Snapshot => snapshot::run(work).await,
    }
}

/// The result of a job that will not run again.
pub(crate) fn give_up(work: &Work, failure: Failure) -> JobCompletion {
    match work.job().kind {
        JobKind::Fetch | JobKind::Probe => work.media_failed(failure),
        JobKind::Snapshot => snapshot::give_up(work, failure),
    }
}
