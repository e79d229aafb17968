//! Objects as files below one directory.
//!
//! The file of object `a/b.jpg` is `ROOT/a/b.jpg`, so that people can look at their pictures. A put
//! writes a file of its own in [`INCOMING`], flushes it, renames it over the key and flushes the
//! folder: readers see the old or the new object, and what was put survives a loss of power.
//!
//! **Invariant:** nothing outside of the root is read or written. Symbolic links below the root are
//! never followed; only who can write into the root could race a check, and the root is ours alone.
//! **Invariant:** no put leaves a part of itself behind: a failed or dropped one removes its file, and
//! the files of a killed process are removed when the root is opened next.
//!
//! One limit of file systems remains: an object cannot be named like the folder of another.

mod object;
mod root;
mod upload;

use std::io;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use stillframe_domain::ByteSource;

use crate::{Chunks, ObjectFacts, ObjectKey, Storage, StorageError};
use object::LocalObject;
use root::Root;
use upload::Upload;

/// Folder of files that are being written. No key can name it, since keys have no backslash.
const INCOMING: &str = ".incoming\\";

/// A store in one directory of a local file system.
#[derive(Debug, Clone)]
pub struct LocalStorage {
    root: Arc<Root>,
}

impl LocalStorage {
    /// Opens the store in a directory, which is made if it is not there, and removes what a killed
    /// process left half-written.
    ///
    /// # Errors
    /// [`StorageError::Backend`] when the directory cannot be made, read or locked.
    pub async fn open(directory: impl AsRef<Path>) -> Result<Self, StorageError> {
        let directory = directory.as_ref().to_owned();
        let shown = directory.display().to_string();
        let root = blocking(move || Root::open(&directory)).await;
        let root = root.map_err(|source| StorageError::Backend { doing: "open", key: shown, source })?;
        Ok(Self { root: Arc::new(root) })
    }

    /// Runs a blocking step on the root; its error is about `key`.
    async fn on_root<T: Send + 'static>(
        &self,
        doing: &'static str,
        key: &ObjectKey,
        step: impl FnOnce(&Arc<Root>, &ObjectKey) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        let (root, step_key) = (Arc::clone(&self.root), key.clone());
        let result = blocking(move || step(&root, &step_key)).await;
        result.map_err(|source| error_of(doing, key, source))
    }
}

#[async_trait]
impl Storage for LocalStorage {
    async fn put(&self, key: &ObjectKey, content: Bytes) -> Result<ObjectFacts, StorageError> {
        self.on_root("write", key, move |root, key| {
            let mut upload = Upload::begin(root)?;
            upload.write(&content)?;
            upload.finish(root, key)
        })
        .await
    }

    async fn put_stream(
        &self,
        key: &ObjectKey,
        mut content: Chunks,
        size_bytes_max: u64,
    ) -> Result<ObjectFacts, StorageError> {
        let mut upload = self.on_root("write", key, |root, _| Upload::begin(root)).await?;
        while let Some(chunk) = content.next().await {
            let chunk = chunk.map_err(|source| StorageError::Content { key: key.to_string(), source })?;
            if size_bytes_max - upload.size_bytes() < chunk.len() as u64 {
                return Err(StorageError::TooLarge { key: key.to_string(), size_bytes_max });
            }
            upload = self
                .on_root("write", key, move |_, _| {
                    upload.write(&chunk)?;
                    Ok(upload)
                })
                .await?;
        }
        self.on_root("write", key, |root, key| upload.finish(root, key)).await
    }

    async fn compose(
        &self,
        key: &ObjectKey,
        parts: &[ObjectKey],
        size_bytes_max: u64,
    ) -> Result<ObjectFacts, StorageError> {
        let mut upload = self.on_root("write", key, |root, _| Upload::begin(root)).await?;
        for part in parts {
            let object = self.on_root("read", part, |root, part| LocalObject::open(root, part)).await?;
            if size_bytes_max - upload.size_bytes() < object.facts().size_bytes {
                return Err(StorageError::TooLarge { key: key.to_string(), size_bytes_max });
            }
            upload = self
                .on_root("write", key, move |_, _| {
                    upload.append(&object)?;
                    Ok(upload)
                })
                .await?;
        }
        self.on_root("write", key, |root, key| upload.finish(root, key)).await
    }

    async fn head(&self, key: &ObjectKey) -> Result<ObjectFacts, StorageError> {
        let object = self.on_root("read", key, |root, key| LocalObject::open(root, key)).await?;
        Ok(object.facts().clone())
    }

    async fn get(&self, key: &ObjectKey, from: u64, to: u64) -> Result<(ObjectFacts, Chunks), StorageError> {
        let object = self.on_root("read", key, |root, key| LocalObject::open(root, key)).await?;
        let facts = object.facts().clone();
        Ok((facts, object.chunks(from, to)))
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError> {
        match self.on_root("delete", key, |root, key| root.remove(key)).await {
            Err(StorageError::NotFound { .. }) => Ok(()),
            result => result,
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectKey>, StorageError> {
        let (root, folder) = (Arc::clone(&self.root), prefix.to_owned());
        let keys = blocking(move || root.list(&folder)).await;
        keys.map_err(|source| StorageError::Backend { doing: "list", key: prefix.to_owned(), source })
    }

    async fn list_after(
        &self,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StorageError> {
        let (root, after) = (Arc::clone(&self.root), after.cloned());
        let shown = after.as_ref().map(ToString::to_string).unwrap_or_default();
        let keys = blocking(move || root.list_after(after.as_ref(), limit)).await;
        keys.map_err(|source| StorageError::Backend { doing: "list", key: shown, source })
    }

    async fn open(&self, key: &ObjectKey) -> Result<Arc<dyn ByteSource>, StorageError> {
        let object = self.on_root("read", key, |root, key| LocalObject::open(root, key)).await?;
        Ok(Arc::new(object))
    }
}

async fn blocking<T: Send + 'static>(step: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    match tokio::task::spawn_blocking(step).await {
        Ok(result) => result,
        // The runtime is going down, or the step panicked: either way it did not happen.
        Err(join) => Err(io::Error::other(join)),
    }
}

fn error_of(doing: &'static str, key: &ObjectKey, source: io::Error) -> StorageError {
    match source.kind() {
        io::ErrorKind::NotFound => StorageError::NotFound { key: key.to_string() },
        _ => StorageError::Backend { doing, key: key.to_string(), source },
    }
}
