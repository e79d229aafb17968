//! What the cleaner removes, and what it leaves.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stillframe_domain::object_key::{self, OutputKind};
use stillframe_domain::{Clock, ImageFormat, JobState, OsRng, OutputId, SystemClock, VideoId};
use stillframe_jobs::{Cleaned, Cleaner, CleanerConfig, CleanerDeps, Threads};
use stillframe_storage::ObjectKey;
use stillframe_testkit::SimClock;

use crate::world::{World, offsets, stills};

const HOUR: Duration = Duration::from_secs(3_600);

/// A cleaner of the world at a time after now.
fn cleaner(world: &World, later: Duration, config: CleanerConfig) -> Cleaner {
    let clock = SimClock::new(SystemClock.now());
    clock.advance(later);
    let deps = CleanerDeps {
        database: Arc::clone(&world.database),
        storage: Arc::clone(&world.storage),
        blocking: Arc::new(Threads),
        clock: Arc::new(clock),
    };
    Cleaner::new(deps, config)
}

async fn put(world: &World, key: &str) -> ObjectKey {
    let key = ObjectKey::parse(key).unwrap();
    world.storage.put(&key, Bytes::from_static(b"left")).await.unwrap();
    key
}

fn orphan_of(video_id: &VideoId) -> String {
    object_key::picture(video_id, OutputKind::Normal, &OutputId::mint(&OsRng), 1, ImageFormat::Jpg)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_refers_to_goes_once_it_is_old_and_the_rest_stays() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let job =
        world.insert_with_snapshots(&media, vec![stills(OutputKind::Normal, offsets(&[0, 1_000]))]).await;
    let ended = world.run_to_end(&job).await;
    assert_eq!(ended.state, JobState::Completed);
    let kept = world.storage.list("").await.unwrap();
    assert_eq!(kept.len(), 3, "the video and two pictures: {kept:?}");
    put(&world, &orphan_of(&media.video_id)).await;
    put(&world, &orphan_of(&VideoId::mint(&OsRng))).await;
    let strange = put(&world, "kept-by-the-operator/notes.txt").await;
    let grace = CleanerConfig::default().object_grace_ms;
    let young = cleaner(&world, Duration::from_millis(grace) - HOUR, CleanerConfig::default());
    assert_eq!(young.clean().await.unwrap(), Cleaned::default());
    let old = cleaner(&world, Duration::from_millis(grace) + HOUR, CleanerConfig::default());
    assert_eq!(old.clean().await.unwrap(), Cleaned { object_count: 2, ..Cleaned::default() });
    let mut wanted = kept;
    wanted.push(strange);
    wanted.sort_unstable();
    assert_eq!(world.storage.list("").await.unwrap(), wanted);
    assert_eq!(old.clean().await.unwrap(), Cleaned::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_job_that_has_not_ended_goes_however_old_it_is() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let output = stills(OutputKind::Normal, offsets(&[0]));
    let first = object_key::picture(&media.video_id, OutputKind::Normal, &output.id, 1, ImageFormat::Jpg);
    let job = world.insert_with_snapshots(&media, vec![output]).await;
    let lease = world.database.lease_jobs("stalled", HOUR, 1).await.unwrap().remove(0);
    put(&world, &first).await;
    let late = cleaner(&world, 1_000 * HOUR, CleanerConfig::default());
    assert_eq!(late.clean().await.unwrap(), Cleaned::default(), "a stalled attempt may still commit");
    world.database.release_lease(&job.id, &lease.token).await.unwrap();
    assert_eq!(late.clean().await.unwrap(), Cleaned::default(), "so may the next one");
    let ended = world.run_to_end(&job).await;
    assert_eq!(ended.state, JobState::Completed);
    assert_eq!(late.clean().await.unwrap(), Cleaned::default());
    world.object(&first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_and_events_are_kept_unless_a_retention_is_set() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let job = world.insert_with_snapshots(&media, vec![stills(OutputKind::Normal, offsets(&[0]))]).await;
    world.run_to_end(&job).await;
    let far = 1_000 * HOUR;
    assert_eq!(cleaner(&world, far, CleanerConfig::default()).clean().await.unwrap(), Cleaned::default());
    // The database has a clock of its own, by which the job has just ended.
    let config = CleanerConfig {
        job_retention: Some(Duration::ZERO),
        event_retention: Some(Duration::ZERO),
        ..CleanerConfig::default()
    };
    tokio::time::timeout(HOUR, async {
        while SystemClock.now() <= world.job(&job).await.finished_at.unwrap() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    let cleaned = cleaner(&world, far, config).clean().await.unwrap();
    // The event waits for its delivery, so it stays.
    assert_eq!(cleaned, Cleaned { job_count: 1, object_count: 1, ..Cleaned::default() });
    let gone = world.database.find_job(world.app.id, &job.id).await.unwrap();
    assert!(gone.is_none() && world.media_now(&media).await.id == media.id);
    assert_eq!(world.told().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn spools_of_processes_that_are_gone_are_removed() {
    let world = World::new().await;
    let spool = world.dir.path().join("spool");
    std::fs::create_dir(&spool).unwrap();
    for name in [".tmpAbC123", "notes.txt"] {
        std::fs::write(spool.join(name), b"x").unwrap();
    }
    let config = CleanerConfig { spool_dir: Some(spool.clone()), ..CleanerConfig::default() };
    assert_eq!(cleaner(&world, HOUR, config.clone()).clean().await.unwrap(), Cleaned::default());
    let cleaned = cleaner(&world, 25 * HOUR, config).clean().await.unwrap();
    assert_eq!(cleaned, Cleaned { spool_count: 1, ..Cleaned::default() });
    assert!(!spool.join(".tmpAbC123").exists() && spool.join("notes.txt").exists());
}
