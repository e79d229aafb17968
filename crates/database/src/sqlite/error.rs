//! Errors of the driver, by what the caller can do.

use sqlx::migrate::MigrateError;

use crate::DatabaseError;

/// Primary result codes of SQLite after which the same call may succeed later.
///
/// Source: <https://www.sqlite.org/rescode.html> (read 2026-11-23).
const TEMPORARY: [i32; 11] = [
    3,  // PERM
    5,  // BUSY
    6,  // LOCKED
    7,  // NOMEM
    8,  // READONLY
    9,  // INTERRUPT
    10, // IOERR
    13, // FULL
    14, // CANTOPEN
    15, // PROTOCOL: too many races for a lock
    23, // AUTH
];

/// Says what was being done when the driver failed.
pub(super) fn at(doing: &'static str) -> impl Fn(sqlx::Error) -> DatabaseError {
    move |error| of_driver(doing, error)
}

/// As [`at`], for an insert whose unique key may be taken.
pub(super) fn conflict_or(what: &'static str, doing: &'static str) -> impl Fn(sqlx::Error) -> DatabaseError {
    move |error| match &error {
        sqlx::Error::Database(cause) if cause.is_unique_violation() => DatabaseError::Conflict { what },
        _ => of_driver(doing, error),
    }
}

/// What stands in a row cannot be understood.
pub(super) fn unexpected(doing: &'static str, detail: impl std::fmt::Display) -> DatabaseError {
    DatabaseError::Inconsistent { doing, detail: detail.to_string() }
}

/// The database could not be reached.
pub(super) fn unavailable(doing: &'static str, detail: impl std::fmt::Display) -> DatabaseError {
    DatabaseError::Unavailable { doing, source: detail.to_string().into() }
}

/// Says that bringing the schema up to date failed.
pub(super) fn of_migration(doing: &'static str, error: MigrateError) -> DatabaseError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => of_driver(doing, error),
        other => unexpected(doing, other),
    }
}

fn of_driver(doing: &'static str, error: sqlx::Error) -> DatabaseError {
    let is_temporary = match &error {
        sqlx::Error::Database(cause) => {
            // The low byte of an extended code is its primary code.
            let code = cause.code().and_then(|code| code.parse::<i32>().ok());
            code.is_some_and(|code| TEMPORARY.contains(&(code & 0xff)))
        }
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        _ => false,
    };
    if is_temporary {
        DatabaseError::Unavailable { doing, source: Box::new(error) }
    } else {
        unexpected(doing, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{Connection, SqliteConnection};

    #[tokio::test]
    async fn a_full_disk_is_temporary_and_a_broken_rule_is_not() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for statement in ["PRAGMA max_page_count = 10", "CREATE TABLE t (x UNIQUE NOT NULL)"] {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        let mut insert = async |value: &'static str| {
            let query = sqlx::query(value).execute(&mut connection);
            conflict_or("a row", "tests::insert")(query.await.expect_err("it fails"))
        };
        let full = insert("INSERT INTO t VALUES (zeroblob(1000000))").await;
        assert!(matches!(full, DatabaseError::Unavailable { doing: "tests::insert", .. }), "{full:?}");
        let null = insert("INSERT INTO t VALUES (NULL)").await;
        assert!(matches!(null, DatabaseError::Inconsistent { doing: "tests::insert", .. }), "{null:?}");
        let twice = insert("INSERT INTO t VALUES (1), (1)").await;
        assert!(matches!(twice, DatabaseError::Conflict { what: "a row" }), "{twice:?}");
    }
}
