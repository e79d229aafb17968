//! `/v1/workflows`: named lists of what is to be made of a video. The clouds' dialects ask for them by id.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{App, Procedure, ProcedureStep, StepShape, TemplateRef};
use stillframe_service::{ProcedureDraft, invalid};

use super::auth::Authenticated;
use super::error::Problem;
use super::model;
use super::snapshots::SubmitRequest;
use crate::state::ApiState;
use crate::timestamp::rfc3339_ms;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateWorkflow {
    id: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    comment: String,
    steps: Vec<Value>,
}

/// A step by a template; every other step is a request for pictures.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateStep {
    template_id: String,
}

/// `POST /v1/workflows`.
pub(crate) async fn create(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let request: CreateWorkflow = model::decode(&body)?;
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

/// `GET /v1/workflows`, oldest first.
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
) -> Result<Json<Value>, Problem> {
    let procedures = state.service.list_procedures(&app).await?;
    Ok(Json(json!({ "items": procedures.iter().map(view).collect::<Vec<_>>(), "next": null })))
}

/// `GET /v1/workflows/{id}`.
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(view(&state.service.find_procedure(&app, &id).await?)))
}

/// `DELETE /v1/workflows/{id}`.
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
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

fn view(procedure: &Procedure) -> Value {
    json!({
        "id": procedure.key,
        "name": procedure.title,
        "comment": procedure.comment,
        "steps": procedure.steps,
        "created_at": rfc3339_ms(procedure.created_at),
        "updated_at": rfc3339_ms(procedure.updated_at),
    })
}
