use serde_json::{Value, json};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    Dialect, ErrorCode, Event, EventKind, MediaTime, NotifyMode, OutputOutcome, Position, RequestKind,
    Selection,
};
use stillframe_events::Renderer;

use super::Tencent40Renderer;
use crate::samples::{self, event, failure, sprite, stills, taken, taken_sprite};

const TIME_OFFSETS: (Dialect, RequestKind) = (Dialect::Tencent, RequestKind::TimeOffsets);

fn render(event: &Event) -> Value {
    let text = Tencent40Renderer.body(event).expect("the format has words for it");
    serde_json::from_str(&text).expect("JSON")
}

fn url(key: &str) -> String {
    format!("http://media.example/2327a6ec24b44844b3a5e2c1b691aaaa/{key}")
}

fn picture(number: u8) -> String {
    url(&format!("snapshots/normal/00000000000000000000000000000001-{number:05}.jpg"))
}

#[test]
fn pictures_are_told_as_in_the_vendors_example_unsorted_and_repeated() {
    let output = stills(1, OutputKind::Normal, Some(10), &[3_123_213, 3_123_123, 3_123_213]);
    let outcome = taken(&output, &[None; 3]);
    let told = event(TIME_OFFSETS.0, TIME_OFFSETS.1, vec![(output, outcome)], None);
    assert_eq!(
        render(&told),
        json!({
            "version": "4.0",
            "eventType": "CreateSnapshotByTimeOffsetComplete",
            "data": {
                "vodTaskId": "CreateSnapshotByTimeOffset-1edb7eb88a599d05abe451cfc541cfbd",
                "fileId": "9031868222841494656",
                "definition": 10,
                "picInfo": [
                    { "status": 0, "timeOffset": 3_123_213, "url": picture(1) },
                    { "status": 0, "timeOffset": 3_123_123, "url": picture(2) },
                    { "status": 0, "timeOffset": 3_123_213, "url": picture(3) },
                ],
            },
        })
    );
}

#[test]
fn the_fields_stand_in_the_order_of_the_vendors_example() {
    let output = stills(1, OutputKind::Normal, Some(20), &[1_000]);
    let outcome = taken(&output, &[Some(ErrorCode::OffsetOutOfRange)]);
    let failed = Some(failure(ErrorCode::OffsetOutOfRange));
    let told = event(TIME_OFFSETS.0, TIME_OFFSETS.1, vec![(output, outcome)], failed);
    assert_eq!(
        Tencent40Renderer.body(&told).expect("told"),
        "{\"version\":\"4.0\",\"eventType\":\"CreateSnapshotByTimeOffsetComplete\",\"data\":{\
         \"vodTaskId\":\"CreateSnapshotByTimeOffset-1edb7eb88a599d05abe451cfc541cfbd\",\
         \"fileId\":\"9031868222841494656\",\"definition\":20,\
         \"picInfo\":[{\"status\":-46204,\"timeOffset\":1000}]}}"
    );
}

#[test]
fn a_failed_picture_has_its_status_and_no_url_beside_those_that_were_taken() {
    let output = stills(1, OutputKind::Normal, Some(10), &[5, 1_000_000, 7]);
    let outcome = taken(&output, &[None, Some(ErrorCode::OffsetOutOfRange), None]);
    let told = event(TIME_OFFSETS.0, TIME_OFFSETS.1, vec![(output, outcome)], None);
    assert_eq!(
        render(&told)["data"]["picInfo"],
        json!([
            { "status": 0, "timeOffset": 5, "url": picture(1) },
            { "status": -46204, "timeOffset": 1_000_000 },
            { "status": 0, "timeOffset": 7, "url": picture(2) },
        ])
    );
}

#[test]
fn a_discarded_job_tells_every_offset_that_was_asked_for() {
    let reason = failure(ErrorCode::AttemptsExhausted);
    let output = stills(1, OutputKind::Normal, Some(10), &[9, 3, 9]);
    let outcome = OutputOutcome::failed(&output, reason.clone());
    let mut told = event(TIME_OFFSETS.0, TIME_OFFSETS.1, vec![(output, outcome)], Some(reason));
    let every = json!([
        { "status": 30010, "timeOffset": 9 },
        { "status": 30010, "timeOffset": 3 },
        { "status": 30010, "timeOffset": 9 },
    ]);
    assert_eq!(render(&told)["data"]["picInfo"], every);
    // Also when the job left no outcome at all.
    samples::fact(&mut told).outcomes.clear();
    assert_eq!(render(&told)["data"]["picInfo"], every);
}

#[test]
fn a_picture_whose_time_was_lost_has_the_time_that_was_asked_for() {
    let output = stills(1, OutputKind::Normal, Some(10), &[4_200]);
    let mut outcome = taken(&output, &[Some(ErrorCode::DecodeFailed)]);
    outcome.pictures[0].offset = None;
    let told = event(TIME_OFFSETS.0, TIME_OFFSETS.1, vec![(output, outcome)], None);
    assert_eq!(render(&told)["data"]["picInfo"], json!([{ "status": -44029, "timeOffset": 4_200 }]));
}

#[test]
fn a_sprite_is_told_with_all_its_cells_and_sheets() {
    let output = sprite(1, OutputKind::Sprite, Some(10));
    let mut outcome = taken_sprite(&output);
    outcome.vtt_key = Some("a.vtt".to_owned());
    let told = event(Dialect::Tencent, RequestKind::Sprite, vec![(output, outcome)], None);
    let sheet = |number| url(&format!("snapshots/sprite/00000000000000000000000000000001-0000{number}.jpg"));
    assert_eq!(
        render(&told),
        json!({
            "version": "4.0",
            "eventType": "CreateImageSpriteComplete",
            "data": {
                "status": 0,
                "message": "",
                "vodTaskId": "CreateImageSprite-1edb7eb88a599d05abe451cfc541cfbd",
                "fileId": "9031868222841494656",
                "definition": 10,
                "totalCount": 3,
                "imageSpriteUrl": [sheet(1), sheet(2)],
                "webVttUrl": "http://media.example/a.vtt",
            },
        })
    );
}

#[test]
fn a_failed_sprite_keeps_its_status_and_message_alone() {
    let reason = failure(ErrorCode::NoVideoStream);
    let output = sprite(1, OutputKind::Sprite, Some(10));
    let outcome = OutputOutcome::failed(&output, reason.clone());
    let told = event(Dialect::Tencent, RequestKind::Sprite, vec![(output, outcome)], Some(reason));
    assert_eq!(
        render(&told)["data"],
        json!({
            "status": -47402,
            "message": "told to the caller",
            "vodTaskId": "CreateImageSprite-1edb7eb88a599d05abe451cfc541cfbd",
            "fileId": "9031868222841494656",
        })
    );
}

#[test]
fn jobs_of_other_dialects_are_told_by_their_first_output() {
    for dialect in [Dialect::Native, Dialect::Alibaba] {
        let free = stills(1, OutputKind::Normal, None, &[0]);
        let pictures = vec![(free.clone(), taken(&free, &[None]))];
        let told = render(&event(dialect, RequestKind::Snapshot, pictures, None));
        assert_eq!(told["eventType"], "CreateSnapshotByTimeOffsetComplete");
        assert_eq!(told["data"]["definition"], 0);
        let grid = sprite(1, OutputKind::Sprite, None);
        let origin = stills(2, OutputKind::SpriteOrigin, None, &[0]);
        let sets = vec![(grid.clone(), taken_sprite(&grid)), (origin.clone(), taken(&origin, &[None]))];
        let told = render(&event(dialect, RequestKind::Snapshot, sets, None));
        assert_eq!(told["eventType"], "CreateImageSpriteComplete");
        assert_eq!(told["data"].get("webVttUrl"), None);
    }
}

#[test]
fn a_procedure_tells_each_of_its_tasks() {
    let offsets = stills(1, OutputKind::Normal, Some(10), &[5, 1_000]);
    let offsets_outcome = taken(&offsets, &[None, Some(ErrorCode::OffsetOutOfRange)]);
    let mut cover = stills(2, OutputKind::Cover, Some(10), &[0]);
    let cover_outcome = taken(&cover, &[None]);
    cover.spec.selection = Selection::Cover;
    let grid = sprite(3, OutputKind::Sprite, Some(10));
    let grid_outcome = OutputOutcome::failed(&grid, failure(ErrorCode::DecodeFailed));
    let sets = vec![(offsets, offsets_outcome), (cover, cover_outcome), (grid, grid_outcome)];
    let told = render(&event(Dialect::Tencent, RequestKind::Procedure, sets, None));
    let cover_url = url("covers/00000000000000000000000000000002-00001.jpg");
    assert_eq!(
        told["data"],
        json!({
            "vodTaskId": "Procedure-1edb7eb88a599d05abe451cfc541cfbdt0",
            "status": "FINISH",
            "errCode": 0,
            "message": "",
            "fileId": "9031868222841494656",
            "processTaskList": [
                {
                    "taskType": "SnapshotByTimeOffset",
                    "status": "SUCCESS",
                    "errCode": 0,
                    "message": "",
                    "input": { "definition": 10, "timeOffset": [5, 1_000] },
                    "output": { "imgInfo": [{ "timeOffset": 5, "url": picture(1) }] },
                },
                {
                    "taskType": "CoverBySnapshot",
                    "status": "SUCCESS",
                    "errCode": 0,
                    "message": "",
                    "input": { "definition": 10 },
                    "output": { "imageUrl": cover_url },
                },
                {
                    "taskType": "ImageSprites",
                    "status": "FAIL",
                    "errCode": -44029,
                    "message": "told to the caller",
                    "input": { "definition": 10 },
                },
            ],
        })
    );
}

#[test]
fn covers_and_progress_are_never_told() {
    let output = stills(1, OutputKind::Cover, None, &[0]);
    let sets = || vec![(output.clone(), taken(&output, &[None]))];
    for kind in [RequestKind::AutomaticCovers, RequestKind::Ingest] {
        assert_eq!(Tencent40Renderer.body(&event(Dialect::Tencent, kind, sets(), None)), None);
    }
    let mut told = event(TIME_OFFSETS.0, TIME_OFFSETS.1, sets(), None);
    told.kind = EventKind::JobProgress;
    assert_eq!(Tencent40Renderer.body(&told), None);
}

#[test]
fn a_cover_by_position_is_told_as_a_cover() {
    let tasks = [Position::At(MediaTime::from_millis(7_900)), Position::Percent(50.0)].map(|position| {
        let mut cover = stills(1, OutputKind::Cover, Some(10), &[0]);
        cover.spec.selection = Selection::Offsets(vec![position]);
        let sets = vec![(cover.clone(), taken(&cover, &[None]))];
        let told = render(&event(Dialect::Tencent, RequestKind::Procedure, sets, None));
        told["data"]["processTaskList"][0].clone()
    });
    assert_eq!(tasks[0]["taskType"], "CoverBySnapshot");
    assert_eq!(tasks[0]["input"], json!({ "definition": 10, "positionType": "Time", "position": 7 }));
    assert_eq!(tasks[1]["input"], json!({ "definition": 10, "positionType": "Percent", "position": 50 }));
    assert_eq!(tasks[0]["output"]["imageUrl"], url("covers/00000000000000000000000000000001-00001.jpg"));
}

#[test]
fn a_part_of_a_procedure_is_told_while_the_others_go_on() {
    let first = stills(1, OutputKind::Normal, Some(10), &[5]);
    let second = sprite(2, OutputKind::Sprite, Some(10));
    let sets = vec![(first.clone(), taken(&first, &[None])), (second.clone(), taken_sprite(&second))];
    let mut told = event(Dialect::Tencent, RequestKind::Procedure, sets, None);
    told.kind = EventKind::JobProgress;
    samples::fact(&mut told).outcomes.truncate(1);
    assert_eq!(Tencent40Renderer.body(&told), None, "only to a caller that asked");
    samples::fact(&mut told).options.notify = NotifyMode::Change;
    let body = render(&told);
    assert_eq!(body["eventType"], "ProcedureStateChanged");
    assert_eq!((&body["data"]["status"], &body["data"]["errCode"]), (&json!("PROCESSING"), &json!(0)));
    let tasks = &body["data"]["processTaskList"];
    assert_eq!((&tasks[0]["status"], &tasks[1]["status"]), (&json!("SUCCESS"), &json!("PROCESSING")));
    assert_eq!(tasks[0]["output"]["imgInfo"].as_array().map(Vec::len), Some(1));
    assert_eq!((tasks[1].get("output"), &tasks[1]["errCode"]), (None, &json!(0)));
}
