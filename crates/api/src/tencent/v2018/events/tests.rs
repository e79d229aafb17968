use serde_json::{Value, json};
use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    App, AppId, AppSettings, Dialect, Endpoint, EndpointHealth, EndpointId, ErrorCode, Event, EventFormat,
    EventKind, NotifyMode, OutputOutcome, Owner, RequestKind, Selection, TencentEvents, Timestamp,
};
use stillframe_events::Renderer;

use super::Tencent2018Renderer;
use crate::samples::{event, fact, failure, sprite, stills, taken, taken_sprite};

const VIDEO: &str = "http://media.example/2327a6ec24b44844b3a5e2c1b691aaaa";

fn render(event: &Event) -> Value {
    let text = Tencent2018Renderer.body(event).expect("the format has words for it");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_legacy_job_is_told_as_in_2017() {
    let output = stills(1, OutputKind::Normal, Some(20), &[5, 1_000_000]);
    let outcome = taken(&output, &[None, Some(ErrorCode::OffsetOutOfRange)]);
    let told = event(Dialect::Tencent, RequestKind::TimeOffsets, vec![(output, outcome)], None);
    let picture = format!("{VIDEO}/snapshots/normal/00000000000000000000000000000001-00001.jpg");
    assert_eq!(
        render(&told),
        json!({
            "EventType": "CreateSnapshotByTimeOffsetComplete",
            "SnapshotByTimeOffsetCompleteEvent": {
                "TaskId": "CreateSnapshotByTimeOffset-1edb7eb88a599d05abe451cfc541cfbd",
                "FileId": "9031868222841494656",
                "Definition": 20,
                "SnapshotInfoSet": [
                    { "ErrCode": 0, "TimeOffset": 5, "Url": picture },
                    { "ErrCode": -46204, "TimeOffset": 1_000_000 },
                ],
            },
        })
    );
}

#[test]
fn a_legacy_sprite_is_told_as_in_2017_whether_made_or_not() {
    let output = sprite(1, OutputKind::Sprite, Some(10));
    let sheet = |n| format!("{VIDEO}/snapshots/sprite/00000000000000000000000000000001-0000{n}.jpg");
    let mut made = taken_sprite(&output);
    made.vtt_key = Some("a.vtt".to_owned());
    let failed = OutputOutcome::failed(&output, failure(ErrorCode::NoVideoStream));
    let [made, failed] = [made, failed].map(|outcome| {
        let sets = vec![(output.clone(), outcome)];
        render(&event(Dialect::Tencent, RequestKind::Sprite, sets, None))
    });
    assert_eq!(
        made,
        json!({
            "EventType": "CreateImageSpriteComplete",
            "CreateImageSpriteCompleteEvent": {
                "TaskId": "CreateImageSprite-1edb7eb88a599d05abe451cfc541cfbd",
                "ErrCode": 0,
                "Message": "",
                "FileId": "9031868222841494656",
                "Definition": 10,
                "TotalCount": 3,
                "ImageSpriteUrlSet": [sheet(1), sheet(2)],
                "WebVttUrl": "http://media.example/a.vtt",
            },
        })
    );
    let failed = &failed["CreateImageSpriteCompleteEvent"];
    assert_eq!((&failed["ErrCode"], &failed["TotalCount"]), (&json!(-47402), &json!(0)));
    assert_eq!(failed["ImageSpriteUrlSet"], json!([]));
}

#[test]
fn a_failed_task_stands_beside_a_good_one_and_names_its_reason() {
    let good = stills(1, OutputKind::Normal, Some(10), &[5, 1_000_000]);
    let good_outcome = taken(&good, &[None, Some(ErrorCode::OffsetOutOfRange)]);
    let bad = stills(2, OutputKind::Normal, Some(10), &[1_000_000]);
    let bad_outcome = taken(&bad, &[Some(ErrorCode::OffsetOutOfRange)]);
    let sets = vec![(good, good_outcome), (bad, bad_outcome)];
    let told = render(&event(Dialect::Tencent, RequestKind::Procedure, sets, None));
    let results = &told["ProcedureStateChangeEvent"]["MediaProcessResultSet"];
    let [good, bad] = [0, 1].map(|k| &results[k]["SnapshotByTimeOffsetTask"]);
    assert_eq!(good["Status"], "SUCCESS");
    assert_eq!(good["Output"]["PicInfoSet"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&bad["Status"], &bad["ErrCodeExt"], &bad["ErrCode"], &bad["Output"]),
        (&json!("FAIL"), &json!("InvalidInput.InvalidTimeOffset"), &json!(40_000), &Value::Null)
    );
}

#[test]
fn jobs_of_other_dialects_are_procedures() {
    for dialect in [Dialect::Native, Dialect::Alibaba] {
        let mut cover = stills(1, OutputKind::Cover, None, &[0]);
        let outcome = taken(&cover, &[None]);
        cover.spec.selection = Selection::Cover;
        let told = render(&event(dialect, RequestKind::Snapshot, vec![(cover, outcome)], None));
        let task = &told["ProcedureStateChangeEvent"];
        assert_eq!(task["TaskId"], "1-procedurev2-1edb7eb88a599d05abe451cfc541cfbdt0");
        assert_eq!(task["MediaProcessResultSet"][0]["Type"], "CoverBySnapshot");
    }
}

#[test]
fn a_discarded_job_fails_in_all_its_tasks() {
    let output = stills(1, OutputKind::Normal, Some(10), &[9]);
    let reason = failure(ErrorCode::AttemptsExhausted);
    let outcome = OutputOutcome::failed(&output, reason.clone());
    let sets = vec![(output, outcome)];
    let mut told = event(Dialect::Tencent, RequestKind::Procedure, sets, Some(reason));
    // Also when the job left no outcome at all.
    fact(&mut told).outcomes.clear();
    let task = &render(&told)["ProcedureStateChangeEvent"];
    assert_eq!((&task["Status"], &task["ErrCode"]), (&json!("FINISH"), &json!(70_000)));
    let only = &task["MediaProcessResultSet"][0]["SnapshotByTimeOffsetTask"];
    assert_eq!((&only["Status"], &only["ErrCodeExt"]), (&json!("FAIL"), &json!("InternalError")));
}

#[test]
fn covers_and_progress_are_never_told() {
    let output = stills(1, OutputKind::Cover, None, &[0]);
    let sets = || vec![(output.clone(), taken(&output, &[None]))];
    for kind in [RequestKind::AutomaticCovers, RequestKind::Ingest] {
        assert_eq!(Tencent2018Renderer.body(&event(Dialect::Tencent, kind, sets(), None)), None);
    }
    let mut told = event(Dialect::Tencent, RequestKind::Procedure, sets(), None);
    told.kind = EventKind::JobProgress;
    assert_eq!(Tencent2018Renderer.body(&told), None);
}

#[test]
fn the_configured_callback_alone_is_signed_and_for_ten_minutes() {
    let sealed = |owner, sign_key: Option<&str>| {
        let tencent_events = TencentEvents { sign_key: sign_key.map(str::to_owned), ..Default::default() };
        let settings = AppSettings { tencent_events, ..AppSettings::default() };
        let app = App { id: AppId(1), name: String::new(), settings };
        let format = EventFormat::Tencent2018;
        let endpoint = Endpoint {
            id: EndpointId::parse("0123456789abcdef0123456789abcdef").expect("hex"),
            app_id: app.id,
            url: String::new(),
            format,
            owner,
            event_kinds: Vec::new(),
            origins: Vec::new(),
            secret: String::new(),
            former_secrets: Vec::new(),
            policy: DeliveryPolicy::default_for(format),
            health: EndpointHealth::default(),
        };
        let at = Timestamp::from_secs(1_700_000_000);
        Tencent2018Renderer.seal("{\"EventType\":\"X\"}".to_owned(), &app, &endpoint, at)
    };
    assert_eq!(
        sealed(Owner::Tencent, Some("secret")),
        "{\"EventType\":\"X\",\"Sign\":\"5e3f26816a60a0590bfaa8f3ebb4d1dc\",\"T\":1700000600}"
    );
    assert_eq!(sealed(Owner::Tencent, None), "{\"EventType\":\"X\"}");
    assert_eq!(sealed(Owner::Native, Some("secret")), "{\"EventType\":\"X\"}");
}

#[test]
fn a_part_of_a_procedure_is_told_while_the_others_go_on() {
    let first = stills(1, OutputKind::Normal, Some(10), &[5]);
    let second = sprite(2, OutputKind::Sprite, Some(10));
    let done = taken(&first, &[None]);
    let sets = vec![(first, done), (second.clone(), taken_sprite(&second))];
    let mut told = event(Dialect::Tencent, RequestKind::Procedure, sets, None);
    told.kind = EventKind::JobProgress;
    fact(&mut told).outcomes.truncate(1);
    fact(&mut told).options.notify = NotifyMode::Change;
    let body = render(&told);
    let task = &body["ProcedureStateChangeEvent"];
    assert_eq!(
        (&body["EventType"], &task["Status"]),
        (&json!("ProcedureStateChanged"), &json!("PROCESSING"))
    );
    assert_eq!(task["TasksNotifyMode"], "Change");
    let results = &task["MediaProcessResultSet"];
    let first = &results[0]["SnapshotByTimeOffsetTask"];
    assert_eq!((&first["Status"], &first["Progress"]), (&json!("SUCCESS"), &json!(100)));
    assert_eq!(first["Output"]["PicInfoSet"].as_array().map(Vec::len), Some(1));
    let second = &results[1]["ImageSpriteTask"];
    assert_eq!((&second["Status"], &second["Output"]), (&json!("PROCESSING"), &Value::Null));
    fact(&mut told).options.notify = NotifyMode::Finish;
    assert_eq!(Tencent2018Renderer.body(&told), None, "only to a caller that asked");
}
