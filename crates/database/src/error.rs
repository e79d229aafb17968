//! What can go wrong in a repository, by what the caller can do.

/// Error of a repository.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Busy, locked, out of connections, disk full: the same call may succeed later.
    #[error("the database is temporarily unavailable while {doing}")]
    Unavailable {
        /// What was being done: `table::operation`.
        doing: &'static str,
        /// The driver's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The stored data or the schema is not what the code expects.
    #[error("the database holds something unexpected in {doing}: {detail}")]
    Inconsistent {
        /// What was being done: `table::operation`.
        doing: &'static str,
        /// What was found.
        detail: String,
    },
    /// A row with the same unique key is there already.
    #[error("{what} exists already")]
    Conflict {
        /// What exists.
        what: &'static str,
    },
}
