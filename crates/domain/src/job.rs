//! Jobs: requests for work, without a dialect.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::byte_source::Traffic;
use crate::ids::{AppId, JobId, LeaseToken, MediaId, OutputId};
use crate::limits;
use crate::object_key::OutputKind;
use crate::outcome::{Failure, OutputOutcome};
use crate::snapshot::SnapshotSpec;
use crate::template::TemplateRef;
use crate::time::Timestamp;

/// An API that requests come over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Stillframe's own.
    Native,
    /// Tencent Cloud VOD.
    Tencent,
    /// Alibaba Cloud VOD.
    Alibaba,
}

impl Dialect {
    /// The name used in the database and the native API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Tencent => "tencent",
            Self::Alibaba => "alibaba",
        }
    }

    /// The dialect of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Native, Self::Tencent, Self::Alibaba].into_iter().find(|d| d.name() == name)
    }

    /// How long a name that a caller gave a request keeps a second one of that name away.
    pub const fn dedupe_window(self) -> Duration {
        match self {
            Self::Native | Self::Tencent => Duration::from_millis(limits::DEDUPE_WINDOW_MS),
            Self::Alibaba => Duration::from_millis(limits::DEDUPE_WINDOW_SHORT_MS),
        }
    }
}

/// What kind of request a job came from; decides the shape of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Pictures at given offsets by one template.
    TimeOffsets,
    /// Sprite sheets by one template.
    Sprite,
    /// A procedure of several tasks.
    Procedure,
    /// Pictures by a free spec.
    Snapshot,
    /// The covers that an upload gets by itself.
    AutomaticCovers,
    /// Fetching or probing: told of as media events only.
    Ingest,
    /// No request for a job: the service tells of itself.
    Operation,
}

/// Where a job came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Origin {
    /// Over which API; for automatic covers that of the upload.
    pub dialect: Dialect,
    /// By what kind of request.
    pub kind: RequestKind,
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// Fetches a video's bytes from a URL.
    Fetch,
    /// Finds out a video's facts.
    Probe,
    /// Takes pictures.
    Snapshot,
}

impl JobKind {
    /// The name used in the database and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Probe => "probe",
            Self::Snapshot => "snapshot",
        }
    }
}

/// Where a job stands. Who leaves each state is drawn in docs/design/job-states.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Due: a worker may lease it.
    Available,
    /// Waits for its time, or for its video's bytes.
    Scheduled,
    /// Leased by a worker.
    Running,
    /// Failed an attempt; due again later.
    Retryable,
    /// Done; some pictures may have failed. Terminal.
    Completed,
    /// Withdrawn before it ran. Terminal.
    Cancelled,
    /// Given up; each picture that was asked for has its code. Terminal.
    Discarded,
}

impl JobState {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Available,
        Self::Scheduled,
        Self::Running,
        Self::Retryable,
        Self::Completed,
        Self::Cancelled,
        Self::Discarded,
    ];

    /// The name used in the database and the native API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Retryable => "retryable",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Discarded => "discarded",
        }
    }

    /// Whether a job never leaves this state.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Discarded)
    }

    /// Whether a job may go from this state to that.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Scheduled => {
                matches!(next, Self::Available | Self::Running | Self::Cancelled | Self::Discarded)
            }
            Self::Available | Self::Retryable => matches!(next, Self::Running | Self::Cancelled),
            Self::Running => matches!(
                next,
                Self::Available | Self::Retryable | Self::Completed | Self::Discarded | Self::Running
            ),
            Self::Completed | Self::Cancelled | Self::Discarded => false,
        }
    }
}

/// One set of pictures of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its id, the stem of its object keys.
    pub id: OutputId,
    /// Where its objects stand.
    pub kind: OutputKind,
    /// The template that it was asked by.
    pub template: Option<TemplateRef>,
    /// What is made.
    pub spec: SnapshotSpec,
}

/// One request for work on one video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Its owner.
    pub app_id: AppId,
    /// The video.
    pub media_id: MediaId,
    /// What it does.
    pub kind: JobKind,
    /// Where it came from.
    pub origin: Origin,
    /// Where it stands.
    pub state: JobState,
    /// Higher runs first; -10 to 10.
    pub priority: i32,
    /// Attempts begun.
    pub attempt: u32,
    /// Attempts before it is discarded.
    pub attempt_max: u32,
    /// Sets of pictures; empty for other kinds than [`JobKind::Snapshot`].
    pub outputs: Vec<Output>,
    /// What became of them; empty until a terminal state.
    pub outcomes: Vec<OutputOutcome>,
    /// Why the last attempt failed, or the whole job.
    pub failure: Option<Failure>,
    /// What it cost to read the video from afar, in the attempt that ended the job.
    pub traffic: Option<Traffic>,
    /// Text of the caller that its event repeats.
    pub pass_through: Option<String>,
    /// Callback of the caller for this job alone.
    pub callback_url: Option<String>,
    /// What else its request asked for.
    pub options: RequestOptions,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When its first attempt began.
    pub started_at: Option<Timestamp>,
    /// When it came to a terminal state.
    pub finished_at: Option<Timestamp>,
}

/// What a request may ask for beside pictures.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestOptions {
    /// When its caller wants to be told.
    pub notify: NotifyMode,
    /// The caller's name for the request: a second one of that name within
    /// [`Dialect::dedupe_window`] is refused.
    pub dedupe_key: Option<String>,
    /// Key of the procedure that was asked for by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure_key: Option<String>,
}

/// When a caller wants to be told of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotifyMode {
    /// Once, at its end.
    #[default]
    Finish,
    /// At its end, and as its parts come to theirs.
    Change,
    /// Not at all.
    Never,
}

/// A right to run a job and to write its result, until it expires or is taken away.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    /// The job; its `attempt` counts this one.
    pub job: Job,
    /// Fences the result: a newer lease has another token.
    pub token: LeaseToken,
}

impl Lease {
    /// Whether the job may not run again: all its attempts were begun and lost.
    pub const fn is_exhausted(&self) -> bool {
        self.job.attempt > self.job.attempt_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_states_are_never_left_and_all_others_can_be() {
        for state in JobState::ALL {
            let leaves = JobState::ALL.into_iter().any(|next| state.may_become(next));
            assert_eq!(leaves, !state.is_terminal(), "{}", state.name());
        }
    }
}
