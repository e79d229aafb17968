//! The contract of the repositories as a suite that every backend passes.
//!
//! Each case gets an empty database of its own. Time passes by [`Subject::advance`]: an injected clock
//! jumps, a server's clock is waited for; so waits are short, and a case that needs days ends early
//! where they cannot be skipped.

mod apps;
mod cleaning;
mod deliveries;
mod delivery_control;
mod hints;
mod job_search;
mod jobs;
mod leases;
mod media;
mod media_search;
mod message_queues;
mod messages;
mod outbox;
mod procedures;
mod queues;
mod samples;
mod statistics;
mod templates;
mod uploads;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use stillframe_domain::{App, AppSettings, PullMode, Timestamp};

use crate::Database;

/// A lease or visibility timeout of the suite.
const SHORT: Duration = Duration::from_millis(400);
/// A time that is over well before [`SHORT`] is.
const SHORTER: Duration = Duration::from_millis(100);
/// A time that does not end while the suite runs.
const LONG: Duration = Duration::from_secs(600);

/// Lets a time pass on the database's clock; says whether it could.
pub type Advance = Box<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// An empty database under test.
pub struct Subject {
    /// The database.
    pub database: Arc<dyn Database>,
    /// Shows the time of the database's clock, or nearly.
    pub now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Lets time pass.
    pub advance: Advance,
}

impl Subject {
    /// Lets a short time pass.
    async fn wait(&self, time: Duration) {
        assert!((self.advance)(time).await, "short times can pass");
    }

    /// An app without events of a vendor.
    async fn app(&self) -> App {
        self.app_with(PullMode::Off).await
    }

    async fn app_with(&self, tencent_mode: PullMode) -> App {
        let settings = AppSettings { tencent_mode, ..AppSettings::default() };
        self.database.insert_app("app", &settings).await.expect("insert app")
    }
}

/// Runs the whole contract; `make` makes an empty database.
///
/// # Panics
/// Where the database breaks the contract.
pub async fn run_all(make: impl AsyncFn() -> Subject) {
    apps::run(&make).await;
    media::run(&make).await;
    media_search::run(&make).await;
    templates::run(&make).await;
    procedures::run(&make).await;
    jobs::run(&make).await;
    job_search::run(&make).await;
    leases::run(&make).await;
    outbox::run(&make).await;
    deliveries::run(&make).await;
    delivery_control::run(&make).await;
    queues::run(&make).await;
    message_queues::run(&make).await;
    messages::run(&make).await;
    uploads::run(&make).await;
    cleaning::run(&make).await;
    statistics::run(&make).await;
    hints::run(&make).await;
}
