//! What waits and what is stored. Each count reads an index of what has not ended, not the whole table.

use async_trait::async_trait;
use sqlx::{Sqlite, Transaction};
use stillframe_domain::AppId;

use super::SqliteDatabase;
use super::error::at;
use super::rows::{Row, read_all};
use crate::Result;
use crate::statistics::{Counts, Statistics, Usage};

#[async_trait]
impl Counts for SqliteDatabase {
    async fn statistics(&self) -> Result<Statistics> {
        const DOING: &str = "statistics::jobs";
        let now_ms = self.now_ms();
        let mut read = self.read(DOING).await?;
        let rows = sqlx::query(
            "SELECT state, count(*) AS count FROM jobs WHERE due_ms IS NOT NULL GROUP BY state ORDER BY state",
        )
        .fetch_all(&mut *read)
        .await
        .map_err(at(DOING))?;
        let jobs = read_all(&rows, DOING, |row| Ok((row.variant("state")?, row.number("count")?)))?;
        let waiting = "SELECT count(*) AS count, min(due_ms) AS oldest_ms FROM jobs
             WHERE due_ms IS NOT NULL AND state <> 'running' AND due_ms <= ?";
        let deliveries = "SELECT count(*) AS count,
             min(CASE WHEN is_leased = 0 THEN next_ms END) AS oldest_ms
             FROM deliveries WHERE state = 'pending' AND ? IS NOT NULL";
        let events =
            "SELECT count(*) AS count, min(queued_ms) AS oldest_ms FROM queue_messages WHERE ? IS NOT NULL";
        let messages =
            "SELECT count(*) AS count, min(sent_ms) AS oldest_ms FROM messages WHERE ? IS NOT NULL";
        let (_, oldest_due_job_ms) = counted(&mut read, waiting, now_ms).await?;
        let (deliveries_pending, oldest_due_delivery_ms) = counted(&mut read, deliveries, now_ms).await?;
        let (queued_events, oldest_queued_event_ms) = counted(&mut read, events, now_ms).await?;
        let (messages, oldest_message_ms) = counted(&mut read, messages, now_ms).await?;
        Ok(Statistics {
            jobs,
            oldest_due_job_ms,
            deliveries_pending,
            oldest_due_delivery_ms,
            queued_events,
            oldest_queued_event_ms,
            messages,
            oldest_message_ms,
        })
    }

    async fn usage(&self, app_id: AppId) -> Result<Usage> {
        const DOING: &str = "media::usage";
        let row = sqlx::query(
            "SELECT count(*) AS videos, coalesce(sum(stored_bytes), 0) AS bytes FROM media WHERE app_id = ?",
        )
        .bind(app_id.0)
        .fetch_one(&self.readers)
        .await
        .map_err(at(DOING))?;
        let row = Row::new(&row, DOING);
        Ok(Usage { videos: row.number("videos")?, bytes: row.number("bytes")? })
    }
}

/// A count, and how long ago the oldest of what was counted was due.
async fn counted(
    read: &mut Transaction<'static, Sqlite>,
    statement: &'static str,
    now_ms: i64,
) -> Result<(u64, u64)> {
    const DOING: &str = "statistics::count";
    let row = sqlx::query(statement).bind(now_ms).fetch_one(&mut **read).await.map_err(at(DOING))?;
    let row = Row::new(&row, DOING);
    let oldest_ms: Option<i64> = row.get("oldest_ms")?;
    let age_ms = oldest_ms.map_or(0, |oldest_ms| now_ms.saturating_sub(oldest_ms).max(0));
    Ok((row.number("count")?, u64::try_from(age_ms).unwrap_or_default()))
}
