//! A caller who adds videos and asks for pictures of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::template::JPEG_QUALITY_DEFAULT;
use stillframe_domain::{
    Dialect, Fit, FrameChoice, ImageFormat, Job, Media, MediaTime, NotifyMode, Origin, Position, Product,
    RequestKind, RequestOptions, Selection, SizeRule, SnapshotSpec,
};
use stillframe_service::{AddMedia, MediaName, OutputRequest, Service, SubmitSnapshot};

use crate::agent::Agent;
use crate::chance::Chance;
use crate::decoder;
use crate::process::service;
use crate::world::World;

/// What a caller does next, after a wait.
#[derive(Debug, Clone)]
pub(super) struct Action {
    wait: Duration,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// Uploads a film; some are none.
    Upload { is_film: bool },
    /// Has a film fetched.
    AddUrl,
    /// Asks for pictures of the newest video.
    Submit { offsets_ms: Vec<i64>, has_vtt: bool, notify: NotifyMode },
    /// Withdraws the newest job.
    Cancel,
    /// Brings a cover for the newest video.
    BringCover,
    /// Deletes the oldest video.
    Delete,
}

impl Action {
    /// What a caller does in a run.
    pub(super) fn script(chance: &Chance, media_count: u64) -> Vec<Self> {
        let mut script = Vec::new();
        let wait = |most_ms| chance.ms(0, most_ms);
        for _ in 0..media_count {
            let what = if chance.is(250) { What::AddUrl } else { What::Upload { is_film: !chance.is(80) } };
            script.push(Self { wait: wait(4_000), what });
            for _ in 0..chance.between(1, 3) {
                script.push(Self { wait: wait(3_000), what: What::submit(chance) });
            }
            if chance.is(150) {
                script.push(Self { wait: wait(500), what: What::Cancel });
            }
            if chance.is(150) {
                script.push(Self { wait: wait(5_000), what: What::BringCover });
            }
        }
        if chance.is(250) {
            script.push(Self { wait: wait(20_000), what: What::Delete });
        }
        script
    }
}

impl What {
    fn submit(chance: &Chance) -> Self {
        let offset = |_| i64::try_from(chance.below(66_000)).unwrap_or_default();
        let offsets_ms = (0..chance.between(1, 4)).map(offset).collect();
        let notify = chance.pick(&[NotifyMode::Finish, NotifyMode::Finish, NotifyMode::Change]);
        Self::Submit { offsets_ms, has_vtt: chance.is(200), notify }
    }
}

/// A caller.
pub(super) struct Asker {
    name: String,
    script: Vec<Action>,
    /// How far it came. A request that dies with the process is not made again.
    at: AtomicUsize,
    has_ended: AtomicBool,
    media: Mutex<Vec<Media>>,
    jobs: Mutex<Vec<Job>>,
}

impl Asker {
    pub(super) fn new(number: u64, script: Vec<Action>) -> Self {
        let name = format!("caller-{number}");
        Self {
            name,
            script,
            at: AtomicUsize::new(0),
            has_ended: AtomicBool::new(false),
            media: Mutex::default(),
            jobs: Mutex::default(),
        }
    }

    /// Notes that it has done all that it does; says whether that is new.
    pub(super) fn ends(&self) -> bool {
        !self.has_ended.swap(true, Ordering::SeqCst)
    }

    /// Goes on with its script to its end.
    pub(super) async fn go_on(&self, world: &Arc<World>) {
        let agent = Agent::new(world, self.name.clone());
        let service = service(&agent);
        while let Some(action) = self.script.get(self.at.load(Ordering::SeqCst)) {
            world.pass(action.wait).await;
            self.at.fetch_add(1, Ordering::SeqCst);
            self.act(world, &service, &action.what).await;
        }
    }

    async fn act(&self, world: &World, service: &Service, what: &What) {
        match what {
            What::Upload { is_film } => self.upload(world, service, *is_film).await,
            What::AddUrl => self.add_url(world, service).await,
            What::Submit { offsets_ms, has_vtt, notify } => {
                self.submit(world, service, submission(offsets_ms, *has_vtt, *notify)).await;
            }
            What::Cancel => self.cancel(world, service).await,
            What::BringCover => self.bring_cover(world, service).await,
            What::Delete => self.delete(world, service).await,
        }
    }

    async fn upload(&self, world: &World, service: &Service, is_film: bool) {
        let name = format!("{}-{}", self.name, self.at.load(Ordering::SeqCst));
        let bytes = if is_film { decoder::film(&name) } else { b"a text".to_vec() };
        let chunks = stream::iter([Ok(Bytes::from(bytes))]).boxed();
        let add = AddMedia { name: Some("film.mp4".to_owned()), ..AddMedia::over(Dialect::Tencent) };
        world.storing.fetch_add(1, Ordering::SeqCst);
        let added = service.upload_media(&world.app(), add, chunks).await;
        world.storing.fetch_sub(1, Ordering::SeqCst);
        if let Ok(added) = added {
            self.accepted_media(world, added.media);
        }
    }

    async fn add_url(&self, world: &World, service: &Service) {
        let url = format!("http://films.test/{}-{}.mp4", self.name, self.at.load(Ordering::SeqCst));
        let mut add = AddMedia::over(Dialect::Tencent);
        add.follow_ups = vec![submission(&[1_000], false, NotifyMode::Finish)];
        if let Ok(added) = service.add_url(&world.app(), add, &url).await {
            for job in added.fetch.into_iter().chain(added.follow_ups) {
                self.accepted_job(world, job);
            }
            self.accepted_media(world, added.media);
        }
    }

    async fn submit(&self, world: &World, service: &Service, request: SubmitSnapshot) {
        let Some(name) = self.newest() else { return };
        if let Ok(job) = service.submit_snapshot(&world.app(), &name, request).await {
            self.accepted_job(world, job);
        }
    }

    async fn cancel(&self, world: &World, service: &Service) {
        let Some(job) = held(&self.jobs).last().cloned() else { return };
        world.ledger().may_be_cancelled.insert(job.id.clone());
        // Whether it was withdrawn, its state says.
        let _ = service.cancel_job(&world.app(), &job.id).await;
    }

    async fn bring_cover(&self, world: &World, service: &Service) {
        let Some(name) = self.newest() else { return };
        let picture = Bytes::from_static(b"\xff\xd8\xff cover \xff\xd9");
        world.storing.fetch_add(1, Ordering::SeqCst);
        // A cover that could not be brought leaves the one before.
        let _ = service.upload_cover(&world.app(), &name, picture, Dialect::Tencent).await;
        world.storing.fetch_sub(1, Ordering::SeqCst);
    }

    async fn delete(&self, world: &World, service: &Service) {
        let Some(media) = held(&self.media).first().cloned() else { return };
        world.ledger().may_be_gone.insert(media.id);
        let origin = Origin { dialect: Dialect::Tencent, kind: RequestKind::Ingest };
        // Whether it is gone, the database says.
        let _ = service.delete_media(&world.app(), &MediaName::FileId(Some(media.id)), origin).await;
    }

    fn newest(&self) -> Option<MediaName> {
        held(&self.media).last().map(|media| MediaName::FileId(Some(media.id)))
    }

    fn accepted_media(&self, world: &World, media: Media) {
        world.ledger().accepted_media.insert(media.id);
        held(&self.media).push(media);
    }

    fn accepted_job(&self, world: &World, job: Job) {
        world.ledger().accepted_jobs.insert(job.id.clone(), job.media_id);
        held(&self.jobs).push(job);
    }
}

fn submission(offsets_ms: &[i64], has_vtt: bool, notify: NotifyMode) -> SubmitSnapshot {
    let product = Product::Stills {
        size: SizeRule::default(),
        fit: Fit::Stretch,
        format: ImageFormat::Jpg,
        quality: JPEG_QUALITY_DEFAULT,
    };
    let at = |&offset_ms: &i64| Position::At(MediaTime::from_millis(offset_ms));
    let selection = Selection::Offsets(offsets_ms.iter().map(at).collect());
    let spec = SnapshotSpec { selection, frame: FrameChoice::Exact, product, has_vtt };
    let kind = OutputKind::of_spec(&spec);
    let output = OutputRequest { kind, template: None, spec };
    let is_procedure = notify == NotifyMode::Change;
    let kind = if is_procedure { RequestKind::Procedure } else { RequestKind::TimeOffsets };
    SubmitSnapshot {
        origin: Origin { dialect: Dialect::Tencent, kind },
        outputs: vec![output; if is_procedure { 2 } else { 1 }],
        pass_through: None,
        callback_url: None,
        priority: 0,
        options: RequestOptions { notify, ..RequestOptions::default() },
    }
}

fn held<T>(list: &Mutex<Vec<T>>) -> std::sync::MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
