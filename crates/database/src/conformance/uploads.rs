//! Uploads by an object store's protocol.

use std::time::Duration;

use stillframe_domain::upload::{TemporaryKey, part_key};
use stillframe_domain::{
    App, Crc64, Dialect, Media, MediaSource, MediaState, Multipart, MultipartId, OsRng, Part, UploadId,
    UploadPlan, UploadSession, UploadState, UploadedObject, ingest,
};

use super::samples::media;
use super::{SHORT, Subject};
use crate::{ArrivalOutcome, MediaArrival, MediaChange, NewMedia, PartOutcome, UploadArrival};

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    sessions_are_found_by_their_app_and_by_their_key(make().await).await;
    a_session_is_committed_once_with_its_video(make().await).await;
    an_arrival_completes_the_video_that_waits_for_it(make().await).await;
    an_arrival_that_cannot_count_changes_nothing(make().await).await;
    parts_replace_each_other_up_to_the_limit(make().await).await;
    uploads_in_parts_are_few_and_go_whole(make().await).await;
    what_is_over_is_expired_and_its_parts_are_stale(make().await).await;
}

fn session(s: &Subject, app: &App) -> UploadSession {
    let now = (s.now)();
    let media = media(app.id);
    UploadSession {
        id: UploadId::mint(&OsRng),
        app_id: app.id,
        dialect: Dialect::Tencent,
        media_id: media.id,
        object_key: format!("{}/source/film.mp4", media.video_id),
        video_id: media.video_id.clone(),
        key: TemporaryKey::mint(&OsRng, now.plus(Duration::from_secs(3_000))),
        state: UploadState::Open,
        plan: Some(UploadPlan { jobs: vec![ingest::probe_job(&media, &OsRng, now)], media }),
        object: None,
        created_at: now,
        keep_until: now.plus(SHORT),
    }
}

/// A video with nothing beside.
fn new_media(media: Media) -> NewMedia {
    NewMedia { media, jobs: Vec::new(), held_jobs: Vec::new(), events: Vec::new() }
}

/// The video that a session's object becomes.
fn video(session: &UploadSession, app: &App, state: MediaState) -> Media {
    Media {
        id: session.media_id,
        video_id: session.video_id.clone(),
        source: MediaSource::Object { key: session.object_key.clone() },
        state,
        ..media(app.id)
    }
}

fn arrival(session: &UploadSession) -> UploadArrival {
    let object = UploadedObject { etag: "d4".to_owned(), crc64: u64::MAX, size_bytes: 7 };
    UploadArrival { upload_id: session.id.clone(), object, multipart_id: None, media: None }
}

fn multipart(s: &Subject, session: &UploadSession) -> Multipart {
    Multipart {
        id: MultipartId::mint(&OsRng),
        app_id: session.app_id,
        object_key: session.object_key.clone(),
        created_at: (s.now)(),
    }
}

fn part(s: &Subject, id: &MultipartId, number: u32, size_bytes: u64) -> Part {
    let key = part_key(id, number, &OsRng);
    let crc64 = Crc64::default().with(key.as_bytes()).as_u64();
    Part { number, key, md5: "0".repeat(32), crc64, size_bytes, created_at: (s.now)() }
}

async fn sessions_are_found_by_their_app_and_by_their_key(s: Subject) {
    let (own, other) = (s.app().await, s.app().await);
    let session = session(&s, &own);
    s.database.insert_upload(&session, None).await.expect("insert");
    let find = async |app: &App| s.database.find_upload(app.id, &session.id).await.expect("find");
    assert_eq!(find(&own).await.as_ref(), Some(&session));
    assert_eq!(find(&other).await, None);
    let by_key = async |key_id: &str| s.database.find_upload_by_key(key_id).await.expect("find");
    assert_eq!(by_key(&session.key.key_id).await.as_ref(), Some(&session));
    assert_eq!(by_key("TMPK").await, None);
    s.database.delete_upload(&session.id).await.expect("delete");
    s.database.delete_upload(&session.id).await.expect("delete again");
    assert_eq!(find(&own).await, None);
}

async fn a_session_is_committed_once_with_its_video(s: Subject) {
    let app = s.app().await;
    let session = session(&s, &app);
    s.database.insert_upload(&session, None).await.expect("insert");
    assert_eq!(
        s.database.record_arrival(&arrival(&session)).await.expect("arrival"),
        ArrivalOutcome::Recorded
    );
    let new = new_media(video(&session, &app, MediaState::Stored));
    assert!(s.database.commit_upload(&session.id, &new).await.expect("commit"));
    assert!(!s.database.commit_upload(&session.id, &new).await.expect("commit again"));
    let found = s.database.find_media(app.id, session.media_id).await.expect("find");
    assert_eq!(found.map(|media| media.video_id), Some(session.video_id.clone()));
    let kept = s.database.find_upload(app.id, &session.id).await.expect("find").expect("it is kept");
    assert_eq!((kept.state, kept.object), (UploadState::Committed, Some(arrival(&session).object)));
    let late = s.database.record_arrival(&arrival(&session)).await.expect("arrival");
    assert_eq!(late, ArrivalOutcome::NotOpen, "what became a video is not written over");
}

async fn an_arrival_completes_the_video_that_waits_for_it(s: Subject) {
    let app = s.app().await;
    let session = UploadSession { plan: None, ..session(&s, &app) };
    let media = video(&session, &app, MediaState::Fetching);
    s.database.insert_upload(&session, Some(&new_media(media.clone()))).await.expect("insert");
    let refreshed = UploadSession {
        id: UploadId::mint(&OsRng),
        key: TemporaryKey::mint(&OsRng, session.key.expires_at),
        ..session.clone()
    };
    s.database.insert_upload(&refreshed, None).await.expect("another key for the same object");
    let begun = multipart(&s, &session);
    assert!(s.database.insert_multipart(&begun, 9).await.expect("multipart"));
    let job = ingest::probe_job(&media, &OsRng, (s.now)());
    let completing = UploadArrival {
        multipart_id: Some(begun.id.clone()),
        media: Some(MediaArrival {
            id: media.id,
            change: MediaChange { state: Some(MediaState::Stored), ..MediaChange::default() },
            jobs: vec![job.clone()],
            events: Vec::new(),
        }),
        ..arrival(&session)
    };
    assert_eq!(s.database.record_arrival(&completing).await.expect("arrival"), ArrivalOutcome::Recorded);
    let found = s.database.find_media(app.id, media.id).await.expect("find").expect("a video");
    assert_eq!(found.state, MediaState::Stored);
    assert!(s.database.find_job(app.id, &job.id).await.expect("find").is_some());
    assert_eq!(s.database.list_multiparts(app.id, &session.object_key).await.expect("list"), []);
    for id in [&session.id, &refreshed.id] {
        let kept = s.database.find_upload(app.id, id).await.expect("find").expect("a session");
        assert_eq!(kept.object, Some(arrival(&session).object), "every session of the object knows it");
    }
}

async fn an_arrival_that_cannot_count_changes_nothing(s: Subject) {
    let app = s.app().await;
    let session = UploadSession { plan: None, ..session(&s, &app) };
    s.database.insert_upload(&session, None).await.expect("insert");
    let begun = multipart(&s, &session);
    assert!(s.database.insert_multipart(&begun, 9).await.expect("multipart"));
    let no_media = UploadArrival {
        multipart_id: Some(begun.id.clone()),
        media: Some(MediaArrival {
            id: session.media_id,
            change: MediaChange::default(),
            jobs: Vec::new(),
            events: Vec::new(),
        }),
        ..arrival(&session)
    };
    assert_eq!(s.database.record_arrival(&no_media).await.expect("arrival"), ArrivalOutcome::NoMedia);
    assert_eq!(s.database.list_multiparts(app.id, &session.object_key).await.expect("list"), [begun]);
    let no_multipart = UploadArrival { multipart_id: Some(MultipartId::mint(&OsRng)), ..arrival(&session) };
    let outcome = s.database.record_arrival(&no_multipart).await.expect("arrival");
    assert_eq!(outcome, ArrivalOutcome::NoMultipart);
    let kept = s.database.find_upload(app.id, &session.id).await.expect("find").expect("a session");
    assert_eq!(kept.object, None);
}

async fn parts_replace_each_other_up_to_the_limit(s: Subject) {
    let app = s.app().await;
    let session = session(&s, &app);
    let begun = multipart(&s, &session);
    assert!(s.database.insert_multipart(&begun, 9).await.expect("multipart"));
    let put = async |part: &Part| s.database.put_part(&begun.id, part, 100).await.expect("put");
    let list = async |after, limit| s.database.list_parts(&begun.id, after, limit).await.expect("list");
    let (first, second) = (part(&s, &begun.id, 1, 40), part(&s, &begun.id, 10_000, 60));
    assert_eq!(put(&second).await, PartOutcome::Stored { replaced: None });
    assert_eq!(put(&first).await, PartOutcome::Stored { replaced: None });
    assert_eq!(list(0, 9).await, [first.clone(), second.clone()]);
    assert_eq!((list(0, 1).await, list(1, 9).await), (vec![first.clone()], vec![second.clone()]));
    assert_eq!(list(10_000, 9).await, []);

    let again = part(&s, &begun.id, 1, 40);
    assert_eq!(put(&again).await, PartOutcome::Stored { replaced: Some(first.key) });
    assert_eq!(put(&part(&s, &begun.id, 1, 41)).await, PartOutcome::TooLarge);
    assert_eq!(list(0, 9).await, [again, second], "a refused part replaces nothing");
    let none = MultipartId::mint(&OsRng);
    let outcome = s.database.put_part(&none, &part(&s, &none, 1, 1), 100).await.expect("put");
    assert_eq!(outcome, PartOutcome::NoMultipart);
}

async fn uploads_in_parts_are_few_and_go_whole(s: Subject) {
    let (app, other) = (s.app().await, s.app().await);
    let session = session(&s, &app);
    let (first, second) = (multipart(&s, &session), multipart(&s, &session));
    assert!(s.database.insert_multipart(&first, 2).await.expect("insert"));
    assert!(s.database.insert_multipart(&second, 2).await.expect("insert"));
    assert!(!s.database.insert_multipart(&multipart(&s, &session), 2).await.expect("insert"));
    let list = async |app: &App| s.database.list_multiparts(app.id, &session.object_key).await.expect("list");
    assert_eq!(list(&app).await, [first.clone(), second.clone()]);
    assert_eq!(list(&other).await, []);
    s.database.put_part(&first.id, &part(&s, &first.id, 1, 1), 9).await.expect("put");
    assert!(s.database.delete_multipart(&first.id).await.expect("delete"));
    assert!(!s.database.delete_multipart(&first.id).await.expect("delete again"));
    assert_eq!(list(&app).await, [second]);
    assert_eq!(s.database.list_parts(&first.id, 0, 9).await.expect("list"), []);
}

async fn what_is_over_is_expired_and_its_parts_are_stale(s: Subject) {
    let app = s.app().await;
    let (short, committed) = (session(&s, &app), session(&s, &app));
    let long = UploadSession { keep_until: (s.now)().plus(super::LONG), ..session(&s, &app) };
    let mut begun = Vec::new();
    for session in [&short, &committed, &long] {
        s.database.insert_upload(session, None).await.expect("insert");
        let multipart = multipart(&s, session);
        assert!(s.database.insert_multipart(&multipart, 9).await.expect("multipart"));
        begun.push(multipart);
    }
    let new = new_media(video(&committed, &app, MediaState::Stored));
    assert!(s.database.commit_upload(&committed.id, &new).await.expect("commit"));
    let stale = async || s.database.list_stale_multiparts(9).await.expect("list");
    assert_eq!(stale().await, [begun[1].clone()], "what is committed needs no further parts");
    assert_eq!(s.database.expire_uploads(9).await.expect("expire"), []);
    s.wait(SHORT).await;
    for _ in 0..2 {
        let over = s.database.expire_uploads(9).await.expect("expire");
        let mut over: Vec<_> = over.into_iter().map(|session| (session.id, session.state)).collect();
        over.sort_by_key(|(id, _)| *id != short.id);
        let wanted = [(&short.id, UploadState::Expired), (&committed.id, UploadState::Committed)];
        assert_eq!(over, wanted.map(|(id, state)| (id.clone(), state)), "until they are removed");
    }
    assert_eq!(s.database.expire_uploads(1).await.expect("expire").len(), 1);
    assert_eq!(stale().await, begun[..2]);
    let late = s.database.record_arrival(&arrival(&short)).await.expect("arrival");
    assert_eq!(late, ArrivalOutcome::NotOpen);
    assert!(!s.database.commit_upload(&short.id, &new).await.expect("commit"));
    let kept = s.database.find_upload(app.id, &long.id).await.expect("find").expect("a session");
    assert_eq!(kept.state, UploadState::Open);
}
