//! Videos.

use async_trait::async_trait;
use stillframe_domain::media::Cover;
use stillframe_domain::{AppId, Event, Media, MediaId, VideoId};

use super::error::{at, conflict_or};
use super::rows::{Row, page, page_start, read_all, read_one, rows_of_page};
use super::writer::Tx;
use super::{SqliteDatabase, jobs, outbox};
use crate::records::{MediaChange, NewMedia, Page};
use crate::traits::MediaStore;
use crate::{Result, stored};

#[async_trait]
impl MediaStore for SqliteDatabase {
    async fn insert_media(&self, new: &NewMedia) -> Result<()> {
        let new = new.clone();
        self.write("media::insert", |tx| Box::pin(insert_with_all(tx, new))).await
    }

    async fn find_media(&self, app_id: AppId, id: MediaId) -> Result<Option<Media>> {
        const DOING: &str = "media::find";
        let row = sqlx::query("SELECT * FROM media WHERE app_id = ? AND id = ?")
            .bind(app_id.0)
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_one(row.as_ref(), DOING, read_media)
    }

    async fn find_media_by_video_id(&self, app_id: AppId, id: &VideoId) -> Result<Option<Media>> {
        let found = self.find_media_of_object(id).await?;
        Ok(found.filter(|media| media.app_id == app_id))
    }

    async fn find_media_of_object(&self, id: &VideoId) -> Result<Option<Media>> {
        const DOING: &str = "media::find_by_video_id";
        let row = sqlx::query("SELECT * FROM media WHERE video_id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_one(row.as_ref(), DOING, read_media)
    }

    async fn list_media(&self, app_id: AppId, after: Option<&str>, limit: usize) -> Result<Page<Media>> {
        const DOING: &str = "media::list";
        let Some(start) = page_start(after) else { return Ok(page(Vec::new(), limit)) };
        let rows = sqlx::query("SELECT * FROM media WHERE app_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?")
            .bind(app_id.0)
            .bind(start)
            .bind(rows_of_page(limit))
            .fetch_all(&self.readers)
            .await
            .map_err(at(DOING))?;
        Ok(page(read_all(&rows, DOING, |row| Ok((row.get("seq")?, read_media(row)?)))?, limit))
    }

    async fn update_name(&self, app_id: AppId, id: MediaId, name: &str) -> Result<bool> {
        let name = name.to_owned();
        self.write("media::update_name", move |tx| Box::pin(update_name(tx, app_id, id, name))).await
    }

    async fn update_cover(&self, app_id: AppId, id: MediaId, cover: Option<&Cover>) -> Result<bool> {
        let cover = cover.cloned();
        self.write("media::update_cover", move |tx| Box::pin(update_cover(tx, app_id, id, cover))).await
    }

    async fn delete_media(&self, app_id: AppId, id: MediaId, events: &[Event]) -> Result<bool> {
        let events = events.to_vec();
        self.write("media::delete", move |tx| Box::pin(delete(tx, app_id, id, events))).await
    }
}

async fn insert_with_all(tx: &mut Tx, new: NewMedia) -> Result<()> {
    insert(tx, new.media).await?;
    for job in new.jobs {
        jobs::insert(tx, job).await?;
    }
    outbox::tell(tx, &new.events).await
}

async fn insert(tx: &mut Tx, media: Media) -> Result<()> {
    const DOING: &str = "media::insert";
    sqlx::query(
        "INSERT INTO media (id, video_id, app_id, name, state, added_by, source, facts, failure, cover,
             pass_through, created_ms, updated_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(media.id.0)
    .bind(media.video_id.as_str())
    .bind(media.app_id.0)
    .bind(media.name)
    .bind(media.state.name())
    .bind(media.added_by.name())
    .bind(stored::document(DOING, &media.source)?)
    .bind(stored::optional_document(DOING, media.facts.as_ref())?)
    .bind(stored::optional_document(DOING, media.failure.as_ref())?)
    .bind(stored::optional_document(DOING, media.cover.as_ref())?)
    .bind(media.pass_through)
    .bind(media.created_at.as_millis())
    .bind(media.updated_at.as_millis())
    .execute(tx.connection())
    .await
    .map_err(conflict_or("a video of this id", DOING))?;
    Ok(())
}

/// Changes what a finished job found out about a video.
pub(super) async fn change(tx: &mut Tx, id: MediaId, change: MediaChange) -> Result<()> {
    const DOING: &str = "media::change";
    let now_ms = tx.now_ms();
    sqlx::query(
        "UPDATE media SET state = coalesce(?, state), source = coalesce(?, source),
             facts = coalesce(?, facts), failure = coalesce(?, failure), cover = coalesce(?, cover, ?),
             updated_ms = ?
         WHERE id = ?",
    )
    .bind(change.state.map(stillframe_domain::MediaState::name))
    .bind(stored::optional_document(DOING, change.source.as_ref())?)
    .bind(stored::optional_document(DOING, change.facts.as_ref())?)
    .bind(stored::optional_document(DOING, change.failure.as_ref())?)
    .bind(stored::optional_document(DOING, change.cover.as_ref())?)
    .bind(stored::optional_document(DOING, change.cover_if_unset.as_ref())?)
    .bind(now_ms)
    .bind(id.0)
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    Ok(())
}

async fn update_name(tx: &mut Tx, app_id: AppId, id: MediaId, name: String) -> Result<bool> {
    let now_ms = tx.now_ms();
    let done = sqlx::query("UPDATE media SET name = ?, updated_ms = ? WHERE app_id = ? AND id = ?")
        .bind(name)
        .bind(now_ms)
        .bind(app_id.0)
        .bind(id.0)
        .execute(tx.connection())
        .await
        .map_err(at("media::update_name"))?;
    Ok(0 < done.rows_affected())
}

async fn update_cover(tx: &mut Tx, app_id: AppId, id: MediaId, cover: Option<Cover>) -> Result<bool> {
    const DOING: &str = "media::update_cover";
    let now_ms = tx.now_ms();
    let done = sqlx::query("UPDATE media SET cover = ?, updated_ms = ? WHERE app_id = ? AND id = ?")
        .bind(stored::optional_document(DOING, cover.as_ref())?)
        .bind(now_ms)
        .bind(app_id.0)
        .bind(id.0)
        .execute(tx.connection())
        .await
        .map_err(at(DOING))?;
    Ok(0 < done.rows_affected())
}

/// Its jobs and their results go with it, so that a running job finds its lease lost.
async fn delete(tx: &mut Tx, app_id: AppId, id: MediaId, events: Vec<Event>) -> Result<bool> {
    let done = sqlx::query("DELETE FROM media WHERE app_id = ? AND id = ?")
        .bind(app_id.0)
        .bind(id.0)
        .execute(tx.connection())
        .await
        .map_err(at("media::delete"))?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    outbox::tell(tx, &events).await?;
    Ok(true)
}

fn read_media(row: Row<'_>) -> Result<Media> {
    Ok(Media {
        id: MediaId(row.get("id")?),
        video_id: row.id("video_id", VideoId::parse)?,
        app_id: AppId(row.get("app_id")?),
        name: row.get("name")?,
        source: row.document("source")?,
        state: row.variant("state")?,
        facts: row.optional_document("facts")?,
        failure: row.optional_document("failure")?,
        cover: row.optional_document("cover")?,
        added_by: row.variant("added_by")?,
        pass_through: row.get("pass_through")?,
        created_at: row.time("created_ms")?,
        updated_at: row.time("updated_ms")?,
    })
}
