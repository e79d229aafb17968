//! `/v1/workflows`: named lists of what is to be made of a video. The clouds' dialects ask for them by id.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{App, Procedure, ProcedureStep, StepShape, TemplateRef};
use stillframe_service::{ProcedureDraft, invalid};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::error::Problem;
use super::input::{Document, Named};
use super::model::Page;
use super::snapshots::SubmitRequest;
use crate::state::ApiState;
use crate::timestamp::rfc3339_ms;

/// A new workflow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWorkflow {
    /// 1 to 64 characters; made up when it is not given.
    id: Option<String>,
    /// A name for people.
    #[serde(default)]
    name: String,
    /// More words for people.
    #[serde(default)]
    comment: String,
    /// What is made: each a request for pictures, or one by a template.
    #[schema(value_type = Vec<StepRequest>)]
    steps: Vec<Value>,
}

/// A step: a request for pictures, or one by a template.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the schema of what `read_step` reads")]
enum StepRequest {
    Template(TemplateStep),
    Pictures(Box<SubmitRequest>),
}

/// A step by a template.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TemplateStep {
    /// 32 hex digits.
    template_id: String,
}

/// A workflow.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Workflow)]
pub(crate) struct WorkflowView {
    /// Its id.
    id: String,
    /// A name for people.
    name: String,
    /// More words for people.
    comment: String,
    /// What is made.
    #[schema(value_type = Vec<Object>)]
    steps: Vec<ProcedureStep>,
    /// When it was made: RFC 3339, UTC.
    created_at: String,
    /// When it last changed.
    updated_at: String,
}

/// Makes a workflow.
#[utoipa::path(post, path = "/workflows", operation_id = "create_workflow", tag = "workflows",
    request_body = CreateWorkflow,
    responses((status = 201, description = "The workflow.", body = WorkflowView)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Document(request): Document<CreateWorkflow>,
) -> Result<(StatusCode, Json<WorkflowView>), Problem> {
    let mut steps = Vec::new();
    for step in request.steps {
        steps.extend(read_step(&state, &app, step).await?);
    }
    let draft = ProcedureDraft {
        key: request.id.unwrap_or_else(|| state.service.mint_procedure_key()),
        title: request.name,
        comment: request.comment,
        steps,
    };
    let made = state.service.create_procedure(&app, draft).await?;
    Ok((StatusCode::CREATED, Json(view(&made))))
}

/// Lists workflows, oldest first.
#[utoipa::path(get, path = "/workflows", operation_id = "list_workflows", tag = "workflows",
    responses((status = 200, description = "All workflows.", body = Page<WorkflowView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
) -> Result<Json<Page<WorkflowView>>, Problem> {
    Ok(Page::whole(state.service.list_procedures(&app).await?.iter().map(view)))
}

/// Reads a workflow.
#[utoipa::path(get, path = "/workflows/{id}", operation_id = "get_workflow", tag = "workflows",
    params(("id" = String, Path, description = "The workflow's id.")),
    responses((status = 200, description = "The workflow.", body = WorkflowView)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<Json<WorkflowView>, Problem> {
    Ok(Json(view(&state.service.find_procedure(&app, &id).await?)))
}

/// Removes a workflow.
#[utoipa::path(delete, path = "/workflows/{id}", operation_id = "delete_workflow", tag = "workflows",
    params(("id" = String, Path, description = "The workflow's id.")),
    responses((status = 204, description = "It is gone.")))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    state.service.delete_procedure(&app, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read_step(state: &ApiState, app: &App, step: Value) -> Result<Vec<ProcedureStep>, Problem> {
    let malformed = |error: serde_json::Error| {
        let expected = format!("each a request for pictures, or one template_id ({error})");
        Problem(invalid("steps", expected))
    };
    if step.get("template_id").is_some() {
        let TemplateStep { template_id } = serde_json::from_value(step).map_err(malformed)?;
        let reference = TemplateRef::Hex(template_id);
        let kind = OutputKind::of_spec(&state.service.find_template(app, &reference).await?.spec);
        return Ok(vec![ProcedureStep { kind, shape: StepShape::Template { reference, selection: None } }]);
    }
    let request: SubmitRequest = serde_json::from_value(step).map_err(malformed)?;
    if request.is_of_a_job() {
        return Err(Problem(invalid("steps", "pictures alone: pass_through and priority are of a job")));
    }
    let outputs = request.outputs()?;
    Ok(outputs
        .into_iter()
        .map(|one| ProcedureStep { kind: one.kind, shape: StepShape::Spec(one.spec) })
        .collect())
}

fn view(procedure: &Procedure) -> WorkflowView {
    WorkflowView {
        id: procedure.key.clone(),
        name: procedure.title.clone(),
        comment: procedure.comment.clone(),
        steps: procedure.steps.clone(),
        created_at: rfc3339_ms(procedure.created_at),
        updated_at: rfc3339_ms(procedure.updated_at),
    }
}
