//! What an attempt works on: the job, its video and its app, as they are when it begins.

use std::sync::{Arc, OnceLock};

use stillframe_database::{Commit, JobCompletion};
use stillframe_domain::event::{self, MediaNews, SnapshotFact, Telling, cover_url};
use stillframe_domain::media::Cover;
use stillframe_domain::{
    App, ByteSource, Event, EventId, EventKind, Failure, Job, JobKind, JobState, Lease, Media, MediaState,
    NotifyMode, OutputOutcome, Traffic,
};
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
    /// The video's bytes, once they were opened.
    opened: OnceLock<Arc<dyn ByteSource>>,
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
        Ok(Self { shared, lease, media, app, abandoned, opened: OnceLock::new() })
    }

    /// Notes where the video's bytes are read, to tell what that cost.
    pub(crate) fn note_opened(&self, source: &Arc<dyn ByteSource>) {
        // A second one would be of the same attempt and the same video.
        let _ = self.opened.set(Arc::clone(source));
    }

    /// What it has cost to read the video from afar.
    pub(crate) fn traffic(&self) -> Option<Traffic> {
        self.opened.get().and_then(|source| source.traffic())
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
            traffic: None,
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
        let id = EventId::mint(self.shared.deps.rng.as_ref());
        Event::of_finished_job(id, &job, self.fact(&job, cover))
    }

    /// Tells that the first outputs came to their end while the others go on, once for each number of
    /// them, if the caller asked for that.
    pub(crate) async fn tell_progress(&self, outcomes: &[OutputOutcome]) -> Result<(), JobError> {
        if self.job().options.notify != NotifyMode::Change {
            return Ok(());
        }
        let job = Job { outcomes: outcomes.to_vec(), ..self.job().clone() };
        let fact = self.fact(&job, self.media.cover.as_ref());
        let Some(event) = Event::of_progress(&job, fact) else { return Ok(()) };
        match self.shared.deps.database.tell_progress(&job.id, &self.lease.token, &event).await? {
            Commit::Committed => Ok(()),
            Commit::LeaseLost => Err(JobError::Gone),
        }
    }

    fn fact(&self, job: &Job, cover: Option<&Cover>) -> SnapshotFact {
        let base_url = self.base_url();
        let now = self.shared.deps.clock.now();
        SnapshotFact::of_job(job, &self.media, base_url, cover_url(cover, base_url), now)
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
        let failed = self.media_event(EventKind::MediaFailed, &media);
        let events = match self.fetch_news(MediaNews::default()) {
            Some(news) => vec![
                self.media_event(EventKind::MediaFetched, &media).with_news(news.clone()),
                failed.with_news(news),
            ],
            None => vec![failed],
        };
        JobCompletion {
            media: Some(stillframe_database::MediaChange {
                state: Some(MediaState::Failed),
                failure: Some(failure.clone()),
                ..Default::default()
            }),
            events,
            failure: Some(failure),
            ..self.completion(JobState::Discarded)
        }
    }

    /// News with what is told of the fetch; `None` when this job fetches nothing.
    pub(crate) fn fetch_news(&self, news: MediaNews) -> Option<MediaNews> {
        let url = event::fetch_url(&self.media).filter(|_| self.job().kind == JobKind::Fetch)?;
        Some(news.fetched(self.job(), url, self.shared.deps.clock.now()))
    }
}
