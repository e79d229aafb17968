//! Jobs that take pictures.

use std::collections::HashSet;
use std::time::Duration;

use stillframe_database::Commit;
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::media::Cover;
use stillframe_domain::object_key::{self, OutputKind};
use stillframe_domain::{
    Clock, Colour, CoverChoice, Event, EventKind, EventPayload, Fit, FrameChoice, ImageFormat, Job, JobState,
    Media, MediaSource, MediaState, NotifyMode, Origin, OsRng, Output, OutputOutcome, PixelSize, Product,
    RequestKind, RequestOptions, Selection, SizeRule, SpriteLayout, SystemClock, covers,
};
use stillframe_storage::ObjectKey;
use stillframe_testkit::clips::{Keyframes, Scene, cached_scenes};

use crate::world::{
    BASE_URL, LONG, World, assert_discarded, clip, ms, offsets, output, results, snapshot_job, stills,
};

#[tokio::test(flavor = "multi_thread")]
async fn pictures_stand_in_the_order_asked_and_a_failed_one_harms_no_other() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let asked = stills(OutputKind::Normal, offsets(&[4_000, 0, 10_000, 4_000, 9_999, -1]));
    let job = world.insert_with_snapshots(&media, vec![asked.clone()]).await;
    let ended = world.run_to_end(&job).await;
    assert_eq!((ended.state, ended.attempt, &ended.failure), (JobState::Completed, 1, &None));
    let [outcome] = ended.outcomes.as_slice() else { panic!("one output") };
    assert_eq!(results(outcome), ["1", "2", "offset-out-of-range", "3", "4", "offset-out-of-range"]);
    let asked_times: Vec<_> = outcome.pictures.iter().map(|picture| picture.offset).collect();
    assert_eq!(asked_times, [4_000, 0, 10_000, 4_000, 9_999, -1].map(|time| Some(ms(time))));
    for (taken, frame) in outcome.taken().zip([100, 0, 100, 249]) {
        let key = object_key::picture(
            &media.video_id,
            OutputKind::Normal,
            &asked.id,
            taken.number,
            ImageFormat::Jpg,
        );
        assert_eq!(taken.key, key);
        assert_eq!(taken.pts, ms(40 * frame));
        assert_eq!(world.frame_number(&key).await, frame as u32);
        assert_eq!(taken.size_bytes, world.object(&key).await.len() as u64);
        assert_eq!(taken.size, PixelSize { width_px: 320, height_px: 180 });
    }
    let [event] = world.told().await.try_into().unwrap();
    assert_eq!(event.kind, EventKind::SnapshotCompleted);
    let EventPayload::Snapshot(fact) = event.payload else { panic!("about pictures") };
    assert_eq!((fact.job_id, fact.outcomes, fact.outputs), (job.id, ended.outcomes, job.outputs));
    assert_eq!((fact.base_url.as_str(), fact.cover_url), (BASE_URL, None));
    assert_eq!(fact.pass_through.as_deref(), Some("of the job"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_without_any_picture_is_discarded_with_a_code_for_each() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let asked = vec![stills(OutputKind::Normal, offsets(&[20_000, -5]))];
    let job = world.insert_with_snapshots(&media, asked).await;
    let ended = world.run_to_end(&job).await;
    assert_discarded(&ended, "offset-out-of-range");
    assert_eq!(results(&ended.outcomes[0]), ["offset-out-of-range"; 2]);
    let [event] = world.told().await.try_into().unwrap();
    assert_eq!(event.kind, EventKind::SnapshotFailed);
    let EventPayload::Snapshot(fact) = event.payload else { panic!("about pictures") };
    assert_eq!(fact.failure, ended.failure);
    assert_eq!(fact.outcomes, ended.outcomes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_gives_nothing_discards_the_job_with_its_code_for_each_offset() {
    let mut world = World::new().await;
    let root = world.dir.path().join("root");
    std::fs::create_dir(&root).unwrap();
    world.config.local_roots = vec![root.clone()];
    let local = |path: std::path::PathBuf| MediaSource::LocalFile { path: path.to_str().unwrap().to_owned() };
    let stored = |source| world.media(source, MediaState::Stored);
    let cases = [
        (world.upload("this is no video at all, but it is long enough to be looked at").await, "not-a-video"),
        (world.upload("").await, "source-empty"),
        (stored(MediaSource::Object { key: "0/source/gone.mp4".to_owned() }), "source-missing"),
        (stored(local(root.join("gone.mp4"))), "source-missing"),
        (stored(local(clip())), "source-forbidden"),
    ];
    let mut jobs = Vec::new();
    for (media, code) in cases {
        let outputs = vec![stills(OutputKind::Normal, offsets(&[0, 1_000]))];
        jobs.push((world.insert_with_snapshots(&media, outputs).await, code));
    }
    let running = world.start();
    for (job, code) in &jobs {
        let ended = world.ended(job).await;
        assert_discarded(&ended, code);
        assert_eq!(results(&ended.outcomes[0]), [*code; 2]);
        assert_eq!(ended.attempt, 1, "{code} needs no second attempt");
    }
    running.stop().await;
    let told = world.told().await;
    assert_eq!(told.len(), jobs.len());
    assert!(told.iter().all(|event| event.kind == EventKind::SnapshotFailed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_below_a_root_is_read_where_it_lies() {
    let mut world = World::new().await;
    world.config.local_roots = vec![clip().parent().unwrap().to_owned()];
    let path = clip().to_str().unwrap().to_owned();
    let media = world.media(MediaSource::LocalFile { path }, MediaState::Stored);
    let outputs = vec![stills(OutputKind::Normal, offsets(&[2_040]))];
    let job = world.insert_with_snapshots(&media, outputs).await;
    let ended = world.run_to_end(&job).await;
    let key = &ended.outcomes[0].taken().next().expect("a picture").key;
    assert_eq!(world.frame_number(key).await, 51);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyframe_stands_once_where_distinct_ones_are_asked_for() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let job = |frame| {
        let mut asked = stills(OutputKind::Normal, offsets(&[0, 1_000, 1_999, 2_000, 2_500, 0]));
        asked.spec.frame = frame;
        snapshot_job(&media, vec![asked])
    };
    let jobs = [job(FrameChoice::Keyframe), job(FrameChoice::DistinctKeyframe)];
    world.insert(&media, jobs.to_vec()).await;
    let mut taken = Vec::new();
    for job in &jobs {
        let ended = world.run_to_end(job).await;
        taken.push(ended.outcomes[0].taken().map(|one| (one.number, one.pts)).collect::<Vec<_>>());
    }
    let repeated: Vec<_> = taken[0].iter().map(|(_, pts)| pts.as_millis()).collect();
    assert_eq!(repeated, [0, 0, 0, 2_000, 2_000, 0]);
    assert_eq!(taken[1], [(1, ms(0)), (2, ms(2_000))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn automatic_covers_are_keyframes_and_the_middle_one_stands_for_the_video() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let job = covers::covers_job(&media, CoverChoice::Middle, &OsRng, SystemClock.now());
    world.insert(&media, vec![job.clone()]).await;
    let ended = world.run_to_end(&job).await;
    assert_eq!(ended.state, JobState::Completed, "{:?}", ended.failure);
    let [pictures, sprite] = ended.outcomes.as_slice() else { panic!("two outputs") };
    assert_eq!(results(pictures), ["1", "2", "3", "4"]);
    let mut frames = Vec::new();
    for taken in pictures.taken() {
        frames.push(world.frame_number(&taken.key).await);
    }
    assert_eq!(frames, [50, 100, 150, 200], "the keyframe at 0 lies before 5 ms");
    let third = pictures.taken().nth(2).unwrap().key.clone();
    assert_eq!(world.media_now(&media).await.cover, Some(Cover::Object(third.clone())));
    let [sheet] = sprite.sheets.as_slice() else { panic!("one sheet") };
    let sheet_picture = world.picture(&sheet.key).await;
    assert_eq!(sheet_picture.dimensions(), (sheet.size.width_px, sheet.size.height_px));
    assert!(sprite.taken().all(|cell| cell.key.is_empty() && cell.size_bytes == 0));
    let [event] = world.told().await.try_into().unwrap();
    assert_eq!(event.origin.kind, RequestKind::AutomaticCovers);
    let EventPayload::Snapshot(fact) = event.payload else { panic!("about pictures") };
    assert_eq!(fact.cover_url, Some(format!("{BASE_URL}/{third}")));
    assert_eq!(fact.pass_through.as_deref(), Some("of the upload"));
}

/// The middle keyframe is black, and the only picture comes after it.
#[tokio::test(flavor = "multi_thread")]
async fn the_best_automatic_cover_stands_for_the_video_where_its_app_wants_that() {
    let clip = cached_scenes(&[(Scene::Black, 6_000), (Scene::Picture(2), 2_000)], Keyframes::Every(25));
    for (choice, is_dark) in [(CoverChoice::Middle, true), (CoverChoice::Best, false)] {
        let world = World::new().await;
        let media = world.upload(std::fs::read(&clip).unwrap()).await;
        let job = covers::covers_job(&media, choice, &OsRng, SystemClock.now());
        world.insert(&media, vec![job.clone()]).await;
        let ended = world.run_to_end(&job).await;
        assert_eq!(results(&ended.outcomes[0]), ["1", "2", "3", "4", "5", "6", "7"]);
        let Some(Cover::Object(key)) = world.media_now(&media).await.cover else { panic!("a cover") };
        assert!(ended.outcomes[0].taken().any(|taken| taken.key == key), "one of those that were taken");
        let bytes = world.picture(&key).await.into_raw();
        let mean = bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>() / bytes.len() as u64;
        assert_eq!(mean < 16, is_dark, "{choice:?}: {mean}");
    }
}

/// What else is done with the video neither holds its covers up nor has to come to an end.
#[tokio::test(flavor = "multi_thread")]
async fn covers_do_not_wait_for_other_work_on_their_video() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let other = world.insert_with_snapshots(&media, vec![stills(OutputKind::Normal, offsets(&[0]))]).await;
    let leased = world.database.lease_jobs("elsewhere", Duration::from_secs(3_600), 1).await.unwrap();
    assert_eq!(leased[0].job.id, other.id);
    let covers = covers::covers_job(&media, CoverChoice::Middle, &OsRng, SystemClock.now());
    world.database.insert_job(&covers).await.unwrap();
    assert_eq!(world.run_to_end(&covers).await.state, JobState::Completed);
    assert_eq!(world.job(&other).await.state, JobState::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cover_that_the_user_chose_stays_and_is_told() {
    let world = World::new().await;
    let mut media = world.upload_clip().await;
    let chosen = Cover::Url("https://example.org/mine.png".to_owned());
    media.cover = Some(chosen.clone());
    let job = covers::covers_job(&media, CoverChoice::Middle, &OsRng, SystemClock.now());
    world.insert(&media, vec![job.clone()]).await;
    assert_eq!(world.run_to_end(&job).await.state, JobState::Completed);
    assert_eq!(world.media_now(&media).await.cover, Some(chosen));
    let [event] = world.told().await.try_into().unwrap();
    let EventPayload::Snapshot(fact) = event.payload else { panic!("about pictures") };
    assert_eq!(fact.cover_url.as_deref(), Some("https://example.org/mine.png"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cover_that_a_procedure_took_replaces_the_one_before() {
    let world = World::new().await;
    let mut media = world.upload_clip().await;
    media.cover = Some(Cover::Url("https://example.org/mine.png".to_owned()));
    let asked = vec![stills(OutputKind::Normal, offsets(&[0])), stills(OutputKind::Cover, offsets(&[2_000]))];
    let mut job = snapshot_job(&media, asked);
    job.origin.kind = RequestKind::Procedure;
    world.insert(&media, vec![job.clone()]).await;
    let ended = world.run_to_end(&job).await;
    let key = ended.outcomes[1].taken().next().expect("a picture").key.clone();
    assert_eq!(world.media_now(&media).await.cover, Some(Cover::Object(key.clone())));
    let [event] = world.told().await.try_into().unwrap();
    let EventPayload::Snapshot(fact) = event.payload else { panic!("about pictures") };
    assert_eq!(fact.cover_url, Some(format!("{BASE_URL}/{key}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn webvtt_files_name_the_pictures_and_cells_beside_them() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let series = || Selection::Series { start: ms(0), interval_ms: 2_500, count: None };
    let layout = SpriteLayout {
        columns: 3,
        rows: 1,
        cell: SizeRule { width_px: Some(64), height_px: None, is_adaptive: false },
        padding_px: 0,
        margin_px: 0,
        colour: Colour::BLACK,
    };
    let sprite = Product::Sprite { layout, fit: Fit::Stretch, format: ImageFormat::Jpg, quality: 85 };
    let outputs = vec![stills(OutputKind::WebVtt, series()), output(OutputKind::WebVtt, series(), sprite)];
    let job = world.insert_with_snapshots(&media, outputs).await;
    let ended = world.run_to_end(&job).await;
    assert_eq!(ended.state, JobState::Completed, "{:?}", ended.failure);
    for (outcome, wanted) in ended.outcomes.iter().zip([
        ["00001.jpg", "00002.jpg", "00003.jpg", "00004.jpg"],
        [
            "00001.jpg#xywh=0,0,64,36",
            "00001.jpg#xywh=64,0,64,36",
            "00001.jpg#xywh=128,0,64,36",
            "00002.jpg#xywh=0,0,64,36",
        ],
    ]) {
        let key = outcome.vtt_key.clone().expect("a WebVTT file");
        let text = String::from_utf8(world.object(&key).await).unwrap();
        let targets: Vec<_> = text.lines().filter(|line| line.contains(".jpg")).collect();
        assert_eq!(targets, wanted, "{text}");
        assert!(text.contains("00:00:07.500 --> 00:00:10.000"), "{text}");
        let folder = key.rsplit_once('/').unwrap().0;
        let names: HashSet<_> = targets.iter().map(|target| target.split('#').next().unwrap()).collect();
        for name in names {
            let key = ObjectKey::parse(&format!("{folder}/{name}")).unwrap();
            world.storage.head(&key).await.expect("what the file names is there");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_output_that_fails_does_not_fail_the_job() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let outputs =
        vec![stills(OutputKind::Normal, offsets(&[99_000])), stills(OutputKind::Normal, offsets(&[0]))];
    let job = world.insert_with_snapshots(&media, outputs).await;
    let ended = world.run_to_end(&job).await;
    assert_eq!(ended.state, JobState::Completed);
    assert_eq!(ended.outcomes.iter().map(|outcome| outcome.is_success()).collect::<Vec<_>>(), [false, true]);
    assert_eq!(ended.outcomes[0].failure.as_ref().unwrap().code.name(), "offset-out-of-range");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_deleted_video_end_without_a_word() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let job = snapshot_job(&media, vec![stills(OutputKind::Normal, offsets(&[0]))]);
    world.insert(&media, vec![job.clone()]).await;
    assert!(world.database.delete_media(world.app.id, media.id, &[]).await.unwrap());
    let other = world.upload_clip().await;
    let after = world.insert_with_snapshots(&other, vec![stills(OutputKind::Normal, offsets(&[0]))]).await;
    assert_eq!(world.run_to_end(&after).await.state, JobState::Completed);
    assert!(
        world
            .database
            .find_job(world.app.id, &job.id)
            .await
            .unwrap()
            .is_none_or(|job| job.outcomes.is_empty())
    );
    assert_eq!(world.told().await.len(), 1);
}

/// A procedure whose caller asked to be told of each of its tasks.
fn changing_procedure(media: &Media, outputs: Vec<Output>) -> Job {
    let job = snapshot_job(media, outputs);
    let options = RequestOptions { notify: NotifyMode::Change, ..RequestOptions::default() };
    Job { origin: Origin { kind: RequestKind::Procedure, ..job.origin }, options, ..job }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_asked_is_told_of_each_task_when_its_pictures_are_stored() {
    let world = World::new().await;
    world.listen_to(&[EventKind::JobProgress]).await;
    let media = world.upload_clip().await;
    let outputs: Vec<_> =
        [&[0], &[20_000], &[4_000]].map(|times| stills(OutputKind::Normal, offsets(times))).into();
    let job = changing_procedure(&media, outputs);
    world.insert(&media, vec![job.clone()]).await;
    let ended = world.run_to_end(&job).await;
    let told = world.told().await;
    let kinds: Vec<_> = told.iter().map(|event| event.kind.name()).collect();
    assert_eq!(kinds, ["job.progress", "job.progress", "snapshot.completed"], "the last task ends the job");
    for (event, count) in told.iter().zip(1..) {
        let EventPayload::Snapshot(fact) = &event.payload else { panic!("about pictures") };
        assert_eq!(fact.outcomes, ended.outcomes[..count], "so many came to their end");
        for taken in fact.outcomes.iter().flat_map(OutputOutcome::taken) {
            world.object(&taken.key).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_told_once_however_often_its_job_is_tried() {
    let world = World::new().await;
    world.listen_to(&[EventKind::JobProgress]).await;
    let media = world.upload_clip().await;
    let outputs = [[0], [4_000]].map(|times| stills(OutputKind::Normal, offsets(&times)));
    let job = changing_procedure(&media, outputs.into());
    world.insert(&media, vec![job.clone()]).await;
    // Another worker came as far as telling of the first task, and was killed.
    let lease = world.database.lease_jobs("lost", LONG, 1).await.unwrap().remove(0);
    let first = OutputOutcome {
        output_id: job.outputs[0].id.clone(),
        pictures: Vec::new(),
        sheets: Vec::new(),
        vtt_key: None,
        failure: None,
    };
    let so_far = Job { outcomes: vec![first], ..job.clone() };
    let fact = SnapshotFact::of_job(&so_far, &media, BASE_URL, None, SystemClock.now());
    let event = Event::of_progress(&so_far, fact).expect("a part");
    let told = world.database.tell_progress(&job.id, &lease.token, &event).await.unwrap();
    assert_eq!(told, Commit::Committed);
    world.database.void_leases().await.unwrap();
    assert_eq!(world.run_to_end(&job).await.attempt, 2);
    let kinds: Vec<_> = world.told().await.iter().map(|event| event.kind.name()).collect();
    assert_eq!(kinds, ["job.progress", "snapshot.completed"]);
}
