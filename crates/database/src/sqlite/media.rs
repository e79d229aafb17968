//! Videos.

use async_trait::async_trait;
use stillframe_domain::{AppId, Event, EventKind, EventPayload, Media, MediaId, MediaUpdate, VideoId};

use super::error::{at, conflict_or};
use super::rows::{Row, page, page_start, read_all, read_one, rows_of_page, stored_count};
use super::writer::Tx;
use super::{SqliteDatabase, jobs, media_search, outbox};
use crate::records::{MediaChange, MediaFilter, MediaMatches, NewMedia, Page};
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

    async fn search_media(
        &self,
        app_id: AppId,
        filter: &MediaFilter,
        offset: u64,
        limit: usize,
    ) -> Result<MediaMatches> {
        let mut reading = self.read("media::search").await?;
        media_search::search(&mut reading, app_id, filter, (offset, limit)).await
    }

    async fn update_media(
        &self,
        app_id: AppId,
        id: MediaId,
        update: &MediaUpdate,
        events: &[Event],
    ) -> Result<bool> {
        let (update, events) = (update.clone(), events.to_vec());
        self.write("media::update", move |tx| Box::pin(update_media(tx, (app_id, id), update, events))).await
    }

    async fn delete_media(&self, app_id: AppId, id: MediaId, events: &[Event]) -> Result<bool> {
        let events = events.to_vec();
        self.write("media::delete", move |tx| Box::pin(delete(tx, app_id, id, events))).await
    }
}

pub(super) async fn insert_with_all(tx: &mut Tx, new: NewMedia) -> Result<()> {
    insert(tx, new.media).await?;
    for job in new.jobs {
        jobs::insert(tx, job).await?;
    }
    for job in new.held_jobs {
        jobs::insert_held(tx, job).await?;
    }
    outbox::tell(tx, &new.events).await
}

async fn insert(tx: &mut Tx, media: Media) -> Result<()> {
    const DOING: &str = "media::insert";
    sqlx::query(
        "INSERT INTO media (id, video_id, app_id, name, state, added_by, source, facts, failure, cover,
             pass_through, details, reference_id, created_ms, updated_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
    .bind(stored::document(DOING, &media.details)?)
    .bind(media.details.reference_id)
    .bind(media.created_at.as_millis())
    .bind(media.updated_at.as_millis())
    .execute(tx.connection())
    .await
    .map_err(conflict_or("a video of this id or reference id", DOING))?;
    Ok(())
}

/// Notes how many bytes of a video lie in the store, when an event tells that they came.
pub(super) async fn note_stored(tx: &mut Tx, event: &Event) -> Result<()> {
    let EventPayload::Media(fact) = &event.payload else { return Ok(()) };
    let (EventKind::MediaStored, Some(size_bytes)) = (event.kind, fact.news.size_bytes) else {
        return Ok(());
    };
    sqlx::query("UPDATE media SET stored_bytes = ? WHERE id = ? AND source ->> '$.value.object' IS NOT NULL")
        .bind(stored_count(size_bytes))
        .bind(fact.media_id.0)
        .execute(tx.connection())
        .await
        .map_err(at("media::note_stored"))?;
    Ok(())
}

/// Changes what a finished job found out about a video. Jobs that wait for its bytes are due once it
/// has another state than that in which it came: also one that failed, so that they tell of it.
pub(super) async fn change(tx: &mut Tx, id: MediaId, change: MediaChange) -> Result<()> {
    const DOING: &str = "media::change";
    if change.state.is_some() {
        jobs::release_held(tx, id).await?;
    }
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

async fn update_media(
    tx: &mut Tx,
    (app_id, id): (AppId, MediaId),
    update: MediaUpdate,
    events: Vec<Event>,
) -> Result<bool> {
    const DOING: &str = "media::update";
    let now_ms = tx.now_ms();
    let row = sqlx::query("SELECT * FROM media WHERE app_id = ? AND id = ?")
        .bind(app_id.0)
        .bind(id.0)
        .fetch_optional(tx.connection())
        .await
        .map_err(at(DOING))?;
    let Some(media) = read_one(row.as_ref(), DOING, read_media)? else { return Ok(false) };
    let media = update.apply(media);
    sqlx::query(
        "UPDATE media SET name = ?, pass_through = ?, details = ?, reference_id = ?, cover = ?, updated_ms = ?
         WHERE id = ?",
    )
    .bind(media.name)
    .bind(media.pass_through)
    .bind(stored::document(DOING, &media.details)?)
    .bind(media.details.reference_id)
    .bind(stored::optional_document(DOING, media.cover.as_ref())?)
    .bind(now_ms)
    .bind(id.0)
    .execute(tx.connection())
    .await
    .map_err(conflict_or("a video of this reference id", DOING))?;
    outbox::tell(tx, &events).await?;
    Ok(true)
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

pub(super) fn read_media(row: Row<'_>) -> Result<Media> {
    Ok(Media {
        id: MediaId(row.get("id")?),
        video_id: row.id("video_id", VideoId::parse)?,
        app_id: AppId(row.get("app_id")?),
        name: row.get("name")?,
        details: row.document("details")?,
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
