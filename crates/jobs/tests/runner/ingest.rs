//! Jobs that fetch and probe.

use std::time::Duration;

use stillframe_database::{JobFilter, NewMedia};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    Clock, ErrorCode, Event, EventKind, EventPayload, Job, JobState, Media, MediaSource, MediaState, Origin,
    OsRng, RequestKind, SystemClock, ingest,
};
use stillframe_testkit::WebhookReceiver;
use stillframe_testkit::receiver::Reply;

use crate::world::{BASE_URL, LONG, World, assert_discarded, clip, ms, offsets, snapshot_job, stills};

async fn insert_with_probe(world: &World, media: &Media) -> Job {
    let job = ingest::probe_job(media, &OsRng, SystemClock.now());
    world.insert(media, vec![job.clone()]).await;
    job
}

async fn insert_with_fetch(world: &World, url: String) -> (Media, Job) {
    let media = world.media(MediaSource::Url { url }, MediaState::Fetching);
    let job = ingest::fetch_job(&media, &OsRng, SystemClock.now());
    world.insert(&media, vec![job.clone()]).await;
    (media, job)
}

fn film() -> Reply {
    Reply::Answer { status: 200, headers: Vec::new(), body: std::fs::read(clip()).unwrap() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_makes_a_video_ready_and_tells_its_facts() {
    let world = World::new().await;
    let media = world.upload_clip().await;
    let job = insert_with_probe(&world, &media).await;
    assert_eq!(world.run_to_end(&job).await.state, JobState::Completed);
    let ready = world.media_now(&media).await;
    assert_eq!((ready.state, &ready.failure), (MediaState::Ready, &None));
    let facts = ready.facts.expect("facts");
    let video = facts.video.as_ref().expect("a video stream");
    assert_eq!((video.width_px, video.height_px, facts.duration), (320, 180, ms(10_000)));
    let [event] = world.told().await.try_into().unwrap();
    assert_eq!(event.kind, EventKind::MediaReady);
    let EventPayload::Media(fact) = event.payload else { panic!("about a video") };
    let MediaSource::Object { key } = &media.source else { panic!("an object") };
    assert_eq!((fact.facts, fact.source_url), (Some(facts), Some(format!("{BASE_URL}/{key}"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_video_fails_its_media() {
    let world = World::new().await;
    let media = world.upload("a text that was named like a film, and is long enough").await;
    let job = insert_with_probe(&world, &media).await;
    assert_discarded(&world.run_to_end(&job).await, "not-a-video");
    let failed = world.media_now(&media).await;
    assert_eq!(failed.state, MediaState::Failed);
    assert_eq!(failed.failure.as_ref().map(|failure| failure.code.name()), Some("not-a-video"));
    let [event] = world.told().await.try_into().unwrap();
    assert_eq!(event.kind, EventKind::MediaFailed);
    let EventPayload::Media(fact) = event.payload else { panic!("about a video") };
    assert_eq!(fact.failure, failed.failure);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetched_video_is_stored_and_then_treated_like_an_upload() {
    let (world, server) = (World::new().await, WebhookReceiver::start().await);
    server.answer("/film.mp4", film());
    let (media, job) = insert_with_fetch(&world, server.url("/film.mp4")).await;
    let running = world.start();
    assert_eq!(world.ended(&job).await.state, JobState::Completed);
    let all_ended = async {
        loop {
            let filter = JobFilter { media_id: Some(media.id), ..JobFilter::default() };
            let jobs = world.database.list_jobs(world.app.id, &filter, None, 10).await.unwrap().items;
            if jobs.iter().all(|job| job.state.is_terminal()) {
                return jobs;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let jobs = tokio::time::timeout(LONG, all_ended).await.expect("all jobs end");
    running.stop().await;
    assert_eq!(jobs.len(), 3, "fetch, probe, covers");
    assert!(jobs.iter().all(|job| job.state == JobState::Completed), "{jobs:?}");
    let ready = world.media_now(&media).await;
    let MediaSource::Object { key } = &ready.source else { panic!("an object: {ready:?}") };
    assert_eq!(world.object(key).await, std::fs::read(clip()).unwrap());
    assert_eq!(ready.state, MediaState::Ready);
    assert!(ready.cover.is_some());
    let mut kinds: Vec<_> = world.told().await.iter().map(|event| event.kind.name()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["media.ready", "snapshot.completed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_fetch_is_told_with_its_url_and_what_follows() {
    let (world, server) = (World::new().await, WebhookReceiver::start().await);
    world.listen_to(&[EventKind::MediaFetched, EventKind::MediaStored]).await;
    server.answer("/film.mp4", film());
    server.answer("/gone.mp4", Reply::status(404));
    let media = world.media(MediaSource::Url { url: server.url("/film.mp4") }, MediaState::Fetching);
    let job = ingest::fetch_job(&media, &OsRng, SystemClock.now());
    let asked = snapshot_job(&media, vec![stills(OutputKind::Normal, offsets(&[0]))]);
    let origin = Origin { kind: RequestKind::Procedure, ..asked.origin };
    let procedure = Job { origin, ..asked };
    let (jobs, held_jobs) = (vec![job.clone()], vec![procedure.clone()]);
    let new = NewMedia { media: media.clone(), jobs, held_jobs, events: Vec::new() };
    world.database.insert_media(&new).await.unwrap();
    assert_eq!(world.run_to_end(&job).await.state, JobState::Completed);
    let told = world.told().await;
    let of_fetch = |event: &&Event| [EventKind::MediaFetched, EventKind::MediaStored].contains(&event.kind);
    let [fetched, stored] = told.iter().filter(of_fetch).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((fetched.kind, stored.kind), (EventKind::MediaFetched, EventKind::MediaStored));
    for event in [fetched, stored] {
        let EventPayload::Media(fact) = &event.payload else { panic!("about a video") };
        let fetch = fact.news.fetch.as_ref().expect("the fetch");
        assert_eq!((&fetch.job_id, fetch.url.as_str()), (&job.id, server.url("/film.mp4").as_str()));
        assert_eq!(fact.news.size_bytes, Some(std::fs::metadata(clip()).unwrap().len()));
        assert_eq!(fact.news.procedure_ids.as_slice(), std::slice::from_ref(&procedure.id));
        assert!(fact.source_url.is_some() && fact.failure.is_none());
    }

    let (_, job) = insert_with_fetch(&world, server.url("/gone.mp4")).await;
    world.run_to_end(&job).await;
    let told = world.told().await;
    let reason = |event: &Event| match &event.payload {
        EventPayload::Media(fact) => fact.failure.as_ref().map(|failure| (event.kind, failure.code)),
        EventPayload::Snapshot(_) | EventPayload::Endpoint(_) => None,
    };
    let failures: Vec<_> = told.iter().filter_map(reason).collect();
    let code = ErrorCode::SourceMissing;
    assert_eq!(failures, [(EventKind::MediaFetched, code), (EventKind::MediaFailed, code)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_fails_for_now_is_tried_again() {
    let (world, server) = (World::new().await, WebhookReceiver::start().await);
    server.answer_in_turn("/film.mp4", [Reply::status(503), film()]);
    let (media, job) = insert_with_fetch(&world, server.url("/film.mp4")).await;
    let ended = world.run_to_end(&job).await;
    assert_eq!((ended.state, ended.attempt), (JobState::Completed, 2));
    assert!(matches!(world.media_now(&media).await.source, MediaSource::Object { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_cannot_succeed_fails_its_media_with_the_reason() {
    let mut world = World::new().await;
    let server = WebhookReceiver::start().await;
    world.allow = vec!["127.0.0.1/32"];
    world.config.source_size_bytes_max = 1_000;
    server.answer("/gone", Reply::status(404));
    server.answer("/large", film());
    server.answer("/endless", Reply::Endless);
    server.answer("/inwards", Reply::redirect("http://169.254.169.254/latest/meta-data"));
    let cases = [
        ("/gone", "source-missing"),
        ("/large", "source-too-large"),
        ("/endless", "source-too-large"),
        ("/inwards", "source-forbidden"),
        ("/empty", "source-empty"),
    ];
    for (path, code) in cases {
        let (media, job) = insert_with_fetch(&world, server.url(path)).await;
        let ended = world.run_to_end(&job).await;
        assert_discarded(&ended, code);
        assert_eq!(ended.attempt, 1, "{path}");
        let failed = world.media_now(&media).await;
        assert_eq!((failed.state, &failed.failure), (MediaState::Failed, &ended.failure));
        let [event] = world.told().await.try_into().unwrap();
        assert_eq!(event.kind, EventKind::MediaFailed);
        let sources = world.storage.list(&format!("{}/", media.video_id)).await.unwrap();
        assert!(sources.len() <= usize::from(path == "/empty"), "{path} leaves {sources:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_attempt_of_a_fetch_decides() {
    let (world, server) = (World::new().await, WebhookReceiver::start().await);
    server.answer("/", Reply::status(500));
    let media = world.media(MediaSource::Url { url: server.url("/") }, MediaState::Fetching);
    let job = Job { attempt_max: 1, ..ingest::fetch_job(&media, &OsRng, SystemClock.now()) };
    world.insert(&media, vec![job.clone()]).await;
    assert_discarded(&world.run_to_end(&job).await, "source-unreadable");
    assert_eq!(world.media_now(&media).await.state, MediaState::Failed);
}
