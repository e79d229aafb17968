//! The database and the store.

use bytes::Bytes;
use stillframe_storage::{LocalStorage, ObjectKey, Storage as _, StorageError};

use super::Check;
use crate::config::Config;

/// Whether the database can be read, is sound, and is of a version that this program knows.
pub async fn database(config: &Config) -> Check {
    const NAME: &str = "database";
    let Some(path) = config.database_path() else {
        return Check::failed(NAME, "database.url names no file");
    };
    let shown = path.display();
    if !path.exists() {
        return Check::ok(NAME, format!("{shown} is not there yet: `stillframe serve` makes it"));
    }
    let found = match stillframe_database::examine(path).await {
        Ok(found) => found,
        Err(error) => {
            let error = anyhow::Error::from(error);
            return Check::failed(NAME, format!("{shown} cannot be used: {error:#}"));
        }
    };
    if let Some(fault) = found.faults.first() {
        return Check::failed(NAME, format!("{shown} is damaged: {fault}"));
    }
    if 0 < found.unknown_migration_count {
        return Check::failed(NAME, format!("{shown} was made by a newer version of Stillframe"));
    }
    if 0 < found.pending_migration_count {
        let count = found.pending_migration_count;
        return Check::warning(
            NAME,
            format!("{shown} is sound; {count} changes of its schema are made by the next start"),
        );
    }
    Check::ok(NAME, format!("{shown} is sound and up to date"))
}

/// Whether the store takes an object, gives it back and removes it.
pub async fn storage(config: &Config) -> Check {
    const NAME: &str = "storage";
    let Some(path) = config.storage_path() else {
        return Check::failed(NAME, "storage.url names no directory");
    };
    let shown = path.display();
    if !path.exists() {
        return Check::ok(NAME, format!("{shown} is not there yet: `stillframe serve` makes it"));
    }
    match tried(path).await {
        Ok(()) => Check::ok(NAME, format!("{shown} takes objects and gives them back")),
        Err(error) => {
            let error = anyhow::Error::from(error);
            Check::failed(NAME, format!("{shown} cannot be used: {error:#}"))
        }
    }
}

async fn tried(path: &std::path::Path) -> Result<(), StorageError> {
    let storage = LocalStorage::open(path).await?;
    // No video's folder: those are named by 32 digits.
    let name = format!("doctor/{}", std::process::id());
    let key = ObjectKey::parse(&name).expect("a plain name is a key");
    storage.put(&key, Bytes::from_static(b"doctor")).await?;
    storage.head(&key).await?;
    storage.delete(&key).await
}
