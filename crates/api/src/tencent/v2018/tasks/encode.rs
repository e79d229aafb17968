//! The tasks of a procedure, as `MediaProcessTask` has them.

use serde_json::{Map, Value, json};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{Position, ProcedureStep, Selection, StepShape, TemplateFamily, TemplateRef};

/// The sets of tasks of a procedure; `None` when a step of it has no words here, since another API made it.
pub(in super::super) fn steps(steps: &[ProcedureStep]) -> Option<Value> {
    let mut sets: Map<String, Value> = Map::new();
    for step in steps {
        let (set, task) = task(step)?;
        let tasks = sets.entry(set).or_insert_with(|| json!([]));
        tasks.as_array_mut().expect("sets are lists").push(task);
    }
    Some(Value::Object(sets))
}

fn task(step: &ProcedureStep) -> Option<(&'static str, Value)> {
    let StepShape::Template { reference: TemplateRef::Numbered { family, number }, selection } = &step.shape
    else {
        return None;
    };
    match (family, step.kind, selection) {
        (TemplateFamily::Offsets, OutputKind::Normal, Some(Selection::Offsets(positions))) => {
            Some(("SnapshotByTimeOffsetTaskSet", by_offset(*number, positions)))
        }
        (TemplateFamily::Offsets, OutputKind::Cover, Some(Selection::Offsets(positions))) => {
            Some(("CoverBySnapshotTaskSet", cover(*number, positions.first())))
        }
        (TemplateFamily::Sample, OutputKind::Normal, None) => {
            Some(("SampleSnapshotTaskSet", sample(*number)))
        }
        (TemplateFamily::Sprite, OutputKind::Sprite, None) => Some(("ImageSpriteTaskSet", sprite(*number))),
        _ => None,
    }
}

/// `SnapshotByTimeOffsetTaskInput`.
pub(in super::super) fn by_offset(definition: i64, positions: &[Position]) -> Value {
    json!({
        "Definition": definition,
        "ExtTimeOffsetSet": positions.iter().map(offset_text).collect::<Vec<_>>(),
        "TimeOffsetSet": positions.iter().filter_map(offset_ms).collect::<Vec<_>>(),
        "WatermarkSet": [],
    })
}

/// `CoverBySnapshotTaskInput`; an automatic cover has no position.
pub(in super::super) fn cover(definition: i64, position: Option<&Position>) -> Value {
    let mut input = json!({ "Definition": definition, "WatermarkSet": [] });
    if let Some(position) = position {
        let (position_type, value) = match *position {
            Position::At(time) => ("Time", time.as_millis() as f64 / 1000.0),
            Position::Percent(percent) => ("Percent", percent),
        };
        input["PositionType"] = position_type.into();
        input["PositionValue"] = value.into();
    }
    input
}

/// `SampleSnapshotTaskInput`.
pub(in super::super) fn sample(definition: i64) -> Value {
    json!({ "Definition": definition, "WatermarkSet": [] })
}

/// `ImageSpriteTaskInput`.
pub(in super::super) fn sprite(definition: i64) -> Value {
    json!({ "Definition": definition })
}

/// `3.5s` or `10%`.
fn offset_text(position: &Position) -> String {
    match position {
        Position::At(time) => format!("{}s", time.as_millis() as f64 / 1000.0),
        Position::Percent(percent) => format!("{percent}%"),
    }
}

/// Milliseconds; `None` for a percentage.
const fn offset_ms(position: &Position) -> Option<i64> {
    match position {
        Position::At(time) => Some(time.as_millis()),
        Position::Percent(_) => None,
    }
}
