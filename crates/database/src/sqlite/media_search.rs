//! Searching videos.

use serde::Serialize;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use stillframe_domain::{AppId, MediaState, VideoId};

use super::error::at;
use super::media::read_media;
use super::rows::{json_list, read_all, stored_count};
use crate::Result;
use crate::records::{MediaFilter, MediaMatches, MediaOrder};

const DOING: &str = "media::search";
const DESCRIPTION: &str = "details -> 'value' ->> 'description'";

/// The videos that a filter finds, `limit` of them from number `offset` on.
pub(super) async fn search(
    connection: &mut SqliteConnection,
    app_id: AppId,
    filter: &MediaFilter,
    (offset, limit): (u64, usize),
) -> Result<MediaMatches> {
    let total: i64 = matching("SELECT count(*) FROM media", app_id, filter)?
        .build_query_scalar()
        .fetch_one(&mut *connection)
        .await
        .map_err(at(DOING))?;
    let mut query = matching("SELECT * FROM media", app_id, filter)?;
    query.push(match filter.order {
        MediaOrder::NewestFirst => " ORDER BY created_ms DESC, seq DESC",
        MediaOrder::OldestFirst => " ORDER BY created_ms, seq",
    });
    query.push(" LIMIT ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
    query.push(" OFFSET ").push_bind(stored_count(offset));
    let rows = query.build().fetch_all(connection).await.map_err(at(DOING))?;
    Ok(MediaMatches {
        items: read_all(&rows, DOING, read_media)?,
        total: u64::try_from(total).unwrap_or_default(),
    })
}

fn matching(select: &str, app_id: AppId, filter: &MediaFilter) -> Result<QueryBuilder<Sqlite>> {
    let mut query = QueryBuilder::new(select);
    query.push(" WHERE app_id = ").push_bind(app_id.0);
    let ids: Vec<i64> = filter.ids.iter().map(|id| id.0).collect();
    one_of(&mut query, "id", &ids)?;
    let video_ids: Vec<&str> = filter.video_ids.iter().map(VideoId::as_str).collect();
    one_of(&mut query, "video_id", &video_ids)?;
    one_of(&mut query, "reference_id", &filter.reference_ids)?;
    let states: Vec<&str> = filter.states.iter().copied().map(MediaState::name).collect();
    one_of(&mut query, "state", &states)?;
    one_of(&mut query, "details -> 'value' ->> 'category'", &filter.categories)?;
    holds_one_of(&mut query, "0 < instr(lower(name), text.value)", &filter.name_contains)?;
    holds_one_of(&mut query, "instr(lower(name), text.value) = 1", &filter.name_starts_with)?;
    let ends = "substr(lower(name), -length(text.value)) = text.value";
    holds_one_of(&mut query, ends, &filter.name_ends_with)?;
    let in_description = format!("0 < instr(lower({DESCRIPTION}), text.value)");
    holds_one_of(&mut query, &in_description, &filter.description_contains)?;
    let in_either = format!("(0 < instr(lower(name), text.value) OR {in_description})");
    holds_one_of(&mut query, &in_either, filter.text_contains.as_slice())?;
    one_of(&mut query, "details -> 'value' ->> 'fetched_from'", &filter.fetched_from)?;
    if let Some(has_bytes) = filter.failed_with_bytes {
        let is_here = "(source -> 'value' -> 'url' IS NULL)";
        query.push(format!(" AND (state <> 'failed' OR {is_here} = ")).push_bind(has_bytes).push(")");
    }
    if let Some(has_video) = filter.has_video {
        let video = "(facts IS NULL OR facts -> 'value' ->> 'video' IS NOT NULL)";
        query.push(format!(" AND {video} = ")).push_bind(has_video);
    }
    if !filter.tags.is_empty() {
        query.push(
            " AND EXISTS (SELECT 1 FROM json_each(details, '$.value.tags') AS tag
                 WHERE tag.value IN (SELECT value FROM json_each(",
        );
        query.push_bind(json_list(DOING, &filter.tags)?).push(")))");
    }
    if let Some(from) = filter.created_from {
        query.push(" AND created_ms >= ").push_bind(from.as_millis());
    }
    if let Some(before) = filter.created_before {
        query.push(" AND created_ms < ").push_bind(before.as_millis());
    }
    Ok(query)
}

fn one_of<T: Serialize>(query: &mut QueryBuilder<Sqlite>, column: &str, values: &[T]) -> Result<()> {
    if !values.is_empty() {
        query.push(format!(" AND {column} IN (SELECT value FROM json_each("));
        query.push_bind(json_list(DOING, values)?).push("))");
    }
    Ok(())
}

/// A claim that holds for one of the texts, each in lower case. By `instr` and not by `LIKE`, whose
/// wildcards would stand in what users type.
fn holds_one_of(query: &mut QueryBuilder<Sqlite>, claim: &str, texts: &[String]) -> Result<()> {
    if !texts.is_empty() {
        let lower: Vec<String> = texts.iter().map(|text| text.to_ascii_lowercase()).collect();
        query.push(" AND EXISTS (SELECT 1 FROM json_each(").push_bind(json_list(DOING, &lower)?);
        query.push(format!(") AS text WHERE {claim})"));
    }
    Ok(())
}
