//! Searching jobs.

use async_trait::async_trait;
use sqlx::{QueryBuilder, Sqlite};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{AppId, Job, JobKind, JobState, MediaId, Timestamp};

use super::SqliteDatabase;
use super::error::at;
use super::jobs::{read_job, with_outputs};
use super::rows::{json_list, read_all, rows_of_page};
use crate::job_search::{JobCursor, JobMatches, JobMoment, JobSearch, JobSearches};
use crate::{Result, stored};

const DOING: &str = "jobs::search";
/// An output counts when [`OutputOutcome::is_success`] says so.
///
/// [`OutputOutcome::is_success`]: stillframe_domain::OutputOutcome::is_success
const LATEST: &str = "SELECT jobs.* FROM json_each(?) AS asked JOIN jobs ON jobs.seq = (
         SELECT candidates.seq FROM jobs AS candidates JOIN outputs ON outputs.job_seq = candidates.seq
         WHERE candidates.media_id = asked.value AND candidates.app_id = ?
             AND candidates.kind = 'snapshot' AND candidates.state = 'completed'
             AND outputs.kind = ? AND outputs.is_ended = 1 AND outputs.failure IS NULL
             AND EXISTS (SELECT 1 FROM pictures WHERE output_seq = outputs.seq AND status = 'ok')
         ORDER BY candidates.seq DESC LIMIT 1)";

#[async_trait]
impl JobSearches for SqliteDatabase {
    async fn search_jobs(
        &self,
        app_id: AppId,
        search: &JobSearch,
        after: Option<JobCursor>,
        limit: usize,
    ) -> Result<JobMatches> {
        let mut reading = self.read(DOING).await?;
        let mut query = matching(app_id, search)?;
        if let Some(cursor) = after {
            query.push(format!(" AND ({}, seq) ", moment(search.by)));
            query.push(if search.is_ascending { "> (" } else { "< (" });
            query.push_bind(cursor.moment_ms).push(", ").push_bind(cursor.seq).push(")");
        }
        let order = if search.is_ascending { "ASC" } else { "DESC" };
        query.push(format!(" ORDER BY {} {order}, seq {order} LIMIT ", moment(search.by)));
        query.push_bind(rows_of_page(limit));
        let rows = query.build().fetch_all(&mut *reading).await.map_err(at(DOING))?;
        let mut jobs = read_all(&rows, DOING, read_job)?;
        let has_more = limit < jobs.len();
        jobs.truncate(limit);
        let jobs = with_outputs(&mut reading, jobs).await?;
        let next = jobs.last().filter(|_| has_more).map(|(seq, job)| {
            let at = match search.by {
                JobMoment::Created => Some(job.created_at),
                JobMoment::Finished => job.finished_at,
            };
            JobCursor { moment_ms: at.map_or(0, Timestamp::as_millis), seq: *seq }
        });
        Ok(JobMatches { items: jobs.into_iter().map(|(_, job)| job).collect(), next })
    }

    async fn list_latest_jobs(
        &self,
        app_id: AppId,
        media_ids: &[MediaId],
        kind: OutputKind,
    ) -> Result<Vec<Job>> {
        const DOING: &str = "jobs::list_latest";
        let ids: Vec<i64> = media_ids.iter().map(|id| id.0).collect();
        let mut reading = self.read(DOING).await?;
        let rows = sqlx::query(LATEST)
            .bind(json_list(DOING, &ids)?)
            .bind(app_id.0)
            .bind(kind.name())
            .fetch_all(&mut *reading)
            .await
            .map_err(at(DOING))?;
        let jobs = read_all(&rows, DOING, read_job)?;
        Ok(with_outputs(&mut reading, jobs).await?.into_iter().map(|(_, job)| job).collect())
    }
}

const fn moment(by: JobMoment) -> &'static str {
    match by {
        JobMoment::Created => "created_ms",
        JobMoment::Finished => "coalesce(finished_ms, 0)",
    }
}

fn matching(app_id: AppId, search: &JobSearch) -> Result<QueryBuilder<Sqlite>> {
    let mut query = QueryBuilder::new("SELECT * FROM jobs WHERE app_id = ");
    query.push_bind(app_id.0);
    if let Some(media_id) = search.media_id {
        query.push(" AND media_id = ").push_bind(media_id.0);
    }
    let requests =
        search.requests.iter().map(|kind| stored::name(DOING, kind)).collect::<Result<Vec<_>>>()?;
    let names = [
        ("kind", search.kinds.iter().copied().map(JobKind::name).map(str::to_owned).collect()),
        ("origin_kind", requests),
        ("state", search.states.iter().copied().map(JobState::name).map(str::to_owned).collect()),
    ];
    for (column, names) in names {
        one_of(&mut query, column, &names)?;
    }
    let bounds = [
        ("created_ms >= ", search.created_from),
        ("created_ms < ", search.created_before),
        ("finished_ms >= ", search.finished_from),
        ("finished_ms < ", search.finished_before),
    ];
    for (bound, at) in bounds {
        if let Some(at) = at {
            query.push(" AND ").push(bound).push_bind(at.as_millis());
        }
    }
    Ok(query)
}

fn one_of(query: &mut QueryBuilder<Sqlite>, column: &str, names: &[String]) -> Result<()> {
    if !names.is_empty() {
        query.push(format!(" AND {column} IN (SELECT value FROM json_each("));
        query.push_bind(json_list(DOING, names)?).push("))");
    }
    Ok(())
}
