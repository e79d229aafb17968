//! Repositories in one SQLite file: nothing to install, one process that writes.
//!
//! All writes go through one connection whose transactions begin with the write lock and are flushed
//! to the disk before anyone is answered; writes that wait at the same time share a transaction
//! (`writer`). Reads have connections of their own and see the last committed state.
//!
//! **Invariant:** a method that returned `Ok` survives a loss of power (WAL, `synchronous=FULL`).

mod apps;
mod cleaning;
mod deliveries;
mod delivery_control;
mod endpoints;
mod error;
mod events;
mod examine;
mod health;
mod job_search;
mod jobs;
mod leases;
mod media;
mod media_search;
mod message_queues;
mod messages;
mod multiparts;
mod outbox;
mod outcomes;
mod procedures;
mod queues;
mod replay;
mod rows;
mod statistics;
mod templates;
mod uploads;
mod writer;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Sqlite, SqlitePool, Transaction};
use stillframe_domain::{Clock, Rng, Timestamp, limits};
use tokio::sync::watch;

use crate::traits::{Database, Topic};
use crate::{DatabaseError, Result};
use error::at;
pub use examine::{Examined, examine};
use writer::{HintSenders, Stepping, Tx, Writer};

/// Connections for reading.
const READERS: u32 = 4;
/// How long a connection waits for another process's lock by default.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a read waits for a free connection.
const READER_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a SQLite database is, and what it takes its time and randomness from.
#[derive(Clone)]
pub struct SqliteConfig {
    /// The file; made, with its owner alone allowed to read it, when it is not there.
    pub path: PathBuf,
    /// Time of leases, retries and queues.
    pub clock: Arc<dyn Clock>,
    /// Randomness of lease tokens and receipt handles.
    pub rng: Arc<dyn Rng>,
    /// How long a write waits for that of another process; 10 s by default.
    pub busy_timeout: Duration,
    /// How long an event waits to be pulled; 4 days by default.
    pub queue_retention: Duration,
}

impl SqliteConfig {
    /// A database in that file.
    pub fn new(path: impl AsRef<Path>, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        let queue_retention = Duration::from_millis(limits::QUEUE_RETENTION_MS);
        Self { path: path.as_ref().to_owned(), clock, rng, busy_timeout: BUSY_TIMEOUT, queue_retention }
    }
}

/// The repositories in one SQLite file.
pub struct SqliteDatabase {
    readers: SqlitePool,
    writer: Writer,
    hints: Arc<HintSenders>,
    clock: Arc<dyn Clock>,
    queue_retention: Duration,
}

impl SqliteDatabase {
    /// Opens a database and brings its schema up to date. Its writes run as a task of the current
    /// runtime, until the last user is gone or [`Database::close`] is called.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be made, read or written; `Inconsistent` when it is no
    /// database, or one of a newer version.
    pub async fn open(config: SqliteConfig) -> Result<Self> {
        const DOING: &str = "database::open";
        make_private(&config.path)
            .map_err(|error| DatabaseError::Unavailable { doing: DOING, source: error.into() })?;
        let options = SqliteConnectOptions::new()
            .filename(&config.path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(config.busy_timeout)
            .disable_statement_logging();
        let writing = pool(1).connect_with(options.clone()).await.map_err(at(DOING))?;
        examine::MIGRATIONS
            .run(&writing)
            .await
            .map_err(|error| error::of_migration("database::migrate", error))?;
        let readers =
            pool(READERS).connect_with(options.pragma("query_only", "on")).await.map_err(at(DOING))?;
        let hints = Arc::new(HintSenders::default());
        let (clock, queue_retention) = (config.clock, config.queue_retention);
        let writer = Writer::start(writing, Arc::clone(&clock), config.rng, Arc::clone(&hints));
        Ok(Self { readers, writer, hints, clock, queue_retention })
    }

    /// Runs one atomic write; durable when it returns `Ok`.
    async fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        step: impl for<'t> FnOnce(&'t mut Tx) -> Stepping<'t, T> + Send + 'static,
    ) -> Result<T> {
        self.writer.run(doing, Box::new(step)).await
    }

    /// One state of the database for several reads.
    async fn read(&self, doing: &'static str) -> Result<Transaction<'static, Sqlite>> {
        self.readers.begin().await.map_err(at(doing))
    }

    /// Time until a moment of this database's clock.
    fn until(&self, moment_ms: i64) -> Duration {
        Timestamp::from_millis(moment_ms).since(self.clock.now())
    }

    /// Now, as it is stored.
    fn now_ms(&self) -> i64 {
        self.clock.now().as_millis()
    }
}

#[async_trait]
impl Database for SqliteDatabase {
    fn subscribe(&self, topic: Topic) -> watch::Receiver<u64> {
        self.hints.of(topic).subscribe()
    }

    async fn ping(&self) -> Result<()> {
        const DOING: &str = "database::ping";
        sqlx::query("SELECT 1").execute(&self.readers).await.map_err(at(DOING))?;
        // Each write takes the write lock: that fails on a file that cannot be written.
        self.write(DOING, |_| Box::pin(async { Ok(()) })).await
    }

    async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

fn pool(connections: u32) -> PoolOptions<Sqlite> {
    // Connections to a file do not go stale, so they are neither tested nor replaced.
    PoolOptions::new()
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(READER_TIMEOUT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Makes the file if it is not there, for its owner alone: it holds secrets. SQLite gives the files
/// beside it the same permissions.
fn make_private(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}
