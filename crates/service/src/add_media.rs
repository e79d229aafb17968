//! Adding a video: by upload, by a path below an allowed root, or by URL.

use std::path::{Path, PathBuf};

use stillframe_database::{DatabaseError, NewMedia};
use stillframe_domain::event::MediaNews;
use stillframe_domain::media::Cover;
use stillframe_domain::{
    App, Dialect, ErrorCode, EventKind, Job, Media, MediaDetails, MediaId, MediaSource, MediaState, VideoId,
    covers, ingest, object_key,
};
use stillframe_storage::Chunks;
use url::Url;

use crate::media::own_key;
use crate::media_details::{check_cover_url, check_details, check_pass_through, duplicate_reference};
use crate::submit_snapshot::{check, check_dedupe_key, check_priority, name_taken};
use crate::{Result, Service, ServiceError, SubmitSnapshot, invalid};

/// What a caller says of a new video.
#[derive(Debug, Clone)]
pub struct AddMedia {
    /// Title or file name, 1 to 255 bytes; `None` takes it from the source.
    pub name: Option<String>,
    /// The API over which it comes.
    pub dialect: Dialect,
    /// Text that events about it repeat.
    pub pass_through: Option<String>,
    /// What is said of it.
    pub details: MediaDetails,
    /// The cover that its user chose.
    pub cover: Option<Cover>,
    /// Pictures to take of it once its bytes are here.
    pub follow_ups: Vec<SubmitSnapshot>,
    /// What is said of the request to fetch it, when it comes from a URL.
    pub fetch: FetchRequest,
}

/// What a caller says of a request to fetch a video, beside the video itself.
#[derive(Debug, Clone, Default)]
pub struct FetchRequest {
    /// -10 to 10; higher runs first. `None` is that of every ingest.
    pub priority: Option<i32>,
    /// The caller's name for the request, 1 to 50 bytes: a second one of that name is refused.
    pub dedupe_key: Option<String>,
    /// Text that the event of the fetch repeats.
    pub pass_through: Option<String>,
}

impl AddMedia {
    /// A video of which nothing is said.
    pub fn over(dialect: Dialect) -> Self {
        Self {
            name: None,
            dialect,
            pass_through: None,
            details: MediaDetails::default(),
            cover: None,
            follow_ups: Vec::new(),
            fetch: FetchRequest::default(),
        }
    }
}

/// A video that was added, with its jobs.
#[derive(Debug, Clone)]
pub struct AddedMedia {
    /// The video.
    pub media: Media,
    /// The job that fetches its bytes, when they come from a URL.
    pub fetch: Option<Job>,
    /// The jobs of [`AddMedia::follow_ups`], in their order.
    pub follow_ups: Vec<Job>,
}

/// Names of a new video, where its bytes are, and how many there are if they are here.
pub(crate) struct Arrived {
    pub(crate) video_id: VideoId,
    pub(crate) name: String,
    pub(crate) source: MediaSource,
    pub(crate) size_bytes: Option<u64>,
    /// Whether pictures can be taken from there at once.
    pub(crate) is_here: bool,
}

const NAME_BYTES_MAX: usize = 255;

impl Service {
    /// Stores an uploaded video and starts its probe, covers and follow-ups.
    ///
    /// # Errors
    /// `DuplicateReference`; `SourceTooLarge`; `SourceEmpty`; `InvalidParameter` when the upload breaks off.
    pub async fn upload_media(&self, app: &App, add: AddMedia, content: Chunks) -> Result<AddedMedia> {
        check_add(&add)?;
        let video_id = VideoId::mint(self.rng());
        let name = checked_name(add.name.as_deref().unwrap_or("video"))?;
        let key = object_key::source(&video_id, &name);
        let room = self.room(app).await?;
        let stored = self.deps.storage.put_stream(&own_key(&key), content, room).await;
        let facts = stored.map_err(|error| self.too_large(room, error.into()))?;
        if facts.size_bytes == 0 {
            self.deps.storage.delete(&own_key(&key)).await?;
            return Err(ServiceError::new(ErrorCode::SourceEmpty, "the uploaded video has no bytes"));
        }
        let (source, size_bytes) = (MediaSource::Object { key }, Some(facts.size_bytes));
        self.insert(app, add, Arrived { video_id, name, source, size_bytes, is_here: true }).await
    }

    /// Takes a file below an allowed root where it lies.
    ///
    /// # Errors
    /// `SourceForbidden` outside of the roots; `SourceMissing`; `SourceEmpty`; `SourceTooLarge`.
    pub async fn add_local_file(&self, app: &App, add: AddMedia, path: &Path) -> Result<AddedMedia> {
        check_add(&add)?;
        self.room(app).await?;
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
        let (source, size_bytes) = (MediaSource::LocalFile { path: text }, Some(size_bytes));
        self.insert(app, add, Arrived { video_id, name, source, size_bytes, is_here: true }).await
    }

    /// Notes a video to be fetched; probe and covers follow when its bytes are here.
    ///
    /// # Errors
    /// `InvalidParameter` unless it is an absolute `http` or `https` URL. What the address guard or the
    /// server say comes as the job's failure and the event `media.failed`.
    pub async fn add_url(&self, app: &App, add: AddMedia, url: &str) -> Result<AddedMedia> {
        self.add_from(app, add, url, false).await
    }

    /// Takes a video where it lies, at a URL: each job reads of it what it needs, by ranges.
    ///
    /// # Errors
    /// As [`Service::add_url`]; what the address guard or the server say comes as the failure of each job.
    pub async fn add_remote(&self, app: &App, add: AddMedia, url: &str) -> Result<AddedMedia> {
        self.add_from(app, add, url, true).await
    }

    async fn add_from(&self, app: &App, add: AddMedia, url: &str, is_here: bool) -> Result<AddedMedia> {
        check_add(&add)?;
        let parsed = checked_http_url("url", url)?;
        self.room(app).await?;
        let last = parsed.path_segments().and_then(|mut parts| parts.next_back().map(str::to_owned));
        let own_name = last.filter(|name| !name.is_empty()).unwrap_or_else(|| "video".to_owned());
        let name = checked_name(add.name.as_deref().unwrap_or(&own_name))?;
        let video_id = VideoId::mint(self.rng());
        let source = MediaSource::Url { url: url.to_owned() };
        let fetched_from = (!is_here).then(|| url.to_owned());
        let details = MediaDetails { fetched_from, ..add.details };
        let add = AddMedia { details, ..add };
        self.insert(app, add, Arrived { video_id, name, source, size_bytes: None, is_here }).await
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

    pub(crate) fn new_media(&self, app: &App, add: &AddMedia, arrived: Arrived) -> Media {
        let Arrived { video_id, name, source, is_here, .. } = arrived;
        let now = self.now();
        Media {
            id: MediaId::mint(self.rng()),
            video_id,
            app_id: app.id,
            name,
            details: add.details.clone(),
            source,
            state: if is_here { MediaState::Stored } else { MediaState::Fetching },
            facts: None,
            failure: None,
            cover: add.cover.clone(),
            added_by: add.dialect,
            pass_through: add.pass_through.clone(),
            created_at: now,
            updated_at: now,
        }
    }

    async fn insert(&self, app: &App, add: AddMedia, arrived: Arrived) -> Result<AddedMedia> {
        let size_bytes = arrived.size_bytes;
        let media = self.new_media(app, &add, arrived);
        let fetch = (media.state == MediaState::Fetching).then(|| self.fetch_job(&media, add.fetch));
        let follow_ups: Vec<Job> =
            add.follow_ups.into_iter().map(|request| self.snapshot_job(&media, request)).collect();
        let (jobs, held_jobs) = match &fetch {
            Some(fetch) => (vec![fetch.clone()], follow_ups.clone()),
            None => (self.jobs_of_stored(app, &media, &follow_ups), Vec::new()),
        };
        let mut events = vec![self.media_event(app, EventKind::MediaCreated, media.added_by, &media)];
        if let Some(size_bytes) = size_bytes {
            let stored = self.media_event(app, EventKind::MediaStored, media.added_by, &media);
            events.push(stored.with_news(MediaNews::stored(size_bytes, &follow_ups)));
        }
        let new = NewMedia { media: media.clone(), jobs, held_jobs, events };
        if let Err(error) = self.database().insert_media(&new).await {
            // After any other failure the commit may have come about; the cleaner removes what none names.
            let is_refused = matches!(error, DatabaseError::Conflict { .. });
            if let (true, MediaSource::Object { key }) = (is_refused, &media.source) {
                let _ = self.deps.storage.delete(&own_key(key)).await;
            }
            return Err(self.taken(app, media.details.reference_id.as_deref(), error).await);
        }
        Ok(AddedMedia { media, fetch, follow_ups })
    }

    fn fetch_job(&self, media: &Media, asked: FetchRequest) -> Job {
        let mut job = ingest::fetch_job(media, self.rng(), self.now());
        job.priority = asked.priority.unwrap_or(job.priority);
        job.options.dedupe_key = asked.dedupe_key;
        job.pass_through = asked.pass_through;
        job
    }

    /// The jobs of a video whose bytes are here.
    pub(crate) fn jobs_of_stored(&self, app: &App, media: &Media, follow_ups: &[Job]) -> Vec<Job> {
        let mut jobs = vec![ingest::probe_job(media, self.rng(), self.now())];
        if app.settings.automatic_covers {
            jobs.push(covers::covers_job(media, app.settings.cover_choice, self.rng(), self.now()));
        }
        jobs.extend_from_slice(follow_ups);
        jobs
    }

    /// What a conflict is about: the owner's id of the video, or else the name of a request.
    pub(crate) async fn taken(
        &self,
        app: &App,
        reference_id: Option<&str>,
        error: DatabaseError,
    ) -> ServiceError {
        let (DatabaseError::Conflict { .. }, Some(reference_id)) = (&error, reference_id) else {
            return name_taken(error);
        };
        match self.find_media_by_reference(app, reference_id).await {
            Ok(_) => duplicate_reference(),
            Err(_) => name_taken(error),
        }
    }
}

/// Refuses what is said of a new video when it is too much.
pub(crate) fn check_add(add: &AddMedia) -> Result<()> {
    add.pass_through.as_deref().map_or(Ok(()), check_pass_through)?;
    check_details(&add.details)?;
    if let Some(Cover::Url(url)) = &add.cover {
        check_cover_url(url)?;
    }
    add.fetch.pass_through.as_deref().map_or(Ok(()), check_pass_through)?;
    check_priority(add.fetch.priority.unwrap_or_default())?;
    check_dedupe_key(add.fetch.dedupe_key.as_deref())?;
    add.follow_ups.iter().try_for_each(check)
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
