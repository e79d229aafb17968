use serde_json::{Value, json};
use stillframe_domain::event::MediaNews;
use stillframe_domain::{Dialect, ErrorCode, Event, EventKind, JobId};
use stillframe_events::Renderer;

use super::Tencent2018Renderer;
use crate::samples::{JOB, failure, fetched, media_event, media_fact, stored};

const FILE: &str = "9031868222841494656";
const URL: &str = "http://media.example/2327a6ec24b44844b3a5e2c1b691aaaa/source/film.mp4";

fn render(event: &Event) -> Value {
    let text = Tencent2018Renderer.body(event).expect("the format has words for it");
    serde_json::from_str(&text).expect("JSON")
}

fn of_tencent(kind: EventKind, news: MediaNews) -> Event {
    media_event(Dialect::Tencent, kind, news)
}

fn basic_info() -> Value {
    json!({
        "Name": "film.mp4",
        "Description": "A film",
        "CreateTime": "2018-07-31T10:07:31Z",
        "UpdateTime": "2018-07-31T10:07:31Z",
        "ExpireTime": "9999-12-31T23:59:59Z",
        "ClassId": 4,
        "CoverUrl": "",
        "Type": "mp4",
        "MediaUrl": URL,
        "TagSet": ["a", "b"],
        "SourceInfo": { "SourceType": "Upload", "SourceContext": "test data" },
        "Vid": FILE,
    })
}

#[test]
fn an_upload_is_told_as_in_the_vendors_example() {
    let procedure_ids = vec![JobId::parse(JOB).expect("hex")];
    let told = render(&of_tencent(EventKind::MediaStored, MediaNews { procedure_ids, ..stored() }));
    assert_eq!(
        told,
        json!({
            "EventType": "NewFileUpload",
            "FileUploadEvent": {
                "FileId": FILE,
                "MediaBasicInfo": basic_info(),
                "ProcedureTaskId": format!("1-procedurev2-{JOB}t0"),
                "ReviewAudioVideoTaskId": "",
            },
        })
    );
}

#[test]
fn a_fetch_is_told_as_in_the_vendors_example() {
    let told = render(&of_tencent(EventKind::MediaFetched, fetched()));
    assert_eq!(
        told,
        json!({
            "EventType": "PullComplete",
            "PullCompleteEvent": {
                "TaskId": format!("1-Pull-{JOB}"),
                "Status": "FINISH",
                "ErrCode": 0,
                "Message": "SUCCESS",
                "FileId": FILE,
                "MediaBasicInfo": basic_info(),
                "FileUrl": URL,
                "ProcedureTaskId": "",
                "ReviewAudioVideoTaskId": "",
                "SessionContext": "of the request",
                "SessionId": "s-1",
                "Progress": 100,
            },
        })
    );
}

#[test]
fn a_failed_fetch_has_its_reason_and_no_media() {
    let mut event = of_tencent(EventKind::MediaFetched, fetched());
    let fact = media_fact(&mut event);
    (fact.failure, fact.source_url) = (Some(failure(ErrorCode::SourceUnreadable)), None);
    let told = &render(&event)["PullCompleteEvent"];
    assert_eq!((&told["ErrCode"], &told["Message"]), (&json!(60_000), &json!("told to the caller")));
    assert_eq!((told.get("MediaBasicInfo"), &told["FileUrl"]), (None, &json!("")));
}

#[test]
fn a_deletion_names_its_file() {
    let told = render(&of_tencent(EventKind::MediaDeleted, MediaNews::default()));
    let deleted = json!({
        "FileIdSet": [FILE],
        "FileDeleteResultInfo": [{ "FileId": FILE, "DeleteParts": [] }],
    });
    assert_eq!(told, json!({ "EventType": "FileDeleted", "FileDeleteEvent": deleted }));
}

#[test]
fn what_was_fetched_and_what_is_found_out_is_not_told_as_an_upload() {
    assert_eq!(Tencent2018Renderer.body(&of_tencent(EventKind::MediaStored, fetched())), None);
    for kind in [EventKind::MediaCreated, EventKind::MediaReady, EventKind::MediaFailed] {
        assert_eq!(Tencent2018Renderer.body(&of_tencent(kind, stored())), None, "{}", kind.name());
    }
}
