//! Searching jobs: by what they are, when they were accepted and when they ended.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{AppId, Job, JobKind, JobState, MediaId, RequestKind, Timestamp};

use crate::Result;

/// Which jobs to search for. A list that is empty, or a part that is `None`, does not narrow.
#[derive(Debug, Clone, Default)]
pub struct JobSearch {
    /// Only of this video.
    pub media_id: Option<MediaId>,
    /// Only of these kinds.
    pub kinds: Vec<JobKind>,
    /// Only from requests of these kinds.
    pub requests: Vec<RequestKind>,
    /// Only in these states.
    pub states: Vec<JobState>,
    /// Accepted then or later.
    pub created_from: Option<Timestamp>,
    /// Accepted before.
    pub created_before: Option<Timestamp>,
    /// Ended then or later; one that has not ended is never found by this.
    pub finished_from: Option<Timestamp>,
    /// Ended before; one that has not ended is never found by this.
    pub finished_before: Option<Timestamp>,
    /// By which moment they are ordered.
    pub by: JobMoment,
    /// Whether the first comes first.
    pub is_ascending: bool,
}

/// A moment in the life of a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JobMoment {
    /// When it was accepted.
    #[default]
    Created,
    /// When it ended; one that has not ended stands before all others.
    Finished,
}

/// Where a part of a search ended. Its text is opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobCursor {
    /// The moment of the last job, in milliseconds; 0 for one that has not come.
    pub(crate) moment_ms: i64,
    /// The number of the last job.
    pub(crate) seq: i64,
}

/// Part of the jobs that a search found.
#[derive(Debug, Clone)]
pub struct JobMatches {
    /// The jobs of this part.
    pub items: Vec<Job>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<JobCursor>,
}

/// The search over the job queue.
#[async_trait]
pub trait JobSearches: Send + Sync {
    /// The app's jobs that a search finds, `limit` of them from behind a cursor on.
    async fn search_jobs(
        &self,
        app_id: AppId,
        search: &JobSearch,
        after: Option<JobCursor>,
        limit: usize,
    ) -> Result<JobMatches>;

    /// The newest job of each of these videos of the app that took at least one picture of an output of
    /// that kind. A video without one has none in the list.
    async fn list_latest_jobs(
        &self,
        app_id: AppId,
        media_ids: &[MediaId],
        kind: OutputKind,
    ) -> Result<Vec<Job>>;
}

impl fmt::Display for JobCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}", self.moment_ms, self.seq)
    }
}

/// The text is none that a cursor ever had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct JobCursorError;

impl FromStr for JobCursor {
    type Err = JobCursorError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let number = |text| i64::from_str_radix(text, 16).map_err(|_| JobCursorError);
        let (moment_ms, seq) = text.split_once('.').ok_or(JobCursorError)?;
        Ok(Self { moment_ms: number(moment_ms)?, seq: number(seq)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_from_its_own_text_and_from_no_other() {
        let cursor = JobCursor { moment_ms: 1_700_000_000_123, seq: 42 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", ".", "1", "x.1", "1.", "1.2.3"] {
            assert_eq!(text.parse::<JobCursor>(), Err(JobCursorError), "{text}");
        }
    }
}
