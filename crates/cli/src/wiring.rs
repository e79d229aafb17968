//! The composition root: builds everything, top to bottom.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use stillframe_api::native::{CloudEventsBinaryRenderer, CloudEventsRenderer, NativeRenderer};
use stillframe_api::{ApiState, alibaba, tencent};
use stillframe_database::{Database, SqliteConfig, SqliteDatabase};
use stillframe_domain::checkpoint::NoCheckpoints;
use stillframe_domain::{Checkpoints, Clock, EventFormat, OsRng, Rng, SystemClock};
use stillframe_events::{Relay, RelayDeps, Renderers};
use stillframe_jobs::{Cleaner, CleanerDeps, Runner, RunnerConfig, RunnerDeps, Threads};
use stillframe_outbound::{Outbound, OutboundConfig, Web};
use stillframe_service::{QueueTimes, Service, ServiceConfig, ServiceDeps};
use stillframe_storage::{LocalStorage, Storage};

use crate::config::Config;
use crate::sandbox;

/// All parts of a running server.
pub struct Server {
    /// Rows.
    pub database: Arc<dyn Database>,
    /// Use cases.
    pub service: Arc<Service>,
    /// Routes of the public listener.
    pub public: Router,
    /// Runs jobs.
    pub runner: Runner,
    /// What confines decoding, for people.
    pub sandbox: String,
    /// Where it writes.
    pub data: Vec<PathBuf>,
    /// Sends events.
    pub relay: Relay,
    /// Removes what is of no use any more.
    pub cleaner: Cleaner,
}

/// What all parts share.
struct Parts {
    database: Arc<dyn Database>,
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    checkpoints: Arc<dyn Checkpoints>,
}

/// Builds a server that will listen at `listen`.
///
/// # Errors
/// When the database, the store or the network client cannot be set up.
pub async fn build(config: &Config, listen: SocketAddr) -> anyhow::Result<Server> {
    let parts = parts(config).await?;
    let service = Arc::new(service(&parts, config, listen)?);
    let outbound: Arc<dyn Web> = Arc::new(Outbound::new(&OutboundConfig {
        allow: config.outbound.allow.clone(),
        per_host_per_second_max: config.outbound.per_host_per_second_max.get(),
        ..OutboundConfig::default()
    })?);
    let (decoder, sandbox) = sandbox::decoder(&config.sandbox, concurrency(config))?;
    let runner = Runner::new(
        RunnerDeps {
            database: parts.database.clone(),
            storage: parts.storage.clone(),
            outbound: outbound.clone(),
            decoder,
            blocking: Arc::new(Threads),
            clock: parts.clock.clone(),
            rng: parts.rng.clone(),
            checkpoints: parts.checkpoints.clone(),
        },
        RunnerConfig {
            concurrency: concurrency(config),
            media_base_url: config.media_base_url(listen),
            spool_dir: spool_dir(config)?,
            source_size_bytes_max: config.ingest.size_bytes_max,
            local_roots: config.ingest.local_roots.clone(),
            ..RunnerConfig::default()
        },
    );
    let relay = Relay::new(
        RelayDeps {
            database: parts.database.clone(),
            outbound,
            renderers: renderers(),
            clock: parts.clock.clone(),
            rng: parts.rng.clone(),
            checkpoints: parts.checkpoints.clone(),
        },
        config.relay.config(config.origin(listen)),
    );
    let cleaner = Cleaner::new(
        CleanerDeps {
            database: parts.database.clone(),
            storage: parts.storage.clone(),
            blocking: Arc::new(Threads),
            clock: parts.clock.clone(),
        },
        config.cleaner.config(spool_dir(config)?),
    );
    let public = stillframe_api::router(ApiState { service: service.clone() });
    let data = [config.database_path(), config.storage_path()].into_iter().flatten().map(PathBuf::from);
    let data = data.collect();
    Ok(Server { database: parts.database, service, public, runner, sandbox, data, relay, cleaner })
}

/// The use cases alone, for the commands that work beside a server.
///
/// # Errors
/// When the database or the store cannot be opened.
pub async fn open_service(config: &Config) -> anyhow::Result<Service> {
    service(&parts(config).await?, config, config.server.listen)
}

/// The database, migrated.
///
/// # Errors
/// When it cannot be opened.
pub async fn open_database(config: &Config) -> anyhow::Result<Arc<dyn Database>> {
    let path = config.database_path().context("database.url names no SQLite file")?.to_owned();
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("cannot make the directory {}", dir.display()))?;
    }
    let queue_retention = Duration::from_millis(config.queue.retention_ms);
    let settings =
        SqliteConfig { queue_retention, ..SqliteConfig::new(&path, Arc::new(SystemClock), Arc::new(OsRng)) };
    let database = SqliteDatabase::open(settings)
        .await
        .with_context(|| format!("cannot open the database {}", path.display()))?;
    Ok(Arc::new(database))
}

async fn parts(config: &Config) -> anyhow::Result<Parts> {
    let objects = config.storage_path().context("storage.url names no directory")?;
    let storage = LocalStorage::open(objects)
        .await
        .with_context(|| format!("cannot open the object store {}", objects.display()))?;
    Ok(Parts {
        database: open_database(config).await?,
        storage: Arc::new(storage),
        clock: Arc::new(SystemClock),
        rng: Arc::new(OsRng),
        checkpoints: checkpoints(),
    })
}

fn service(parts: &Parts, config: &Config, listen: SocketAddr) -> anyhow::Result<Service> {
    let deps = ServiceDeps {
        database: parts.database.clone(),
        storage: parts.storage.clone(),
        clock: parts.clock.clone(),
        rng: parts.rng.clone(),
        checkpoints: parts.checkpoints.clone(),
    };
    let roots = config.ingest.local_roots.iter().map(|root| {
        root.canonicalize().with_context(|| format!("ingest.local_roots: {} is not there", root.display()))
    });
    let rate = config.limits.rate();
    let config = ServiceConfig {
        media_base_url: config.media_base_url(listen),
        local_roots: roots.collect::<anyhow::Result<_>>()?,
        source_size_bytes_max: config.ingest.size_bytes_max,
        queue: QueueTimes {
            visibility_timeout: Duration::from_millis(config.queue.visibility_timeout_ms),
            long_poll: Duration::from_millis(config.queue.long_poll_ms),
        },
    };
    Ok(Service::new(deps, config).with_request_rate(rate))
}

fn renderers() -> Renderers {
    Renderers::default()
        .with(EventFormat::Native, Arc::new(NativeRenderer))
        .with(EventFormat::Tencent40, Arc::new(tencent::Tencent40Renderer))
        .with(EventFormat::Tencent2018, Arc::new(tencent::Tencent2018Renderer))
        .with(EventFormat::Alibaba, Arc::new(alibaba::AlibabaRenderer))
        .with(EventFormat::CloudEvents, Arc::new(CloudEventsRenderer))
        .with(EventFormat::CloudEventsBinary, Arc::new(CloudEventsBinaryRenderer))
}

/// Pictures of a running job wait beside the objects, so that a full disk shows early.
fn spool_dir(config: &Config) -> anyhow::Result<PathBuf> {
    let dir = config.storage_path().context("storage.url names no directory")?.with_extension("spool");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make the directory {}", dir.display()))?;
    Ok(dir)
}

fn concurrency(config: &Config) -> usize {
    match config.worker.concurrency {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    }
}

#[cfg(debug_assertions)]
fn checkpoints() -> Arc<dyn Checkpoints> {
    match crate::config::halt_from_environment() {
        Some((point, marker)) => Arc::new(crate::halt::HaltAt::new(point, marker)),
        None => Arc::new(NoCheckpoints),
    }
}

#[cfg(not(debug_assertions))]
fn checkpoints() -> Arc<dyn Checkpoints> {
    Arc::new(NoCheckpoints)
}
