//! Uploads over a real database and store: what is refused changes nothing, and what is over leaves nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use stillframe_database::{Apps, SqliteConfig, SqliteDatabase};
use stillframe_domain::checkpoint::NoCheckpoints;
use stillframe_domain::{
    App, AppSettings, Dialect, ErrorCode, MediaState, MultipartId, UploadSession, limits,
};
use stillframe_service::{
    AddMedia, Chunks, MediaName, NewUpload, QueueTimes, Service, ServiceConfig, ServiceDeps, UploadError,
};
use stillframe_storage::LocalStorage;
use stillframe_testkit::{SeededRng, SimClock};

const PART_BYTES: usize = limits::UPLOAD_PART_BYTES_MIN as usize;

struct World {
    directory: tempfile::TempDir,
    clock: Arc<SimClock>,
    service: Service,
    app: App,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (clock, rng) = (Arc::new(SimClock::default()), Arc::new(SeededRng::new(3)));
        let config = SqliteConfig::new(directory.path().join("db"), clock.clone(), rng.clone());
        let database = SqliteDatabase::open(config).await.expect("a database");
        let app = database.insert_app("app", &AppSettings::default()).await.expect("an app");
        let storage = LocalStorage::open(directory.path().join("objects")).await.expect("a store");
        let deps = ServiceDeps {
            database: Arc::new(database),
            storage: Arc::new(storage),
            clock: clock.clone(),
            rng,
            checkpoints: Arc::new(NoCheckpoints),
        };
        let config = ServiceConfig {
            media_base_url: "http://example.org/media".to_owned(),
            local_roots: Vec::new(),
            source_size_bytes_max: 3 * PART_BYTES as u64,
            queue: QueueTimes::default(),
        };
        Self { service: Service::new(deps, config), directory, clock, app }
    }

    async fn begin(&self) -> UploadSession {
        self.service.begin_upload(&self.app, new_upload()).await.expect("a session")
    }

    async fn create(&self) -> UploadSession {
        self.service.create_upload(&self.app, new_upload()).await.expect("a session")
    }

    async fn part(&self, session: &UploadSession, id: &MultipartId, number: u32, size: usize) -> String {
        let sums = self.service.put_part(&self.app, session, id, number, (content(size), None)).await;
        sums.expect("a part").etag
    }

    async fn state(&self, session: &UploadSession) -> Option<MediaState> {
        let name = MediaName::VideoId(session.video_id.clone());
        self.service.find_media(&self.app, &name).await.ok().map(|media| media.state)
    }

    /// Files of the store but its lock.
    fn files(&self) -> usize {
        count(&self.directory.path().join("objects")) - 1
    }
}

fn count(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

fn new_upload() -> NewUpload {
    NewUpload {
        add: AddMedia { name: Some("film".to_owned()), ..AddMedia::over(Dialect::Tencent) },
        file_name: "film.mp4".to_owned(),
        key_validity: Duration::from_secs(3_000),
    }
}

fn content(size: usize) -> Chunks {
    stream::iter([Ok(Bytes::from(vec![7; size]))]).boxed()
}

#[tokio::test]
async fn an_object_becomes_a_video_when_its_session_is_committed_and_only_once() {
    let world = World::new().await;
    let session = world.begin().await;
    let nothing = world.service.commit_upload(&world.app, &session.id).await.expect_err("nothing is there");
    assert_eq!(nothing.code, ErrorCode::SourceMissing);
    let sums = world.service.put_upload(&world.app, &session, content(9), None).await.expect("put");
    let (_, session) =
        world.service.find_upload_by_key(&session.key.key_id).await.expect("find").expect("it");
    let (facts, seen) = world.service.head_upload(&session).await.expect("head");
    assert_eq!((facts.size_bytes, seen), (9, sums));
    assert_eq!(world.state(&session).await, None);
    let media = world.service.commit_upload(&world.app, &session.id).await.expect("commit");
    assert_eq!((media.id, media.state, media.name.as_str()), (session.media_id, MediaState::Stored, "film"));
    let again = world.service.commit_upload(&world.app, &session.id).await.expect("commit again");
    assert_eq!(again.id, media.id);

    // The session as it was before: the end of the bytes finds out that it is not open any more.
    let late = world.service.put_upload(&world.app, &session, content(10), None).await;
    assert!(matches!(late, Err(UploadError::Denied)), "{late:?}");
    let (facts, _) = world.service.head_upload(&session).await.expect("head");
    assert_eq!(facts.size_bytes, 9, "a video is not written over");
}

#[tokio::test]
async fn bytes_that_arrive_complete_the_video_that_waits_for_them_each_time() {
    let world = World::new().await;
    let session = world.create().await;
    assert_eq!(world.state(&session).await, Some(MediaState::Fetching));
    world.service.put_upload(&world.app, &session, content(9), None).await.expect("put");
    assert_eq!(world.state(&session).await, Some(MediaState::Stored));
    let jobs = async || {
        let filter = stillframe_service::JobFilter::default();
        world.service.list_jobs(&world.app, &filter, None, 99).await.expect("jobs").items.len()
    };
    assert_eq!(jobs().await, 2, "a probe and covers");
    let name = MediaName::VideoId(session.video_id.clone());
    let by = Dialect::Alibaba;
    let refreshed = world.service.refresh_upload(&world.app, &name, by, Duration::from_secs(1)).await;
    let refreshed = refreshed.expect("refresh");
    assert_eq!(refreshed.dialect, by);
    assert_eq!(refreshed.object_key, session.object_key);
    assert_ne!(refreshed.key.key_id, session.key.key_id);
    world.service.put_upload(&world.app, &refreshed, content(9), None).await.expect("put");
    assert_eq!(jobs().await, 4, "another content has other pictures");
}

#[tokio::test]
async fn bytes_of_a_removed_video_are_not_kept() {
    let world = World::new().await;
    let session = world.create().await;
    let name = MediaName::VideoId(session.video_id.clone());
    let origin =
        stillframe_domain::Origin { dialect: Dialect::Alibaba, kind: stillframe_domain::RequestKind::Ingest };
    world.service.delete_media(&world.app, &name, origin).await.expect("delete");
    let late = world.service.put_upload(&world.app, &session, content(9), None).await;
    assert!(matches!(late, Err(UploadError::Denied)), "{late:?}");
    assert_eq!(world.files(), 0);
}

#[tokio::test]
async fn bytes_that_are_not_those_announced_or_break_off_are_not_kept() {
    let world = World::new().await;
    let session = world.begin().await;
    let put = |content, md5| world.service.put_upload(&world.app, &session, content, md5);
    let wrong = put(content(9), Some([0; 16])).await;
    assert!(matches!(wrong, Err(UploadError::DigestMismatch)), "{wrong:?}");
    let broken = content(9).chain(stream::iter([Err(std::io::Error::other("reset"))])).boxed();
    let broken = put(broken, None).await;
    assert!(matches!(broken, Err(UploadError::Incomplete)), "{broken:?}");
    let large = put(content(3 * PART_BYTES + 1), None).await;
    assert!(matches!(large, Err(UploadError::TooLarge { .. })), "{large:?}");
    assert_eq!(world.files(), 0);
}

#[tokio::test]
async fn parts_are_put_together_as_listed_and_then_removed() {
    let world = World::new().await;
    let session = world.begin().await;
    let id = world.service.begin_multipart(&session).await.expect("begin").id;
    let last = world.part(&session, &id, 9, 5).await;
    let first = world.part(&session, &id, 2, PART_BYTES).await;
    world.part(&session, &id, 3, 1).await;
    assert_eq!(world.part(&session, &id, 9, 5).await, last, "sent again");
    assert_eq!(world.files(), 3, "each part once");
    let complete = async |listed: &[(u32, &str)]| {
        let listed: Vec<_> = listed.iter().map(|&(number, etag)| (number, etag.to_owned())).collect();
        world.service.complete_multipart(&world.app, &session, &id, &listed).await
    };
    assert!(matches!(complete(&[]).await, Err(UploadError::Part)));
    assert!(matches!(complete(&[(2, &first), (4, &first)]).await, Err(UploadError::Part)));
    assert!(matches!(complete(&[(2, &last)]).await, Err(UploadError::Part)));
    assert!(matches!(complete(&[(9, &last), (2, &first)]).await, Err(UploadError::PartOrder)));
    assert!(matches!(complete(&[(2, &first), (2, &first)]).await, Err(UploadError::PartOrder)));
    let third = world.part(&session, &id, 3, 1).await;
    let small = complete(&[(2, &first), (3, &third), (9, &last)]).await;
    assert!(matches!(small, Err(UploadError::PartTooSmall)));
    let sums = complete(&[(2, &first), (9, &last)]).await.expect("complete");
    assert!(sums.etag.ends_with("-2"), "{}", sums.etag);
    let whole = vec![7; PART_BYTES + 5];
    assert_eq!(sums.crc64, stillframe_domain::Crc64::default().with(&whole).as_u64());
    assert_eq!(world.files(), 1, "the object alone");
    assert!(matches!(complete(&[(2, &first), (9, &last)]).await, Err(UploadError::NoMultipart)));
    let media = world.service.commit_upload(&world.app, &session.id).await.expect("commit");
    assert_eq!(media.state, MediaState::Stored);
}

#[tokio::test]
async fn parts_stay_within_the_limits_and_go_when_aborted() {
    let world = World::new().await;
    let (session, other) = (world.begin().await, world.begin().await);
    let id = world.service.begin_multipart(&session).await.expect("begin").id;
    let put = async |session: &UploadSession, number, size| {
        world.service.put_part(&world.app, session, &id, number, (content(size), None)).await
    };
    for number in [0, 10_001] {
        assert!(matches!(put(&session, number, 1).await, Err(UploadError::PartNumber)), "{number}");
    }
    assert!(matches!(put(&other, 1, 1).await, Err(UploadError::NoMultipart)), "of another object");
    put(&session, 1, 3 * PART_BYTES).await.expect("as much as an object may have");
    assert!(matches!(put(&session, 2, 1).await, Err(UploadError::TooLarge { .. })));
    assert_eq!(world.files(), 1);
    let foreign = world.service.abort_multipart(&other, &id).await;
    assert!(matches!(foreign, Err(UploadError::NoMultipart)));
    world.service.abort_multipart(&session, &id).await.expect("abort");
    assert_eq!(world.files(), 0);
    assert!(matches!(put(&session, 1, 1).await, Err(UploadError::NoMultipart)));
    for _ in 0..limits::UPLOAD_MULTIPARTS_MAX {
        world.service.begin_multipart(&session).await.expect("begin");
    }
    let refused = world.service.begin_multipart(&session).await;
    assert!(matches!(refused, Err(UploadError::TooManyMultiparts)));
}

#[tokio::test]
async fn what_is_over_leaves_nothing_but_videos() {
    let world = World::new().await;
    let (whole, in_parts, committed) = (world.begin().await, world.begin().await, world.begin().await);
    let waiting = world.create().await;
    for session in [&whole, &committed, &waiting] {
        world.service.put_upload(&world.app, session, content(9), None).await.expect("put");
    }
    world.service.commit_upload(&world.app, &committed.id).await.expect("commit");
    let id = world.service.begin_multipart(&in_parts).await.expect("begin").id;
    world.part(&in_parts, &id, 1, 9).await;
    assert_eq!(world.service.clean_uploads().await.expect("clean"), 0, "nothing is over");
    assert_eq!(world.files(), 4);

    world.clock.advance(Duration::from_millis(limits::UPLOAD_SESSION_MS));
    while world.service.clean_uploads().await.expect("clean") > 0 {}
    assert_eq!(world.files(), 2, "the two videos");
    assert_eq!(world.state(&committed).await, Some(MediaState::Stored));
    assert_eq!(world.state(&waiting).await, Some(MediaState::Stored));
    for session in [&whole, &committed] {
        let late = world.service.commit_upload(&world.app, &session.id).await.expect_err("it is over");
        assert_eq!(late.code, ErrorCode::ObjectNotFound);
    }
    assert!(world.service.find_upload_by_key(&waiting.key.key_id).await.expect("find").is_none());
}
