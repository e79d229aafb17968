//! The tasks of a procedure: read from a request, in the order of the vendor's members, and written.

pub(super) mod encode;

use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    App, ErrorCode, MediaTime, Position, ProcedureStep, Selection, SnapshotSpec, StepShape, TemplateFamily,
    TemplateRef, limits,
};
use stillframe_service::{OutputRequest, Service};

use super::asked::refuse_members;
use super::error::Refusal;
use super::input::Input;

/// Sets of tasks that make something else than pictures.
const OTHER_SETS: [&str; 3] =
    ["TranscodeTaskSet", "AnimatedGraphicTaskSet", "AdaptiveDynamicStreamingTaskSet"];
const INVALID: &str = "InvalidParameterValue";

/// A task, and what its template makes by now.
struct Task {
    kind: OutputKind,
    template: TemplateRef,
    /// In the place of the template's own.
    selection: Option<Selection>,
    spec: SnapshotSpec,
}

/// All tasks of a `MediaProcessTask`, as sets of pictures to take.
///
/// # Errors
/// `UnsupportedOperation` for what is no task of pictures; refusals of values; `MissingParameter` for none.
pub(super) async fn outputs(
    service: &Service,
    app: &App,
    process: &Input<'_>,
) -> Result<Vec<OutputRequest>, Refusal> {
    let output = |task: Task| {
        let mut spec = task.spec;
        spec.selection = task.selection.unwrap_or(spec.selection);
        OutputRequest { kind: task.kind, template: Some(task.template), spec }
    };
    Ok(tasks(service, app, process).await?.into_iter().map(output).collect())
}

/// All tasks of a `MediaProcessTask`, as steps of a procedure.
///
/// # Errors
/// As [`outputs`].
pub(super) async fn steps(
    service: &Service,
    app: &App,
    process: &Input<'_>,
) -> Result<Vec<ProcedureStep>, Refusal> {
    let step = |task: Task| {
        let shape = StepShape::Template { reference: task.template, selection: task.selection };
        ProcedureStep { kind: task.kind, shape }
    };
    Ok(tasks(service, app, process).await?.into_iter().map(step).collect())
}

async fn tasks(service: &Service, app: &App, process: &Input<'_>) -> Result<Vec<Task>, Refusal> {
    use TemplateFamily::{Offsets, Sample, Sprite};
    refuse_members(process, &OTHER_SETS)?;
    let mut tasks = Vec::new();
    for input in process.objects("SnapshotByTimeOffsetTaskSet")? {
        let selection = Selection::Offsets(offsets(&input)?);
        tasks.push(task(service, app, &input, (Offsets, OutputKind::Normal, Some(selection))).await?);
    }
    for input in process.objects("SampleSnapshotTaskSet")? {
        tasks.push(task(service, app, &input, (Sample, OutputKind::Normal, None)).await?);
    }
    for input in process.objects("ImageSpriteTaskSet")? {
        tasks.push(task(service, app, &input, (Sprite, OutputKind::Sprite, None)).await?);
    }
    for input in process.objects("CoverBySnapshotTaskSet")? {
        let selection = Selection::Offsets(vec![cover_position(&input)?]);
        tasks.push(task(service, app, &input, (Offsets, OutputKind::Cover, Some(selection))).await?);
    }
    if tasks.is_empty() {
        return Err(Refusal::missing(&process.name("*TaskSet")));
    }
    Ok(tasks)
}

/// A task by its template. Marks on pictures are refused: none is ever drawn.
async fn task(
    service: &Service,
    app: &App,
    input: &Input<'_>,
    (family, kind, selection): (TemplateFamily, OutputKind, Option<Selection>),
) -> Result<Task, Refusal> {
    refuse_members(input, &["WatermarkSet"])?;
    let number = input.required("Definition", input.integer("Definition")?)?;
    let template = TemplateRef::Numbered { family, number };
    match service.find_template(app, &template).await {
        Ok(found) => Ok(Task { kind, template, selection, spec: found.spec }),
        Err(error) if error.code == ErrorCode::TemplateNotFound => {
            let name = input.name("Definition");
            Err(Refusal::value("InvalidParameterValue.Definition", name, "a template of that kind"))
        }
        Err(error) => Err(error.into()),
    }
}

/// `ExtTimeOffsetSet` in seconds and percent; without it `TimeOffsetSet` in milliseconds, which is
/// deprecated.
fn offsets(task: &Input<'_>) -> Result<Vec<Position>, Refusal> {
    let name = task.name("ExtTimeOffsetSet");
    let texts = task.texts("ExtTimeOffsetSet")?;
    let offsets: Vec<Position> = if texts.is_empty() {
        let times = task.numbers("TimeOffsetSet")?.into_iter();
        times.map(|ms| Position::At(MediaTime::from_millis(ms.round() as i64))).collect()
    } else {
        texts.iter().map(|text| offset(&name, text)).collect::<Result<_, _>>()?
    };
    let most = limits::OFFSETS_PER_REQUEST_MAX;
    match offsets.len() {
        0 => Err(Refusal::missing(&name)),
        count if count > most => Err(Refusal::value(INVALID, name, format!("at most {most} offsets"))),
        _ => Ok(offsets),
    }
}

/// `3.5s` or `10%`.
fn offset(name: &str, text: &str) -> Result<Position, Refusal> {
    let refused = || Refusal::value(INVALID, name, "seconds such as 3.5s, or 0% to 100%");
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    if let Some(percent) = text.strip_suffix('%') {
        let percent = number(percent).filter(|percent| (0.0..=100.0).contains(percent));
        return percent.map(Position::Percent).ok_or_else(refused);
    }
    let seconds = text.strip_suffix('s').and_then(number).ok_or_else(refused)?;
    Ok(at_seconds(seconds))
}

fn cover_position(task: &Input<'_>) -> Result<Position, Refusal> {
    let position_type = task.required_text("PositionType")?;
    let value = task.required("PositionValue", task.number("PositionValue")?)?;
    match position_type.as_str() {
        "Time" => Ok(at_seconds(value)),
        "Percent" if (0.0..=100.0).contains(&value) => Ok(Position::Percent(value)),
        "Percent" => Err(Refusal::value(INVALID, task.name("PositionValue"), "0 to 100")),
        _ => Err(Refusal::value(INVALID, task.name("PositionType"), "Time or Percent")),
    }
}

fn at_seconds(seconds: f64) -> Position {
    Position::At(MediaTime::from_millis((seconds * 1000.0).round() as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn offsets_of(task: &Value) -> Result<Vec<Position>, &'static str> {
        offsets(&Input::root(task).expect("an object")).map_err(|refusal| refusal.code)
    }

    const fn at(ms: i64) -> Position {
        Position::At(MediaTime::from_millis(ms))
    }

    #[test]
    fn offsets_in_seconds_and_percent_come_before_deprecated_milliseconds() {
        let both = json!({ "ExtTimeOffsetSet": ["3.5s", "10%", "-1s"], "TimeOffsetSet": [1] });
        assert_eq!(offsets_of(&both), Ok(vec![at(3_500), Position::Percent(10.0), at(-1_000)]));
        let old = json!({ "ExtTimeOffsetSet": [], "TimeOffsetSet": [1000, 2000.5, "7"] });
        assert_eq!(offsets_of(&old), Ok(vec![at(1_000), at(2_001), at(7)]));
    }

    #[test]
    fn other_forms_of_offsets_are_refused() {
        assert_eq!(offsets_of(&json!({})), Err("MissingParameter"));
        for text in ["", "1", "1ms", "s", "%", "101%", "-1%", "NaNs", "infs", "1 s"] {
            let task = json!({ "ExtTimeOffsetSet": [text] });
            assert_eq!(offsets_of(&task), Err("InvalidParameterValue"), "{text}");
        }
    }

    #[test]
    fn covers_are_by_seconds_or_percent() {
        let position = |kind: &str, value: f64| {
            let task = json!({ "PositionType": kind, "PositionValue": value });
            cover_position(&Input::root(&task).expect("an object")).map_err(|refusal| refusal.code)
        };
        assert_eq!(position("Time", 2.5), Ok(at(2_500)));
        assert_eq!(position("Percent", 50.0), Ok(Position::Percent(50.0)));
        assert_eq!(position("Percent", 101.0), Err("InvalidParameterValue"));
        assert_eq!(position("Frame", 1.0), Err("InvalidParameterValue"));
    }
}
