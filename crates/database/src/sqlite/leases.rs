//! Who may run a job, and the writes that only the holder of its newest lease may make.
//!
//! **Invariant:** a statement that writes under a lease names its token, and only running jobs have
//! one; so a terminal state is never left, and a zombie writes nothing.

use std::time::Duration;

use serde::Serialize;
use stillframe_domain::{Event, Failure, JobId, Lease, LeaseToken, MediaId};

use super::error::{at, unexpected};
use super::jobs::{self, read_job};
use super::rows::{Row, json_list, keep_sound, stored_ms};
use super::writer::Tx;
use super::{events, media, outbox, outcomes};
use crate::records::{Commit, JobCompletion};
use crate::traits::Topic;
use crate::{Result, stored};

/// A token for the job of that number.
#[derive(Serialize)]
struct NewToken {
    seq: i64,
    token: LeaseToken,
}

/// Leases due jobs, highest priority first, then oldest.
pub(super) async fn lease_due(
    tx: &mut Tx,
    worker: String,
    lease_for: Duration,
    limit: usize,
) -> Result<Vec<Lease>> {
    const DOING: &str = "jobs::lease_due";
    let now_ms = tx.now_ms();
    // The index is in the order of turns and holds all that is looked at: with the planner's choice,
    // the one by time, all due jobs would be sorted for each lease.
    let seqs: Vec<i64> = sqlx::query_scalar(
        "SELECT seq FROM jobs INDEXED BY jobs_in_turn WHERE due_ms <= ? ORDER BY priority DESC, seq LIMIT ?",
    )
    .bind(now_ms)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(tx.connection())
    .await
    .map_err(at(DOING))?;
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let tokens: Vec<NewToken> =
        seqs.into_iter().map(|seq| NewToken { seq, token: LeaseToken::mint(tx.rng.as_ref()) }).collect();
    let rows = sqlx::query(
        "UPDATE jobs SET state = 'running', attempt = attempt + 1, due_ms = ?2,
             lease_token = new.value ->> 'token', worker = ?3, started_ms = coalesce(started_ms, ?1)
         FROM json_each(?4) AS new WHERE jobs.seq = new.value ->> 'seq' RETURNING *",
    )
    .bind(now_ms)
    .bind(now_ms.saturating_add(stored_ms(lease_for)))
    .bind(worker)
    .bind(json_list(DOING, &tokens)?)
    .fetch_all(tx.connection())
    .await
    .map_err(at(DOING))?;
    let mut leases = Vec::with_capacity(rows.len());
    for row in &rows {
        leases.push(read_lease(tx, Row::new(row, DOING)).await);
    }
    let mut leases = keep_sound(leases);
    leases.sort_by_key(|(seq, lease)| (std::cmp::Reverse(lease.job.priority), *seq));
    Ok(leases.into_iter().map(|(_, lease)| lease).collect())
}

/// Moves a lease's end.
pub(super) async fn extend(tx: &mut Tx, id: JobId, token: LeaseToken, lease_for: Duration) -> Result<Commit> {
    let until_ms = tx.now_ms().saturating_add(stored_ms(lease_for));
    let done = sqlx::query("UPDATE jobs SET due_ms = ? WHERE id = ? AND lease_token = ?")
        .bind(until_ms)
        .bind(id.as_str())
        .bind(token.as_str())
        .execute(tx.connection())
        .await
        .map_err(at("jobs::extend_lease"))?;
    Ok(commit_of(done.rows_affected()))
}

/// Gives a job back as if it had not been leased.
pub(super) async fn release(tx: &mut Tx, id: JobId, token: LeaseToken) -> Result<Commit> {
    let now_ms = tx.now_ms();
    let done = sqlx::query(
        "UPDATE jobs SET state = 'available', due_ms = ?, lease_token = NULL, attempt = attempt - 1,
             started_ms = CASE attempt WHEN 1 THEN NULL ELSE started_ms END
         WHERE id = ? AND lease_token = ?",
    )
    .bind(now_ms)
    .bind(id.as_str())
    .bind(token.as_str())
    .execute(tx.connection())
    .await
    .map_err(at("jobs::release"))?;
    tx.hint(Topic::Jobs);
    Ok(commit_of(done.rows_affected()))
}

/// Has a job wait for its next attempt.
pub(super) async fn retry(
    tx: &mut Tx,
    (id, token): (JobId, LeaseToken),
    wait: Duration,
    failure: Failure,
) -> Result<Commit> {
    const DOING: &str = "jobs::retry";
    let due_ms = tx.now_ms().saturating_add(stored_ms(wait));
    let done = sqlx::query(
        "UPDATE jobs SET state = 'retryable', due_ms = ?, lease_token = NULL, failure = ?
         WHERE id = ? AND lease_token = ?",
    )
    .bind(due_ms)
    .bind(stored::document(DOING, &failure)?)
    .bind(id.as_str())
    .bind(token.as_str())
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    tx.hint(Topic::Jobs);
    Ok(commit_of(done.rows_affected()))
}

/// Tells an event of a job that goes on, once.
pub(super) async fn tell(tx: &mut Tx, (id, token): (JobId, LeaseToken), event: Event) -> Result<Commit> {
    const DOING: &str = "jobs::tell_progress";
    let is_held: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ? AND lease_token = ?)")
            .bind(id.as_str())
            .bind(token.as_str())
            .fetch_one(tx.connection())
            .await
            .map_err(at(DOING))?;
    if !is_held {
        return Ok(Commit::LeaseLost);
    }
    if events::find(tx.connection(), event.app_id, &event.id).await?.is_none() {
        outbox::tell(tx, &[event]).await?;
    }
    Ok(Commit::Committed)
}

/// Writes a terminal result and everything that goes with it.
pub(super) async fn complete(tx: &mut Tx, completion: JobCompletion) -> Result<Commit> {
    const DOING: &str = "jobs::complete";
    if !completion.state.is_terminal() {
        let detail = format_args!("{} is no result of job {}", completion.state.name(), completion.job_id);
        return Err(unexpected(DOING, detail));
    }
    let now_ms = tx.now_ms();
    let row: Option<(i64, i64)> = sqlx::query_as(
        "UPDATE jobs SET state = ?, due_ms = NULL, lease_token = NULL, failure = ?, traffic = ?,
             finished_ms = ?
         WHERE id = ? AND lease_token = ? RETURNING seq, media_id",
    )
    .bind(completion.state.name())
    .bind(stored::optional_document(DOING, completion.failure.as_ref())?)
    .bind(stored::optional_document(DOING, completion.traffic.as_ref())?)
    .bind(now_ms)
    .bind(completion.job_id.as_str())
    .bind(completion.token.as_str())
    .fetch_optional(tx.connection())
    .await
    .map_err(at(DOING))?;
    let Some((job_seq, media_id)) = row else { return Ok(Commit::LeaseLost) };
    for outcome in &completion.outcomes {
        outcomes::insert(tx, job_seq, outcome).await?;
    }
    if let Some(change) = completion.media {
        media::change(tx, MediaId(media_id), change).await?;
    }
    outbox::tell(tx, &completion.events).await?;
    for job in completion.jobs {
        jobs::insert(tx, job).await?;
    }
    Ok(Commit::Committed)
}

/// Makes all running jobs available.
pub(super) async fn void(tx: &mut Tx) -> Result<u64> {
    let now_ms = tx.now_ms();
    let done = sqlx::query(
        "UPDATE jobs SET state = 'available', due_ms = ?, lease_token = NULL WHERE state = 'running'",
    )
    .bind(now_ms)
    .execute(tx.connection())
    .await
    .map_err(at("jobs::void_leases"))?;
    tx.hint(Topic::Jobs);
    Ok(done.rows_affected())
}

async fn read_lease(tx: &mut Tx, row: Row<'_>) -> Result<(i64, Lease)> {
    let (seq, mut job) = read_job(row)?;
    let outputs = outcomes::list(tx.connection(), &[seq]).await?;
    job.outputs = outputs.into_iter().map(|output| output.output).collect();
    Ok((seq, Lease { job, token: row.id("lease_token", LeaseToken::parse)? }))
}

const fn commit_of(rows_affected: u64) -> Commit {
    if rows_affected == 0 { Commit::LeaseLost } else { Commit::Committed }
}
