//! Use cases: what can be asked of Stillframe, whichever dialect asks.
//!
//! A dialect authenticates, translates its words to these calls, and writes the answer. Rules that
//! more than one dialect shares stand here or in `domain`, never in a dialect. What must be committed
//! together is one call of the database.
//!
//! **Invariant:** every call names the caller's app, and nothing of another app is ever found.

mod access;
mod add_media;
mod add_urls;
mod apps;
mod cover_upload;
mod deliveries;
mod digest;
mod endpoint_care;
mod endpoints;
mod error;
mod event_callback;
mod jobs;
mod media;
mod media_details;
mod message_queues;
mod messages;
mod objects;
mod procedures;
mod pull_events;
mod quota;
mod request_rate;
mod submit_snapshot;
mod templates;
mod upload_cleaner;
mod upload_error;
mod upload_objects;
mod upload_parts;
mod uploads;

pub use access::Caller;
pub use add_media::{AddMedia, AddedMedia, FetchRequest};
pub use apps::Bootstrap;
pub use cover_upload::COVER_BYTES_MAX;
pub use endpoint_care::EndpointChange;
pub use endpoints::{NewEndpoint, NewSecret};
pub use error::{ServiceError, invalid, missing};
pub use event_callback::{CallbackChange, EventCallback};
pub use jobs::LatestOutput;
pub use media::MediaName;
pub use message_queues::MadeQueue;
pub use messages::{MessageDraft, SentMessage};
pub use objects::{ObjectPlace, ServedObject};
pub use procedures::ProcedureDraft;
pub use request_rate::RequestRate;
pub use submit_snapshot::{OutputRequest, SubmitSnapshot};
pub use templates::TemplateDraft;
pub use upload_error::UploadError;
pub use upload_objects::PieceSums;
pub use uploads::NewUpload;

pub use stillframe_database::{
    ConfirmReport, DeliveryFilter, DeliveryRecord, DeliverySummary, JobCursor, JobFilter, JobMatches,
    JobMoment, JobSearch, MediaFilter, MediaMatches, MediaOrder, Page, PulledEvent, QueueDepth, Replay,
    Replayed, Statistics,
};
pub use stillframe_storage::{Chunks, ObjectFacts};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use stillframe_database::Database;
use stillframe_domain::{Checkpoints, Clock, Rng, Timestamp, limits};
use stillframe_storage::Storage;
use tokio::sync::Semaphore;

use request_rate::RequestRates;

/// Settings of the use cases.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// Base of picture URLs of apps that set none, without a trailing slash.
    pub media_base_url: String,
    /// Directories below which local files may be ingested; none means no local file may.
    pub local_roots: Vec<PathBuf>,
    /// Largest video accepted, in bytes.
    pub source_size_bytes_max: u64,
    /// Times of pull queues.
    pub queue: QueueTimes,
}

/// Times of pull queues, beside the retention, which the database keeps.
#[derive(Debug, Clone, Copy)]
pub struct QueueTimes {
    /// How long a pulled event stays hidden; 30 s by default.
    pub visibility_timeout: Duration,
    /// Longest wait of a pull for an event; 5 s by default.
    pub long_poll: Duration,
}

impl Default for QueueTimes {
    fn default() -> Self {
        Self {
            visibility_timeout: Duration::from_millis(limits::VISIBILITY_TIMEOUT_MS),
            long_poll: Duration::from_millis(limits::LONG_POLL_MS),
        }
    }
}

/// What the use cases stand on.
#[derive(Clone)]
pub struct ServiceDeps {
    /// Repositories.
    pub database: Arc<dyn Database>,
    /// Objects.
    pub storage: Arc<dyn Storage>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// Told of moments that matter to a promise.
    pub checkpoints: Arc<dyn Checkpoints>,
}

/// All use cases.
pub struct Service {
    deps: ServiceDeps,
    config: ServiceConfig,
    /// A place for each receive that may wait for a message; closed when the process stops.
    message_waiters: Semaphore,
    request_rates: RequestRates,
}

/// Result of a use case.
pub type Result<T> = std::result::Result<T, ServiceError>;

impl Service {
    /// The use cases over these parts.
    pub fn new(deps: ServiceDeps, config: ServiceConfig) -> Self {
        let message_waiters = Semaphore::new(limits::MESSAGE_WAITERS_MAX);
        Self { deps, config, message_waiters, request_rates: RequestRates::new(None) }
    }

    /// The same, where one access key may ask only so often.
    #[must_use]
    pub fn with_request_rate(self, rate: Option<RequestRate>) -> Self {
        Self { request_rates: RequestRates::new(rate), ..self }
    }

    /// Lets no receive wait for a message any longer, so that the process can stop.
    pub fn stop_waiting(&self) {
        self.message_waiters.close();
    }

    /// The time by the service's clock.
    pub fn now(&self) -> Timestamp {
        self.deps.clock.now()
    }

    /// Answers when the database can be used.
    ///
    /// # Errors
    /// `Unavailable` when it cannot.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.deps.database.ping().await?)
    }

    /// What waits at this moment, over all apps, for the operator.
    ///
    /// # Errors
    /// Database failures.
    pub async fn statistics(&self) -> Result<Statistics> {
        Ok(self.deps.database.statistics().await?)
    }

    fn database(&self) -> &dyn Database {
        self.deps.database.as_ref()
    }

    fn rng(&self) -> &dyn Rng {
        self.deps.rng.as_ref()
    }
}
