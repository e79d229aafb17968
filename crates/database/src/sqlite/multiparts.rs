//! Uploads in parts, and their parts.

use sqlx::SqlitePool;
use stillframe_domain::{AppId, Multipart, MultipartId, Part};

use super::error::{at, conflict_or};
use super::rows::{Row, read_all, stored_count, stored_limit};
use super::writer::Tx;
use crate::Result;
use crate::uploads::PartOutcome;

pub(super) async fn insert(tx: &mut Tx, multipart: Multipart, limit: usize) -> Result<bool> {
    const DOING: &str = "multiparts::insert";
    let (open,): (i64,) = sqlx::query_as("SELECT count(*) FROM multiparts WHERE object_key = ?")
        .bind(&multipart.object_key)
        .fetch_one(tx.connection())
        .await
        .map_err(at(DOING))?;
    if stored_limit(limit) <= open {
        return Ok(false);
    }
    sqlx::query("INSERT INTO multiparts (id, app_id, object_key, created_ms) VALUES (?, ?, ?, ?)")
        .bind(multipart.id.as_str())
        .bind(multipart.app_id.0)
        .bind(multipart.object_key)
        .bind(multipart.created_at.as_millis())
        .execute(tx.connection())
        .await
        .map_err(conflict_or("an upload in parts of this id", DOING))?;
    Ok(true)
}

pub(super) async fn list(pool: &SqlitePool, app_id: AppId, object_key: &str) -> Result<Vec<Multipart>> {
    const DOING: &str = "multiparts::list";
    let rows = sqlx::query("SELECT * FROM multiparts WHERE app_id = ? AND object_key = ? ORDER BY seq")
        .bind(app_id.0)
        .bind(object_key)
        .fetch_all(pool)
        .await
        .map_err(at(DOING))?;
    read_all(&rows, DOING, read_multipart)
}

pub(super) async fn list_stale(pool: &SqlitePool, limit: usize) -> Result<Vec<Multipart>> {
    const DOING: &str = "multiparts::list_stale";
    let rows = sqlx::query(
        "SELECT * FROM multiparts AS m WHERE NOT EXISTS
             (SELECT 1 FROM uploads AS u WHERE u.object_key = m.object_key AND u.state = 'open')
         ORDER BY seq LIMIT ?",
    )
    .bind(stored_limit(limit))
    .fetch_all(pool)
    .await
    .map_err(at(DOING))?;
    read_all(&rows, DOING, read_multipart)
}

pub(super) async fn delete(tx: &mut Tx, id: MultipartId) -> Result<bool> {
    let done = sqlx::query("DELETE FROM multiparts WHERE id = ?")
        .bind(id.as_str())
        .execute(tx.connection())
        .await
        .map_err(at("multiparts::delete"))?;
    Ok(0 < done.rows_affected())
}

pub(super) async fn put_part(
    tx: &mut Tx,
    id: MultipartId,
    part: Part,
    size_bytes_max: u64,
) -> Result<PartOutcome> {
    const DOING: &str = "parts::put";
    let found: Option<(i64,)> = sqlx::query_as("SELECT seq FROM multiparts WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(tx.connection())
        .await
        .map_err(at(DOING))?;
    let Some((seq,)) = found else { return Ok(PartOutcome::NoMultipart) };
    let (others_bytes, replaced): (i64, Option<String>) = sqlx::query_as(
        "SELECT coalesce(sum(size_bytes) FILTER (WHERE number <> ?1), 0),
             max(part_key) FILTER (WHERE number = ?1)
         FROM parts WHERE multipart_seq = ?2",
    )
    .bind(part.number)
    .bind(seq)
    .fetch_one(tx.connection())
    .await
    .map_err(at(DOING))?;
    if stored_count(size_bytes_max) < others_bytes.saturating_add(stored_count(part.size_bytes)) {
        return Ok(PartOutcome::TooLarge);
    }
    sqlx::query(
        "INSERT OR REPLACE INTO parts (multipart_seq, number, part_key, md5, crc64, size_bytes, created_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(seq)
    .bind(part.number)
    .bind(part.key)
    .bind(part.md5)
    .bind(part.crc64.cast_signed())
    .bind(stored_count(part.size_bytes))
    .bind(part.created_at.as_millis())
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    Ok(PartOutcome::Stored { replaced })
}

pub(super) async fn list_parts(
    pool: &SqlitePool,
    id: &MultipartId,
    after: u32,
    limit: usize,
) -> Result<Vec<Part>> {
    const DOING: &str = "parts::list";
    let rows = sqlx::query(
        "SELECT p.* FROM parts AS p JOIN multiparts AS m ON m.seq = p.multipart_seq
         WHERE m.id = ? AND ? < p.number ORDER BY p.number LIMIT ?",
    )
    .bind(id.as_str())
    .bind(after)
    .bind(stored_limit(limit))
    .fetch_all(pool)
    .await
    .map_err(at(DOING))?;
    read_all(&rows, DOING, read_part)
}

fn read_multipart(row: Row<'_>) -> Result<Multipart> {
    Ok(Multipart {
        id: row.id("id", MultipartId::parse)?,
        app_id: AppId(row.get("app_id")?),
        object_key: row.get("object_key")?,
        created_at: row.time("created_ms")?,
    })
}

fn read_part(row: Row<'_>) -> Result<Part> {
    Ok(Part {
        number: row.number("number")?,
        key: row.get("part_key")?,
        md5: row.get("md5")?,
        crc64: row.get::<i64>("crc64")?.cast_unsigned(),
        size_bytes: row.number("size_bytes")?,
        created_at: row.time("created_ms")?,
    })
}
