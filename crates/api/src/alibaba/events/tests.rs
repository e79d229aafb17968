use std::collections::BTreeSet;

use serde_json::{Value, json};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{Dialect, ErrorCode, Event, EventKind, OutputOutcome, RequestKind};
use stillframe_events::Renderer;

use super::AlibabaRenderer;
use crate::samples::{self, event, failure, sprite, stills, taken, taken_sprite};

/// Fields of the vendor's tables: those that are always there, and those that may be.
const REQUIRED: [&str; 4] = ["EventTime", "EventType", "Status", "VideoId"];
const OPTIONAL: [&str; 6] = ["CoverUrl", "ErrorCode", "ErrorMessage", "Extend", "SnapshotInfos", "SubType"];
const OF_INFO: [&str; 6] =
    ["JobId", "SnapshotCount", "SnapshotFormat", "SnapshotRegular", "SnapshotType", "Status"];

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// The body, whose fields are those of the tables.
fn render(event: &Event) -> Value {
    let text = AlibabaRenderer.body(event).expect("the format has words for it");
    let body: Value = serde_json::from_str(&text).expect("JSON");
    let known = REQUIRED.into_iter().chain(OPTIONAL).collect();
    assert!(keys(&body).is_superset(&REQUIRED.into_iter().collect()), "{body}");
    assert!(keys(&body).is_subset(&known), "{body}");
    for info in body["SnapshotInfos"].as_array().into_iter().flatten() {
        assert_eq!(keys(info), OF_INFO.into_iter().collect());
    }
    body
}

fn info(kind: &str, count: u32, format: &str, job_id: &str) -> Value {
    let format = format!("2327a6ec24b44844b3a5e2c1b691aaaa/{format}-{{SnapshotCount}}.jpg");
    json!({
        "Status": if count == 0 { "fail" } else { "success" },
        "SnapshotType": kind,
        "SnapshotCount": count,
        "SnapshotFormat": format,
        "SnapshotRegular": format!("http://media.example/{format}"),
        "JobId": job_id,
    })
}

fn job(offsets: &[i64], codes: &[Option<ErrorCode>]) -> Event {
    let output = stills(1, OutputKind::Normal, None, offsets);
    let outcome = taken(&output, codes);
    event(Dialect::Alibaba, RequestKind::Snapshot, vec![(output, outcome)], None)
}

#[test]
fn covers_are_told_with_their_sprite_and_without_a_subtype() {
    let covers = stills(1, OutputKind::Cover, None, &[5, 6]);
    let grid = sprite(2, OutputKind::CoverSprite, None);
    let sets = vec![(covers.clone(), taken(&covers, &[None; 2])), (grid.clone(), taken_sprite(&grid))];
    assert_eq!(
        render(&event(Dialect::Native, RequestKind::AutomaticCovers, sets, None)),
        json!({
            "EventType": "SnapshotComplete",
            "EventTime": "2018-07-31T10:07:31Z",
            "VideoId": "2327a6ec24b44844b3a5e2c1b691aaaa",
            "Status": "success",
            "CoverUrl": "http://media.example/cover.jpg",
            "SnapshotInfos": [
                info("CoverSnapshot", 2, "covers/00000000000000000000000000000001", samples::JOB),
                info(
                    "SpriteSnapshot",
                    2,
                    "covers/sprite/00000000000000000000000000000002",
                    "00000000000000000000000000000002",
                ),
            ],
        })
    );
}

#[test]
fn a_job_is_told_with_its_subtype_and_the_callers_text() {
    let mut told = job(&[9, 3, 9], &[None; 3]);
    samples::fact(&mut told).pass_through = Some("test data".to_owned());
    let body = render(&told);
    assert_eq!((&body["SubType"], &body["Extend"]), (&json!("SpecifiedTime"), &json!("test data")));
    let format = "snapshots/normal/00000000000000000000000000000001";
    assert_eq!(body["SnapshotInfos"], json!([info("NormalSnapshot", 3, format, samples::JOB)]));
}

#[test]
fn a_partly_failed_job_counts_the_pictures_that_exist() {
    let body = render(&job(&[0, 1_000_000], &[None, Some(ErrorCode::OffsetOutOfRange)]));
    assert_eq!((&body["Status"], &body["SnapshotInfos"][0]["SnapshotCount"]), (&json!("success"), &json!(1)));
    assert_eq!(body.get("ErrorCode"), None);
}

#[test]
fn a_failed_set_is_told_beside_one_that_was_taken() {
    let grid = sprite(1, OutputKind::Sprite, None);
    let lost = OutputOutcome::failed(&grid, failure(ErrorCode::EncodeFailed));
    let normal = stills(2, OutputKind::Normal, None, &[0]);
    let sets = vec![(grid, lost), (normal.clone(), taken(&normal, &[None]))];
    let body = render(&event(Dialect::Alibaba, RequestKind::Snapshot, sets, None));
    assert_eq!(body["Status"], "success");
    let format = "snapshots/sprite/00000000000000000000000000000001";
    assert_eq!(body["SnapshotInfos"][0], info("SpriteSnapshot", 0, format, samples::JOB));
    assert_eq!(body["SnapshotInfos"][1]["Status"], "success");
}

#[test]
fn a_failed_or_discarded_job_has_its_reason_and_neither_cover_nor_pictures() {
    for (code, word) in [
        (ErrorCode::OffsetOutOfRange, "InvalidParameter.TimeArray"),
        (ErrorCode::NotAVideo, "InvalidParameter.ResourceContentBad"),
        (ErrorCode::AttemptsExhausted, "InternalError"),
    ] {
        let output = stills(1, OutputKind::Normal, None, &[0]);
        let outcome = OutputOutcome::failed(&output, failure(code));
        let sets = vec![(output, outcome)];
        let told = event(Dialect::Alibaba, RequestKind::Snapshot, sets, Some(failure(code)));
        assert_eq!(
            render(&told),
            json!({
                "EventType": "SnapshotComplete",
                "EventTime": "2018-07-31T10:07:31Z",
                "VideoId": "2327a6ec24b44844b3a5e2c1b691aaaa",
                "Status": "fail",
                "SubType": "SpecifiedTime",
                "ErrorCode": word,
                "ErrorMessage": "told to the caller",
            })
        );
    }
}

#[test]
fn single_pictures_of_a_sprite_are_not_told() {
    let grid = sprite(1, OutputKind::Sprite, None);
    let origin = stills(2, OutputKind::SpriteOrigin, None, &[0]);
    let sets = vec![(grid.clone(), taken_sprite(&grid)), (origin.clone(), taken(&origin, &[None]))];
    let body = render(&event(Dialect::Alibaba, RequestKind::Snapshot, sets, None));
    let format = "snapshots/sprite/00000000000000000000000000000001";
    assert_eq!(body["SnapshotInfos"], json!([info("SpriteSnapshot", 2, format, samples::JOB)]));
}

#[test]
fn jobs_of_other_dialects_are_told_too() {
    let output = stills(1, OutputKind::Normal, Some(10), &[0]);
    let sets = || vec![(output.clone(), taken(&output, &[None]))];
    for (kind, sub_type) in [
        (RequestKind::TimeOffsets, Some("SpecifiedTime")),
        (RequestKind::Sprite, None),
        (RequestKind::Procedure, None),
    ] {
        let body = render(&event(Dialect::Tencent, kind, sets(), None));
        assert_eq!(body.get("SubType").and_then(Value::as_str), sub_type);
    }
}

#[test]
fn progress_is_never_told() {
    let mut told = job(&[0], &[None]);
    told.kind = EventKind::JobProgress;
    assert_eq!(AlibabaRenderer.body(&told), None);
}
