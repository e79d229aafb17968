//! Repositories: what Stillframe remembers, as traits, and their implementations.
//!
//! Every method is one atomic unit: it happens wholly or not at all, and its effects are durable when
//! it returns `Ok`. What must be committed together (a job's result, its event, the deliveries of that
//! event) is one method, so that no caller can forget a part.
//!
//! Implementations own the clock and the randomness for leases and handles (SQLite: injected ones;
//! PostgreSQL: the server's clock), so no method takes "now". Each passes the suite in
//! [`conformance`]; a new backend is finished when it does.
//!
//! **Invariant:** SQL stands only below `sqlite/` (and `postgres/`); `sqlx` types never leave the crate.

mod cleaning;
pub mod conformance;
mod delivery_control;
mod error;
mod job_search;
mod message_queues;
mod records;
pub mod sqlite;
mod statistics;
mod stored;
mod traits;
mod uploads;

pub use cleaning::Cleaning;
pub use delivery_control::{
    DeliveryControl, DeliveryFilter, DeliverySummary, Replay, ReplayOutcome, Replayed,
};
pub use error::DatabaseError;
pub use job_search::{JobCursor, JobCursorError, JobMatches, JobMoment, JobSearch, JobSearches};
pub use message_queues::{MessageQueues, QueueDelivery};
pub use records::{
    Commit, ConfirmReport, DeliveryLane, DeliveryRecord, DueDelivery, JobCompletion, JobFilter, MediaChange,
    MediaFilter, MediaMatches, MediaOrder, NewMedia, Page, PulledEvent, QueueDepth,
};
pub use sqlite::{Examined, SqliteConfig, SqliteDatabase, examine};
pub use statistics::{Counts, Statistics, Usage};
pub use traits::{Apps, Database, Deliveries, Jobs, MediaStore, Procedures, Queues, Templates, Topic};
pub use uploads::{ArrivalOutcome, MediaArrival, PartOutcome, UploadArrival, Uploads};

/// Result of a repository.
pub type Result<T> = std::result::Result<T, DatabaseError>;
