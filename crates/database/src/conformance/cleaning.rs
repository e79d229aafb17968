//! What is of no use any more.

use std::time::Duration;

use stillframe_domain::media::Cover;
use stillframe_domain::object_key::{self, OutputKind};
use stillframe_domain::outcome::PictureResult;
use stillframe_domain::{
    Attempt, DeliveryState, ErrorCode, ImageFormat, Job, MediaSource, Multipart, MultipartId, OsRng,
    OutputId, PullMode, VideoId, upload,
};

use super::samples::{completion, endpoint, event, failure, job, media};
use super::{LONG, Subject};
use crate::Commit;
use crate::records::NewMedia;

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    what_a_result_names_is_referenced(&make().await).await;
    nothing_is_listed_of_a_video_with_a_job_that_has_not_ended(&make().await).await;
    parts_are_listed_once_their_upload_is_gone(&make().await).await;
    keys_of_another_shape_are_left_alone(&make().await).await;
    old_jobs_are_forgotten_with_their_results(&make().await).await;
    events_are_forgotten_once_nobody_waits_for_them(&make().await).await;
}

async fn unreferenced(subject: &Subject, keys: &[String]) -> Vec<String> {
    let mut found = subject.database.list_unreferenced(keys).await.expect("list");
    found.sort_unstable();
    found
}

fn picture(video_id: &VideoId, output_id: &OutputId, number: u32) -> String {
    object_key::picture(video_id, OutputKind::Normal, output_id, number, ImageFormat::Jpg)
}

/// Ends the app's one due job with a first picture, a sheet and a WebVTT file below its video's folder.
async fn end(subject: &Subject, video_id: &VideoId) -> Job {
    let lease = subject.database.lease_jobs("w", LONG, 1).await.expect("lease").remove(0);
    let mut result = completion(&lease);
    for outcome in &mut result.outcomes {
        for taken in &mut outcome.pictures {
            if let PictureResult::Ok(taken) = &mut taken.result {
                taken.key = picture(video_id, &outcome.output_id, taken.number);
            }
        }
        for sheet in &mut outcome.sheets {
            sheet.key = format!("{video_id}/snapshots/sprite/{}-{:05}.jpg", outcome.output_id, sheet.number);
        }
        outcome.vtt_key = outcome.vtt_key.as_ref().map(|_| format!("{video_id}/snapshots/sprite/o.vtt"));
    }
    let committed = subject.database.complete_job(&result).await.expect("complete");
    assert_eq!(committed, Commit::Committed);
    Job { outcomes: result.outcomes, ..lease.job }
}

async fn what_a_result_names_is_referenced(subject: &Subject) {
    let app = subject.app().await;
    let mut video = media(app.id);
    let source = object_key::source(&video.video_id, "film.mp4");
    video.source = MediaSource::Object { key: source.clone() };
    let brought = object_key::brought_cover(&video.video_id, &OutputId::mint(&OsRng), "png");
    let cover = picture(&video.video_id, &OutputId::mint(&OsRng), 9);
    video.cover = Some(Cover::Object(cover.clone()));
    let asked = job(&video);
    let new = NewMedia {
        media: video.clone(),
        jobs: vec![asked.clone()],
        held_jobs: Vec::new(),
        events: Vec::new(),
    };
    subject.database.insert_media(&new).await.expect("insert");
    let ended = end(subject, &video.video_id).await;
    let mut named = vec![source, brought, cover];
    for outcome in &ended.outcomes {
        named.extend(outcome.taken().map(|taken| taken.key.clone()));
        named.extend(outcome.sheets.iter().map(|sheet| sheet.key.clone()));
        named.extend(outcome.vtt_key.clone());
    }
    let orphan = picture(&video.video_id, &asked.outputs[0].id, 77);
    let other = picture(&VideoId::mint(&OsRng), &asked.outputs[0].id, 1);
    let all: Vec<String> = named.iter().cloned().chain([orphan.clone(), other.clone()]).collect();
    let mut wanted = vec![orphan, other];
    wanted.sort_unstable();
    assert_eq!(unreferenced(subject, &all).await, wanted);
    assert!(subject.database.delete_media(app.id, video.id, &[]).await.expect("delete"));
    // A picture that was asked for twice is one object.
    named.sort_unstable();
    named.dedup();
    assert_eq!(unreferenced(subject, &named).await, named, "with the video goes all that it named");
    assert_eq!(unreferenced(subject, &[]).await, [""; 0]);
}

async fn nothing_is_listed_of_a_video_with_a_job_that_has_not_ended(subject: &Subject) {
    let app = subject.app().await;
    let video = subject.media(app.id).await;
    let orphan = [picture(&video.video_id, &OutputId::mint(&OsRng), 1)];
    assert_eq!(unreferenced(subject, &orphan).await, orphan);
    let asked = job(&video);
    subject.database.insert_job(&asked).await.expect("insert");
    assert_eq!(unreferenced(subject, &orphan).await, [""; 0], "it waits");
    let lease = subject.database.lease_jobs("w", LONG, 1).await.expect("lease").remove(0);
    assert_eq!(unreferenced(subject, &orphan).await, [""; 0], "it runs");
    let down = failure(ErrorCode::Unavailable);
    subject.database.retry_job(&asked.id, &lease.token, Duration::ZERO, &down).await.expect("retry");
    assert_eq!(unreferenced(subject, &orphan).await, [""; 0], "it is tried again");
    end(subject, &video.video_id).await;
    assert_eq!(unreferenced(subject, &orphan).await, orphan);
}

async fn parts_are_listed_once_their_upload_is_gone(subject: &Subject) {
    let app = subject.app().await;
    let multipart = Multipart {
        id: MultipartId::mint(&OsRng),
        app_id: app.id,
        object_key: "v/source/film.mp4".to_owned(),
        created_at: (subject.now)(),
    };
    assert!(subject.database.insert_multipart(&multipart, 9).await.expect("insert"));
    let part = [upload::part_key(&multipart.id, 3, &OsRng)];
    assert_eq!(unreferenced(subject, &part).await, [""; 0]);
    assert!(subject.database.delete_multipart(&multipart.id).await.expect("delete"));
    assert_eq!(unreferenced(subject, &part).await, part);
}

async fn keys_of_another_shape_are_left_alone(subject: &Subject) {
    let keys = ["lost+found/x", "readme", ".parts/short/1", "ABC/source/film.mp4"].map(str::to_owned);
    assert_eq!(unreferenced(subject, &keys).await, [""; 0]);
}

async fn old_jobs_are_forgotten_with_their_results(subject: &Subject) {
    let app = subject.app().await;
    let video = subject.media(app.id).await;
    let (old, waiting) = (job(&video), job(&video));
    subject.database.insert_job(&old).await.expect("insert");
    let ended = end(subject, &video.video_id).await;
    subject.database.insert_job(&waiting).await.expect("insert");
    let forget =
        |keep, limit| async move { subject.database.forget_jobs(keep, limit).await.expect("forget") };
    assert_eq!(forget(LONG, 10).await, 0, "it has just ended");
    subject.wait(Duration::from_millis(20)).await;
    assert_eq!(forget(Duration::from_millis(1), 0).await, 0, "no more than the limit");
    assert_eq!(forget(Duration::from_millis(1), 10).await, 1);
    assert!(subject.database.find_job(app.id, &old.id).await.expect("find").is_none());
    assert!(subject.database.find_job(app.id, &waiting.id).await.expect("find").is_some());
    end(subject, &video.video_id).await;
    let key = ended.outcomes[0].taken().next().expect("a picture").key.clone();
    assert_eq!(unreferenced(subject, std::slice::from_ref(&key)).await, [key]);
}

async fn events_are_forgotten_once_nobody_waits_for_them(subject: &Subject) {
    let app = subject.app_with(PullMode::Pull).await;
    let app_id = app.id;
    subject.database.insert_endpoint(&endpoint(app_id)).await.expect("insert");
    let told = event(app_id);
    let video = media(app_id);
    let asked = job(&video);
    let new = NewMedia { media: video, jobs: vec![asked], held_jobs: Vec::new(), events: vec![told.clone()] };
    subject.database.insert_media(&new).await.expect("insert");
    subject.wait(Duration::from_millis(20)).await;
    let forget =
        || async { subject.database.forget_events(Duration::from_millis(1), 10).await.expect("forget") };
    assert_eq!(forget().await, 0, "a delivery and a queue wait");
    let due = subject.lease_deliveries(LONG, 10).await.remove(0);
    let attempt = Attempt {
        at: (subject.now)(),
        status: Some(200),
        duration_ms: 1,
        answer: String::new(),
        is_success: true,
    };
    let (id, delivered) = (due.delivery.id, DeliveryState::Delivered);
    subject.database.record_attempt(id, &attempt, delivered, Duration::ZERO).await.expect("record");
    assert_eq!(forget().await, 0, "a queue waits");
    let pulled = subject.database.pull_events(app_id, LONG, 10).await.expect("pull");
    let handles: Vec<_> = pulled.into_iter().map(|pulled| pulled.handle).collect();
    assert_eq!(subject.database.confirm_events(app_id, &handles).await.expect("confirm").confirmed.len(), 1);
    assert_eq!(subject.database.forget_events(LONG, 10).await.expect("forget"), 1, "created long ago");
    assert!(subject.database.find_event(app_id, &told.id).await.expect("find").is_none());
    assert_eq!(subject.database.list_deliveries(app_id, &told.id).await.expect("list").len(), 0);
}
