//! Writing an object whole, with a temporary key.
//!
//! The caller has authenticated the session's key; everything here looks at the session alone.

use std::sync::Arc;

use futures::StreamExt;
use stillframe_database::{ArrivalOutcome, Database, MediaArrival, MediaChange, UploadArrival};
use stillframe_domain::event::MediaNews;
use stillframe_domain::{
    App, ErrorCode, EventKind, Media, MediaState, MultipartId, UploadSession, UploadState, UploadedObject,
    limits,
};
use stillframe_storage::{Chunks, ObjectFacts, StorageError};

use crate::digest::{Sums, hex, summed};
use crate::media::own_key;
use crate::quota::exceeded;
use crate::{MediaName, Service, UploadError};

/// Sums of an object or part, for its uploader to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceSums {
    /// The validator, without quotes.
    pub etag: String,
    /// CRC-64/XZ.
    pub crc64: u64,
}

impl Service {
    /// Stores the object of a session and completes the video that waits for it.
    ///
    /// `md5` is what the bytes have to sum up to; nothing is stored when they do not, or break off.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn put_upload(
        &self,
        app: &App,
        session: &UploadSession,
        content: Chunks,
        md5: Option<[u8; 16]>,
    ) -> Result<PieceSums, UploadError> {
        require_open(session)?;
        let (content, sums) = summed(content, md5);
        let content = content.chain(self.end_of(session)).boxed();
        let room = self.bytes_room(app).await?;
        let limit = room.min(limits::UPLOAD_PIECE_BYTES_MAX);
        let put = self.deps.storage.put_stream(&own_key(&session.object_key), content, limit).await;
        let facts = put.map_err(|error| self.beyond(room, error.into()))?;
        let Sums { md5, crc64 } = sums.get().expect("what was stored has passed whole").clone();
        let object = UploadedObject { etag: hex(&md5), crc64: crc64.as_u64(), size_bytes: facts.size_bytes };
        self.arrive(app, session, object, None).await
    }

    /// Facts of the object that was uploaded last.
    ///
    /// # Errors
    /// `NoObject` when nothing was uploaded.
    pub async fn head_upload(
        &self,
        session: &UploadSession,
    ) -> Result<(ObjectFacts, PieceSums), UploadError> {
        let object = session.object.clone().ok_or(UploadError::NoObject)?;
        match self.deps.storage.head(&own_key(&session.object_key)).await {
            Ok(facts) => Ok((facts, PieceSums { etag: object.etag, crc64: object.crc64 })),
            Err(StorageError::NotFound { .. }) => Err(UploadError::NoObject),
            Err(error) => Err(error.into()),
        }
    }

    /// Largest object that can be uploaded, in bytes.
    pub fn upload_bytes_max(&self) -> u64 {
        self.config.source_size_bytes_max
    }

    /// Records that the object is here, and completes the video that waits for it.
    pub(crate) async fn arrive(
        &self,
        app: &App,
        session: &UploadSession,
        object: UploadedObject,
        multipart_id: Option<MultipartId>,
    ) -> Result<PieceSums, UploadError> {
        if self.bytes_room(app).await? < object.size_bytes {
            self.deps.storage.delete(&own_key(&session.object_key)).await?;
            return Err(exceeded().into());
        }
        let media = match session.plan {
            Some(_) => None,
            None => Some(self.completion_of(app, session, object.size_bytes).await?),
        };
        let sums = PieceSums { etag: object.etag.clone(), crc64: object.crc64 };
        let arrival = UploadArrival { upload_id: session.id.clone(), object, multipart_id, media };
        match self.database().record_arrival(&arrival).await? {
            ArrivalOutcome::Recorded => Ok(sums),
            ArrivalOutcome::NoMultipart => Err(UploadError::NoMultipart),
            ArrivalOutcome::NotOpen => Err(UploadError::Denied),
            ArrivalOutcome::NoMedia => Err(self.without_media(session).await),
        }
    }

    /// What the arrival of its bytes changes about a session's video.
    async fn completion_of(
        &self,
        app: &App,
        session: &UploadSession,
        size_bytes: u64,
    ) -> Result<MediaArrival, UploadError> {
        let name = MediaName::VideoId(session.video_id.clone());
        let media = match self.find_media(app, &name).await {
            Ok(media) => media,
            Err(error) if error.code == ErrorCode::MediaNotFound => {
                return Err(self.without_media(session).await);
            }
            // Whether there is such a video, nobody knows now: its bytes stay.
            Err(error) => return Err(error.into()),
        };
        let media = Media { state: MediaState::Stored, ..media };
        let stored = self.media_event(app, EventKind::MediaStored, media.added_by, &media);
        Ok(MediaArrival {
            id: media.id,
            change: MediaChange { state: Some(MediaState::Stored), ..MediaChange::default() },
            jobs: self.jobs_of_stored(app, &media, &[]),
            events: vec![stored.with_news(MediaNews::stored(size_bytes, &[]))],
        })
    }

    /// The video was removed while its bytes came: nothing refers to them.
    async fn without_media(&self, session: &UploadSession) -> UploadError {
        match self.deps.storage.delete(&own_key(&session.object_key)).await {
            Ok(()) => UploadError::Denied,
            Err(error) => error.into(),
        }
    }

    /// Stands behind the last byte: an error when the session was closed while they came, so that a video
    /// is not written over by an upload that began before it was made.
    fn end_of(&self, session: &UploadSession) -> Chunks {
        let (database, session) = (Arc::clone(&self.deps.database), session.clone());
        futures::stream::once(async move {
            match is_open(database.as_ref(), &session).await {
                Ok(()) => Ok(bytes::Bytes::new()),
                Err(error) => Err(std::io::Error::other(error)),
            }
        })
        .boxed()
    }
}

/// Refuses to write under a session that is not open any more.
pub(crate) fn require_open(session: &UploadSession) -> Result<(), UploadError> {
    if session.state == UploadState::Open { Ok(()) } else { Err(UploadError::Denied) }
}

async fn is_open(database: &dyn Database, session: &UploadSession) -> Result<(), UploadError> {
    let found = database.find_upload(session.app_id, &session.id).await?;
    found.as_ref().map_or(Err(UploadError::Denied), require_open)
}
