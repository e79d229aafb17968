//! What is of no use any more.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use stillframe_domain::media::Cover;
use stillframe_domain::{Media, MediaSource, VideoId, object_key, upload};

use super::SqliteDatabase;
use super::error::at;
use super::media::read_media;
use super::rows::{json_list, read_one, stored_limit, stored_ms};
use super::writer::Tx;
use crate::Result;
use crate::cleaning::Cleaning;

#[async_trait]
impl Cleaning for SqliteDatabase {
    async fn list_unreferenced(&self, keys: &[String]) -> Result<Vec<String>> {
        // One state of the database, so that a key that moves from one row to another is seen in one of them.
        let mut reading = self.read("cleaning::list_unreferenced").await?;
        let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for key in keys {
            if let Some((folder, _)) = key.split_once('/') {
                folders.entry(folder).or_default().push(key);
            }
        }
        let mut found = Vec::new();
        for (folder, keys) in folders {
            match VideoId::parse(folder) {
                Ok(video_id) => found.extend(unreferenced_of(&mut reading, &video_id, &keys).await?),
                Err(_) => found.extend(unreferenced_parts(&mut reading, &keys).await?),
            }
        }
        Ok(found)
    }

    async fn forget_jobs(&self, keep: Duration, limit: usize) -> Result<u64> {
        self.write("jobs::forget", move |tx| Box::pin(forget_jobs(tx, keep, limit))).await
    }

    async fn forget_events(&self, keep: Duration, limit: usize) -> Result<u64> {
        self.write("events::forget", move |tx| Box::pin(forget_events(tx, keep, limit))).await
    }
}

/// Keys in the folder of a video.
async fn unreferenced_of(
    connection: &mut SqliteConnection,
    video_id: &VideoId,
    keys: &[&str],
) -> Result<Vec<String>> {
    const DOING: &str = "cleaning::find_media";
    let row = sqlx::query("SELECT * FROM media WHERE video_id = ?")
        .bind(video_id.as_str())
        .fetch_optional(&mut *connection)
        .await
        .map_err(at(DOING))?;
    let media = read_one(row.as_ref(), DOING, read_media)?;
    let media_id = match &media {
        Some(media) if has_unfinished_job(connection, media).await? => return Ok(Vec::new()),
        Some(media) => Some(media.id.0),
        None => None,
    };
    let free = without_rows(connection, media_id, keys).await?;
    let is_said_of = |key: &String| media.as_ref().is_some_and(|media| refers_to(media, key));
    Ok(free.into_iter().filter(|key| !is_said_of(key)).collect())
}

async fn has_unfinished_job(connection: &mut SqliteConnection, media: &Media) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM jobs WHERE media_id = ? AND due_ms IS NOT NULL)")
        .bind(media.id.0)
        .fetch_one(connection)
        .await
        .map_err(at("cleaning::has_unfinished_job"))
}

/// Whether the video itself names this object. Covers that its owner brought stay as long as it does.
fn refers_to(media: &Media, key: &str) -> bool {
    matches!(&media.source, MediaSource::Object { key: source } if source == key)
        || matches!(&media.cover, Some(Cover::Object(cover)) if cover == key)
        || object_key::is_brought_cover(key)
}

/// Keys that neither a result of the video nor an upload names.
async fn without_rows(
    connection: &mut SqliteConnection,
    media_id: Option<i64>,
    keys: &[&str],
) -> Result<Vec<String>> {
    const DOING: &str = "cleaning::without_rows";
    sqlx::query_scalar(
        "WITH told AS (
             SELECT outputs.seq, outputs.vtt_key FROM jobs JOIN outputs ON outputs.job_seq = jobs.seq
             WHERE jobs.media_id = ?2)
         SELECT asked.value FROM json_each(?1) AS asked
         WHERE NOT EXISTS (SELECT 1 FROM uploads WHERE object_key = asked.value)
             AND asked.value NOT IN (
                 SELECT vtt_key FROM told WHERE vtt_key IS NOT NULL
                 UNION ALL
                 SELECT object_key FROM told JOIN pictures ON output_seq = told.seq
                 WHERE object_key IS NOT NULL
                 UNION ALL
                 SELECT object_key FROM told JOIN sheets ON output_seq = told.seq)",
    )
    .bind(json_list(DOING, keys)?)
    .bind(media_id)
    .fetch_all(connection)
    .await
    .map_err(at(DOING))
}

/// Parts of uploads that are gone; keys of any other shape are left alone.
async fn unreferenced_parts(connection: &mut SqliteConnection, keys: &[&str]) -> Result<Vec<String>> {
    const DOING: &str = "cleaning::list_multiparts";
    let of = |key: &&str| upload::multipart_of_part(key);
    let ids: Vec<_> = keys.iter().filter_map(of).collect();
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT multiparts.id FROM json_each(?) AS asked JOIN multiparts ON multiparts.id = asked.value",
    )
    .bind(json_list(DOING, &ids)?)
    .fetch_all(connection)
    .await
    .map_err(at(DOING))?;
    let open: HashSet<&str> = open.iter().map(String::as_str).collect();
    let is_free = |key: &&&str| of(key).is_some_and(|id| !open.contains(id.as_str()));
    Ok(keys.iter().filter(is_free).map(|&key| key.to_owned()).collect())
}

/// Their outputs and pictures go with them.
async fn forget_jobs(tx: &mut Tx, keep: Duration, limit: usize) -> Result<u64> {
    let before_ms = tx.now_ms().saturating_sub(stored_ms(keep));
    let done = sqlx::query(
        "DELETE FROM jobs WHERE seq IN (
             SELECT seq FROM jobs WHERE finished_ms < ? ORDER BY finished_ms LIMIT ?)",
    )
    .bind(before_ms)
    .bind(stored_limit(limit))
    .execute(tx.connection())
    .await
    .map_err(at("jobs::forget"))?;
    Ok(done.rows_affected())
}

/// Their deliveries and attempts go with them.
async fn forget_events(tx: &mut Tx, keep: Duration, limit: usize) -> Result<u64> {
    let before_ms = tx.now_ms().saturating_sub(stored_ms(keep));
    let done = sqlx::query(
        "DELETE FROM events WHERE seq IN (
             SELECT seq FROM events WHERE created_ms < ?
                 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event_seq = events.seq AND state = 'pending')
                 AND NOT EXISTS (SELECT 1 FROM queue_messages WHERE event_seq = events.seq)
             ORDER BY created_ms LIMIT ?)",
    )
    .bind(before_ms)
    .bind(stored_limit(limit))
    .execute(tx.connection())
    .await
    .map_err(at("events::forget"))?;
    Ok(done.rows_affected())
}
