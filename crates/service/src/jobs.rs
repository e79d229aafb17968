//! What became of requests.

use std::collections::HashMap;
use std::slice;

use stillframe_database::{JobCursor, JobFilter, JobMatches, JobSearch, Page};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    App, ErrorCode, Job, JobId, JobKind, JobState, Media, MediaId, Output, OutputId, OutputOutcome,
};

use crate::{Result, Service, ServiceError};

/// An output with its job.
#[derive(Debug, Clone)]
pub struct LatestOutput {
    /// The job.
    pub job: Job,
    /// The output.
    pub output: Output,
    /// What became of it.
    pub outcome: OutputOutcome,
}

/// How many finished jobs of a video are searched for its newest outputs.
const JOBS_SEARCHED_MAX: usize = 1_000;

impl Service {
    /// The app's job of that id.
    ///
    /// # Errors
    /// `JobNotFound`, also for another app's.
    pub async fn get_job(&self, app: &App, id: &JobId) -> Result<Job> {
        let found = self.database().find_job(app.id, id).await?;
        found.ok_or_else(|| ServiceError::new(ErrorCode::JobNotFound, "there is no such job"))
    }

    /// The app's job of that id, or the one that has an output of that id.
    ///
    /// # Errors
    /// Database failures.
    pub async fn find_job_or_output(&self, app: &App, id: &str) -> Result<Option<Job>> {
        let Ok(job_id) = JobId::parse(id) else { return Ok(None) };
        match self.database().find_job(app.id, &job_id).await? {
            Some(job) => Ok(Some(job)),
            None => {
                let output_id = OutputId::parse(id).expect("ids of jobs and outputs have one form");
                Ok(self.database().find_job_of_output(app.id, &output_id).await?)
            }
        }
    }

    /// Withdraws a job that has not begun.
    ///
    /// # Errors
    /// `JobNotFound`, also for another app's; `JobNotCancellable` when it runs or has ended.
    pub async fn cancel_job(&self, app: &App, id: &JobId) -> Result<()> {
        self.get_job(app, id).await?;
        if self.database().cancel_job(app.id, id).await? {
            return Ok(());
        }
        let message = "the job runs or has ended; only a waiting one can be withdrawn";
        Err(ServiceError::new(ErrorCode::JobNotCancellable, message))
    }

    /// The app's jobs, newest first.
    ///
    /// # Errors
    /// Database failures.
    pub async fn list_jobs(
        &self,
        app: &App,
        filter: &JobFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Job>> {
        Ok(self.database().list_jobs(app.id, filter, after, limit).await?)
    }

    /// The app's jobs that a search finds, `limit` of them from behind a cursor on.
    ///
    /// # Errors
    /// Database failures.
    pub async fn search_jobs(
        &self,
        app: &App,
        search: &JobSearch,
        after: Option<JobCursor>,
        limit: usize,
    ) -> Result<JobMatches> {
        Ok(self.database().search_jobs(app.id, search, after, limit).await?)
    }

    /// The successful outputs of a video, newest job first.
    ///
    /// # Errors
    /// Database failures.
    pub async fn successful_outputs(&self, app: &App, media: &Media) -> Result<Vec<LatestOutput>> {
        let filter = JobFilter {
            media_id: Some(media.id),
            kind: Some(JobKind::Snapshot),
            states: vec![JobState::Completed],
        };
        let page = self.list_jobs(app, &filter, None, JOBS_SEARCHED_MAX).await?;
        Ok(page.items.into_iter().flat_map(successful_outputs_of).collect())
    }

    /// The output of that kind of the video's most recent successful job.
    ///
    /// # Errors
    /// Database failures.
    pub async fn latest_output(
        &self,
        app: &App,
        media: &Media,
        kind: OutputKind,
    ) -> Result<Option<LatestOutput>> {
        let mut found = self.latest_outputs(app, slice::from_ref(media), kind).await?;
        Ok(found.remove(&media.id))
    }

    /// The output of that kind of each video's most recent successful job, however many videos, by one
    /// question.
    ///
    /// # Errors
    /// Database failures.
    pub async fn latest_outputs(
        &self,
        app: &App,
        media: &[Media],
        kind: OutputKind,
    ) -> Result<HashMap<MediaId, LatestOutput>> {
        let ids: Vec<MediaId> = media.iter().map(|media| media.id).collect();
        let jobs = self.database().list_latest_jobs(app.id, &ids, kind).await?;
        let output_of = |job: Job| {
            let media_id = job.media_id;
            let found = successful_outputs_of(job).find(|found| found.output.kind == kind);
            found.map(|found| (media_id, found))
        };
        Ok(jobs.into_iter().filter_map(output_of).collect())
    }
}

fn successful_outputs_of(job: Job) -> impl Iterator<Item = LatestOutput> {
    let pairs: Vec<_> = job.outputs.iter().cloned().zip(job.outcomes.iter().cloned()).collect();
    let successful = pairs.into_iter().filter(|(_, outcome)| outcome.is_success());
    successful.map(move |(output, outcome)| LatestOutput { job: job.clone(), output, outcome })
}
