//! Videos.

use std::sync::Arc;

use stillframe_domain::media::Cover;
use stillframe_domain::{
    ErrorCode, JobId, JobState, Media, MediaId, MediaState, MediaUpdate, OsRng, VideoId,
};

use super::samples::{cover, event, facts, failure, job, media};
use super::{LONG, Subject};
use crate::records::{Commit, MediaChange, NewMedia};
use crate::{DatabaseError, JobFilter};

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    a_video_reads_back_and_only_for_its_app(make().await).await;
    a_video_comes_with_its_jobs_and_events_or_not_at_all(make().await).await;
    a_write_that_fails_among_others_leaves_nothing_of_itself(make().await).await;
    lists_are_pages_newest_first_of_one_app(make().await).await;
    its_owner_changes_what_is_said_of_a_video(make().await).await;
    jobs_that_wait_for_the_bytes_are_due_when_they_came_or_failed(make().await).await;
    deleting_takes_jobs_and_results_along_and_voids_running_ones(make().await).await;
}

async fn a_video_reads_back_and_only_for_its_app(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let mut stored = media(own);
    stored.facts = Some(facts());
    stored.failure = Some(failure(ErrorCode::NotAVideo));
    stored.cover = Some(Cover::Url("https://example.org/c.jpg".to_owned()));
    stored.state = MediaState::Failed;
    for media in [media(own), stored] {
        let new =
            NewMedia { media: media.clone(), jobs: Vec::new(), held_jobs: Vec::new(), events: Vec::new() };
        s.database.insert_media(&new).await.expect("insert");
        let find = s.database.find_media(own, media.id).await.expect("find");
        let by_video_id = s.database.find_media_by_video_id(own, &media.video_id).await.expect("find");
        let of_object = s.database.find_media_of_object(&media.video_id).await.expect("find");
        for found in [find, by_video_id, of_object] {
            assert_eq!(found.as_ref(), Some(&media));
        }
        assert_eq!(s.database.find_media(other, media.id).await.expect("find"), None);
        assert_eq!(s.database.find_media_by_video_id(other, &media.video_id).await.expect("find"), None);
    }
    assert_eq!(s.database.find_media(own, MediaId(7)).await.expect("find"), None);
    assert_eq!(s.database.find_media_of_object(&VideoId::mint(&OsRng)).await.expect("find"), None);
}

async fn a_video_comes_with_its_jobs_and_events_or_not_at_all(s: Subject) {
    let app = s.app().await.id;
    let media = media(app);
    let jobs = vec![job(&media), job(&media)];
    let events = vec![event(app)];
    let new =
        NewMedia { media: media.clone(), jobs: jobs.clone(), held_jobs: Vec::new(), events: events.clone() };
    s.database.insert_media(&new).await.expect("insert");
    for job in &jobs {
        assert!(s.database.find_job(app, &job.id).await.expect("find").is_some());
    }
    assert!(s.database.find_event(app, &events[0].id).await.expect("find").is_some());

    let second = Media { id: MediaId::mint(&OsRng), video_id: VideoId::mint(&OsRng), ..media };
    // Its last part is in the way: an event of this id was told before.
    let new = NewMedia { jobs: vec![job(&second)], held_jobs: Vec::new(), media: second.clone(), events };
    let conflict = s.database.insert_media(&new).await;
    assert!(matches!(conflict, Err(DatabaseError::Conflict { .. })), "{conflict:?}");
    assert_eq!(s.database.find_media(app, second.id).await.expect("find"), None);
    assert_eq!(s.database.find_job(app, &new.jobs[0].id).await.expect("find"), None);
}

async fn a_write_that_fails_among_others_leaves_nothing_of_itself(s: Subject) {
    let app = s.app().await.id;
    let told = event(app);
    s.tell(app, std::slice::from_ref(&told)).await;
    let writes: Vec<_> = (0..40)
        .map(|n| {
            let (database, media) = (Arc::clone(&s.database), media(app));
            let last = if n % 2 == 0 { event(app) } else { told.clone() };
            let jobs = vec![job(&media)];
            let new = NewMedia { jobs, held_jobs: Vec::new(), media, events: vec![event(app), last] };
            tokio::spawn(async move { (database.insert_media(&new).await.is_ok(), new) })
        })
        .collect();
    for (n, write) in writes.into_iter().enumerate() {
        let (is_written, new) = write.await.expect("no panic");
        assert_eq!(is_written, n % 2 == 0);
        let media = s.database.find_media(app, new.media.id).await.expect("find");
        let job = s.database.find_job(app, &new.jobs[0].id).await.expect("find");
        let event = s.database.find_event(app, &new.events[0].id).await.expect("find");
        assert_eq!((media.is_some(), job.is_some(), event.is_some()), (is_written, is_written, is_written));
    }
}

async fn lists_are_pages_newest_first_of_one_app(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, s.media(own).await.id);
        s.media(other).await;
    }
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = s.database.list_media(own, after.as_deref(), 2).await.expect("list");
        assert!(page.items.len() <= 2);
        seen.extend(page.items.into_iter().map(|media| media.id));
        // What is added meanwhile does not shift the pages.
        s.media(own).await;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
    let all = s.database.list_media(other, None, 5).await.expect("list");
    assert_eq!((all.items.len(), all.next), (5, None), "a full last page says that it is the last");
    let none = s.database.list_media(own, Some("never given"), 5).await.expect("list");
    assert!(none.items.is_empty() && none.next.is_none());
}

async fn its_owner_changes_what_is_said_of_a_video(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let media = s.media(own).await;
    let update = MediaUpdate {
        name: Some("second".to_owned()),
        description: Some("a film".to_owned()),
        tags: Some(vec!["a".to_owned(), "b".to_owned()]),
        category: Some(7),
        reference_id: Some("mine-1".to_owned()),
        cover: Some(Some(cover())),
        pass_through: Some(Some("for its events".to_owned())),
        callback_url: Some(Some("http://example.org/callback".to_owned())),
    };
    let told = event(own);
    let is_there = s.database.update_media(other, media.id, &update, std::slice::from_ref(&told)).await;
    assert!(!is_there.expect("update"), "of another app");
    assert!(s.database.find_event(own, &told.id).await.expect("find").is_none());
    let is_there = s.database.update_media(own, media.id, &update, std::slice::from_ref(&told)).await;
    assert!(is_there.expect("update"));
    assert!(s.database.find_event(own, &told.id).await.expect("find").is_some());
    let found = async || s.database.find_media(own, media.id).await.expect("find").expect("is there");
    let changed = found().await;
    let expected = Media { updated_at: changed.updated_at, ..update.apply(media.clone()) };
    assert_eq!(changed, expected);

    s.choose_cover(own, media.id, None).await;
    let kept = found().await;
    assert_eq!(kept, Media { cover: None, updated_at: kept.updated_at, ..expected }, "the rest stays");

    let second = s.media(own).await;
    let taken = MediaUpdate { reference_id: Some("mine-1".to_owned()), ..MediaUpdate::default() };
    let conflict = s.database.update_media(own, second.id, &taken, &[]).await;
    assert!(matches!(conflict, Err(DatabaseError::Conflict { .. })), "{conflict:?}");
    let of_another_app = s.media(other).await;
    assert!(s.database.update_media(other, of_another_app.id, &taken, &[]).await.expect("update"));
}

async fn jobs_that_wait_for_the_bytes_are_due_when_they_came_or_failed(s: Subject) {
    let app = s.app().await.id;
    for state in [MediaState::Stored, MediaState::Failed] {
        let media = Media { state: MediaState::Fetching, ..media(app) };
        let (fetch, held) = (job(&media), job(&media));
        let new = NewMedia {
            media: media.clone(),
            jobs: vec![fetch.clone()],
            held_jobs: vec![held.clone()],
            events: Vec::new(),
        };
        s.database.insert_media(&new).await.expect("insert");
        let waiting = s.database.find_job(app, &held.id).await.expect("find").expect("is there");
        assert_eq!(waiting.state, JobState::Scheduled);
        let leases = s.database.lease_jobs("w", LONG, 9).await.expect("lease");
        assert_eq!(leases.iter().map(|lease| &lease.job.id).collect::<Vec<_>>(), [&fetch.id]);
        let due = s.database.next_job_due().await.expect("due").expect("the end of the lease");
        assert!(due <= LONG, "{due:?}: a job that waits for bytes has no time");
        let mut done = super::samples::completion(&leases[0]);
        done.media = Some(MediaChange { state: Some(state), ..MediaChange::default() });
        assert_eq!(s.database.complete_job(&done).await.expect("complete"), Commit::Committed);
        let mut leases = s.database.lease_jobs("w", LONG, 9).await.expect("lease");
        assert_eq!(leases.iter().map(|lease| &lease.job.id).collect::<Vec<_>>(), [&held.id]);
        let done = super::samples::completion(&leases.remove(0));
        assert_eq!(s.database.complete_job(&done).await.expect("complete"), Commit::Committed);
    }
}

async fn deleting_takes_jobs_and_results_along_and_voids_running_ones(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let (kept, gone) = (s.job(own).await, s.job(own).await);
    let leases = s.database.lease_jobs("w", LONG, 1).await.expect("lease");
    assert_eq!(leases[0].job.id, kept.id);
    let mut done = super::samples::completion(&leases[0]);
    assert_eq!(s.database.complete_job(&done).await.expect("complete"), Commit::Committed);
    let running = s.database.lease_jobs("w", LONG, 1).await.expect("lease").remove(0);
    assert_eq!(running.job.id, gone.id);
    let told = event(own);
    let no =
        s.database.delete_media(other, gone.media_id, std::slice::from_ref(&told)).await.expect("delete");
    assert!(!no && s.database.find_event(own, &told.id).await.expect("find").is_none(), "of another app");
    let yes = s.database.delete_media(own, gone.media_id, std::slice::from_ref(&told)).await.expect("delete");
    assert!(yes && s.database.find_event(own, &told.id).await.expect("find").is_some());
    assert_eq!(s.database.find_media(own, gone.media_id).await.expect("find"), None);
    assert_eq!(s.database.find_job(own, &gone.id).await.expect("find"), None);

    done = super::samples::completion(&running);
    done.events = vec![event(own)];
    done.jobs = vec![stillframe_domain::Job { id: JobId::mint(&OsRng), ..job(&s.media(own).await) }];
    assert_eq!(s.database.complete_job(&done).await.expect("complete"), Commit::LeaseLost);
    assert_eq!(s.database.find_event(own, &done.events[0].id).await.expect("find"), None);
    assert_eq!(s.database.find_job(own, &done.jobs[0].id).await.expect("find"), None);
    let extended = s.database.extend_lease(&gone.id, &running.token, LONG).await.expect("extend");
    assert_eq!(extended, Commit::LeaseLost);

    let left = s.database.list_jobs(own, &JobFilter::default(), None, 9).await.expect("list").items;
    assert_eq!(
        left.iter().map(|job| (&job.id, job.state)).collect::<Vec<_>>(),
        [(&kept.id, JobState::Completed)]
    );
}
