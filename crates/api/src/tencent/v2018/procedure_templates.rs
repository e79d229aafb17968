//! Procedure templates: named lists of snapshot tasks.
//!
//! Source: API 2018-07-17, CreateProcedureTemplate, DescribeProcedureTemplates, ResetProcedureTemplate and
//! DeleteProcedureTemplate. The vendor's presets make other things than pictures, so there are none here.
//! Tasks of other services are refused. Procedures that another API made in shapes of its own have no words
//! here and are left out of lists.

use serde_json::{Value, json};
use stillframe_domain::{App, ErrorCode, Procedure};
use stillframe_service::{ProcedureDraft, Service, ServiceError};

use super::asked::{context, refuse_members};
use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::tasks;
use super::templates::{page, template_type};
use crate::timestamp::rfc3339_s;

/// Parts of a request that only other services of the vendor can do.
const OTHER_TASKS: [&str; 6] = [
    "AiContentReviewTask",
    "AiAnalysisTask",
    "AiRecognitionTaskSet",
    "AiRecognitionTask",
    "ReviewAudioVideoTask",
    "ImportMediaKnowledgeTaskSet",
];
const NAME_CHARS_MAX: usize = 20;
const COMMENT_CHARS_MAX: usize = 256;
const NAMES_MAX: usize = 100;

/// `CreateProcedureTemplate`.
pub(super) async fn create(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let name = input.required_text("Name")?;
    if name.chars().count() > NAME_CHARS_MAX {
        let expected = format!("at most {NAME_CHARS_MAX} characters");
        return Err(Refusal::value("InvalidParameterValue.Name", "Name", expected));
    }
    let draft = draft(service, app, name, input).await?;
    match service.create_procedure(app, draft).await {
        Ok(_) => Ok(Answer::new()),
        Err(error) if error.code == ErrorCode::LimitExceeded => {
            Err(Refusal::new("LimitExceeded.TooMuchTemplate", error.message))
        }
        Err(error) => Err(refused(error)),
    }
}

/// `ResetProcedureTemplate`: what the request does not name is gone.
pub(super) async fn reset(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let name = input.required_text("Name")?;
    service.find_procedure(app, &name).await?;
    let draft = draft(service, app, name, input).await?;
    service.replace_procedure(app, draft).await.map_err(refused)?;
    Ok(Answer::new())
}

/// `DeleteProcedureTemplate`.
pub(super) async fn delete(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    service.delete_procedure(app, &input.required_text("Name")?).await?;
    Ok(Answer::new())
}

/// `DescribeProcedureTemplates`: oldest first, unless `SortBy` says else.
pub(super) async fn describe(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let names = input.texts("Names")?;
    if names.len() > NAMES_MAX {
        let expected = format!("at most {NAMES_MAX} names");
        return Err(Refusal::value("InvalidParameterValue.Names", "Names", expected));
    }
    let is_preset = template_type(input)?;
    let (offset, limit) = page(input)?;
    let mut procedures = service.list_procedures(app).await?;
    if is_descending(input)? {
        procedures.reverse();
    }
    let is_wanted = |procedure: &Procedure| {
        is_preset != Some(true) && (names.is_empty() || names.contains(&procedure.key))
    };
    let found: Vec<Value> = procedures.iter().filter(|one| is_wanted(one)).filter_map(item).collect();
    Ok(Answer::from_iter([
        ("TotalCount".to_owned(), found.len().into()),
        ("ProcedureTemplateSet".to_owned(), found.into_iter().skip(offset).take(limit).collect()),
    ]))
}

async fn draft(
    service: &Service,
    app: &App,
    key: String,
    input: &Input<'_>,
) -> Result<ProcedureDraft, Refusal> {
    refuse_members(input, &OTHER_TASKS)?;
    let comment = context(input, "Comment", ("InvalidParameterValue.Comment", COMMENT_CHARS_MAX))?;
    let process = input.required("MediaProcessTask", input.object("MediaProcessTask")?)?;
    let steps = tasks::steps(service, app, &process).await?;
    Ok(ProcedureDraft { title: key.clone(), key, comment: comment.unwrap_or_default(), steps })
}

fn refused(error: ServiceError) -> Refusal {
    match error.parameter {
        Some("name") => Refusal::new("InvalidParameterValue.Name", error.message),
        _ => error.into(),
    }
}

/// Of `SortBy`, a list, the first entry counts: there is one field to sort by.
fn is_descending(input: &Input<'_>) -> Result<bool, Refusal> {
    let Some(sort) = input.objects("SortBy")?.into_iter().next() else { return Ok(false) };
    let refused = |name: &str, expected| Refusal::value("InvalidParameterValue", sort.name(name), expected);
    if !matches!(sort.text("Field")?.as_deref(), None | Some("" | "CreateTime")) {
        return Err(refused("Field", "CreateTime"));
    }
    match sort.text("Order")?.unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "asc" => Ok(false),
        "desc" => Ok(true),
        _ => Err(refused("Order", "asc or desc")),
    }
}

fn item(procedure: &Procedure) -> Option<Value> {
    Some(json!({
        "Name": procedure.key,
        "Type": "Custom",
        "Comment": procedure.comment,
        "MediaProcessTask": tasks::encode::steps(&procedure.steps)?,
        "CreateTime": rfc3339_s(procedure.created_at),
        "UpdateTime": rfc3339_s(procedure.updated_at),
    }))
}
