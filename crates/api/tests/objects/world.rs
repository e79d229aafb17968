//! A router over a database and a store of its own, and a client of both protocols.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use stillframe_api::ApiState;
use stillframe_database::{SqliteConfig, SqliteDatabase};
use stillframe_domain::checkpoint::NoCheckpoints;
use stillframe_domain::{
    AccessKey, App, AppSettings, Clock, Dialect, MediaState, Quota, UploadSession, limits,
};
use stillframe_service::{AddMedia, MediaName, NewUpload, QueueTimes, Service, ServiceConfig, ServiceDeps};
use stillframe_signing::percent::{encode, encode_pairs};
use stillframe_signing::{cos, oss};
use stillframe_storage::LocalStorage;
use stillframe_testkit::{SeededRng, SimClock};
use tower::ServiceExt;

/// Largest object of this world, in bytes.
pub const SIZE_BYTES_MAX: u64 = 3 * limits::UPLOAD_PART_BYTES_MIN;
/// How long keys are good.
pub const KEY_VALIDITY: Duration = Duration::from_secs(3_000);

/// A server, and what it stands on.
pub struct World {
    pub clock: Arc<SimClock>,
    pub app_key: AccessKey,
    app: App,
    service: Arc<Service>,
    router: Router,
    directory: tempfile::TempDir,
}

/// A request for a session's object.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    pub method: &'a str,
    pub host: &'a str,
    pub is_bucket_in_path: bool,
    /// Another key than the session's object has; the empty one is the bucket.
    pub key: Option<&'a str>,
    pub query: Vec<(&'a str, &'a str)>,
    pub headers: Vec<(&'a str, String)>,
    pub body: Vec<u8>,
    /// Added to the query behind the signer's back.
    pub tamper: Option<&'a str>,
    /// From the server's time to the time that is signed.
    pub clock_offset_s: i64,
}

impl<'a> Call<'a> {
    pub fn of(method: &'a str) -> Self {
        Self {
            method,
            host: "127.0.0.1:7400",
            is_bucket_in_path: false,
            key: None,
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            tamper: None,
            clock_offset_s: 0,
        }
    }
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The content of the first element of that name, as it is written.
    pub fn element(&self, name: &str) -> String {
        let text = self.text();
        let rest = text.split_once(&format!("<{name}>")).map(|(_, rest)| rest);
        let content =
            rest.and_then(|rest| rest.split_once(&format!("</{name}>"))).map(|(content, _)| content);
        content.unwrap_or_default().to_owned()
    }
}

impl World {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (clock, rng) = (Arc::new(SimClock::default()), Arc::new(SeededRng::new(5)));
        let config = SqliteConfig::new(directory.path().join("db"), clock.clone(), rng.clone());
        let storage = LocalStorage::open(directory.path().join("objects")).await.expect("a store");
        let deps = ServiceDeps {
            database: Arc::new(SqliteDatabase::open(config).await.expect("a database")),
            storage: Arc::new(storage),
            clock: clock.clone(),
            rng,
            checkpoints: Arc::new(NoCheckpoints),
        };
        let config = ServiceConfig {
            media_base_url: "http://127.0.0.1:7400/media".to_owned(),
            local_roots: Vec::new(),
            source_size_bytes_max: SIZE_BYTES_MAX,
            queue: QueueTimes::default(),
        };
        let service = Arc::new(Service::new(deps, config));
        let (app, app_key) = service.create_app("app", &AppSettings::default()).await.expect("an app");
        let router = stillframe_api::router(ApiState { service: service.clone() });
        Self { clock, app_key, app, service, router, directory }
    }

    /// Gives the app a quota of so many bytes.
    pub async fn limit_bytes(&self, bytes_max: u64) {
        let quota = Quota { videos_max: None, bytes_max: Some(bytes_max) };
        let settings = AppSettings { quota, ..self.app.settings.clone() };
        self.service.update_app_settings(self.app.id, &settings).await.expect("a quota");
    }

    /// An upload, as each dialect begins one.
    pub async fn begin(&self, dialect: Dialect) -> UploadSession {
        let new = NewUpload {
            add: AddMedia { name: Some("film".to_owned()), ..AddMedia::over(dialect) },
            file_name: "film.mp4".to_owned(),
            key_validity: KEY_VALIDITY,
        };
        let begun = match dialect {
            Dialect::Tencent => self.service.begin_upload(&self.app, new).await,
            _ => self.service.create_upload(&self.app, new).await,
        };
        begun.expect("a session")
    }

    /// The state of an upload's video; one that waits to be committed is, to see that its object counts.
    pub async fn media_state(&self, upload: &UploadSession) -> Option<MediaState> {
        // What cannot be committed is no video.
        let _ = self.service.commit_upload(&self.app, &upload.id).await;
        let name = MediaName::VideoId(upload.video_id.clone());
        self.service.find_media(&self.app, &name).await.ok().map(|media| media.state)
    }

    pub async fn send(&self, upload: &UploadSession, call: Call<'_>) -> Answer {
        self.send_with(upload, &upload.key.secret, &upload.key.token, call).await
    }

    pub async fn send_with(
        &self,
        upload: &UploadSession,
        secret: &str,
        token: &str,
        call: Call<'_>,
    ) -> Answer {
        let key = call.key.unwrap_or(&upload.object_key);
        let bucket = format!("stillframe-uploads-{}", upload.app_id);
        let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query: Vec<_> = call.query.iter().map(|(name, value)| owned(name, value)).collect();
        let mut headers: Vec<_> = call.headers.iter().map(|(name, value)| owned(name, value)).collect();
        headers.push(owned("host", call.host));
        let now_s = self.clock.now().as_secs() + call.clock_offset_s;
        let authorization = if upload.dialect == Dialect::Tencent {
            headers.push(owned("x-cos-security-token", token));
            let path = format!("/{key}");
            let request = cos::Request { method: call.method, path: &path, query: &query, headers: &headers };
            let window = cos::Window { first_s: now_s - 60, last_s: now_s + 840 };
            cos::sign(&request, window, &upload.key.key_id, secret)
        } else {
            headers.push(owned("x-oss-security-token", token));
            headers.push(("date".to_owned(), http_date(now_s)));
            let request =
                oss::Request { method: call.method, bucket: &bucket, key, query: &query, headers: &headers };
            oss::sign(&request, &upload.key.key_id, secret)
        };
        headers.push(("authorization".to_owned(), authorization));
        headers.push(("content-length".to_owned(), call.body.len().to_string()));
        let path =
            if call.is_bucket_in_path { format!("/{bucket}/{}", encode(key)) } else { format!("/{key}") };
        let uri = format!("{path}?{}{}", encode_pairs(&query), call.tamper.unwrap_or_default());
        let mut request = Request::builder().method(call.method).uri(uri);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        self.exchange(request.body(Body::from(call.body)).expect("a request")).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("host", "127.0.0.1:7400").body(Body::empty());
        self.exchange(request.expect("a request")).await
    }

    async fn exchange(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Keys of all objects in the store.
    pub fn stored(&self) -> Vec<String> {
        let root = self.directory.path().join("objects");
        let files = files(&root).into_iter();
        let key = |file: PathBuf| file.strip_prefix(&root).expect("below").display().to_string();
        files.map(key).filter(|key| !key.contains('\\')).collect()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn http_date(at_s: i64) -> String {
    let at = chrono::DateTime::from_timestamp(at_s, 0).expect("a time of our days");
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
