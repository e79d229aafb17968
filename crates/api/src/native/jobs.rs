//! `/v1/jobs`.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde_json::{Value, json};
use stillframe_domain::{ErrorCode, JobId};
use stillframe_service::{JobFilter, ServiceError};

use super::auth::Authenticated;
use super::error::Problem;
use super::media::PageQuery;
use super::model::{self, PageView};
use super::{deliveries, events};
use crate::state::ApiState;
use crate::urls::Urls;

/// `GET /v1/jobs`, newest first.
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageView>, Problem> {
    let filter = JobFilter::default();
    let page = state.service.list_jobs(&app, &filter, query.after.as_deref(), query.limit()?).await?;
    let urls = Urls::of(&state.service, &app);
    Ok(Json(PageView {
        items: page.items.iter().map(|job| model::job(job, &urls)).collect(),
        next: page.next,
    }))
}

/// `GET /v1/jobs/{id}`.
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let job = state.service.get_job(&app, &job_id(&id)?).await?;
    Ok(Json(model::job(&job, &Urls::of(&state.service, &app))))
}

/// `GET /v1/jobs/{id}/events`: what was told about the job, to whom, and each attempt.
pub(crate) async fn events(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let told = state.service.events_of_job(&app, &job_id(&id)?).await?;
    let items: Vec<Value> = told
        .iter()
        .map(|(event, deliveries)| {
            let deliveries: Vec<Value> = deliveries
                .iter()
                .map(|record| {
                    json!({
                        "endpoint_id": record.delivery.endpoint_id,
                        "state": record.delivery.state,
                        "id": record.delivery.id.to_string(),
                        "attempts": record.attempts.iter().map(deliveries::attempt).collect::<Vec<_>>(),
                    })
                })
                .collect();
            json!({ "event": events::body(event), "deliveries": deliveries })
        })
        .collect();
    Ok(Json(json!({ "items": items })))
}

fn job_id(id: &str) -> Result<JobId, Problem> {
    // Any text is a valid question, answered "not found".
    JobId::parse(id).map_err(|_| Problem(ServiceError::new(ErrorCode::JobNotFound, "there is no such job")))
}
