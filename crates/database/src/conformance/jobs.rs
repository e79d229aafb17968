//! Accepting, finding and listing jobs, and their results.

use stillframe_domain::media::Cover;
use stillframe_domain::{
    ErrorCode, Job, JobKind, JobState, MediaSource, MediaState, OutputOutcome, outcome::PictureResult,
};

use super::samples::{completion, cover, event, facts, failure, job, outcomes};
use super::{LONG, Subject};
use crate::DatabaseError;
use crate::records::{Commit, JobFilter, MediaChange};

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    a_job_reads_back_and_only_for_its_app(make().await).await;
    lists_are_filtered_pages_newest_first(make().await).await;
    a_result_reads_back_picture_by_picture(make().await).await;
    a_result_comes_with_all_that_goes_with_it_or_not_at_all(make().await).await;
    a_result_changes_the_video_and_keeps_the_users_cover(make().await).await;
    a_cover_that_was_asked_for_replaces_any(make().await).await;
    a_result_of_ten_thousand_pictures_is_written(make().await).await;
    only_a_waiting_job_of_the_own_app_is_cancelled(make().await).await;
    a_requests_own_name_is_accepted_once_per_app(make().await).await;
}

async fn only_a_waiting_job_of_the_own_app_is_cancelled(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let waiting = s.job(own).await;
    assert!(!s.database.cancel_job(other, &waiting.id).await.expect("cancel"));
    assert!(s.database.cancel_job(own, &waiting.id).await.expect("cancel"));
    let cancelled = s.database.find_job(own, &waiting.id).await.expect("find").expect("is there");
    assert_eq!(cancelled.state, JobState::Cancelled);
    assert!(cancelled.finished_at.is_some());
    assert!(!s.database.cancel_job(own, &waiting.id).await.expect("cancel"), "it has ended");
    assert!(s.database.lease_jobs("w", LONG, 9).await.expect("lease").is_empty());
    let running = s.job(own).await;
    assert_eq!(s.database.lease_jobs("w", LONG, 9).await.expect("lease").len(), 1);
    assert!(!s.database.cancel_job(own, &running.id).await.expect("cancel"), "it runs");
}

async fn a_requests_own_name_is_accepted_once_per_app(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let named = |media| {
        let mut job = job(media);
        job.options.dedupe_key = Some("order-7".to_owned());
        job
    };
    let media = s.media(own).await;
    s.database.insert_job(&named(&media)).await.expect("insert");
    let again = named(&media);
    let refused = s.database.insert_job(&again).await;
    assert!(matches!(refused, Err(DatabaseError::Conflict { .. })), "{refused:?}");
    assert_eq!(s.database.find_job(own, &again.id).await.expect("find"), None);
    s.database.insert_job(&named(&s.media(other).await)).await.expect("another app's names are its own");
}

async fn a_job_reads_back_and_only_for_its_app(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let job = s.job(own).await;
    assert_eq!(s.database.find_job(own, &job.id).await.expect("find"), Some(job.clone()));
    assert_eq!(s.database.find_job(other, &job.id).await.expect("find"), None);
    let mut again = super::samples::job(&s.media(own).await);
    again.id = job.id;
    let conflict = s.database.insert_job(&again).await;
    assert!(matches!(conflict, Err(DatabaseError::Conflict { .. })), "{conflict:?}");
}

async fn lists_are_filtered_pages_newest_first(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let (first, second) = (s.media(own).await, s.media(own).await);
    let mut jobs = Vec::new();
    for (media, kind) in [(&first, JobKind::Fetch), (&first, JobKind::Snapshot), (&second, JobKind::Snapshot)]
    {
        let job = Job { kind, ..job(media) };
        s.database.insert_job(&job).await.expect("insert");
        jobs.push(job);
    }
    s.job(other).await;
    let list = async |filter: JobFilter| {
        let page = s.database.list_jobs(own, &filter, None, 9).await.expect("list");
        page.items.iter().map(|job| jobs.iter().position(|j| j == job)).collect::<Vec<_>>()
    };
    assert_eq!(list(JobFilter::default()).await, [Some(2), Some(1), Some(0)]);
    let of_first = JobFilter { media_id: Some(first.id), ..JobFilter::default() };
    assert_eq!(list(of_first.clone()).await, [Some(1), Some(0)]);
    assert_eq!(list(JobFilter { kind: Some(JobKind::Fetch), ..of_first }).await, [Some(0)]);
    let states = vec![JobState::Running, JobState::Available];
    assert_eq!(list(JobFilter { states, ..JobFilter::default() }).await.len(), 3);
    let states = vec![JobState::Running, JobState::Discarded];
    assert_eq!(list(JobFilter { states, ..JobFilter::default() }).await, []);
    let page = s.database.list_jobs(own, &JobFilter::default(), None, 2).await.expect("list");
    let rest = s.database.list_jobs(own, &JobFilter::default(), page.next.as_deref(), 2).await.expect("list");
    assert_eq!((page.items.len(), rest.items, rest.next), (2, vec![jobs[0].clone()], None));
}

async fn a_result_reads_back_picture_by_picture(s: Subject) {
    let app = s.app().await.id;
    let (partly, whole) = (s.job(app).await, s.job(app).await);
    let leases = s.database.lease_jobs("w", LONG, 2).await.expect("lease");
    let mut discarded = completion(&leases[1]);
    discarded.state = JobState::Discarded;
    discarded.failure = Some(failure(ErrorCode::NotAVideo));
    discarded.outcomes = whole
        .outputs
        .iter()
        .map(|output| OutputOutcome::failed(output, failure(ErrorCode::NotAVideo)))
        .collect();
    for completion in [&completion(&leases[0]), &discarded] {
        assert_eq!(s.database.complete_job(completion).await.expect("complete"), Commit::Committed);
    }
    let found = s.database.find_job(app, &partly.id).await.expect("find").expect("is there");
    assert_eq!((found.state, &found.failure), (JobState::Completed, &None));
    assert_eq!((&found.outputs, &found.outcomes), (&partly.outputs, &outcomes(&partly)));
    assert_eq!(found.traffic, completion(&leases[0]).traffic);
    assert!(found.started_at.is_some() && found.started_at <= found.finished_at);
    let found = s.database.find_job(app, &whole.id).await.expect("find").expect("is there");
    assert_eq!((found.state, &found.failure), (JobState::Discarded, &discarded.failure));
    assert_eq!(found.outcomes, discarded.outcomes);
    let listed = s.database.list_jobs(app, &JobFilter::default(), None, 9).await.expect("list").items;
    assert_eq!(listed[1].outcomes, outcomes(&partly), "lists tell the same");
}

async fn a_result_comes_with_all_that_goes_with_it_or_not_at_all(s: Subject) {
    let app = s.app().await.id;
    let first = s.job(app).await;
    let told = event(app);
    s.tell(app, std::slice::from_ref(&told)).await;
    let lease = s.database.lease_jobs("w", LONG, 1).await.expect("lease").remove(0);
    let mut result = completion(&lease);
    let media = s.database.find_media(app, first.media_id).await.expect("find").expect("is there");
    result.jobs = vec![job(&media)];
    result.media = Some(MediaChange { state: Some(MediaState::Ready), ..MediaChange::default() });
    // The last of its parts is in the way: an event of this id was told before.
    result.events = vec![event(app), told];
    let conflict = s.database.complete_job(&result).await;
    assert!(matches!(conflict, Err(DatabaseError::Conflict { .. })), "{conflict:?}");
    let found = s.database.find_job(app, &first.id).await.expect("find").expect("is there");
    assert_eq!((found.state, found.outcomes), (JobState::Running, Vec::new()));
    assert_eq!(s.database.find_event(app, &result.events[0].id).await.expect("find"), None);
    let state = s.database.find_media(app, media.id).await.expect("find").expect("is there").state;
    assert_eq!(state, MediaState::Fetching);

    result.events.pop();
    assert_eq!(s.database.complete_job(&result).await.expect("complete"), Commit::Committed);
    assert!(s.database.find_event(app, &result.events[0].id).await.expect("find").is_some());
    assert_eq!(
        s.database.find_job(app, &result.jobs[0].id).await.expect("find"),
        Some(result.jobs[0].clone())
    );
    let next = s.database.lease_jobs("w", LONG, 9).await.expect("lease");
    assert_eq!(next.len(), 1, "the job that follows is due at once");

    let mut unfinished = completion(&next[0]);
    unfinished.state = JobState::Retryable;
    let refused = s.database.complete_job(&unfinished).await;
    assert!(matches!(refused, Err(DatabaseError::Inconsistent { .. })), "{refused:?}");
}

async fn a_result_changes_the_video_and_keeps_the_users_cover(s: Subject) {
    let app = s.app().await.id;
    let chosen = Cover::Url("https://example.org/mine.jpg".to_owned());
    for users_cover in [None, Some(&chosen)] {
        let job = s.job(app).await;
        s.choose_cover(app, job.media_id, users_cover.cloned()).await;
        let before = s.database.find_media(app, job.media_id).await.expect("find").expect("is there");
        let lease = s.database.lease_jobs("w", LONG, 1).await.expect("lease").remove(0);
        let source = MediaSource::Object { key: "v/source/film.mp4".to_owned() };
        let change = MediaChange {
            state: Some(MediaState::Ready),
            source: Some(source.clone()),
            facts: Some(facts()),
            failure: None,
            cover: None,
            cover_if_unset: Some(cover()),
        };
        let mut result = completion(&lease);
        result.media = Some(change);
        assert_eq!(s.database.complete_job(&result).await.expect("complete"), Commit::Committed);
        let mut after = s.database.find_media(app, job.media_id).await.expect("find").expect("is there");
        after.updated_at = before.updated_at;
        let cover = Some(users_cover.cloned().unwrap_or_else(cover));
        let expected = stillframe_domain::Media {
            state: MediaState::Ready,
            source,
            facts: Some(facts()),
            cover,
            ..before
        };
        assert_eq!(after, expected);
    }
}

async fn a_cover_that_was_asked_for_replaces_any(s: Subject) {
    let app = s.app().await.id;
    for earlier in [None, Some(Cover::Url("https://example.org/mine.jpg".to_owned()))] {
        let job = s.job(app).await;
        s.choose_cover(app, job.media_id, earlier).await;
        let lease = s.database.lease_jobs("w", LONG, 1).await.expect("lease").remove(0);
        let mut result = completion(&lease);
        result.media = Some(MediaChange { cover: Some(cover()), ..MediaChange::default() });
        assert_eq!(s.database.complete_job(&result).await.expect("complete"), Commit::Committed);
        let after = s.database.find_media(app, job.media_id).await.expect("find").expect("is there");
        assert_eq!(after.cover, Some(cover()));
    }
}

async fn a_result_of_ten_thousand_pictures_is_written(s: Subject) {
    let app = s.app().await.id;
    let job = s.job(app).await;
    let lease = s.database.lease_jobs("w", LONG, 1).await.expect("lease").remove(0);
    let mut result = completion(&lease);
    let sample = result.outcomes[0].pictures[0].clone();
    result.outcomes[0].pictures = (1..=10_000)
        .map(|number| {
            let mut picture = sample.clone();
            if let PictureResult::Ok(taken) = &mut picture.result {
                taken.number = number;
            }
            picture
        })
        .collect();
    assert_eq!(s.database.complete_job(&result).await.expect("complete"), Commit::Committed);
    let found = s.database.find_job(app, &job.id).await.expect("find").expect("is there");
    assert!(found.outcomes == result.outcomes);
}
