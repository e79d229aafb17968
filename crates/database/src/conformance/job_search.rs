//! Searching jobs.

use std::collections::HashSet;

use stillframe_domain::object_key::OutputKind;
use stillframe_domain::outcome::PictureResult;
use stillframe_domain::{Job, JobId, JobKind, JobState, Media, Origin, RequestKind, Timestamp};

use super::samples::{completion, job, outcomes};
use super::{LONG, Subject};
use crate::job_search::{JobCursor, JobMoment, JobSearch};
use crate::records::JobCompletion;

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    each_part_of_a_search_narrows(make().await).await;
    the_latest_job_of_each_video_is_the_newest_that_took_pictures(make().await).await;
    parts_follow_one_another_in_either_order(make().await).await;
}

const fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

async fn insert(s: &Subject, media: &Media, created_ms: i64, kind: JobKind, request: RequestKind) -> Job {
    let created = job(media);
    let origin = Origin { kind: request, ..created.origin };
    let job = Job { kind, origin, created_at: at(created_ms), ..created };
    s.database.insert_job(&job).await.expect("insert");
    job
}

/// Ends all jobs that are due.
async fn finish(s: &Subject) {
    for lease in s.database.lease_jobs("w", LONG, 9).await.expect("lease") {
        let completion = JobCompletion {
            job_id: lease.job.id,
            token: lease.token,
            state: JobState::Discarded,
            outcomes: Vec::new(),
            failure: None,
            traffic: None,
            media: None,
            events: Vec::new(),
            jobs: Vec::new(),
        };
        s.database.complete_job(&completion).await.expect("complete");
    }
}

async fn found(s: &Subject, media: &Media, search: JobSearch) -> Vec<JobId> {
    let found = s.database.search_jobs(media.app_id, &search, None, 9).await.expect("search");
    assert_eq!(found.next, None);
    found.items.into_iter().map(|job| job.id).collect()
}

async fn each_part_of_a_search_narrows(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let (first, second) = (s.media(own).await, s.media(own).await);
    s.job(other).await;
    let ended = insert(&s, &first, 1_000, JobKind::Fetch, RequestKind::Ingest).await;
    finish(&s).await;
    let finished_at = s.database.find_job(own, &ended.id).await.expect("find").expect("is there").finished_at;
    let finished_at = finished_at.expect("it has ended").as_millis();
    let waiting = insert(&s, &second, 2_000, JobKind::Snapshot, RequestKind::Procedure).await;

    let all = JobSearch::default;
    let (ended, waiting) = (vec![ended.id], vec![waiting.id]);
    let cases = [
        (all(), [waiting.clone(), ended.clone()].concat()),
        (JobSearch { is_ascending: true, ..all() }, [ended.clone(), waiting.clone()].concat()),
        (JobSearch { by: JobMoment::Finished, ..all() }, [ended.clone(), waiting.clone()].concat()),
        (JobSearch { media_id: Some(second.id), ..all() }, waiting.clone()),
        (JobSearch { kinds: vec![JobKind::Fetch, JobKind::Probe], ..all() }, ended.clone()),
        (JobSearch { requests: vec![RequestKind::Procedure], ..all() }, waiting.clone()),
        (JobSearch { states: vec![JobState::Discarded], ..all() }, ended.clone()),
        (JobSearch { created_from: Some(at(2_000)), ..all() }, waiting.clone()),
        (JobSearch { created_before: Some(at(2_000)), ..all() }, ended.clone()),
        (JobSearch { finished_from: Some(at(finished_at)), ..all() }, ended.clone()),
        (JobSearch { finished_before: Some(at(finished_at + 1)), ..all() }, ended),
        (JobSearch { finished_before: Some(at(finished_at)), ..all() }, vec![]),
    ];
    for (search, expected) in cases {
        assert_eq!(found(&s, &first, search.clone()).await, expected, "{search:?}");
    }
}

async fn parts_follow_one_another_in_either_order(s: Subject) {
    let media = s.media(s.app().await.id).await;
    let mut expected = Vec::new();
    for number in 0..5 {
        let created_ms = if number < 3 { 1_000 } else { 2_000 };
        expected.push(insert(&s, &media, created_ms, JobKind::Snapshot, RequestKind::Procedure).await.id);
    }
    for by in [JobMoment::Created, JobMoment::Finished] {
        for is_ascending in [true, false] {
            let search = JobSearch { by, is_ascending, ..JobSearch::default() };
            let (mut seen, mut after) = (Vec::new(), None::<JobCursor>);
            loop {
                let part = s.database.search_jobs(media.app_id, &search, after, 2).await.expect("search");
                assert!(part.items.len() <= 2);
                seen.extend(part.items.into_iter().map(|job| job.id));
                after = part.next;
                if after.is_none() {
                    break;
                }
            }
            if !is_ascending {
                seen.reverse();
            }
            assert_eq!(seen, expected, "{search:?}");
        }
    }
}

async fn the_latest_job_of_each_video_is_the_newest_that_took_pictures(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let media = [s.media(own).await, s.media(own).await, s.media(own).await];
    let foreign = s.media(other).await;
    // Runs a job on a video; of one that fails no picture is taken, though the job ends as completed.
    let run = async |media: &Media, is_taken: bool| {
        let job = job(media);
        s.database.insert_job(&job).await.expect("insert");
        let lease = s.database.lease_jobs("w", LONG, 1).await.expect("lease").pop().expect("is due");
        let mut completion = completion(&lease);
        for outcome in completion.outcomes.iter_mut().filter(|_| !is_taken) {
            outcome.pictures.retain(|picture| !matches!(picture.result, PictureResult::Ok(_)));
        }
        s.database.complete_job(&completion).await.expect("complete");
        job.id
    };
    run(&media[0], true).await;
    let newest = run(&media[0], true).await;
    let only = run(&media[1], true).await;
    run(&media[1], false).await;
    run(&media[2], false).await;
    run(&foreign, true).await;
    s.database.insert_job(&job(&media[1])).await.expect("insert");

    let ids = [&media[0], &media[1], &media[2], &foreign].map(|media| media.id);
    let latest = async |kind| s.database.list_latest_jobs(own, &ids, kind).await.expect("list");
    let found = latest(OutputKind::Normal).await;
    assert_eq!(found.iter().map(|job| job.id.clone()).collect::<HashSet<_>>(), HashSet::from([newest, only]));
    assert!(found.iter().all(|job| job.outcomes == outcomes(job)));
    assert!(latest(OutputKind::Cover).await.is_empty());
}
