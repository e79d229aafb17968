//! `ProcedureStateChanged`, told when all tasks have ended, and before that if its caller asked.
//!
//! Source: 266/9636, legacy event bodies: one entry of `processTaskList` for each task asked for.

use serde::Serialize;
use serde_json::{Value, json};
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::outcome::{PictureOutcome, PictureResult};
use stillframe_domain::{Position, Product, Selection};

use crate::tencent::legacy::meta_data;
use crate::tencent::told::{Progress, Set, failure, url};
use crate::tencent::{status, task_id};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data {
    vod_task_id: String,
    status: &'static str,
    err_code: i64,
    message: String,
    file_id: String,
    /// Left out while nothing is known of the video.
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_data: Option<Value>,
    process_task_list: Vec<Task>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    task_type: &'static str,
    status: &'static str,
    err_code: i64,
    message: String,
    input: Value,
    /// Left out unless the task succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
}

/// All tasks of the procedure.
pub(super) fn event(
    fact: &SnapshotFact,
    sets: &[Set<'_>],
    progress: Progress,
) -> (&'static str, super::Data) {
    // While it goes on, nothing is said of the whole.
    let failure = fact.failure.as_ref().filter(|_| progress == Progress::Finished);
    let data = Data {
        vod_task_id: task_id::of_procedure(&fact.job_id),
        status: match progress {
            Progress::Processing => "PROCESSING",
            Progress::Finished => "FINISH",
        },
        err_code: failure.map_or(0, |failure| status::of_failure(failure.code)),
        message: failure.map_or_else(String::new, |failure| failure.message.clone()),
        file_id: fact.media_id.to_string(),
        meta_data: fact.media.as_ref().and_then(|media| media.facts.as_ref()).map(meta_data::of),
        process_task_list: sets.iter().map(|set| task(fact, set, progress)).collect(),
    };
    ("ProcedureStateChanged", super::Data::Procedure(data))
}

fn task(fact: &SnapshotFact, set: &Set<'_>, progress: Progress) -> Task {
    let (task_type, input, output) = words(fact, set);
    if !set.is_ended(progress) {
        let (status, message) = ("PROCESSING", String::new());
        return Task { task_type, status, err_code: 0, message, input, output: None };
    }
    let failure = failure(&set.outcome);
    Task {
        task_type,
        status: if failure.is_none() { "SUCCESS" } else { "FAIL" },
        err_code: failure.map_or(0, |failure| status::of_failure(failure.code)),
        message: failure.map_or_else(String::new, |failure| failure.message.clone()),
        input,
        output: Some(output).filter(|_| failure.is_none()),
    }
}

/// The task's type, input and output. What failed is left out of an output: it has no status of its own.
fn words(fact: &SnapshotFact, set: &Set<'_>) -> (&'static str, Value, Value) {
    let definition = set.definition();
    let urls: Vec<String> = set.outcome.taken().map(|taken| url(fact, &taken.key)).collect();
    match (&set.output.spec.product, &set.output.spec.selection) {
        (Product::Sprite { .. }, _) => {
            let sheets = set.outcome.sheets.iter().map(|sheet| url(fact, &sheet.key));
            let output = json!({
                "totalCount": set.outcome.taken().count(),
                "urlList": sheets.collect::<Vec<_>>(),
                "webVttUrl": set.outcome.vtt_key.as_ref().map_or_else(String::new, |key| url(fact, key)),
            });
            ("ImageSprites", json!({ "definition": definition }), output)
        }
        (Product::Stills { .. }, Selection::Offsets(positions)) if set.output.kind == OutputKind::Cover => {
            let mut input = json!({ "definition": definition });
            if let Some((position_type, position)) = positions.first().map(cover_position) {
                input["positionType"] = position_type.into();
                input["position"] = position.into();
            }
            ("CoverBySnapshot", input, json!({ "imageUrl": urls.first() }))
        }
        (Product::Stills { .. }, Selection::Offsets(positions)) => {
            let images: Vec<Value> =
                set.outcome.pictures.iter().filter_map(|picture| image(fact, picture)).collect();
            let offsets: Vec<i64> = positions.iter().filter_map(offset_ms).collect();
            let input = json!({ "definition": definition, "timeOffset": offsets });
            ("SnapshotByTimeOffset", input, json!({ "imgInfo": images }))
        }
        (Product::Stills { .. }, Selection::Cover) => {
            ("CoverBySnapshot", json!({ "definition": definition }), json!({ "imageUrl": urls.first() }))
        }
        (
            Product::Stills { .. },
            Selection::Series { .. }
            | Selection::PercentStep { .. }
            | Selection::Keyframes { .. }
            | Selection::Preview { .. },
        ) => ("SampleSnapshot", json!({ "definition": definition }), json!({ "imageUrls": urls })),
    }
}

/// Whole seconds, or percent.
fn cover_position(position: &Position) -> (&'static str, i64) {
    match position {
        Position::At(time) => ("Time", time.as_millis() / 1000),
        Position::Percent(percent) => ("Percent", percent.round() as i64),
    }
}

const fn offset_ms(position: &Position) -> Option<i64> {
    match position {
        Position::At(time) => Some(time.as_millis()),
        Position::Percent(_) => None,
    }
}

fn image(fact: &SnapshotFact, picture: &PictureOutcome) -> Option<Value> {
    match &picture.result {
        PictureResult::Ok(taken) => {
            let offset = picture.offset?;
            Some(json!({ "timeOffset": offset.as_millis(), "url": url(fact, &taken.key) }))
        }
        PictureResult::Failed(_) => None,
    }
}
