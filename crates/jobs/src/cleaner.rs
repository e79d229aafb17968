//! The cleaner: removes what is of no use any more.
//!
//! An attempt that dies between its puts and its commit, a request that dies between storing a video and
//! adding it, and a video that is deleted while a lost worker still writes, all leave objects that no row
//! names. They harm nothing but take up room. The cleaner walks over the store and removes them, and it
//! forgets jobs and events that are older than the operator keeps them.
//!
//! **Invariant:** no object is removed that a row names, or may still come to be named. Of a video with a
//! job that has not ended nothing is removed, whoever holds its lease: each attempt writes the same keys, and
//! the job's commit may name them. A job that has ended names nothing new, since terminal states are never
//! left and a zombie's commit is refused; so what is unreferenced then stays so, however late it is removed.
//! What no row tells of yet (a request is between its put and its commit) is protected by age.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stillframe_database::{Database, DatabaseError};
use stillframe_domain::{Clock, Timestamp};
use stillframe_storage::{ObjectKey, Storage, StorageError};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::blocking::{self, Blocking};

/// Objects that are looked at together.
const PAGE_MAX: usize = 1_000;
/// Jobs or events that are forgotten in one commit, so that other writes do not wait long for it.
const FORGET_MAX: usize = 100;
/// How the names of files begin that a spool leaves where the file system has no nameless files.
const SPOOL_PREFIX: &str = ".tmp";

/// What a cleaner works with.
#[derive(Clone)]
pub struct CleanerDeps {
    /// Says what counts.
    pub database: Arc<dyn Database>,
    /// Holds what is cleaned.
    pub storage: Arc<dyn Storage>,
    /// Where folders are read.
    pub blocking: Arc<dyn Blocking>,
    /// Tells ages.
    pub clock: Arc<dyn Clock>,
}

/// Settings of a cleaner.
#[derive(Debug, Clone)]
pub struct CleanerConfig {
    /// Time between two rounds, in milliseconds; one hour by default.
    pub interval_ms: u64,
    /// How old an object that nothing refers to has to be, in milliseconds; 24 hours by default. More than
    /// any request may take between storing bytes and committing what they are.
    pub object_grace_ms: u64,
    /// How long ended jobs are kept with their results and pictures; `None`, the default, keeps them.
    pub job_retention: Option<Duration>,
    /// How long events are kept once nobody waits for them; `None`, the default, keeps them.
    pub event_retention: Option<Duration>,
    /// Where pictures of running jobs wait; see [`crate::RunnerConfig::spool_dir`].
    pub spool_dir: Option<PathBuf>,
}

impl Default for CleanerConfig {
    fn default() -> Self {
        Self {
            interval_ms: 3_600_000,
            object_grace_ms: 24 * 3_600_000,
            job_retention: None,
            event_retention: None,
            spool_dir: None,
        }
    }
}

/// What a round removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Objects that nothing referred to.
    pub object_count: u64,
    /// Files of spools of processes that are gone.
    pub spool_count: u64,
    /// Jobs that were old enough.
    pub job_count: u64,
    /// Events that were old enough.
    pub event_count: u64,
}

/// Why a round broke off. What it did not come to is found by the next one.
#[derive(Debug, thiserror::Error)]
pub enum CleanError {
    /// The database could not be asked.
    #[error("the cleaner could not use the database")]
    Database(#[from] DatabaseError),
    /// The store could not be listed or written.
    #[error("the cleaner could not use the store")]
    Storage(#[from] StorageError),
}

/// Removes what is of no use any more, until it is stopped.
pub struct Cleaner {
    deps: CleanerDeps,
    config: CleanerConfig,
}

impl Cleaner {
    /// A cleaner; more than one do no harm.
    pub fn new(deps: CleanerDeps, config: CleanerConfig) -> Self {
        Self { deps, config }
    }

    /// Cleans at once and then at each interval, until cancelled. May be stopped anywhere.
    pub async fn run(self, cancel: CancellationToken) {
        let rounds = async {
            loop {
                match self.clean().await {
                    Ok(cleaned) if cleaned == Cleaned::default() => {}
                    Ok(cleaned) => tracing::info!(
                        object_count = cleaned.object_count,
                        spool_count = cleaned.spool_count,
                        job_count = cleaned.job_count,
                        event_count = cleaned.event_count,
                        "removed what was of no use any more",
                    ),
                    Err(error) => tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a round of the cleaner broke off; the next one goes on",
                    ),
                }
                sleep(Duration::from_millis(self.config.interval_ms)).await;
            }
        };
        cancel.run_until_cancelled(rounds).await;
    }

    /// One round over everything.
    ///
    /// # Errors
    /// When the database or the store fails; what was removed till then stays removed.
    pub async fn clean(&self) -> Result<Cleaned, CleanError> {
        // Jobs first: their pictures are among the objects then.
        let job_count = self.forget_jobs().await?;
        let event_count = self.forget_events().await?;
        let spool_count = self.clean_spool().await;
        let mut cleaned = Cleaned { job_count, event_count, spool_count, ..Cleaned::default() };
        let mut after: Option<ObjectKey> = None;
        loop {
            let page = self.deps.storage.list_after(after.as_ref(), PAGE_MAX).await?;
            cleaned.object_count += self.clean_page(&page).await?;
            let is_last = page.len() < PAGE_MAX;
            after = page.into_iter().next_back();
            if is_last {
                return Ok(cleaned);
            }
        }
    }

    /// Removes those objects of a page that are of no use; says how many.
    async fn clean_page(&self, page: &[ObjectKey]) -> Result<u64, CleanError> {
        let Some(before) = self.before(self.config.object_grace_ms) else { return Ok(0) };
        let keys: Vec<String> = page.iter().map(ToString::to_string).collect();
        let mut count = 0;
        for key in self.deps.database.list_unreferenced(&keys).await? {
            let Ok(key) = ObjectKey::parse(&key) else { continue };
            // Its age is asked last: an object that was put again meanwhile is young.
            match self.deps.storage.head(&key).await {
                Ok(facts) if Timestamp::from_millis(facts.modified_ms) < before => {
                    self.deps.storage.delete(&key).await?;
                    tracing::debug!(object.key = %key, "removed {key}, which nothing refers to");
                    count += 1;
                }
                Ok(_) | Err(StorageError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(count)
    }

    async fn forget_jobs(&self) -> Result<u64, CleanError> {
        let Some(keep) = self.config.job_retention else { return Ok(0) };
        let mut count = 0;
        loop {
            let forgotten = self.deps.database.forget_jobs(keep, FORGET_MAX).await?;
            count += forgotten;
            if forgotten < FORGET_MAX as u64 {
                return Ok(count);
            }
        }
    }

    async fn forget_events(&self) -> Result<u64, CleanError> {
        let Some(keep) = self.config.event_retention else { return Ok(0) };
        let mut count = 0;
        loop {
            let forgotten = self.deps.database.forget_events(keep, FORGET_MAX).await?;
            count += forgotten;
            if forgotten < FORGET_MAX as u64 {
                return Ok(count);
            }
        }
    }

    async fn clean_spool(&self) -> u64 {
        let (Some(dir), Some(before)) =
            (self.config.spool_dir.clone(), self.before(self.config.object_grace_ms))
        else {
            return 0;
        };
        let shown = dir.display().to_string();
        let cleaned = blocking::run(self.deps.blocking.as_ref(), move || clean_spool(&dir, before)).await;
        let cleaned = cleaned.unwrap_or_else(|panicked| Err(std::io::Error::other(panicked)));
        cleaned.unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot clean the spool {shown}");
            0
        })
    }

    /// What is older than that was made before this moment.
    fn before(&self, age_ms: u64) -> Option<Timestamp> {
        let age_ms = i64::try_from(age_ms).ok()?;
        self.deps.clock.now().as_millis().checked_sub(age_ms).map(Timestamp::from_millis)
    }
}

/// Removes what a killed process left in its spool, where the file system gives temporary files a name.
fn clean_spool(dir: &Path, before: Timestamp) -> std::io::Result<u64> {
    let mut count = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(SPOOL_PREFIX));
        let metadata = entry.metadata()?;
        let modified = metadata.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let modified = Timestamp::from_millis(i64::try_from(modified.as_millis()).unwrap_or(i64::MAX));
        if is_ours && metadata.is_file() && modified < before {
            std::fs::remove_file(entry.path())?;
            count += 1;
        }
    }
    Ok(count)
}
