//! What the tests share: an app with its videos, jobs and events, and a runner over them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use image::RgbImage;
use stillframe_database::{Database, DeliveryLane, NewMedia, SqliteConfig, SqliteDatabase};
use stillframe_domain::checkpoint::NoCheckpoints;
use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::outcome::PictureResult;
use stillframe_domain::{
    App, AppSettings, Checkpoints, Clock, Dialect, Endpoint, EndpointHealth, EndpointId, Event, EventFormat,
    EventKind, Fit, FrameChoice, ImageFormat, Job, JobState, Media, MediaId, MediaSource, MediaState,
    MediaTime, Origin, OsRng, Output, OutputId, OutputOutcome, Owner, Position, Product, RequestKind,
    Selection, SizeRule, SnapshotSpec, SystemClock, VideoId, ingest, object_key,
};
use stillframe_jobs::{Runner, RunnerConfig, RunnerDeps, Threads};
use stillframe_outbound::{Outbound, OutboundConfig};
use stillframe_storage::{LocalStorage, ObjectKey, Storage};
use stillframe_testkit::clips::{self, ClipSpec};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const LONG: Duration = Duration::from_secs(60);
pub const BASE_URL: &str = "http://media.test/m";

pub struct World {
    pub dir: tempfile::TempDir,
    pub database: Arc<dyn Database>,
    pub storage: Arc<dyn Storage>,
    pub app: App,
    pub checkpoints: Arc<dyn Checkpoints>,
    pub allow: Vec<&'static str>,
    pub config: RunnerConfig,
}

impl World {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = SqliteConfig::new(dir.path().join("test.db"), Arc::new(SystemClock), Arc::new(OsRng));
        let database: Arc<dyn Database> = Arc::new(SqliteDatabase::open(config).await.unwrap());
        let storage = Arc::new(LocalStorage::open(dir.path().join("objects")).await.unwrap());
        let app = database.insert_app("test", &AppSettings::default()).await.unwrap();
        let endpoint = Endpoint {
            id: EndpointId::mint(&OsRng),
            app_id: app.id,
            url: "http://127.0.0.1:9/".to_owned(),
            format: EventFormat::Native,
            owner: Owner::Native,
            event_kinds: Vec::new(),
            origins: Vec::new(),
            secret: String::new(),
            former_secrets: Vec::new(),
            policy: DeliveryPolicy::default_for(EventFormat::Native),
            health: EndpointHealth::default(),
        };
        database.insert_endpoint(&endpoint).await.unwrap();
        let config = RunnerConfig {
            media_base_url: BASE_URL.to_owned(),
            spool_dir: dir.path().to_owned(),
            poll_ms: 50,
            ..RunnerConfig::default()
        };
        let allow = vec!["127.0.0.0/8"];
        Self { dir, database, storage, app, checkpoints: Arc::new(NoCheckpoints), allow, config }
    }

    /// A video of the app that nothing runs on yet.
    pub fn media(&self, source: MediaSource, state: MediaState) -> Media {
        Media {
            id: MediaId::mint(&OsRng),
            video_id: VideoId::mint(&OsRng),
            app_id: self.app.id,
            name: "film.mp4".to_owned(),
            details: stillframe_domain::MediaDetails::default(),
            source,
            state,
            facts: None,
            failure: None,
            cover: None,
            added_by: Dialect::Alibaba,
            pass_through: Some("of the upload".to_owned()),
            created_at: SystemClock.now(),
            updated_at: SystemClock.now(),
        }
    }

    /// An uploaded video of these bytes.
    pub async fn upload(&self, content: impl Into<Bytes>) -> Media {
        let mut media = self.media(MediaSource::Object { key: String::new() }, MediaState::Stored);
        let key = object_key::source(&media.video_id, &media.name);
        self.storage.put(&ObjectKey::parse(&key).unwrap(), content.into()).await.unwrap();
        media.source = MediaSource::Object { key };
        media
    }

    pub async fn upload_clip(&self) -> Media {
        self.upload(std::fs::read(clip()).unwrap()).await
    }

    pub async fn insert(&self, media: &Media, jobs: Vec<Job>) {
        let new = NewMedia { media: media.clone(), jobs, held_jobs: Vec::new(), events: Vec::new() };
        self.database.insert_media(&new).await.unwrap();
    }

    /// Inserts a video with a job that takes these pictures, and gives the job's first state.
    pub async fn insert_with_snapshots(&self, media: &Media, outputs: Vec<Output>) -> Job {
        let job = snapshot_job(media, outputs);
        self.insert(media, vec![job.clone()]).await;
        job
    }

    pub fn start(&self) -> Running {
        let allow = self.allow.iter().map(|net| net.parse().unwrap()).collect();
        let deps = RunnerDeps {
            database: Arc::clone(&self.database),
            storage: Arc::clone(&self.storage),
            outbound: Arc::new(
                Outbound::new(&OutboundConfig { allow, ..OutboundConfig::default() }).unwrap(),
            ),
            decoder: Arc::new(stillframe_sandbox::InProcess),
            blocking: Arc::new(Threads),
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
            checkpoints: Arc::clone(&self.checkpoints),
        };
        let cancel = CancellationToken::new();
        let task = tokio::spawn(Runner::new(deps, self.config.clone()).run(cancel.clone()));
        Running { cancel, task }
    }

    /// Runs until the job has ended, and gives it.
    pub async fn run_to_end(&self, job: &Job) -> Job {
        let running = self.start();
        let ended = self.ended(job).await;
        running.stop().await;
        ended
    }

    pub async fn job(&self, job: &Job) -> Job {
        self.database.find_job(self.app.id, &job.id).await.unwrap().expect("the job is there")
    }

    pub async fn ended(&self, job: &Job) -> Job {
        self.when(job, |job| job.state.is_terminal()).await
    }

    /// The job, once it is so.
    pub async fn when(&self, job: &Job, is_so: impl Fn(&Job) -> bool) -> Job {
        let waiting = async {
            loop {
                let found = self.job(job).await;
                if is_so(&found) {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LONG, waiting).await.expect("the job comes that far")
    }

    pub async fn media_now(&self, media: &Media) -> Media {
        self.database.find_media(self.app.id, media.id).await.unwrap().expect("the video is there")
    }

    /// Has these kinds of events told beside the default ones.
    pub async fn listen_to(&self, kinds: &[EventKind]) {
        let mut endpoint = self.database.list_endpoints(self.app.id).await.unwrap().remove(0);
        endpoint.event_kinds = EventKind::ALL.into_iter().filter(|kind| kind.is_default()).collect();
        endpoint.event_kinds.extend_from_slice(kinds);
        assert!(self.database.update_endpoint(&endpoint).await.unwrap());
    }

    /// The events told since the last call, oldest first.
    pub async fn told(&self) -> Vec<Event> {
        let hour = Duration::from_secs(3_600);
        let due = self.database.lease_deliveries(DeliveryLane::Fresh, hour, 100).await.unwrap();
        due.into_iter().map(|due| due.event).collect()
    }

    pub async fn object(&self, key: &str) -> Vec<u8> {
        let key = ObjectKey::parse(key).unwrap();
        let (_, chunks) = self.storage.get(&key, 0, u64::MAX).await.expect("the object is there");
        chunks.try_collect::<Vec<_>>().await.unwrap().concat()
    }

    /// Number of the frame that a stored picture shows.
    pub async fn frame_number(&self, key: &str) -> u32 {
        clips::read_frame_number(&self.picture(key).await).expect("the picture shows a number")
    }

    pub async fn picture(&self, key: &str) -> RgbImage {
        image::load_from_memory(&self.object(key).await).expect("the picture decodes").to_rgb8()
    }
}

pub struct Running {
    pub cancel: CancellationToken,
    pub task: JoinHandle<()>,
}

impl Running {
    pub async fn stop(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }
}

/// 10 s, 25 frames per second, a keyframe each 2 s.
pub fn clip() -> PathBuf {
    clips::cached(&ClipSpec::numbered())
}

pub const fn ms(time: i64) -> MediaTime {
    MediaTime::from_millis(time)
}

pub fn offsets(times: &[i64]) -> Selection {
    Selection::Offsets(times.iter().map(|&time| Position::At(ms(time))).collect())
}

pub fn stills(kind: OutputKind, selection: Selection) -> Output {
    let product = Product::Stills {
        size: SizeRule::default(),
        fit: Fit::Stretch,
        format: ImageFormat::Jpg,
        quality: 85,
    };
    output(kind, selection, product)
}

pub fn output(kind: OutputKind, selection: Selection, product: Product) -> Output {
    let has_vtt = kind == OutputKind::WebVtt;
    let spec = SnapshotSpec { selection, frame: FrameChoice::Exact, product, has_vtt };
    Output { id: OutputId::mint(&OsRng), kind, template: None, spec }
}

pub fn snapshot_job(media: &Media, outputs: Vec<Output>) -> Job {
    let origin = Origin { dialect: Dialect::Tencent, kind: RequestKind::TimeOffsets };
    let job = ingest::snapshot_job(media, origin, outputs, &OsRng, SystemClock.now());
    Job { pass_through: Some("of the job".to_owned()), ..job }
}

/// The code of each picture that failed, the number of each that was taken.
pub fn results(outcome: &OutputOutcome) -> Vec<String> {
    let result = |result: &PictureResult| match result {
        PictureResult::Ok(taken) => taken.number.to_string(),
        PictureResult::Failed(failure) => failure.code.name().to_owned(),
    };
    outcome.pictures.iter().map(|picture| result(&picture.result)).collect()
}

pub fn assert_discarded(job: &Job, code: &str) {
    assert_eq!(job.state, JobState::Discarded, "{job:?}");
    assert_eq!(job.failure.as_ref().map(|failure| failure.code.name()), Some(code));
    assert!(job.finished_at.is_some());
}
