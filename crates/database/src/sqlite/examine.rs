//! Looks at a database without changing it, beside a server that uses it.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::error::at;
use crate::Result;

/// Schema changes that this version knows.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// What a database was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// What its own check finds wrong; empty for a sound file.
    pub faults: Vec<String>,
    /// Changes of the schema that this version would still make at its next start.
    pub pending_migration_count: usize,
    /// Changes that a newer version made, which this one does not know.
    pub unknown_migration_count: usize,
}

/// Examines the database in a file that is there.
///
/// # Errors
/// `Unavailable` when it cannot be read, `Inconsistent` when it is no database.
pub async fn examine(path: &Path) -> Result<Examined> {
    const DOING: &str = "database::examine";
    let options =
        SqliteConnectOptions::new().filename(path).create_if_missing(false).pragma("query_only", "on");
    let mut connection = options.disable_statement_logging().connect().await.map_err(at(DOING))?;
    let found: Vec<String> =
        sqlx::query_scalar("PRAGMA quick_check(10)").fetch_all(&mut connection).await.map_err(at(DOING))?;
    let applied = applied_migrations(&mut connection).await?;
    connection.close().await.map_err(at(DOING))?;
    let known: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    Ok(Examined {
        faults: found.into_iter().filter(|line| line != "ok").collect(),
        pending_migration_count: known.iter().filter(|version| !applied.contains(version)).count(),
        unknown_migration_count: applied.iter().filter(|version| !known.contains(version)).count(),
    })
}

/// Versions of the schema changes that were made; none in a database that is new.
async fn applied_migrations(connection: &mut SqliteConnection) -> Result<Vec<i64>> {
    const DOING: &str = "database::examine";
    let is_new: bool = sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations')",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(at(DOING))?;
    if is_new {
        return Ok(Vec::new());
    }
    sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
        .fetch_all(connection)
        .await
        .map_err(at(DOING))
}
