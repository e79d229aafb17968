//! Permissions to upload: asking for them, renewing them, and making videos of what was uploaded.
//!
//! Writing the objects themselves stands in `upload_objects` and `upload_parts`.

use std::time::Duration;

use stillframe_database::NewMedia;
use stillframe_domain::event::MediaNews;
use stillframe_domain::{
    App, Dialect, ErrorCode, EventKind, Job, Media, MediaSource, MediaState, TemporaryKey, UploadId,
    UploadPlan, UploadSession, UploadState, VideoId, limits, object_key,
};

use crate::add_media::{Arrived, check_add, checked_name};
use crate::{AddMedia, MediaName, Result, Service, ServiceError, invalid};

/// What a caller says of a video that it is going to upload.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// What is said of the video; its name is required.
    pub add: AddMedia,
    /// Name of the file: the end of the object's key.
    pub file_name: String,
    /// How long the temporary key is good, at most [`limits::UPLOAD_SESSION_MS`].
    pub key_validity: Duration,
}

impl Service {
    /// Permits an upload that becomes a video when [`Service::commit_upload`] is called.
    ///
    /// # Errors
    /// `InvalidParameter`.
    pub async fn begin_upload(&self, app: &App, new: NewUpload) -> Result<UploadSession> {
        self.room(app).await?;
        let (media, jobs) = self.media_to_come(app, &new)?;
        let mut session = self.session(&media, new.key_validity)?;
        session.plan = Some(UploadPlan { media, jobs });
        self.database().insert_upload(&session, None).await?;
        Ok(session)
    }

    /// Adds a video whose bytes are to be uploaded; their arrival completes it.
    ///
    /// # Errors
    /// `DuplicateReference`; `InvalidParameter`.
    pub async fn create_upload(&self, app: &App, new: NewUpload) -> Result<UploadSession> {
        self.room(app).await?;
        let (media, held_jobs) = self.media_to_come(app, &new)?;
        let session = self.session(&media, new.key_validity)?;
        let event = self.media_event(app, EventKind::MediaCreated, media.added_by, &media);
        let media = NewMedia { media, jobs: Vec::new(), held_jobs, events: vec![event] };
        match self.database().insert_upload(&session, Some(&media)).await {
            Ok(()) => Ok(session),
            Err(error) => Err(self.taken(app, media.media.details.reference_id.as_deref(), error).await),
        }
    }

    /// Permits the bytes of a video to be uploaded over that API, again or still.
    ///
    /// # Errors
    /// `MediaNotFound`; `SourceForbidden` for a video whose bytes were not uploaded.
    pub async fn refresh_upload(
        &self,
        app: &App,
        name: &MediaName,
        by: Dialect,
        key_validity: Duration,
    ) -> Result<UploadSession> {
        let media = self.find_media(app, name).await?;
        let session = UploadSession { dialect: by, ..self.session(&media, key_validity)? };
        self.database().insert_upload(&session, None).await?;
        Ok(session)
    }

    /// Makes a video of what was uploaded and starts its probe, covers and follow-ups. Repeating it gives
    /// the same video.
    ///
    /// # Errors
    /// `ObjectNotFound` when there is no such permission, or its time is over; `SourceMissing` when nothing
    /// was uploaded; `SourceEmpty`; `DuplicateReference`; `DuplicateRequest`.
    pub async fn commit_upload(&self, app: &App, id: &UploadId) -> Result<Media> {
        let session = self.database().find_upload(app.id, id).await?.ok_or_else(no_session)?;
        if session.state == UploadState::Committed {
            return self.find_media(app, &MediaName::FileId(Some(session.media_id))).await;
        }
        let (Some(plan), UploadState::Open) = (session.plan, session.state) else { return Err(no_session()) };
        let missing = || ServiceError::new(ErrorCode::SourceMissing, "nothing was uploaded");
        let size_bytes = session.object.ok_or_else(missing)?.size_bytes;
        if size_bytes == 0 {
            return Err(ServiceError::new(ErrorCode::SourceEmpty, "the uploaded video has no bytes"));
        }
        self.check_room(app, size_bytes).await?;
        let new = self.arrived(app, plan, size_bytes);
        match self.database().commit_upload(id, &new).await {
            Ok(true) => Ok(new.media),
            // Somebody else has just done so, or its time is over.
            Ok(false) => {
                let name = MediaName::FileId(Some(session.media_id));
                self.find_media(app, &name).await.map_err(|_| no_session())
            }
            Err(error) => Err(self.taken(app, new.media.details.reference_id.as_deref(), error).await),
        }
    }

    /// The permission of that temporary key, with its app; `None` when there is none.
    ///
    /// # Errors
    /// Database failures.
    pub async fn find_upload_by_key(&self, key_id: &str) -> Result<Option<(App, UploadSession)>> {
        let Some(session) = self.database().find_upload_by_key(key_id).await? else { return Ok(None) };
        Ok(self.database().find_app(session.app_id).await?.map(|app| (app, session)))
    }

    /// How clients reach the server, without a trailing slash.
    pub fn public_url(&self) -> &str {
        let base = self.config.media_base_url.as_str();
        base.strip_suffix("/media").unwrap_or(base)
    }

    /// The video as it is before its bytes come, and the jobs that follow.
    fn media_to_come(&self, app: &App, new: &NewUpload) -> Result<(Media, Vec<Job>)> {
        check_add(&new.add)?;
        let name = checked_name(new.add.name.as_deref().unwrap_or(&new.file_name))?;
        let video_id = VideoId::mint(self.rng());
        let source = MediaSource::Object { key: object_key::source(&video_id, &new.file_name) };
        let arrived = Arrived { video_id, name, source, size_bytes: None, is_here: false };
        let media = Media { state: MediaState::Fetching, ..self.new_media(app, &new.add, arrived) };
        let requests = new.add.follow_ups.iter().cloned();
        let jobs = requests.map(|request| self.snapshot_job(&media, request)).collect();
        Ok((media, jobs))
    }

    fn session(&self, media: &Media, key_validity: Duration) -> Result<UploadSession> {
        let MediaSource::Object { key } = &media.source else {
            let message = "the bytes of this video were not uploaded";
            return Err(ServiceError::new(ErrorCode::SourceForbidden, message));
        };
        let (now, kept) = (self.now(), Duration::from_millis(limits::UPLOAD_SESSION_MS));
        if kept < key_validity {
            return Err(invalid("key_validity", format!("at most {} s", kept.as_secs())));
        }
        Ok(UploadSession {
            id: UploadId::mint(self.rng()),
            app_id: media.app_id,
            dialect: media.added_by,
            media_id: media.id,
            video_id: media.video_id.clone(),
            object_key: key.clone(),
            key: TemporaryKey::mint(self.rng(), now.plus(key_validity)),
            state: UploadState::Open,
            plan: None,
            object: None,
            created_at: now,
            keep_until: now.plus(kept),
        })
    }

    /// The video of a plan, now that its bytes are here.
    fn arrived(&self, app: &App, plan: UploadPlan, size_bytes: u64) -> NewMedia {
        let now = self.now();
        let media = Media { state: MediaState::Stored, created_at: now, updated_at: now, ..plan.media };
        let follow_ups: Vec<Job> = plan.jobs.into_iter().map(|job| Job { created_at: now, ..job }).collect();
        let by: Dialect = media.added_by;
        let stored = self.media_event(app, EventKind::MediaStored, by, &media);
        let events = vec![
            self.media_event(app, EventKind::MediaCreated, by, &media),
            stored.with_news(MediaNews::stored(size_bytes, &follow_ups)),
        ];
        let jobs = self.jobs_of_stored(app, &media, &follow_ups);
        NewMedia { media, jobs, held_jobs: Vec::new(), events }
    }
}

fn no_session() -> ServiceError {
    ServiceError::new(ErrorCode::ObjectNotFound, "there is no such upload, or its time is over")
}
