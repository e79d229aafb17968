//! What an attempt works on: the job, its video and its app, as they are when it begins.

use std::sync::Arc;

use stillframe_database::JobCompletion;
use stillframe_domain::event::{SnapshotFact, Telling};
use stillframe_domain::media::Cover;
use stillframe_domain::{App, Event, EventId, EventKind, Failure, Job, JobState, Lease, Media, MediaState};
use tokio_util::sync::CancellationToken;

use crate::error::JobError;
use crate::runner::Shared;

/// One attempt's view of the world.
pub(crate) struct Work {
    pub(crate) shared: Arc<Shared>,
    pub(crate) lease: Lease,
    pub(crate) media: Media,
    pub(crate) app: App,
    /// Cancelled when nobody waits for the result any more.
    pub(crate) abandoned: CancellationToken,
}

impl Work {
    /// Loads what belongs to a leased job.
    pub(crate) async fn load(
        shared: Arc<Shared>,
        lease: Lease,
        abandoned: CancellationToken,
    ) -> Result<Self, JobError> {
        let app = shared.deps.database.find_app(lease.job.app_id).await?.ok_or(JobError::Gone)?;
        let media = shared.deps.database.find_media(lease.job.app_id, lease.job.media_id).await?;
        let media = media.ok_or(JobError::Gone)?;
        Ok(Self { shared, lease, media, app, abandoned })
    }

    pub(crate) fn job(&self) -> &Job {
        &self.lease.job
    }

    /// Base of this app's picture URLs, without a trailing slash.
    pub(crate) fn base_url(&self) -> &str {
        self.app.settings.media_base_url(&self.shared.config.media_base_url)
    }

    /// A completion that changes nothing but the job's state; the caller adds the rest.
    pub(crate) fn completion(&self, state: JobState) -> JobCompletion {
        JobCompletion {
            job_id: self.job().id.clone(),
            token: self.lease.token.clone(),
            state,
            outcomes: Vec::new(),
            failure: None,
            media: None,
            events: Vec::new(),
            jobs: Vec::new(),
        }
    }

    /// The event of a job that takes pictures and ended like this.
    pub(crate) fn finished_event(&self, completion: &JobCompletion, cover: Option<&Cover>) -> Event {
        let job = Job {
            state: completion.state,
            outcomes: completion.outcomes.clone(),
            failure: completion.failure.clone(),
            ..self.job().clone()
        };
        let base_url = self.base_url();
        let cover_url = cover.map(|cover| match cover {
            Cover::Object(key) => format!("{base_url}/{key}"),
            Cover::Url(url) => url.clone(),
        });
        let deps = &self.shared.deps;
        let id = EventId::mint(deps.rng.as_ref());
        let fact = SnapshotFact::of_job(&job, &self.media, base_url, cover_url, deps.clock.now());
        Event::of_finished_job(id, &job, fact)
    }

    /// An event about the video as it will stand after this job.
    pub(crate) fn media_event(&self, kind: EventKind, media: &Media) -> Event {
        let deps = &self.shared.deps;
        let id = EventId::mint(deps.rng.as_ref());
        let telling = Telling { at: deps.clock.now(), base_url: self.base_url() };
        Event::of_media(id, kind, self.job().origin, media, telling)
    }

    /// The end of a job without which the video is of no use.
    pub(crate) fn media_failed(&self, failure: Failure) -> JobCompletion {
        let media = Media { state: MediaState::Failed, failure: Some(failure.clone()), ..self.media.clone() };
        JobCompletion {
            media: Some(stillframe_database::MediaChange {
                state: Some(MediaState::Failed),
                failure: Some(failure.clone()),
                ..Default::default()
            }),
            events: vec![self.media_event(EventKind::MediaFailed, &media)],
            failure: Some(failure),
            ..self.completion(JobState::Discarded)
        }
    }
}
