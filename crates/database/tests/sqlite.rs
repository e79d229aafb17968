//! SQLite keeps the contract, and what only a file can break.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, SqliteConnection};
use stillframe_database::conformance::{self, Subject};
use stillframe_database::{
    Apps, Database, DatabaseError, Jobs, MediaStore, NewMedia, Queues, SqliteConfig, SqliteDatabase,
};
use stillframe_domain::event::Telling;
use stillframe_domain::{
    AppId, AppSettings, Clock, Dialect, Event, EventId, EventKind, Media, MediaId, MediaSource, MediaState,
    Origin, PullMode, RequestKind, Timestamp, VideoId, ingest,
};
use stillframe_testkit::{SeededRng, SimClock};

async fn open(path: &Path) -> stillframe_database::Result<SqliteDatabase> {
    let rng = Arc::new(SeededRng::new(7));
    SqliteDatabase::open(SqliteConfig::new(path, Arc::new(SimClock::default()), rng)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_is_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let count = std::sync::atomic::AtomicU64::new(0);
    conformance::run_all(async || {
        let seed = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let clock = Arc::new(SimClock::default());
        let path = directory.path().join(format!("{seed}.db"));
        let config = SqliteConfig::new(path, clock.clone(), Arc::new(SeededRng::new(seed)));
        let database = SqliteDatabase::open(config).await.expect("open");
        let shown = clock.clone();
        Subject {
            database: Arc::new(database),
            now: Box::new(move || shown.now()),
            advance: Box::new(move |by: Duration| {
                clock.advance(by);
                Box::pin(async { true })
            }),
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_written_is_there_after_a_crash_and_for_its_owner_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("stillframe.db");
    let database = open(&path).await.expect("open");
    let app = database.insert_app("kept", &AppSettings::default()).await.expect("insert");
    // A copy of the files is what a power cut leaves: nothing was closed or checkpointed.
    let copy = directory.path().join("copy.db");
    for suffix in ["", "-wal"] {
        let from = format!("{}{suffix}", path.display());
        let mode = std::fs::metadata(&from).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{from}");
        std::fs::copy(from, format!("{}{suffix}", copy.display())).expect("copied");
    }
    drop(database);
    for path in [&path, &copy] {
        let database = open(path).await.expect("open again");
        assert_eq!(database.find_app(app.id).await.expect("find"), Some(app.clone()));
        let next = database.insert_app("next", &AppSettings::default()).await.expect("insert");
        assert_eq!(next.id, AppId(2), "numbers go on");
    }
}

#[tokio::test]
async fn two_processes_share_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("stillframe.db");
    let (server, command) = (open(&path).await.expect("open"), open(&path).await.expect("open beside"));
    let settings = AppSettings::default();
    let inserts = (0..20).map(|n| if n % 2 == 0 { &server } else { &command }).map(async |database| {
        database.insert_app("app", &settings).await.expect("insert");
    });
    for insert in inserts.collect::<Vec<_>>() {
        insert.await;
    }
    assert_eq!(server.list_apps().await.expect("list").len(), 20);
}

#[tokio::test]
async fn damaged_rows_are_errors_that_name_their_statement() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("stillframe.db");
    let database = open(&path).await.expect("open");
    let app = database.insert_app("damaged", &AppSettings::default()).await.expect("insert");
    let mut raw = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connect");
    for settings in ["{\"version\":1,\"value\":{", "{\"version\":9,\"value\":{}}", "null"] {
        sqlx::query("UPDATE apps SET settings = ?").bind(settings).execute(&mut raw).await.expect("update");
        let found = database.find_app(app.id).await;
        assert!(matches!(found, Err(DatabaseError::Inconsistent { doing: "apps::find", .. })), "{found:?}");
    }
}

#[tokio::test]
async fn one_damaged_row_does_not_stop_the_work_of_others() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("stillframe.db");
    let database = open(&path).await.expect("open");
    let settings = AppSettings { tencent_mode: PullMode::Pull, ..AppSettings::default() };
    let app = database.insert_app("app", &settings).await.expect("insert").id;
    let new = new_media(app, 3);
    database.insert_media(&new).await.expect("insert");
    let mut raw = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connect");
    for damage in [
        "UPDATE jobs SET origin_kind = 'lost' WHERE seq = 1",
        "INSERT INTO outputs (id, job_seq, kind, spec) VALUES ('x', 2, 'normal', '{')",
        "UPDATE events SET payload = '{' WHERE seq = 2",
    ] {
        sqlx::query(damage).execute(&mut raw).await.expect("damage");
    }
    let lease_for = Duration::from_secs(60);
    let leases = database.lease_jobs("w", lease_for, 9).await.expect("lease");
    assert_eq!(leases.iter().map(|lease| &lease.job.id).collect::<Vec<_>>(), [&new.jobs[2].id]);
    let pulled = database.pull_events(app, lease_for, 9).await.expect("pull");
    let ids: Vec<_> = pulled.iter().map(|pulled| &pulled.event.id).collect();
    assert_eq!(ids, [&new.events[0].id, &new.events[2].id]);
    for job in &new.jobs[..2] {
        let found = database.find_job(app, &job.id).await;
        assert!(matches!(found, Err(DatabaseError::Inconsistent { .. })), "asked for by name: {found:?}");
    }
}

/// A video with probe jobs and as many events of a vendor's requests.
fn new_media(app_id: AppId, count: usize) -> NewMedia {
    let now = Timestamp::from_secs(1);
    let rng = SeededRng::new(1);
    let media = Media {
        id: MediaId::mint(&rng),
        video_id: VideoId::mint(&rng),
        app_id,
        name: "film.mp4".to_owned(),
        details: stillframe_domain::MediaDetails::default(),
        source: MediaSource::Object { key: "v/source/film.mp4".to_owned() },
        state: MediaState::Stored,
        facts: None,
        failure: None,
        cover: None,
        added_by: Dialect::Tencent,
        pass_through: None,
        created_at: now,
        updated_at: now,
    };
    let jobs: Vec<_> = (0..count).map(|_| ingest::probe_job(&media, &rng, now)).collect();
    let origin = Origin { dialect: Dialect::Tencent, kind: RequestKind::TimeOffsets };
    let tell = |_| {
        let id = EventId::mint(&rng);
        Event::of_media(
            id,
            EventKind::SnapshotCompleted,
            origin,
            &media,
            Telling { at: now, base_url: "http://example.org" },
        )
    };
    let events = (0..count).map(tell).collect();
    NewMedia { media, jobs, held_jobs: Vec::new(), events }
}

#[tokio::test]
async fn files_that_cannot_be_used_are_told_apart() {
    let directory = tempfile::tempdir().expect("a directory");
    let missing = open(&directory.path().join("none/stillframe.db")).await.err();
    assert!(matches!(missing, Some(DatabaseError::Unavailable { .. })), "{missing:?}");
    let path = directory.path().join("text.db");
    std::fs::write(&path, "this is no database, but long enough to be looked at".repeat(100))
        .expect("a file");
    let text = open(&path).await.err();
    assert!(matches!(text, Some(DatabaseError::Inconsistent { .. })), "{text:?}");
    let path = directory.path().join("newer.db");
    drop(open(&path).await.expect("open"));
    let mut raw = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connect");
    sqlx::query("UPDATE _sqlx_migrations SET version = 99 WHERE version = 1")
        .execute(&mut raw)
        .await
        .expect("update");
    let newer = open(&path).await.err();
    assert!(matches!(newer, Some(DatabaseError::Inconsistent { .. })), "{newer:?}");
}

#[tokio::test]
async fn a_file_that_another_process_holds_is_unavailable_until_it_lets_go() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("stillframe.db");
    let mut config = SqliteConfig::new(&path, Arc::new(SimClock::default()), Arc::new(SeededRng::new(7)));
    config.busy_timeout = Duration::from_millis(20);
    let database = SqliteDatabase::open(config).await.expect("open");
    let app = database.insert_app("first", &AppSettings::default()).await.expect("insert");
    let mut raw = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("connect");
    sqlx::query("BEGIN IMMEDIATE").execute(&mut raw).await.expect("begin");
    let refused = database.insert_app("second", &AppSettings::default()).await;
    assert!(matches!(refused, Err(DatabaseError::Unavailable { .. })), "{refused:?}");
    assert_eq!(database.list_apps().await.expect("reads go on"), [app]);
    sqlx::query("ROLLBACK").execute(&mut raw).await.expect("rollback");
    database.ping().await.expect("usable again");
}
