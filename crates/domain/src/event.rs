//! Events: facts that are told. Stored once, without a dialect; written per format when told.

mod endpoint_fact;
mod media_fact;

pub use endpoint_fact::EndpointFact;
pub use media_fact::{FetchNews, MediaBasics, MediaFact, MediaNews, cover_url, fetch_url};

use serde::{Deserialize, Serialize};

use crate::app::AppSettings;
use crate::endpoint::{DeliveryPolicy, Endpoint, EventFormat, Owner};
use crate::endpoint_health::EndpointHealth;
use crate::ids::{AppId, EndpointId, EventId, JobId, MediaId, VideoId};
use crate::job::{Dialect, Job, NotifyMode, Origin, Output, RequestOptions};
use crate::media::{Media, MediaFacts, MediaSource};
use crate::outcome::{Failure, OutputOutcome};
use crate::time::Timestamp;

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum EventKind {
    /// A video was added.
    #[serde(rename = "media.created")]
    MediaCreated,
    /// The fetch of a video's bytes from its URL came to its end, good or bad.
    #[serde(rename = "media.fetched")]
    MediaFetched,
    /// A video's bytes are here.
    #[serde(rename = "media.stored")]
    MediaStored,
    /// A video was probed: pictures can be taken.
    #[serde(rename = "media.ready")]
    MediaReady,
    /// A video never came, or is none.
    #[serde(rename = "media.failed")]
    MediaFailed,
    /// What people say of a video changed.
    #[serde(rename = "media.updated")]
    MediaUpdated,
    /// A video and its pictures are gone.
    #[serde(rename = "media.deleted")]
    MediaDeleted,
    /// Pictures were taken; some may have failed.
    #[serde(rename = "snapshot.completed")]
    SnapshotCompleted,
    /// No picture was taken.
    #[serde(rename = "snapshot.failed")]
    SnapshotFailed,
    /// A job came further (told only when asked for).
    #[serde(rename = "job.progress")]
    JobProgress,
    /// An endpoint was disabled by what its receiver answered.
    #[serde(rename = "endpoint.disabled")]
    EndpointDisabled,
    /// A test of one endpoint, which alone hears it.
    #[serde(rename = "endpoint.ping")]
    EndpointPing,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::MediaCreated,
        Self::MediaFetched,
        Self::MediaStored,
        Self::MediaReady,
        Self::MediaFailed,
        Self::MediaUpdated,
        Self::MediaDeleted,
        Self::SnapshotCompleted,
        Self::SnapshotFailed,
        Self::JobProgress,
        Self::EndpointDisabled,
        Self::EndpointPing,
    ];

    /// The name used in the database and the native API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MediaCreated => "media.created",
            Self::MediaFetched => "media.fetched",
            Self::MediaStored => "media.stored",
            Self::MediaReady => "media.ready",
            Self::MediaFailed => "media.failed",
            Self::MediaUpdated => "media.updated",
            Self::MediaDeleted => "media.deleted",
            Self::SnapshotCompleted => "snapshot.completed",
            Self::SnapshotFailed => "snapshot.failed",
            Self::JobProgress => "job.progress",
            Self::EndpointDisabled => "endpoint.disabled",
            Self::EndpointPing => "endpoint.ping",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is about a video, not about a job.
    pub const fn is_of_media(self) -> bool {
        match self {
            Self::MediaCreated
            | Self::MediaFetched
            | Self::MediaStored
            | Self::MediaReady
            | Self::MediaFailed
            | Self::MediaUpdated
            | Self::MediaDeleted => true,
            Self::SnapshotCompleted
            | Self::SnapshotFailed
            | Self::JobProgress
            | Self::EndpointDisabled
            | Self::EndpointPing => false,
        }
    }

    /// Whether it is about the service itself, not about anything that a caller asked for.
    pub const fn is_operational(self) -> bool {
        matches!(self, Self::EndpointDisabled | Self::EndpointPing)
    }

    /// Whether an endpoint of our own format that names no kinds hears it. One of another format hears
    /// all that its format has words for.
    pub const fn is_default(self) -> bool {
        !matches!(self, Self::MediaFetched | Self::MediaStored | Self::JobProgress | Self::EndpointPing)
    }
}

/// A fact, told once to everyone who should hear it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The same over all retries and formats.
    pub id: EventId,
    /// Whose it is.
    pub app_id: AppId,
    /// What happened.
    pub kind: EventKind,
    /// The request that it comes from.
    pub origin: Origin,
    /// When it happened.
    pub created_at: Timestamp,
    /// The fact itself.
    pub payload: EventPayload,
}

/// The fact. Carries everything that any format needs, so that a retry tells the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventPayload {
    /// About pictures.
    Snapshot(SnapshotFact),
    /// About a video.
    Media(MediaFact),
    /// About an endpoint.
    Endpoint(EndpointFact),
}

/// Version of [`EventPayload`] that this code writes.
pub const PAYLOAD_VERSION: u32 = 1;

/// A job came to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotFact {
    /// [`PAYLOAD_VERSION`] of the writer.
    pub version: u32,
    /// The job.
    pub job_id: JobId,
    /// The video's decimal id.
    pub media_id: MediaId,
    /// The video's 32-hex id.
    pub video_id: VideoId,
    /// What was asked.
    pub outputs: Vec<Output>,
    /// What became of it, one for each output in the same order.
    pub outcomes: Vec<OutputOutcome>,
    /// Why nothing was taken; `None` when something was.
    pub failure: Option<Failure>,
    /// URL of the video's cover at that time.
    pub cover_url: Option<String>,
    /// Base of picture URLs at that time, without a trailing slash.
    pub base_url: String,
    /// The caller's text.
    pub pass_through: Option<String>,
    /// Callback of this job alone.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// What else the request asked for.
    #[serde(default)]
    pub options: RequestOptions,
    /// The job's priority.
    #[serde(default)]
    pub priority: i32,
    /// What was known of the video at that time; older facts have none.
    #[serde(default)]
    pub media: Option<Box<MediaBrief>>,
    /// When the job was accepted.
    pub job_created_at: Timestamp,
    /// When its first attempt began.
    #[serde(default)]
    pub job_started_at: Option<Timestamp>,
    /// When it ended.
    pub job_finished_at: Timestamp,
}

/// A video, for the event of a job on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MediaBrief {
    /// Its name.
    pub name: String,
    /// URL of its bytes, if they are an object of ours.
    pub source_url: Option<String>,
    /// What a probe found.
    pub facts: Option<MediaFacts>,
    /// Hears of the video's events.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// The API over which it came.
    #[serde(default)]
    pub added_by: Option<Dialect>,
}

/// When an event is told, and where its objects are then.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// When it happened.
    pub at: Timestamp,
    /// Base of object URLs, without a trailing slash.
    pub base_url: &'a str,
}

impl SnapshotFact {
    /// What a job tells, with what became of it so far.
    pub fn of_job(
        job: &Job,
        media: &Media,
        base_url: &str,
        cover_url: Option<String>,
        finished_at: Timestamp,
    ) -> Self {
        let failure = if job.outcomes.iter().any(OutputOutcome::is_success) {
            None
        } else {
            let first = job.outcomes.iter().find_map(OutputOutcome::first_failure);
            job.failure.as_ref().or(first).cloned()
        };
        Self {
            version: PAYLOAD_VERSION,
            job_id: job.id.clone(),
            media_id: media.id,
            video_id: media.video_id.clone(),
            outputs: job.outputs.clone(),
            outcomes: job.outcomes.clone(),
            failure,
            cover_url,
            base_url: base_url.to_owned(),
            pass_through: job.pass_through.clone(),
            callback_url: job.callback_url.clone(),
            options: job.options.clone(),
            priority: job.priority,
            media: Some(Box::new(MediaBrief {
                name: media.name.clone(),
                source_url: source_url(media, base_url),
                facts: media.facts.clone(),
                callback_url: media.details.callback_url.clone(),
                added_by: Some(media.added_by),
            })),
            job_created_at: job.created_at,
            job_started_at: job.started_at,
            job_finished_at: finished_at,
        }
    }
}

impl Event {
    /// The event of a finished job: completed when at least one picture exists, else failed.
    pub fn of_finished_job(id: EventId, job: &Job, fact: SnapshotFact) -> Self {
        let is_success = fact.outcomes.iter().any(OutputOutcome::is_success);
        Self {
            id,
            app_id: job.app_id,
            kind: if is_success { EventKind::SnapshotCompleted } else { EventKind::SnapshotFailed },
            origin: job.origin,
            created_at: fact.job_finished_at,
            payload: EventPayload::Snapshot(fact),
        }
    }

    /// The event of a job of which some outputs came to their end while others go on: `fact.outcomes` are
    /// those of the first ones. It bears the id of the last of them, so that it is told once however often
    /// the job is tried.
    ///
    /// `None` when none has ended, or all.
    pub fn of_progress(job: &Job, fact: SnapshotFact) -> Option<Self> {
        let is_partial = fact.outcomes.len() < fact.outputs.len();
        let last = fact.outcomes.last().filter(|_| is_partial)?;
        Some(Self {
            id: EventId::parse(last.output_id.as_str()).ok()?,
            app_id: job.app_id,
            kind: EventKind::JobProgress,
            origin: job.origin,
            created_at: fact.job_finished_at,
            payload: EventPayload::Snapshot(fact),
        })
    }

    /// Whether its caller wants nobody to be told.
    pub fn is_silent(&self) -> bool {
        match &self.payload {
            EventPayload::Snapshot(fact) => fact.options.notify == NotifyMode::Never,
            EventPayload::Media(_) | EventPayload::Endpoint(_) => false,
        }
    }

    /// The callback that the job's own request named, in its dialect's format, or else that of its video,
    /// in the format of the dialect over which the video came. It is never stored: it bears the id of the
    /// job or of the video, so that a delivery to it is known again from the event.
    pub fn own_callback(&self, settings: &AppSettings) -> Option<Endpoint> {
        let (id, (dialect, url)) = match &self.payload {
            EventPayload::Snapshot(fact) => {
                let of_job = fact.callback_url.clone().map(|url| (self.origin.dialect, url));
                let media = fact.media.as_ref();
                let of_media = || {
                    let dialect = media?.added_by.filter(|&dialect| dialect == self.origin.dialect)?;
                    Some((dialect, media?.callback_url.clone()?))
                };
                (fact.job_id.as_str(), of_job.or_else(of_media)?)
            }
            EventPayload::Media(fact) => {
                (fact.video_id.as_str(), (fact.added_by?, fact.details.callback_url.clone()?))
            }
            EventPayload::Endpoint(_) => return None,
        };
        let (format, owner) = match dialect {
            Dialect::Native => (EventFormat::Native, Owner::Native),
            Dialect::Tencent => (EventFormat::Tencent40, Owner::Tencent),
            Dialect::Alibaba => (EventFormat::Alibaba, Owner::Alibaba),
        };
        Some(Endpoint {
            id: EndpointId::parse(id).ok()?,
            app_id: self.app_id,
            url,
            format,
            owner,
            event_kinds: Vec::new(),
            origins: Vec::new(),
            secret: own_secret(owner, settings),
            former_secrets: Vec::new(),
            policy: DeliveryPolicy::named(settings.callback_policy, format),
            health: EndpointHealth::default(),
        })
    }

    /// The job that it is about, if it is about one.
    pub fn job_id(&self) -> Option<&JobId> {
        match &self.payload {
            EventPayload::Snapshot(fact) => Some(&fact.job_id),
            EventPayload::Media(_) | EventPayload::Endpoint(_) => None,
        }
    }
}

/// What signs the callbacks that requests name: the key of their dialect's configuration, where it is one
/// that signs each of its callbacks.
fn own_secret(owner: Owner, settings: &AppSettings) -> String {
    let configured = settings.alibaba_callback.as_ref().filter(|_| owner == Owner::Alibaba);
    configured.and_then(|callback| callback.signing_key()).unwrap_or_default().to_owned()
}

fn source_url(media: &Media, base_url: &str) -> Option<String> {
    match &media.source {
        MediaSource::Object { key } => Some(format!("{base_url}/{key}")),
        MediaSource::LocalFile { .. } | MediaSource::Url { .. } => None,
    }
}
