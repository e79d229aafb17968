//! Removing what uploads left that never came to their end.

use stillframe_domain::{UploadSession, UploadState};

use crate::{Service, UploadError};

/// Most sessions, and most uploads in parts, of one round.
const ROUND_MAX: usize = 100;

impl Service {
    /// Removes permissions whose time is over, with what was uploaded and did not become a video, and
    /// uploads in parts that nobody can complete any more. Says how many of both; none means that nothing
    /// is left to do.
    ///
    /// It can be repeated, and break off anywhere.
    ///
    /// # Errors
    /// Failures of the database or the store.
    pub async fn clean_uploads(&self) -> Result<usize, UploadError> {
        let over = self.database().expire_uploads(ROUND_MAX).await?;
        for session in &over {
            self.clean_session(session).await?;
        }
        // After the sessions: those that were open till now keep their parts.
        let stale = self.database().list_stale_multiparts(ROUND_MAX).await?;
        for multipart in &stale {
            self.drop_multipart(&multipart.id).await?;
        }
        Ok(over.len() + stale.len())
    }

    async fn clean_session(&self, session: &UploadSession) -> Result<(), UploadError> {
        // Without a plan the object belongs to a video that exists.
        if session.state == UploadState::Expired && session.plan.is_some() {
            for key in self.deps.storage.list(&format!("{}/", session.video_id)).await? {
                self.deps.storage.delete(&key).await?;
            }
        }
        Ok(self.database().delete_upload(&session.id).await?)
    }
}
