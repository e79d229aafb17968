//! Objects by key: pictures, sheets, WebVTT files and uploaded videos.
//!
//! Keys are `/`-separated and relative; [`ObjectKey::parse`] is the one gate that every key passes, so
//! that no key can name anything outside of the store. A put is atomic: readers see the whole old or
//! the whole new object, and a put that returned is durable.
//!
//! **Invariant:** the database is the truth about which objects count; an object that nothing refers to
//! is harmless. A new backend is finished when [`conformance::check`] passes over it.

pub mod conformance;
mod file_source;
mod key;
mod local;

pub use file_source::FileSource;
pub use key::{InvalidKey, ObjectKey};
pub use local::LocalStorage;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use stillframe_domain::ByteSource;

/// Error of a store, by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no object of that key.
    #[error("no object {key}")]
    NotFound {
        /// The key.
        key: String,
    },
    /// The object is larger than the caller's limit; nothing was stored.
    #[error("object {key} exceeds {size_bytes_max} bytes")]
    TooLarge {
        /// The key.
        key: String,
        /// The limit.
        size_bytes_max: u64,
    },
    /// The bytes that were to be stored ended with an error; nothing was stored.
    #[error("the content of {key} broke off")]
    Content {
        /// The key.
        key: String,
        /// What the content's stream said.
        #[source]
        source: std::io::Error,
    },
    /// The store failed: disk full, permission, network. The same call may succeed later.
    #[error("the store failed to {doing} {key}")]
    Backend {
        /// What was being done.
        doing: &'static str,
        /// The key.
        key: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// Facts of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectFacts {
    /// Bytes.
    pub size_bytes: u64,
    /// A strong validator with its quotes: changes whenever the content may have.
    pub etag: String,
    /// Milliseconds since the epoch of the last put.
    pub modified_ms: i64,
}

/// Chunks of an object.
pub type Chunks = BoxStream<'static, std::io::Result<Bytes>>;

/// A store of objects.
#[async_trait]
pub trait Storage: Send + Sync {
    /// Stores an object; replaces one of the same key.
    async fn put(&self, key: &ObjectKey, content: Bytes) -> Result<ObjectFacts, StorageError>;
    /// Stores an object from a stream of at most `size_bytes_max` bytes; nothing is stored on error.
    async fn put_stream(
        &self,
        key: &ObjectKey,
        content: Chunks,
        size_bytes_max: u64,
    ) -> Result<ObjectFacts, StorageError>;
    /// Stores the bytes of `parts` one after another as one object of at most `size_bytes_max` bytes, with
    /// bounded memory; the parts stay. Nothing is stored on error: `NotFound` names the part that is missing.
    async fn compose(
        &self,
        key: &ObjectKey,
        parts: &[ObjectKey],
        size_bytes_max: u64,
    ) -> Result<ObjectFacts, StorageError>;
    /// Facts of an object.
    async fn head(&self, key: &ObjectKey) -> Result<ObjectFacts, StorageError>;
    /// The bytes `from..to` of an object (`to` beyond its end is its end), with the facts of that version.
    async fn get(&self, key: &ObjectKey, from: u64, to: u64) -> Result<(ObjectFacts, Chunks), StorageError>;
    /// Removes an object; removing one that is not there is success.
    async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError>;
    /// Keys that begin with `prefix` (a whole folder name, ending in `/`, or empty), in byte order.
    async fn list(&self, prefix: &str) -> Result<Vec<ObjectKey>, StorageError>;
    /// Up to `limit` keys of the whole store behind `after` in byte order, from the first one when there is
    /// none: a page that needs no more memory than its own keys and those of one folder.
    async fn list_after(
        &self,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StorageError>;
    /// Random access to an object for the engine.
    async fn open(&self, key: &ObjectKey) -> Result<Arc<dyn ByteSource>, StorageError>;
}
