//! The world of a case: three apps, videos in every state, finished jobs, and a queued event.
//!
//! | app | mode | has |
//! |---|---|---|
//! | `owner` | pull | the videos below, one queued event |
//! | `other` | pull | the video `other`, nothing queued |
//! | `push` | push | nothing |
//!
//! Variables: `${<video>.file_id}` and `${<video>.video_id}` of the videos `ready` (pictures of every
//! kind), `bare` (none), `fetching`, `broken`, `other`; `${<set>.output_id}` and `${<set>.job_id}` of the
//! sets of pictures of `ready`, listed in [`World::new`]; `${base}`, the base of picture URLs.
//!
//! The owner keeps the procedure `storyboard`: samples, a picture at 1.5 s, a cover at half time, a sprite.
//!
//! No picture is decoded here: jobs are finished by hand with what a worker would report.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use stillframe_api::ApiState;
use stillframe_database::{
    Commit, JobCompletion, Jobs, MediaChange, MediaStore, NewMedia, SqliteConfig, SqliteDatabase,
};
use stillframe_domain::checkpoint::NoCheckpoints;
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::media::{AudioFacts, Cover, MediaFacts, VideoFacts};
use stillframe_domain::object_key::{self, OutputKind};
use stillframe_domain::outcome::{PictureResult, Sheet};
use stillframe_domain::template::find_preset;
use stillframe_domain::{
    AccessKey, App, AppSettings, Dialect, ErrorCode, Event, EventId, Failure, ImageFormat, Job, JobKind,
    JobState, Media, MediaId, MediaSource, MediaState, MediaTime, Origin, OutputOutcome, PictureOutcome,
    PixelSize, Position, ProcedureStep, Product, PullMode, RequestKind, RequestOptions, Rng, Selection,
    StepShape, Taken, TemplateFamily, TemplateRef, VideoId,
};
use stillframe_service::{
    MediaName, OutputRequest, ProcedureDraft, Service, ServiceConfig, ServiceDeps, SubmitSnapshot,
};
use stillframe_storage::LocalStorage;
use stillframe_testkit::{SeededRng, SimClock};
use tempfile::TempDir;

const BASE: &str = "http://127.0.0.1:7400/media";
const SIZE: PixelSize = PixelSize { width_px: 1920, height_px: 1080 };
const CELL: PixelSize = PixelSize { width_px: 142, height_px: 80 };
/// Offsets of each set of pictures; the last lies past the end.
const OFFSETS_MS: [i64; 3] = [1_000, 0, 99_999_999];

/// Everything that a case speaks to.
pub struct World {
    pub router: Router,
    pub clock: Arc<SimClock>,
    pub apps: HashMap<&'static str, (App, AccessKey)>,
    pub variables: BTreeMap<String, String>,
    service: Arc<Service>,
    database: Arc<SqliteDatabase>,
    rng: Arc<SeededRng>,
    nonce: u64,
    /// Holds the database and the objects until the case is over.
    _directory: TempDir,
}

impl World {
    pub async fn new() -> Self {
        let mut world = Self::empty().await;
        for (name, mode) in [("owner", PullMode::Pull), ("other", PullMode::Pull), ("push", PullMode::Push)] {
            let settings = AppSettings { tencent_mode: mode, ..AppSettings::default() };
            let app = world.service.create_app(name, &settings).await.expect("an app");
            world.apps.insert(name, app);
        }
        world.keep_storyboard().await;
        world.variables.insert("base".to_owned(), BASE.to_owned());
        let broken = Failure::new(ErrorCode::NotAVideo, "the bytes are no video");
        let ready = world.add("owner", "ready", MediaState::Ready, None).await;
        world.add("owner", "bare", MediaState::Ready, None).await;
        world.add("owner", "fetching", MediaState::Fetching, None).await;
        world.add("owner", "broken", MediaState::Failed, Some(broken)).await;
        world.add("other", "other", MediaState::Ready, None).await;
        let covers = [
            ("covers", OutputKind::Cover, TemplateFamily::Offsets, 10),
            ("cover_sprite", OutputKind::CoverSprite, TemplateFamily::Sprite, 10),
        ];
        world.finish(&ready, Dialect::Native, RequestKind::AutomaticCovers, &covers).await;
        let offsets = TemplateFamily::Offsets;
        for name in ["normal10_replaced", "normal10"] {
            let set = [(name, OutputKind::Normal, offsets, 10)];
            world.finish(&ready, Dialect::Native, RequestKind::Snapshot, &set).await;
        }
        let others = [
            ("sprite", OutputKind::Sprite, TemplateFamily::Sprite, 10),
            ("sprite_origin", OutputKind::SpriteOrigin, offsets, 10),
            ("web_vtt", OutputKind::WebVtt, offsets, 10),
        ];
        world.finish(&ready, Dialect::Native, RequestKind::Snapshot, &others).await;
        let told = [("normal20", OutputKind::Normal, offsets, 20)];
        world.finish(&ready, Dialect::Tencent, RequestKind::TimeOffsets, &told).await;
        world
    }

    /// Finishes the jobs that are due, with their events, as a worker would.
    pub async fn work(&self) -> Vec<Job> {
        let leases = self.database.lease_jobs("test", Duration::from_secs(60), 10).await.expect("leases");
        let mut finished = Vec::new();
        for lease in leases {
            let job = lease.job;
            let media = self.database.find_media(job.app_id, job.media_id).await.expect("rows");
            let media = media.expect("a job is on a video");
            let job = Job { outcomes: outcomes(&media, &job), ..job };
            let (id, now) = (EventId::mint(self.rng.as_ref()), self.service.now());
            let completion = JobCompletion {
                job_id: job.id.clone(),
                token: lease.token,
                state: JobState::Completed,
                outcomes: job.outcomes.clone(),
                failure: None,
                traffic: None,
                media: (job.kind == JobKind::Fetch).then(|| stored(&media)),
                events: vec![Event::of_finished_job(
                    id,
                    &job,
                    SnapshotFact::of_job(&job, &media, BASE, None, now),
                )],
                jobs: Vec::new(),
            };
            let commit = self.database.complete_job(&completion).await.expect("a commit");
            assert_eq!(commit, Commit::Committed);
            finished.push(job);
        }
        finished
    }

    /// A text with its variables replaced.
    pub fn expand(&self, text: &str) -> String {
        let replace =
            |text: String, (name, value): (&String, &String)| text.replace(&format!("${{{name}}}"), value);
        let expanded = self.variables.iter().fold(text.to_owned(), replace);
        assert!(!expanded.contains("${"), "unknown variable in {expanded}");
        expanded
    }

    /// A nonce that no request has had.
    pub fn next_nonce(&mut self) -> u64 {
        self.nonce += 1;
        self.nonce
    }

    async fn empty() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (clock, rng) = (Arc::new(SimClock::default()), Arc::new(SeededRng::new(7)));
        let path = directory.path().join("stillframe.db");
        let config = SqliteConfig::new(&path, clock.clone(), rng.clone());
        let database = Arc::new(SqliteDatabase::open(config).await.expect("a database"));
        let storage = LocalStorage::open(directory.path().join("objects")).await.expect("a store");
        let deps = ServiceDeps {
            database: database.clone(),
            storage: Arc::new(storage),
            clock: clock.clone(),
            rng: rng.clone(),
            checkpoints: Arc::new(NoCheckpoints),
        };
        let config = ServiceConfig {
            media_base_url: BASE.to_owned(),
            local_roots: Vec::new(),
            source_size_bytes_max: 1 << 20,
            queue: stillframe_service::QueueTimes::default(),
        };
        let service = Arc::new(Service::new(deps, config));
        Self {
            router: stillframe_api::router(ApiState { service: service.clone() }),
            clock,
            apps: HashMap::new(),
            variables: BTreeMap::new(),
            service,
            database,
            rng,
            nonce: 0,
            _directory: directory,
        }
    }

    async fn keep_storyboard(&self) {
        use TemplateFamily::{Offsets, Sample, Sprite};
        let at = |position| Some(Selection::Offsets(vec![position]));
        let step = |(kind, family, selection)| {
            let reference = TemplateRef::Numbered { family, number: 10 };
            ProcedureStep { kind, shape: StepShape::Template { reference, selection } }
        };
        let steps = [
            (OutputKind::Normal, Sample, None),
            (OutputKind::Normal, Offsets, at(Position::At(MediaTime::from_millis(1_500)))),
            (OutputKind::Cover, Offsets, at(Position::Percent(50.0))),
            (OutputKind::Sprite, Sprite, None),
        ];
        let draft = ProcedureDraft {
            key: "storyboard".to_owned(),
            title: String::new(),
            comment: String::new(),
            steps: steps.map(step).into(),
        };
        self.service.create_procedure(&self.apps["owner"].0, draft).await.expect("a new procedure");
    }

    async fn add(&mut self, app: &str, name: &str, state: MediaState, failure: Option<Failure>) -> Media {
        let rng: &dyn Rng = self.rng.as_ref();
        let video_id = VideoId::mint(rng);
        let source = match state {
            MediaState::Fetching => MediaSource::Url { url: "http://video.example/film.mp4".to_owned() },
            _ => MediaSource::Object { key: object_key::source(&video_id, "film.mp4") },
        };
        let now = stillframe_domain::Clock::now(self.clock.as_ref());
        let media = Media {
            id: MediaId::mint(rng),
            app_id: self.apps[app].0.id,
            name: "film.mp4".to_owned(),
            details: stillframe_domain::MediaDetails::default(),
            source,
            state,
            facts: (state == MediaState::Ready).then(facts),
            failure,
            cover: (name == "ready").then(|| Cover::Object(format!("{video_id}/covers/chosen.jpg"))),
            added_by: Dialect::Native,
            pass_through: None,
            created_at: now,
            updated_at: now,
            video_id,
        };
        self.variables.insert(format!("{name}.file_id"), media.id.to_string());
        self.variables.insert(format!("{name}.video_id"), media.video_id.to_string());
        let new =
            NewMedia { media: media.clone(), jobs: Vec::new(), held_jobs: Vec::new(), events: Vec::new() };
        self.database.insert_media(&new).await.expect("a new video");
        media
    }

    /// A job with these sets of pictures (name, kind, family and number of its template), finished
    /// with its event as a worker would.
    async fn finish(
        &mut self,
        media: &Media,
        dialect: Dialect,
        kind: RequestKind,
        sets: &[(&str, OutputKind, TemplateFamily, i64)],
    ) {
        let request = SubmitSnapshot {
            origin: Origin { dialect, kind },
            outputs: sets.iter().map(|&(_, kind, family, number)| output(kind, family, number)).collect(),
            pass_through: None,
            callback_url: None,
            priority: 0,
            options: RequestOptions::default(),
        };
        let app = self.apps["owner"].0.clone();
        self.clock.advance(Duration::from_secs(1));
        let name = MediaName::FileId(Some(media.id));
        let accepted = self.service.submit_snapshot(&app, &name, request).await.expect("a job");
        let [job] = self.work().await.try_into().expect("one job is due");
        assert_eq!(job.id, accepted.id);
        for ((name, ..), output) in sets.iter().zip(&job.outputs) {
            self.variables.insert(format!("{name}.output_id"), output.id.to_string());
            self.variables.insert(format!("{name}.job_id"), job.id.to_string());
        }
    }
}

/// What a fetch changes about its video.
fn stored(media: &Media) -> MediaChange {
    let key = object_key::source(&media.video_id, &media.name);
    let (source, state) = (Some(MediaSource::Object { key }), Some(MediaState::Stored));
    MediaChange { source, state, ..MediaChange::default() }
}

fn facts() -> MediaFacts {
    MediaFacts {
        container: "mov,mp4,m4a,3gp,3g2,mj2".to_owned(),
        size_bytes: 1_234_567,
        duration: MediaTime::from_millis(98_660),
        bitrate_bps: 2_500_000,
        video: Some(VideoFacts {
            codec: "h264".to_owned(),
            width_px: SIZE.width_px,
            height_px: SIZE.height_px,
            rotation_degrees: 0,
            frames_per_second: 29.97,
            bitrate_bps: 2_300_000,
            is_cover_art: false,
        }),
        audio: Some(AudioFacts { codec: "aac".to_owned(), sample_rate_hz: 48_000, bitrate_bps: 128_000 }),
    }
}

fn output(kind: OutputKind, family: TemplateFamily, number: i64) -> OutputRequest {
    let template = TemplateRef::Numbered { family, number };
    let mut spec = find_preset(&template).expect("a preset").spec;
    if let Product::Stills { .. } = spec.product {
        let at = |ms| Position::At(MediaTime::from_millis(ms));
        spec.selection = Selection::Offsets(OFFSETS_MS.into_iter().map(at).collect());
    }
    OutputRequest { kind, template: Some(template), spec }
}

/// Two pictures and a failed one for each set of stills; three cells on two sheets for each sprite.
fn outcomes(media: &Media, job: &Job) -> Vec<OutputOutcome> {
    let outcome = |output: &stillframe_domain::Output| {
        let key = |n| object_key::picture(&media.video_id, output.kind, &output.id, n, ImageFormat::Jpg);
        let is_sprite = matches!(output.spec.product, Product::Sprite { .. });
        let times = output.spec.selection.resolve(facts().duration).expect("no selection by keyframes");
        let cells = [0, 10_000, 20_000].map(MediaTime::from_millis).to_vec();
        let picture = |(number, pts): (u32, MediaTime)| {
            let size = if is_sprite { CELL } else { SIZE };
            let key = if is_sprite { String::new() } else { key(number) };
            let result = if pts < facts().duration {
                PictureResult::Ok(Taken { pts, number, key, size, size_bytes: 1_000 })
            } else {
                PictureResult::Failed(Failure::new(ErrorCode::OffsetOutOfRange, "past the end"))
            };
            PictureOutcome { offset: Some(pts), result }
        };
        let sheet = |number| Sheet { number, key: key(number), size: SIZE, cell: CELL, size_bytes: 1_000 };
        OutputOutcome {
            output_id: output.id.clone(),
            pictures: (1..).zip(if is_sprite { cells } else { times }).map(picture).collect(),
            sheets: if is_sprite { vec![sheet(1), sheet(2)] } else { Vec::new() },
            vtt_key: output.spec.has_vtt.then(|| object_key::vtt(&media.video_id, output.kind, &output.id)),
            failure: None,
        }
    };
    job.outputs.iter().map(outcome).collect()
}
