//! Finding, listing and removing videos.

use stillframe_database::Page;
use stillframe_domain::event::Telling;
use stillframe_domain::media::Cover;
use stillframe_domain::{
    App, Dialect, ErrorCode, Event, EventId, EventKind, Media, MediaId, MediaSource, Origin, RequestKind,
    VideoId,
};
use stillframe_storage::ObjectKey;

use crate::{Result, Service, ServiceError};

/// How a caller names a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaName {
    /// By its decimal id; `None` for digits beyond any that we mint.
    FileId(Option<MediaId>),
    /// By its 32-hex id.
    VideoId(VideoId),
}

impl Service {
    /// The app's video of that name.
    ///
    /// # Errors
    /// `MediaNotFound`, also for another app's.
    pub async fn find_media(&self, app: &App, name: &MediaName) -> Result<Media> {
        let found = match name {
            MediaName::FileId(None) => None,
            MediaName::FileId(Some(id)) => self.database().find_media(app.id, *id).await?,
            MediaName::VideoId(id) => self.database().find_media_by_video_id(app.id, id).await?,
        };
        found.ok_or_else(|| ServiceError::new(ErrorCode::MediaNotFound, "there is no such video"))
    }

    /// The app's videos, newest first.
    ///
    /// # Errors
    /// Database failures.
    pub async fn list_media(&self, app: &App, after: Option<&str>, limit: usize) -> Result<Page<Media>> {
        Ok(self.database().list_media(app.id, after, limit).await?)
    }

    /// Removes a video, its results and its objects, and tells of it.
    ///
    /// The rows go first, in one commit with the event; objects that a crash leaves behind are
    /// referred to by nothing.
    ///
    /// # Errors
    /// `MediaNotFound`.
    pub async fn delete_media(&self, app: &App, name: &MediaName, origin: Origin) -> Result<()> {
        let media = self.find_media(app, name).await?;
        let event = self.media_event(app, EventKind::MediaDeleted, origin.dialect, &media);
        if !self.database().delete_media(app.id, media.id, &[event]).await? {
            return Err(ServiceError::new(ErrorCode::MediaNotFound, "there is no such video"));
        }
        let prefix = format!("{}/", media.video_id);
        for key in self.deps.storage.list(&prefix).await? {
            self.deps.storage.delete(&key).await?;
        }
        Ok(())
    }

    /// An event about a video as it is now, caused over that API.
    pub(crate) fn media_event(&self, app: &App, kind: EventKind, by: Dialect, media: &Media) -> Event {
        let base_url = self.media_base_url(app);
        let telling = Telling { at: self.now(), base_url: &base_url };
        let origin = Origin { dialect: by, kind: RequestKind::Ingest };
        Event::of_media(EventId::mint(self.rng()), kind, origin, media, telling)
    }

    /// Base of the app's picture URLs, without a trailing slash.
    pub fn media_base_url(&self, app: &App) -> String {
        self.media_base(app).to_owned()
    }

    /// As [`Self::media_base_url`], borrowed.
    pub fn media_base<'a>(&'a self, app: &'a App) -> &'a str {
        app.settings.media_base_url(&self.config.media_base_url)
    }

    /// URL of an object.
    pub fn picture_url(&self, app: &App, key: &str) -> String {
        format!("{}/{key}", self.media_base_url(app))
    }

    /// URL of a video's cover.
    pub fn cover_url(&self, app: &App, media: &Media) -> Option<String> {
        media.cover.as_ref().map(|cover| match cover {
            Cover::Object(key) => self.picture_url(app, key),
            Cover::Url(url) => url.clone(),
        })
    }

    /// URL of a video's own bytes, when they are an object of ours.
    pub fn source_url(&self, app: &App, media: &Media) -> Option<String> {
        match &media.source {
            MediaSource::Object { key } => Some(self.picture_url(app, key)),
            MediaSource::LocalFile { .. } | MediaSource::Url { .. } => None,
        }
    }
}

/// A key that this crate built itself.
pub(crate) fn own_key(key: &str) -> ObjectKey {
    ObjectKey::parse(key).expect("keys built by domain::object_key are valid")
}
