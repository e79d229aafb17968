//! Sessions of uploads. Uploads in parts stand in `multiparts`.

use async_trait::async_trait;
use stillframe_domain::upload::TemporaryKey;
use stillframe_domain::{AppId, MediaId, Multipart, MultipartId, Part, UploadId, UploadSession, VideoId};

use super::error::{at, conflict_or};
use super::rows::{Row, read_all, read_one, stored_limit};
use super::writer::Tx;
use super::{SqliteDatabase, jobs, media, multiparts, outbox};
use crate::records::NewMedia;
use crate::uploads::{ArrivalOutcome, MediaArrival, PartOutcome, UploadArrival, Uploads};
use crate::{Result, stored};

#[async_trait]
impl Uploads for SqliteDatabase {
    async fn insert_upload(&self, session: &UploadSession, media: Option<&NewMedia>) -> Result<()> {
        let (session, media) = (session.clone(), media.cloned());
        self.write("uploads::insert", move |tx| Box::pin(insert(tx, session, media))).await
    }

    async fn find_upload(&self, app_id: AppId, id: &UploadId) -> Result<Option<UploadSession>> {
        const DOING: &str = "uploads::find";
        let row = sqlx::query("SELECT * FROM uploads WHERE app_id = ? AND id = ?")
            .bind(app_id.0)
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_one(row.as_ref(), DOING, read_session)
    }

    async fn find_upload_by_key(&self, key_id: &str) -> Result<Option<UploadSession>> {
        const DOING: &str = "uploads::find_by_key";
        let row = sqlx::query("SELECT * FROM uploads WHERE key_id = ?")
            .bind(key_id)
            .fetch_optional(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_one(row.as_ref(), DOING, read_session)
    }

    async fn commit_upload(&self, id: &UploadId, media: &NewMedia) -> Result<bool> {
        let (id, media) = (id.clone(), media.clone());
        self.write("uploads::commit", move |tx| Box::pin(commit(tx, id, media))).await
    }

    async fn record_arrival(&self, arrival: &UploadArrival) -> Result<ArrivalOutcome> {
        let arrival = arrival.clone();
        self.write("uploads::record_arrival", move |tx| Box::pin(record_arrival(tx, arrival))).await
    }

    async fn expire_uploads(&self, limit: usize) -> Result<Vec<UploadSession>> {
        self.write("uploads::expire", move |tx| Box::pin(expire(tx, limit))).await
    }

    async fn delete_upload(&self, id: &UploadId) -> Result<()> {
        let id = id.clone();
        self.write("uploads::delete", move |tx| Box::pin(delete(tx, id))).await
    }

    async fn insert_multipart(&self, multipart: &Multipart, limit: usize) -> Result<bool> {
        let multipart = multipart.clone();
        self.write("multiparts::insert", move |tx| Box::pin(multiparts::insert(tx, multipart, limit))).await
    }

    async fn list_multiparts(&self, app_id: AppId, object_key: &str) -> Result<Vec<Multipart>> {
        multiparts::list(&self.readers, app_id, object_key).await
    }

    async fn list_stale_multiparts(&self, limit: usize) -> Result<Vec<Multipart>> {
        multiparts::list_stale(&self.readers, limit).await
    }

    async fn delete_multipart(&self, id: &MultipartId) -> Result<bool> {
        let id = id.clone();
        self.write("multiparts::delete", move |tx| Box::pin(multiparts::delete(tx, id))).await
    }

    async fn put_part(&self, id: &MultipartId, part: &Part, size_bytes_max: u64) -> Result<PartOutcome> {
        let (id, part) = (id.clone(), part.clone());
        self.write("parts::put", move |tx| Box::pin(multiparts::put_part(tx, id, part, size_bytes_max))).await
    }

    async fn list_parts(&self, id: &MultipartId, after: u32, limit: usize) -> Result<Vec<Part>> {
        multiparts::list_parts(&self.readers, id, after, limit).await
    }
}

async fn insert(tx: &mut Tx, session: UploadSession, new: Option<NewMedia>) -> Result<()> {
    const DOING: &str = "uploads::insert";
    if let Some(new) = new {
        media::insert_with_all(tx, new).await?;
    }
    sqlx::query(
        "INSERT INTO uploads (id, app_id, dialect, media_id, video_id, object_key, key_id, secret, token,
             key_expires_ms, state, plan, object, created_ms, keep_until_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(session.id.as_str())
    .bind(session.app_id.0)
    .bind(session.dialect.name())
    .bind(session.media_id.0)
    .bind(session.video_id.as_str())
    .bind(session.object_key)
    .bind(session.key.key_id)
    .bind(session.key.secret)
    .bind(session.key.token)
    .bind(session.key.expires_at.as_millis())
    .bind(session.state.name())
    .bind(stored::optional_document(DOING, session.plan.as_ref())?)
    .bind(stored::optional_document(DOING, session.object.as_ref())?)
    .bind(session.created_at.as_millis())
    .bind(session.keep_until.as_millis())
    .execute(tx.connection())
    .await
    .map_err(conflict_or("an upload of this id", DOING))?;
    Ok(())
}

async fn commit(tx: &mut Tx, id: UploadId, new: NewMedia) -> Result<bool> {
    let done = sqlx::query("UPDATE uploads SET state = 'committed' WHERE id = ? AND state = 'open'")
        .bind(id.as_str())
        .execute(tx.connection())
        .await
        .map_err(at("uploads::commit"))?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    media::insert_with_all(tx, new).await?;
    Ok(true)
}

/// Everything is looked at before anything is written: a write that succeeds is committed.
async fn record_arrival(tx: &mut Tx, arrival: UploadArrival) -> Result<ArrivalOutcome> {
    const DOING: &str = "uploads::record_arrival";
    let open: Option<(String,)> =
        sqlx::query_as("SELECT object_key FROM uploads WHERE id = ? AND state = 'open'")
            .bind(arrival.upload_id.as_str())
            .fetch_optional(tx.connection())
            .await
            .map_err(at(DOING))?;
    let Some((object_key,)) = open else { return Ok(ArrivalOutcome::NotOpen) };
    if let Some(media) = &arrival.media {
        let found = sqlx::query("SELECT 1 FROM media WHERE id = ?")
            .bind(media.id.0)
            .fetch_optional(tx.connection())
            .await
            .map_err(at(DOING))?;
        if found.is_none() {
            return Ok(ArrivalOutcome::NoMedia);
        }
    }
    if let Some(id) = arrival.multipart_id
        && !multiparts::delete(tx, id).await?
    {
        return Ok(ArrivalOutcome::NoMultipart);
    }
    sqlx::query("UPDATE uploads SET object = ? WHERE object_key = ?")
        .bind(stored::document(DOING, &arrival.object)?)
        .bind(object_key)
        .execute(tx.connection())
        .await
        .map_err(at(DOING))?;
    if let Some(media) = arrival.media {
        complete_media(tx, media).await?;
    }
    Ok(ArrivalOutcome::Recorded)
}

async fn complete_media(tx: &mut Tx, arrival: MediaArrival) -> Result<()> {
    media::change(tx, arrival.id, arrival.change).await?;
    for job in arrival.jobs {
        jobs::insert(tx, job).await?;
    }
    outbox::tell(tx, &arrival.events).await
}

async fn expire(tx: &mut Tx, limit: usize) -> Result<Vec<UploadSession>> {
    const DOING: &str = "uploads::expire";
    let now_ms = tx.now_ms();
    sqlx::query("UPDATE uploads SET state = 'expired' WHERE state = 'open' AND keep_until_ms <= ?")
        .bind(now_ms)
        .execute(tx.connection())
        .await
        .map_err(at(DOING))?;
    let rows = sqlx::query("SELECT * FROM uploads WHERE keep_until_ms <= ? ORDER BY keep_until_ms LIMIT ?")
        .bind(now_ms)
        .bind(stored_limit(limit))
        .fetch_all(tx.connection())
        .await
        .map_err(at(DOING))?;
    read_all(&rows, DOING, read_session)
}

async fn delete(tx: &mut Tx, id: UploadId) -> Result<()> {
    sqlx::query("DELETE FROM uploads WHERE id = ?")
        .bind(id.as_str())
        .execute(tx.connection())
        .await
        .map_err(at("uploads::delete"))?;
    Ok(())
}

fn read_session(row: Row<'_>) -> Result<UploadSession> {
    Ok(UploadSession {
        id: row.id("id", UploadId::parse)?,
        app_id: AppId(row.get("app_id")?),
        dialect: row.variant("dialect")?,
        media_id: MediaId(row.get("media_id")?),
        video_id: row.id("video_id", VideoId::parse)?,
        object_key: row.get("object_key")?,
        key: TemporaryKey {
            key_id: row.get("key_id")?,
            secret: row.get("secret")?,
            token: row.get("token")?,
            expires_at: row.time("key_expires_ms")?,
        },
        state: row.variant("state")?,
        plan: row.optional_document("plan")?,
        object: row.optional_document("object")?,
        created_at: row.time("created_ms")?,
        keep_until: row.time("keep_until_ms")?,
    })
}
