//! One attempt of one job: runs it under a lease that is kept alive, and settles what came of it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use stillframe_database::{Commit, DatabaseError, JobCompletion};
use stillframe_domain::{Checkpoint, ErrorCode, Failure, JobKind, JobState, Lease, retry};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::error::JobError;
use crate::kinds;
use crate::runner::Shared;
use crate::work::Work;

/// How long a job is held up by what the service lacks, before it is looked at again.
const HOLD: Duration = Duration::from_secs(2);
/// Longest wait between two tries to write what came of an attempt.
const WRITE_WAIT_MAX: Duration = Duration::from_secs(2);

/// Runs a leased job to its result, a retry, or the loss of its lease; gives it back when told to.
pub(crate) async fn run(shared: Arc<Shared>, lease: Lease, give_back: CancellationToken) {
    let job = &lease.job;
    let span =
        tracing::info_span!("job", job.id = %job.id, job.kind = job.kind.name(), job.attempt = job.attempt);
    run_leased(&shared, &lease, &give_back).instrument(span).await;
}

async fn run_leased(shared: &Arc<Shared>, lease: &Lease, give_back: &CancellationToken) {
    let abandoned = CancellationToken::new();
    // Blocking work that outlives this future sees the token and ends.
    let _abandon = abandoned.clone().drop_guard();
    let database = &shared.deps.database;
    // In this order, so that a seed of the simulation repeats, and a result that is there counts.
    tokio::select! {
        biased;
        result = work(shared, lease, abandoned) => match result {
            Ok(()) => {}
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "cannot write what came of job {}: it will run again", lease.job.id,
            ),
        },
        () = lease_lost(shared, lease) => tracing::warn!("lost the lease of job {}", lease.job.id),
        () = give_back.cancelled() => match database.release_lease(&lease.job.id, &lease.token).await {
            Ok(_) => tracing::info!("gave job {} back", lease.job.id),
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot give job {} back: it waits until its lease ends", lease.job.id,
            ),
        },
    }
}

/// Keeps the lease alive; returns when it is lost.
async fn lease_lost(shared: &Shared, lease: &Lease) {
    let lease_for = Duration::from_millis(shared.config.lease_ms);
    loop {
        sleep(Duration::from_millis(shared.config.heartbeat_ms)).await;
        match shared.deps.database.extend_lease(&lease.job.id, &lease.token, lease_for).await {
            Ok(Commit::Committed) => {}
            Ok(Commit::LeaseLost) => return,
            // The result is fenced by the token, so it is safe to go on and try again.
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "cannot extend a lease"),
        }
    }
}

async fn work(
    shared: &Arc<Shared>,
    lease: &Lease,
    abandoned: CancellationToken,
) -> Result<(), DatabaseError> {
    let loaded = Work::load(Arc::clone(shared), lease.clone(), abandoned).await;
    let work = match loaded {
        Ok(work) => work,
        Err(JobError::Hold(failure)) => return hold(shared, lease, &failure).await,
        Err(JobError::Retry(failure) | JobError::Fail(failure)) => {
            return retry_later(shared, lease, &failure).await;
        }
        Err(JobError::Gone) => return Ok(()),
    };
    let result = if lease.is_exhausted() {
        Err(JobError::Fail(last_failure(lease)))
    } else {
        let limit_ms = shared.config.attempt_timeout_ms;
        let too_late = || JobError::retry(ErrorCode::TimedOut, format!("no result within {limit_ms} ms"));
        let attempt = timeout(Duration::from_millis(limit_ms), kinds::run(&work));
        attempt.await.unwrap_or_else(|_elapsed| Err(too_late()))
    };
    let is_last = lease.job.attempt_max <= lease.job.attempt;
    let with_traffic = |completion| JobCompletion { traffic: work.traffic(), ..completion };
    match result {
        Ok(completion) => complete(shared, lease, &with_traffic(completion)).await,
        Err(JobError::Hold(failure)) => hold(shared, lease, &failure).await,
        Err(JobError::Retry(failure)) if !is_last && !ends_decoders(lease, &failure) => {
            retry_later(shared, lease, &failure).await
        }
        Err(JobError::Retry(failure) | JobError::Fail(failure)) => {
            complete(shared, lease, &with_traffic(kinds::give_up(&work, failure))).await
        }
        Err(JobError::Gone) => Ok(()),
    }
}

/// Whether this video has ended two decoders: a third would go the same way.
fn ends_decoders(lease: &Lease, failure: &Failure) -> bool {
    let is_end = |failure: &Failure| matches!(failure.code, ErrorCode::DecoderCrashed | ErrorCode::TimedOut);
    is_end(failure) && lease.job.failure.as_ref().is_some_and(is_end)
}

/// What to tell of a job whose every attempt was begun and lost.
fn last_failure(lease: &Lease) -> Failure {
    lease.job.failure.clone().unwrap_or_else(|| {
        let message = format!("{} attempts were begun and none came to an end", lease.job.attempt_max);
        Failure::new(ErrorCode::AttemptsExhausted, message)
    })
}

/// Keeps the job, and with it a slot, until the service may have again what it lacks; then gives it back as if
/// it had not been begun.
async fn hold(shared: &Shared, lease: &Lease, failure: &Failure) -> Result<(), DatabaseError> {
    let Lease { job, token } = lease;
    tracing::error!(message = failure.message, "job {} is held up until the service can work again", job.id);
    sleep(HOLD).await;
    written(|| shared.deps.database.release_lease(&job.id, token)).await.map(|_commit| ())
}

async fn retry_later(shared: &Shared, lease: &Lease, failure: &Failure) -> Result<(), DatabaseError> {
    let Lease { job, token } = lease;
    metrics::counter!("stillframe_job_retries_total", "kind" => job.kind.name()).increment(1);
    let wait = retry::job_backoff(job.attempt);
    tracing::warn!(
        code = failure.code.name(),
        message = failure.message,
        "job {} is tried again in {} ms",
        job.id,
        wait.as_millis(),
    );
    written(|| shared.deps.database.retry_job(&job.id, token, wait, failure)).await.map(|_commit| ())
}

async fn complete(shared: &Shared, lease: &Lease, completion: &JobCompletion) -> Result<(), DatabaseError> {
    let job = &lease.job;
    match written(|| shared.deps.database.complete_job(completion)).await? {
        Commit::LeaseLost => tracing::warn!("job {} was finished by another worker", job.id),
        Commit::Committed => {
            count(lease, completion);
            if job.kind == JobKind::Snapshot {
                shared.deps.checkpoints.reached(Checkpoint::ResultCommitted);
            }
            let code = completion.failure.as_ref().map(|failure| failure.code.name());
            match completion.state {
                JobState::Discarded => tracing::warn!(code, "gave job {} up", job.id),
                _ => tracing::info!("finished job {}", job.id),
            }
        }
    }
    Ok(())
}

/// Adds a finished job to what is counted.
fn count(lease: &Lease, completion: &JobCompletion) {
    let (kind, state) = (lease.job.kind.name(), completion.state.name());
    metrics::counter!("stillframe_jobs_finished_total", "kind" => kind, "state" => state).increment(1);
    let Some(traffic) = completion.traffic else { return };
    metrics::counter!("stillframe_source_requests_total").increment(traffic.requests);
    metrics::counter!("stillframe_source_bytes_read_total").increment(traffic.bytes);
}

/// Writes what came of an attempt, however long the database cannot: the work is done and worth it, and who
/// loses the lease or is told to stop does not wait any longer.
async fn written<'a>(
    write: impl Fn() -> BoxFuture<'a, Result<Commit, DatabaseError>>,
) -> Result<Commit, DatabaseError> {
    let mut number = 1;
    loop {
        match write().await {
            Err(error @ DatabaseError::Unavailable { .. }) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot write yet what came of a job"
                );
                sleep((retry::job_backoff(number) / 10).min(WRITE_WAIT_MAX)).await;
                number += 1;
            }
            result => return result,
        }
    }
}
