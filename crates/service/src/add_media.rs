//! Adding a video: by upload, by a path below an allowed root, or by URL.

use std::path::{Path, PathBuf};

use stillframe_database::NewMedia;
use stillframe_domain::event::Telling;
use stillframe_domain::{
    App, Dialect, ErrorCode, Event, EventId, EventKind, Media, MediaId, MediaSource, MediaState, VideoId,
    covers, ingest, limits, object_key,
};
use stillframe_storage::Chunks;
use url::Url;

use crate::media::{ingest_origin, own_key};
use crate::{Result, Service, ServiceError, invalid};

/// What a caller says of a new video.
#[derive(Debug, Clone)]
pub struct AddMedia {
    /// Title or file name, 1 to 255 bytes; `None` takes it from the source.
    pub name: Option<String>,
    /// The API over which it comes.
    pub dialect: Dialect,
    /// Text that events about it repeat.
    pub pass_through: Option<String>,
}

const NAME_BYTES_MAX: usize = 255;

impl Service {
    /// Stores an uploaded video and starts its probe and covers.
    ///
    /// # Errors
    /// `SourceTooLarge`; `SourceEmpty`; `InvalidParameter` when the upload breaks off.
    pub async fn upload_media(&self, app: &App, add: AddMedia, content: Chunks) -> Result<Media> {
        let video_id = VideoId::mint(self.rng());
        let name = checked_name(add.name.as_deref().unwrap_or("video"))?;
        let key = object_key::source(&video_id, &name);
        let facts =
            self.deps.storage.put_stream(&own_key(&key), content, self.config.source_size_bytes_max).await?;
        if facts.size_bytes == 0 {
            self.deps.storage.delete(&own_key(&key)).await?;
            return Err(ServiceError::new(ErrorCode::SourceEmpty, "the uploaded video has no bytes"));
        }
        let media = self.new_media(app, add, name, MediaSource::Object { key }, video_id)?;
        self.insert(app, media).await
    }

    /// Takes a file below an allowed root where it lies.
    ///
    /// # Errors
    /// `SourceForbidden` outside of the roots; `SourceMissing`; `SourceEmpty`; `SourceTooLarge`.
    pub async fn add_local_file(&self, app: &App, add: AddMedia, path: &Path) -> Result<Media> {
        let (path, size_bytes) = self.allowed_file(path).await?;
        if size_bytes == 0 {
            return Err(ServiceError::new(ErrorCode::SourceEmpty, "the file has no bytes"));
        }
        if size_bytes > self.config.source_size_bytes_max {
            let most = self.config.source_size_bytes_max;
            let message = format!("the video exceeds the limit of {most} bytes");
            return Err(ServiceError::new(ErrorCode::SourceTooLarge, message));
        }
        let own_name = path.file_name().and_then(|name| name.to_str()).unwrap_or("video");
        let name = checked_name(add.name.as_deref().unwrap_or(own_name))?;
        let text = path.to_str().ok_or_else(|| invalid("path", "a path of valid UTF-8"))?.to_owned();
        let video_id = VideoId::mint(self.rng());
        let media = self.new_media(app, add, name, MediaSource::LocalFile { path: text }, video_id)?;
        self.insert(app, media).await
    }

    /// Notes a video to be fetched; probe and covers follow when its bytes are here.
    ///
    /// # Errors
    /// `InvalidParameter` unless it is an absolute `http` or `https` URL. What the address guard or the
    /// server say comes as the job's failure and the event `media.failed`.
    pub async fn add_url(&self, app: &App, add: AddMedia, url: &str) -> Result<Media> {
        let parsed = checked_http_url("url", url)?;
        let last = parsed.path_segments().and_then(|mut parts| parts.next_back().map(str::to_owned));
        let own_name = last.filter(|name| !name.is_empty()).unwrap_or_else(|| "video".to_owned());
        let name = checked_name(add.name.as_deref().unwrap_or(&own_name))?;
        let video_id = VideoId::mint(self.rng());
        let media = self.new_media(app, add, name, MediaSource::Url { url: url.to_owned() }, video_id)?;
        self.insert(app, media).await
    }

    async fn allowed_file(&self, path: &Path) -> Result<(PathBuf, u64)> {
        let forbidden =
            || ServiceError::new(ErrorCode::SourceForbidden, "the path lies below none of the allowed roots");
        // A path outside of the roots gets the same answer whether or not there is a file.
        let is_below = |path: &Path| self.config.local_roots.iter().any(|root| path.starts_with(root));
        if !path.is_absolute() || !is_below(path) {
            return Err(forbidden());
        }
        let missing = || ServiceError::new(ErrorCode::SourceMissing, "there is no such file");
        let real = tokio::fs::canonicalize(path).await.map_err(|_| missing())?;
        if !is_below(&real) {
            return Err(forbidden());
        }
        let facts = tokio::fs::metadata(&real).await.map_err(|_| missing())?;
        if facts.is_file() { Ok((real, facts.len())) } else { Err(missing()) }
    }

    fn new_media(
        &self,
        app: &App,
        add: AddMedia,
        name: String,
        source: MediaSource,
        video_id: VideoId,
    ) -> Result<Media> {
        if add.pass_through.as_ref().is_some_and(|text| text.len() > limits::PASS_THROUGH_BYTES_MAX) {
            let expected = format!("at most {} bytes", limits::PASS_THROUGH_BYTES_MAX);
            return Err(invalid("pass_through", expected));
        }
        let is_here = !matches!(source, MediaSource::Url { .. });
        let now = self.now();
        Ok(Media {
            id: MediaId::mint(self.rng()),
            video_id,
            app_id: app.id,
            name,
            source,
            state: if is_here { MediaState::Stored } else { MediaState::Fetching },
            facts: None,
            failure: None,
            cover: None,
            added_by: add.dialect,
            pass_through: add.pass_through,
            created_at: now,
            updated_at: now,
        })
    }

    async fn insert(&self, app: &App, media: Media) -> Result<Media> {
        let jobs = if media.state == MediaState::Fetching {
            vec![ingest::fetch_job(&media, self.rng(), self.now())]
        } else {
            let mut jobs = vec![ingest::probe_job(&media, self.rng(), self.now())];
            if app.settings.automatic_covers {
                jobs.push(covers::covers_job(&media, self.rng(), self.now()));
            }
            jobs
        };
        let origin = ingest_origin(media.added_by);
        let id = EventId::mint(self.rng());
        let base_url = self.media_base_url(app);
        let telling = Telling { at: self.now(), base_url: &base_url };
        let event = Event::of_media(id, EventKind::MediaCreated, origin, &media, telling);
        let new = NewMedia { media: media.clone(), jobs, events: vec![event] };
        if let Err(error) = self.database().insert_media(&new).await {
            if let MediaSource::Object { key } = &media.source {
                // Nothing refers to the object.
                let _ = self.deps.storage.delete(&own_key(key)).await;
            }
            return Err(error.into());
        }
        Ok(media)
    }
}

/// A video's name.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(invalid("name", format!("1 to {NAME_BYTES_MAX} bytes without control characters")));
    }
    Ok(name.to_owned())
}

/// An absolute `http` or `https` URL without credentials.
pub(crate) fn checked_http_url(parameter: &'static str, url: &str) -> Result<Url> {
    let refused =
        || invalid(parameter, "an absolute http or https URL of at most 2,048 bytes, without credentials");
    let parsed = Url::parse(url).map_err(|_| refused())?;
    let is_accepted = matches!(parsed.scheme(), "http" | "https")
        && parsed.has_host()
        && parsed.username().is_empty()
        && parsed.password().is_none()
        && url.len() <= 2_048;
    if is_accepted { Ok(parsed) } else { Err(refused()) }
}
