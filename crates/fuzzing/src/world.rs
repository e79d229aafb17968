//! A service with one app and one video, to which requests are sent past the network.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use stillframe_api::ApiState;
use stillframe_database::{Database, MediaStore as _, NewMedia, SqliteConfig, SqliteDatabase};
use stillframe_domain::checkpoint::NoCheckpoints;
use stillframe_domain::{
    AccessKey, AppSettings, Clock as _, Dialect, Media, MediaDetails, MediaId, MediaSource, MediaState,
    OsRng, PullMode, SystemClock, VideoId,
};
use stillframe_service::{QueueTimes, Service, ServiceConfig, ServiceDeps};
use stillframe_storage::LocalStorage;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// Requests after which a new world begins, so that none grows without end.
const REQUESTS_MAX: u32 = 5_000;
/// Longest time of a request that does not ask to wait.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// A memory disk, where there is one: durable commits are then of no cost.
const MEMORY_DISK: &str = "/dev/shm";

/// The service.
pub struct World {
    runtime: Runtime,
    router: Router,
    /// Signs for the app.
    pub key: AccessKey,
    /// Names of its video: decimal and hex.
    pub video: (String, String),
    requests: u32,
    _folder: TempDir,
}

impl World {
    /// Runs a step in the world of this thread.
    pub fn with(step: impl FnOnce(&World)) {
        thread_local! {
            static WORLD: std::cell::RefCell<Option<World>> = const { std::cell::RefCell::new(None) };
        }
        WORLD.with_borrow_mut(|kept| {
            let world = kept.take_if(|world| world.requests < REQUESTS_MAX).unwrap_or_else(World::new);
            let world = kept.insert(world);
            world.requests += 1;
            step(world);
        });
    }

    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir_in(MEMORY_DISK).or_else(|_| tempfile::tempdir()).expect("a folder");
        let path = folder.path().to_owned();
        let (service, key, video) = runtime.block_on(async {
            let config = SqliteConfig::new(path.join("fuzz.db"), Arc::new(SystemClock), Arc::new(OsRng));
            let database = Arc::new(SqliteDatabase::open(config).await.expect("a database"));
            let storage = LocalStorage::open(path.join("objects")).await.expect("a store");
            let deps = ServiceDeps {
                database: Arc::clone(&database) as Arc<dyn Database>,
                storage: Arc::new(storage),
                clock: Arc::new(SystemClock),
                rng: Arc::new(OsRng),
                checkpoints: Arc::new(NoCheckpoints),
            };
            let service = Service::new(deps, config_of_service());
            let settings = AppSettings { tencent_mode: PullMode::Pull, ..AppSettings::default() };
            let (app, key) = service.create_app("fuzz", &settings).await.expect("an app");
            let media = media(app.id);
            let new = NewMedia {
                media: media.clone(),
                jobs: Vec::new(),
                held_jobs: Vec::new(),
                events: Vec::new(),
            };
            database.insert_media(&new).await.expect("a video");
            (Arc::new(service), key, (media.id.to_string(), media.video_id.to_string()))
        });
        let router = stillframe_api::router(ApiState { service });
        Self { runtime, router, key, video, requests: 0, _folder: folder }
    }

    /// Sends a request; gives nothing when it waits for something to come about.
    ///
    /// # Panics
    /// When the service breaks down over it, or never answers.
    pub fn send(&self, request: Request<Body>) -> Option<(StatusCode, String)> {
        let shown = format!("{} {}", request.method(), request.uri());
        let may_wait = shown.contains("waitseconds");
        let exchange = async {
            let answer = self.router.clone().oneshot(request).await.expect("a router answers");
            let status = answer.status();
            let body = answer.into_body().collect().await.expect("a body").to_bytes();
            (status, String::from_utf8_lossy(&body).into_owned())
        };
        let longest = if may_wait { Duration::from_millis(50) } else { ANSWER_MAX };
        let answer = self.runtime.block_on(async { tokio::time::timeout(longest, exchange).await.ok() });
        assert!(may_wait || answer.is_some(), "no answer to {shown}");
        if let Some((status, body)) = &answer {
            assert!(!status.is_server_error(), "{shown} is answered {status}: {body}");
        }
        answer
    }
}

fn config_of_service() -> ServiceConfig {
    ServiceConfig {
        media_base_url: "http://127.0.0.1:7400/media".to_owned(),
        local_roots: Vec::new(),
        source_size_bytes_max: 1 << 20,
        queue: QueueTimes { long_poll: Duration::ZERO, ..QueueTimes::default() },
    }
}

fn media(app_id: stillframe_domain::AppId) -> Media {
    let now = SystemClock.now();
    Media {
        id: MediaId::mint(&OsRng),
        video_id: VideoId::mint(&OsRng),
        app_id,
        name: "film.mp4".to_owned(),
        details: MediaDetails::default(),
        source: MediaSource::Object { key: "none".to_owned() },
        state: MediaState::Ready,
        facts: None,
        failure: None,
        cover: None,
        added_by: Dialect::Native,
        pass_through: None,
        created_at: now,
        updated_at: now,
    }
}
