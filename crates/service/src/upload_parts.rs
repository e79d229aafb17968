//! Writing an object in parts, with a temporary key.

use stillframe_database::PartOutcome;
use stillframe_domain::upload::{composed, part_key, parts_folder};
use stillframe_domain::{App, Multipart, MultipartId, Part, UploadSession, UploadedObject, limits};
use stillframe_storage::Chunks;

use crate::digest::{Sums, etag_of_parts, hex, summed};
use crate::media::own_key;
use crate::upload_objects::require_open;
use crate::{PieceSums, Service, UploadError};

impl Service {
    /// Begins an upload in parts.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn begin_multipart(&self, session: &UploadSession) -> Result<Multipart, UploadError> {
        require_open(session)?;
        let multipart = Multipart {
            id: MultipartId::mint(self.rng()),
            app_id: session.app_id,
            object_key: session.object_key.clone(),
            created_at: self.now(),
        };
        match self.database().insert_multipart(&multipart, limits::UPLOAD_MULTIPARTS_MAX).await? {
            true => Ok(multipart),
            false => Err(UploadError::TooManyMultiparts),
        }
    }

    /// The open uploads in parts of the session's object, oldest first.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn list_multiparts(&self, session: &UploadSession) -> Result<Vec<Multipart>, UploadError> {
        Ok(self.database().list_multiparts(session.app_id, &session.object_key).await?)
    }

    /// Stores a part, in the place of one of the same number. The parts of an upload may together be no more
    /// than the app has room for.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn put_part(
        &self,
        app: &App,
        session: &UploadSession,
        id: &MultipartId,
        number: u32,
        (content, md5): (Chunks, Option<[u8; 16]>),
    ) -> Result<PieceSums, UploadError> {
        require_open(session)?;
        if !(1..=limits::UPLOAD_PART_NUMBER_MAX).contains(&number) {
            return Err(UploadError::PartNumber);
        }
        self.require_multipart(session, id).await?;
        let (content, sums) = summed(content, md5);
        let room = self.bytes_room(app).await?;
        let key = part_key(id, number, self.rng());
        let limit = room.min(limits::UPLOAD_PIECE_BYTES_MAX);
        let put = self.deps.storage.put_stream(&own_key(&key), content, limit).await;
        let facts = put.map_err(|error| self.beyond(room, error.into()))?;
        let Sums { md5, crc64 } = sums.get().expect("what was stored has passed whole").clone();
        let part = Part {
            number,
            key,
            md5: hex(&md5),
            crc64: crc64.as_u64(),
            size_bytes: facts.size_bytes,
            created_at: self.now(),
        };
        let outcome = self.database().put_part(id, &part, room).await;
        let refused = match outcome {
            Ok(PartOutcome::Stored { replaced }) => {
                if let Some(replaced) = replaced {
                    self.deps.storage.delete(&own_key(&replaced)).await?;
                }
                return Ok(PieceSums { etag: part.md5, crc64: part.crc64 });
            }
            Ok(PartOutcome::NoMultipart) => UploadError::NoMultipart,
            Ok(PartOutcome::TooLarge) => self.beyond(room, UploadError::TooLarge { size_bytes_max: room }),
            // The row may be there: what no row names goes with its upload.
            Err(error) => return Err(error.into()),
        };
        // Nothing refers to the part.
        self.deps.storage.delete(&own_key(&part.key)).await?;
        Err(refused)
    }

    /// Up to `limit` parts with higher numbers than `after`, by number, and whether there are more.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn list_parts(
        &self,
        session: &UploadSession,
        id: &MultipartId,
        after: u32,
        limit: usize,
    ) -> Result<(Vec<Part>, bool), UploadError> {
        self.require_multipart(session, id).await?;
        let mut parts = self.database().list_parts(id, after, limit + 1).await?;
        let has_more = limit < parts.len();
        parts.truncate(limit);
        Ok((parts, has_more))
    }

    /// Makes the object of the listed parts, each with its validator, and completes the video that waits
    /// for it. Parts that are not listed are dropped.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn complete_multipart(
        &self,
        app: &App,
        session: &UploadSession,
        id: &MultipartId,
        listed: &[(u32, String)],
    ) -> Result<PieceSums, UploadError> {
        require_open(session)?;
        self.require_multipart(session, id).await?;
        let most = limits::UPLOAD_PART_NUMBER_MAX as usize;
        let parts = chosen(&self.database().list_parts(id, 0, most).await?, listed)?;
        let (size_bytes, crc64) = composed(&parts);
        // Before the object is written, which may take the place of one that is a video already.
        let room = self.bytes_room(app).await?;
        if room < size_bytes {
            return Err(self.beyond(room, UploadError::TooLarge { size_bytes_max: room }));
        }
        let keys: Vec<_> = parts.iter().map(|part| own_key(&part.key)).collect();
        self.deps.storage.compose(&own_key(&session.object_key), &keys, size_bytes).await?;
        let etag = etag_of_parts(parts.iter().map(|part| part.md5.as_str()));
        let object = UploadedObject { etag, crc64: crc64.as_u64(), size_bytes };
        let sums = self.arrive(app, session, object, Some(id.clone())).await?;
        // The object counts whatever becomes of its parts.
        if let Err(error) = self.remove_parts(id).await {
            tracing::warn!(multipart.id = %id, error = ?error, "could not remove the parts of {id}");
        }
        Ok(sums)
    }

    /// Ends an upload in parts without an object.
    ///
    /// # Errors
    /// See [`UploadError`].
    pub async fn abort_multipart(
        &self,
        session: &UploadSession,
        id: &MultipartId,
    ) -> Result<(), UploadError> {
        self.require_multipart(session, id).await?;
        self.drop_multipart(id).await
    }

    /// Removes an upload in parts. Its objects go first and last: first, so that a crash leaves the row
    /// that tells of them; last, since a part may have come meanwhile.
    pub(crate) async fn drop_multipart(&self, id: &MultipartId) -> Result<(), UploadError> {
        self.remove_parts(id).await?;
        self.database().delete_multipart(id).await?;
        self.remove_parts(id).await
    }

    async fn remove_parts(&self, id: &MultipartId) -> Result<(), UploadError> {
        for key in self.deps.storage.list(&parts_folder(id)).await? {
            self.deps.storage.delete(&key).await?;
        }
        Ok(())
    }

    async fn require_multipart(&self, session: &UploadSession, id: &MultipartId) -> Result<(), UploadError> {
        let open = self.list_multiparts(session).await?;
        if open.iter().any(|one| one.id == *id) { Ok(()) } else { Err(UploadError::NoMultipart) }
    }
}

/// The listed parts among those that came, which are sorted by number.
fn chosen(parts: &[Part], listed: &[(u32, String)]) -> Result<Vec<Part>, UploadError> {
    if listed.is_empty() {
        return Err(UploadError::Part);
    }
    if !listed.is_sorted_by(|(a, _), (b, _)| a < b) {
        return Err(UploadError::PartOrder);
    }
    let mut chosen = Vec::with_capacity(listed.len());
    for (number, etag) in listed {
        let place = parts.binary_search_by_key(number, |part| part.number).map_err(|_| UploadError::Part)?;
        let found = Some(&parts[place]).filter(|part| part.md5.eq_ignore_ascii_case(etag));
        let found = found.ok_or(UploadError::Part)?;
        chosen.push(found.clone());
    }
    let but_last = &chosen[..chosen.len() - 1];
    if but_last.iter().any(|part| part.size_bytes < limits::UPLOAD_PART_BYTES_MIN) {
        return Err(UploadError::PartTooSmall);
    }
    Ok(chosen)
}
