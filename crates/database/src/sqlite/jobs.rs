//! Jobs: accepting, finding and listing them. Who runs them is in [`super::leases`].

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use stillframe_domain::{
    AppId, Event, Failure, Job, JobId, JobState, Lease, LeaseToken, MediaId, Origin, Output, OutputId,
    Timestamp,
};

use super::error::{at, conflict_or};
use super::rows::{Row, page, page_start, read_all, rows_of_page};
use super::writer::Tx;
use super::{SqliteDatabase, apps, leases, outcomes};
use crate::records::{Commit, JobCompletion, JobFilter, Page};
use crate::traits::{Jobs, Topic};
use crate::{DatabaseError, Result, stored};

/// When a job is due that waits for its video's bytes: never, by any clock.
const HELD_DUE_MS: i64 = i64::MAX;

impl SqliteDatabase {
    /// The job that a query finds by an id and an app.
    async fn find_one(
        &self,
        doing: &'static str,
        query: &'static str,
        id: &str,
        app_id: AppId,
    ) -> Result<Option<Job>> {
        let mut reading = self.read(doing).await?;
        let row = sqlx::query(query)
            .bind(id)
            .bind(app_id.0)
            .fetch_optional(&mut *reading)
            .await
            .map_err(at(doing))?;
        let jobs = read_all(row.as_slice(), doing, read_job)?;
        Ok(with_outputs(&mut reading, jobs).await?.pop().map(|(_, job)| job))
    }
}

#[async_trait]
impl Jobs for SqliteDatabase {
    async fn insert_job(&self, job: &Job) -> Result<()> {
        let job = job.clone();
        self.write("jobs::insert", |tx| Box::pin(insert(tx, job))).await
    }

    async fn find_job(&self, app_id: AppId, id: &JobId) -> Result<Option<Job>> {
        self.find_one("jobs::find", "SELECT * FROM jobs WHERE id = ? AND app_id = ?", id.as_str(), app_id)
            .await
    }

    async fn find_job_of_output(&self, app_id: AppId, id: &OutputId) -> Result<Option<Job>> {
        let query = "SELECT * FROM jobs
             WHERE seq = (SELECT job_seq FROM outputs WHERE id = ?) AND app_id = ?";
        self.find_one("jobs::find_of_output", query, id.as_str(), app_id).await
    }

    async fn list_jobs(
        &self,
        app_id: AppId,
        filter: &JobFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Job>> {
        const DOING: &str = "jobs::list";
        let Some(start) = page_start(after) else { return Ok(page(Vec::new(), limit)) };
        let mut reading = self.read(DOING).await?;
        let rows = list_query(app_id, filter, start, rows_of_page(limit))
            .build()
            .fetch_all(&mut *reading)
            .await
            .map_err(at(DOING))?;
        let jobs = read_all(&rows, DOING, read_job)?;
        Ok(page(with_outputs(&mut reading, jobs).await?, limit))
    }

    async fn lease_jobs(&self, worker: &str, lease_for: Duration, limit: usize) -> Result<Vec<Lease>> {
        let worker = worker.to_owned();
        self.write("jobs::lease_due", move |tx| Box::pin(leases::lease_due(tx, worker, lease_for, limit)))
            .await
    }

    async fn extend_lease(&self, id: &JobId, token: &LeaseToken, lease_for: Duration) -> Result<Commit> {
        let (id, token) = (id.clone(), token.clone());
        self.write("jobs::extend_lease", move |tx| Box::pin(leases::extend(tx, id, token, lease_for))).await
    }

    async fn release_lease(&self, id: &JobId, token: &LeaseToken) -> Result<Commit> {
        let (id, token) = (id.clone(), token.clone());
        self.write("jobs::release", |tx| Box::pin(leases::release(tx, id, token))).await
    }

    async fn retry_job(
        &self,
        id: &JobId,
        token: &LeaseToken,
        wait: Duration,
        failure: &Failure,
    ) -> Result<Commit> {
        let (id, token, failure) = (id.clone(), token.clone(), failure.clone());
        self.write("jobs::retry", move |tx| Box::pin(leases::retry(tx, (id, token), wait, failure))).await
    }

    async fn tell_progress(&self, id: &JobId, token: &LeaseToken, event: &Event) -> Result<Commit> {
        let (id, token, event) = (id.clone(), token.clone(), event.clone());
        self.write("jobs::tell_progress", move |tx| Box::pin(leases::tell(tx, (id, token), event))).await
    }

    async fn cancel_job(&self, app_id: AppId, id: &JobId) -> Result<bool> {
        let id = id.clone();
        self.write("jobs::cancel", move |tx| Box::pin(cancel(tx, app_id, id))).await
    }

    async fn complete_job(&self, completion: &JobCompletion) -> Result<Commit> {
        let completion = completion.clone();
        self.write("jobs::complete", |tx| Box::pin(leases::complete(tx, completion))).await
    }

    async fn void_leases(&self) -> Result<u64> {
        self.write("jobs::void_leases", |tx| Box::pin(leases::void(tx))).await
    }

    async fn next_job_due(&self) -> Result<Option<Duration>> {
        let due_ms: Option<i64> =
            sqlx::query_scalar("SELECT min(due_ms) FROM jobs WHERE ? < due_ms AND due_ms < ?")
                .bind(self.now_ms())
                .bind(HELD_DUE_MS)
                .fetch_one(&self.readers)
                .await
                .map_err(at("jobs::next_due"))?;
        Ok(due_ms.map(|due_ms| self.until(due_ms)))
    }
}

/// Accepts a job. One that is scheduled is due at the time at which it says that it was made.
///
/// A name that its caller gave it keeps a second one of that name away for a time.
pub(super) async fn insert(tx: &mut Tx, job: Job) -> Result<()> {
    let due_ms = match job.state {
        JobState::Scheduled => Some(job.created_at.as_millis()),
        state if state.is_terminal() => None,
        _ => Some(tx.now_ms()),
    };
    insert_due(tx, job, due_ms).await
}

/// Accepts a job that waits for its video's bytes, until [`release_held`].
pub(super) async fn insert_held(tx: &mut Tx, job: Job) -> Result<()> {
    insert_due(tx, Job { state: JobState::Scheduled, ..job }, Some(HELD_DUE_MS)).await
}

/// Makes the jobs due that waited for this video's bytes.
pub(super) async fn release_held(tx: &mut Tx, media_id: MediaId) -> Result<()> {
    let now_ms = tx.now_ms();
    let done = sqlx::query(
        "UPDATE jobs SET state = 'available', due_ms = ?
         WHERE media_id = ? AND state = 'scheduled' AND due_ms = ?",
    )
    .bind(now_ms)
    .bind(media_id.0)
    .bind(HELD_DUE_MS)
    .execute(tx.connection())
    .await
    .map_err(at("jobs::release_held"))?;
    if 0 < done.rows_affected() {
        tx.hint(Topic::Jobs);
    }
    Ok(())
}

async fn insert_due(tx: &mut Tx, job: Job, due_ms: Option<i64>) -> Result<()> {
    const DOING: &str = "jobs::insert";
    if let Some(key) = &job.options.dedupe_key {
        let scope = format!("request:{}", job.app_id);
        if !apps::remember(tx, scope, key.clone(), job.origin.dialect.dedupe_window()).await? {
            return Err(DatabaseError::Conflict { what: "a request of this name" });
        }
    }
    let done = sqlx::query(
        "INSERT INTO jobs (id, app_id, media_id, kind, origin_dialect, origin_kind, state, priority,
             attempt, attempt_max, due_ms, failure, pass_through, callback_url, options, created_ms,
             started_ms, finished_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(job.id.as_str())
    .bind(job.app_id.0)
    .bind(job.media_id.0)
    .bind(job.kind.name())
    .bind(job.origin.dialect.name())
    .bind(stored::name(DOING, &job.origin.kind)?)
    .bind(job.state.name())
    .bind(job.priority)
    .bind(job.attempt)
    .bind(job.attempt_max)
    .bind(due_ms)
    .bind(stored::optional_document(DOING, job.failure.as_ref())?)
    .bind(job.pass_through)
    .bind(job.callback_url)
    .bind(stored::document(DOING, &job.options)?)
    .bind(job.created_at.as_millis())
    .bind(job.started_at.map(Timestamp::as_millis))
    .bind(job.finished_at.map(Timestamp::as_millis))
    .execute(tx.connection())
    .await
    .map_err(conflict_or("a job of this id", DOING))?;
    let job_seq = done.last_insert_rowid();
    for output in &job.outputs {
        insert_output(tx, job_seq, output).await?;
    }
    tx.hint(Topic::Jobs);
    Ok(())
}

async fn cancel(tx: &mut Tx, app_id: AppId, id: JobId) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE jobs SET state = 'cancelled', due_ms = NULL, finished_ms = ?
         WHERE id = ? AND app_id = ? AND state IN ('available', 'scheduled', 'retryable')",
    )
    .bind(tx.now_ms())
    .bind(id.as_str())
    .bind(app_id.0)
    .execute(tx.connection())
    .await
    .map_err(at("jobs::cancel"))?;
    Ok(0 < done.rows_affected())
}

async fn insert_output(tx: &mut Tx, job_seq: i64, output: &Output) -> Result<()> {
    const DOING: &str = "outputs::insert";
    sqlx::query("INSERT INTO outputs (id, job_seq, kind, template, spec) VALUES (?, ?, ?, ?, ?)")
        .bind(output.id.as_str())
        .bind(job_seq)
        .bind(output.kind.name())
        .bind(stored::optional_document(DOING, output.template.as_ref())?)
        .bind(stored::document(DOING, &output.spec)?)
        .execute(tx.connection())
        .await
        .map_err(conflict_or("an output of this id", DOING))?;
    Ok(())
}

fn list_query(app_id: AppId, filter: &JobFilter, start: i64, rows: i64) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT * FROM jobs WHERE app_id = ");
    query.push_bind(app_id.0).push(" AND seq < ").push_bind(start);
    if let Some(media_id) = filter.media_id {
        query.push(" AND media_id = ").push_bind(media_id.0);
    }
    if let Some(kind) = filter.kind {
        query.push(" AND kind = ").push_bind(kind.name());
    }
    if !filter.states.is_empty() {
        query.push(" AND state IN (");
        let mut states = query.separated(", ");
        for state in &filter.states {
            states.push_bind(state.name());
        }
        query.push(")");
    }
    query.push(" ORDER BY seq DESC LIMIT ").push_bind(rows);
    query
}

/// Adds to jobs what they ask for and what became of it.
pub(super) async fn with_outputs(
    connection: &mut SqliteConnection,
    mut jobs: Vec<(i64, Job)>,
) -> Result<Vec<(i64, Job)>> {
    let seqs: Vec<i64> = jobs.iter().map(|(seq, _)| *seq).collect();
    for output in outcomes::list(connection, &seqs).await? {
        if let Some((_, job)) = jobs.iter_mut().find(|(seq, _)| *seq == output.job_seq) {
            job.outputs.push(output.output);
            job.outcomes.extend(output.outcome);
        }
    }
    Ok(jobs)
}

/// A job without its outputs, with its number.
pub(super) fn read_job(row: Row<'_>) -> Result<(i64, Job)> {
    let job = Job {
        id: row.id("id", JobId::parse)?,
        app_id: AppId(row.get("app_id")?),
        media_id: MediaId(row.get("media_id")?),
        kind: row.variant("kind")?,
        origin: read_origin(row)?,
        state: row.variant("state")?,
        priority: row.number("priority")?,
        attempt: row.number("attempt")?,
        attempt_max: row.number("attempt_max")?,
        outputs: Vec::new(),
        outcomes: Vec::new(),
        failure: row.optional_document("failure")?,
        traffic: row.optional_document("traffic")?,
        pass_through: row.get("pass_through")?,
        callback_url: row.get("callback_url")?,
        options: row.document("options")?,
        created_at: row.time("created_ms")?,
        started_at: row.optional_time("started_ms")?,
        finished_at: row.optional_time("finished_ms")?,
    };
    Ok((row.get("seq")?, job))
}

/// The origin of a job or event.
pub(super) fn read_origin(row: Row<'_>) -> Result<Origin> {
    Ok(Origin { dialect: row.variant("origin_dialect")?, kind: row.variant("origin_kind")? })
}
