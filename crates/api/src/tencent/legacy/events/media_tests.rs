use serde_json::{Value, json};
use stillframe_domain::event::MediaNews;
use stillframe_domain::{Dialect, ErrorCode, Event, EventKind, JobId};
use stillframe_events::Renderer;

use super::Tencent40Renderer;
use crate::samples::{JOB, failure, fetched, media_event, media_fact, stored};

const FILE: &str = "9031868222841494656";
const URL: &str = "http://media.example/2327a6ec24b44844b3a5e2c1b691aaaa/source/film.mp4";

fn render(event: &Event) -> Value {
    let text = Tencent40Renderer.body(event).expect("the format has words for it");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(body["version"], "4.0");
    body
}

fn of_tencent(kind: EventKind, news: MediaNews) -> Event {
    media_event(Dialect::Tencent, kind, news)
}

#[test]
fn an_upload_is_told_with_its_procedure() {
    let procedure_ids = vec![JobId::parse(JOB).expect("hex")];
    let told = render(&of_tencent(EventKind::MediaStored, MediaNews { procedure_ids, ..stored() }));
    assert_eq!(
        told,
        json!({
            "version": "4.0",
            "eventType": "NewFileUpload",
            "data": {
                "fileId": FILE,
                "fileName": "film.mp4",
                "coverUrl": "",
                "fileUrl": URL,
                "author": "",
                "sourceType": "ServerUpload",
                "sourceContext": "test data",
                "streamId": "",
                "procedureTaskId": format!("Procedure-{JOB}t0"),
                "transcodeTaskId": "",
            },
        })
    );
}

#[test]
fn a_fetch_is_told_with_its_status() {
    let mut event = of_tencent(EventKind::MediaFetched, fetched());
    let pull = |status: i64, message: &str, url: &str| {
        json!({
            "version": "4.0",
            "eventType": "PullComplete",
            "data": {
                "status": status,
                "message": message,
                "vodTaskId": format!("Pull-{JOB}"),
                "fileId": FILE,
                "fileUrl": url,
                "transcodeTaskId": "",
            },
        })
    };
    assert_eq!(render(&event), pull(0, "", URL));
    let fact = media_fact(&mut event);
    (fact.failure, fact.source_url) = (Some(failure(ErrorCode::SourceUnreadable)), None);
    assert_eq!(render(&event), pull(30_009, "told to the caller", ""));
}

#[test]
fn a_deletion_names_its_file() {
    let told = render(&of_tencent(EventKind::MediaDeleted, MediaNews::default()));
    let data = json!({ "status": 0, "message": "", "fileInfo": [{ "fileId": FILE }] });
    assert_eq!(told, json!({ "version": "4.0", "eventType": "FileDeleted", "data": data }));
}

#[test]
fn what_was_fetched_and_what_is_found_out_is_not_told_as_an_upload() {
    assert_eq!(Tencent40Renderer.body(&of_tencent(EventKind::MediaStored, fetched())), None);
    for kind in [EventKind::MediaCreated, EventKind::MediaReady, EventKind::MediaFailed] {
        assert_eq!(Tencent40Renderer.body(&of_tencent(kind, stored())), None, "{}", kind.name());
    }
}
