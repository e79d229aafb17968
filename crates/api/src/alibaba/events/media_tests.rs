use serde_json::{Value, json};
use stillframe_domain::event::{MediaBasics, MediaNews};
use stillframe_domain::{Dialect, ErrorCode, Event, EventKind, MediaDetails};
use stillframe_events::Renderer;

use super::AlibabaRenderer;
use crate::samples::{VIDEO, failure, fetched, media_event, media_fact, media_facts, stored};

const URL: &str = "http://media.example/2327a6ec24b44844b3a5e2c1b691aaaa/source/film.mp4";

fn render(event: &Event) -> Value {
    let text = AlibabaRenderer.body(event).expect("the format has words for it");
    serde_json::from_str(&text).expect("JSON")
}

fn of_alibaba(kind: EventKind, news: MediaNews) -> Event {
    media_event(Dialect::Alibaba, kind, news)
}

/// A body with what every event has.
fn body(event_type: &str, is_success: bool, more: Value) -> Value {
    let mut body = json!({
        "EventTime": "2018-07-31T10:07:31Z",
        "EventType": event_type,
        "Status": if is_success { "success" } else { "fail" },
        "Extend": "test data",
    });
    let Value::Object(more) = more else { unreachable!("fields") };
    body.as_object_mut().expect("an object").extend(more);
    body
}

#[test]
fn an_upload_is_told_with_its_size_and_url() {
    let wanted = json!({ "VideoId": VIDEO, "Size": 8_000_000, "FileUrl": URL });
    let told = render(&of_alibaba(EventKind::MediaStored, stored()));
    assert_eq!(told, body("FileUploadComplete", true, wanted.clone()));
    let told = render(&of_alibaba(EventKind::MediaStored, fetched()));
    assert_eq!(told, body("FileUploadComplete", true, wanted), "of a fetched video too");
}

#[test]
fn a_fetch_is_told_with_its_job_and_url() {
    let told = render(&of_alibaba(EventKind::MediaFetched, fetched()));
    let job = "1edb7eb88a599d05abe451cfc541cfbd";
    let source = "http://example.org/film.mp4";
    let wanted = json!({ "VideoId": VIDEO, "JobId": job, "SourceURL": source, "Size": 8_000_000 });
    assert_eq!(told, body("UploadByURLComplete", true, wanted));
    let mut failed = of_alibaba(EventKind::MediaFetched, fetched());
    media_fact(&mut failed).failure = Some(failure(ErrorCode::SourceUnreadable));
    let wanted = json!({
        "JobId": job,
        "SourceURL": source,
        "ErrorCode": "URLInvalidError",
        "ErrorMessage": "told to the caller",
    });
    assert_eq!(render(&failed), body("UploadByURLComplete", false, wanted));
}

#[test]
fn an_analysis_is_told_in_texts() {
    let mut told = of_alibaba(EventKind::MediaReady, MediaNews::default());
    media_fact(&mut told).facts = Some(media_facts());
    let wanted = json!({
        "VideoId": VIDEO, "Width": "640", "Height": "360", "Duration": "57.5", "Bitrate": "1113",
        "Fps": "25", "Size": "8000000",
    });
    assert_eq!(render(&told), body("VideoAnalysisComplete", true, wanted));
    media_fact(&mut told).facts = Some(stillframe_domain::MediaFacts { video: None, ..media_facts() });
    let wanted = json!({ "VideoId": VIDEO, "Duration": "57.5", "Bitrate": "1113", "Size": "8000000" });
    assert_eq!(render(&told), body("VideoAnalysisComplete", true, wanted), "of sound alone");
}

#[test]
fn a_failed_analysis_has_its_reason() {
    let mut told = of_alibaba(EventKind::MediaFailed, MediaNews::default());
    media_fact(&mut told).failure = Some(failure(ErrorCode::NotAVideo));
    let wanted = json!({
        "VideoId": VIDEO,
        "ErrorCode": "InvalidParameter.ResourceContentBad",
        "ErrorMessage": "told to the caller",
    });
    assert_eq!(render(&told), body("VideoAnalysisComplete", false, wanted));
}

#[test]
fn a_deletion_names_the_media_and_what_of_it_went() {
    let told = render(&of_alibaba(EventKind::MediaDeleted, MediaNews::default()));
    let wanted = json!({ "MediaId": VIDEO, "MediaType": "video", "DeleteType": "all" });
    assert_eq!(told, body("DeleteMediaComplete", true, wanted));
}

#[test]
fn a_change_tells_old_and_new_of_what_changed_alone() {
    let before = MediaBasics {
        name: "film.mp4".to_owned(),
        details: MediaDetails { description: "A film".to_owned(), ..MediaDetails::default() },
        cover_url: Some("http://x/old.jpg".to_owned()),
    };
    let news = MediaNews { before: Some(Box::new(before)), ..MediaNews::default() };
    let told = render(&of_alibaba(EventKind::MediaUpdated, news));
    let text = |value: Value| value.to_string();
    let wanted = json!({
        "MediaId": VIDEO,
        "MediaType": "video",
        "OperateMode": "update",
        "MediaContent": {
            "CoverURL": text(json!({ "OldValue": "http://x/old.jpg", "NewValue": "" })),
            "CateId": text(json!({ "OldValue": "", "NewValue": "4" })),
            "Tags": text(json!({ "OldValue": "", "NewValue": "a,b" })),
        },
    });
    assert_eq!(told, body("MediaBaseChangeComplete", true, wanted));
}

#[test]
fn adding_a_video_is_not_told() {
    assert_eq!(AlibabaRenderer.body(&of_alibaba(EventKind::MediaCreated, MediaNews::default())), None);
}
