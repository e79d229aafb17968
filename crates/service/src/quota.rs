//! How much an app may store.
//!
//! It is asked for before a video is taken in, and again when its bytes are here and counted. What several
//! uploads bring at the same time may pass the limit by their own sizes, once.

use stillframe_domain::{App, ErrorCode, Quota};

use crate::{Result, Service, ServiceError, UploadError};

impl Service {
    /// Bytes that an app may still bring, at most those of one video.
    ///
    /// # Errors
    /// `QuotaExceeded` when it has all that it may.
    pub(crate) async fn room(&self, app: &App) -> Result<u64> {
        let most = self.config.source_size_bytes_max;
        if !app.settings.quota.is_limited() {
            return Ok(most);
        }
        let usage = self.database().usage(app.id).await?;
        let room = app.settings.quota.room(usage.videos, usage.bytes).ok_or_else(exceeded)?;
        Ok(room.min(most))
    }

    /// Bytes that may come for a video that is counted already, at most those of one video.
    ///
    /// # Errors
    /// `QuotaExceeded` when the app has as many bytes as it may.
    pub(crate) async fn bytes_room(&self, app: &App) -> Result<u64> {
        let most = self.config.source_size_bytes_max;
        let quota = Quota { videos_max: None, ..app.settings.quota };
        if !quota.is_limited() {
            return Ok(most);
        }
        let usage = self.database().usage(app.id).await?;
        Ok(quota.room(usage.videos, usage.bytes).ok_or_else(exceeded)?.min(most))
    }

    /// Lets so many bytes in, or refuses them.
    ///
    /// # Errors
    /// `QuotaExceeded`.
    pub(crate) async fn check_room(&self, app: &App, size_bytes: u64) -> Result<()> {
        if app.settings.quota.is_limited() && self.room(app).await? < size_bytes {
            return Err(exceeded());
        }
        Ok(())
    }

    /// What an upload beyond its room is: larger than any video may be, or more than the app may have.
    pub(crate) fn too_large(&self, room: u64, error: ServiceError) -> ServiceError {
        let is_of_quota = room < self.config.source_size_bytes_max;
        if error.code == ErrorCode::SourceTooLarge && is_of_quota { exceeded() } else { error }
    }
}

impl Service {
    /// What an object beyond its room is refused by: it is larger than any may be, or the app is full.
    pub(crate) fn beyond(&self, room: u64, error: UploadError) -> UploadError {
        match error {
            UploadError::TooLarge { size_bytes_max }
                if size_bytes_max == room && room < self.config.source_size_bytes_max =>
            {
                exceeded().into()
            }
            other => other,
        }
    }
}

/// The refusal of what an app has no room for.
pub(crate) fn exceeded() -> ServiceError {
    let message = "the app has as many videos, or as many bytes of them, as it may";
    ServiceError::new(ErrorCode::QuotaExceeded, message)
}
