//! `/v1/jobs`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use stillframe_domain::{DeliveryState, ErrorCode, JobId};
use stillframe_service::{DeliveryRecord, JobFilter, ServiceError};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::deliveries::{self, AttemptView};
use super::error::Problem;
use super::input::{Named, PageQuery, Paged};
use super::model::{self, EventView, JobView, Page};
use crate::state::ApiState;
use crate::urls::Urls;

/// Lists jobs, newest first.
#[utoipa::path(get, path = "/jobs", operation_id = "list_jobs", tag = "jobs", params(PageQuery),
    responses((status = 200, description = "A page of jobs.", body = Page<JobView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Paged(query): Paged,
) -> Result<Json<Page<JobView>>, Problem> {
    let filter = JobFilter::default();
    let page = state.service.list_jobs(&app, &filter, query.after.as_deref(), query.limit()).await?;
    let urls = Urls::of(&state.service, &app);
    let items = page.items.iter().map(|job| model::job(job, &urls)).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// Reads a job.
#[utoipa::path(get, path = "/jobs/{id}", operation_id = "get_job", tag = "jobs",
    params(("id" = String, Path, description = "The job's id.")),
    responses((status = 200, description = "The job.", body = JobView)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<Json<JobView>, Problem> {
    let job = state.service.get_job(&app, &job_id(&id)?).await?;
    Ok(Json(model::job(&job, &Urls::of(&state.service, &app))))
}

/// Lists what was told of a job, to whom, and each attempt.
#[utoipa::path(get, path = "/jobs/{id}/events", operation_id = "list_events_of_job", tag = "jobs",
    params(("id" = String, Path, description = "The job's id.")),
    responses((status = 200, description = "Its events.", body = Told)))]
pub(crate) async fn events(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<Json<Told>, Problem> {
    let told = state.service.events_of_job(&app, &job_id(&id)?).await?;
    let items = told.iter().map(|(event, deliveries)| ToldEvent {
        event: model::event(event),
        deliveries: deliveries.iter().map(delivery).collect(),
    });
    Ok(Json(Told { items: items.collect() }))
}

/// What was told of a job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    /// Its events.
    items: Vec<ToldEvent>,
}

/// An event with its deliveries.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToldEvent {
    /// As the body of a native endpoint has it.
    event: EventView,
    /// To whom it goes.
    deliveries: Vec<DeliveryView>,
}

/// One event for one endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ToldDelivery)]
pub(crate) struct DeliveryView {
    /// Its id.
    id: String,
    /// The endpoint.
    endpoint_id: String,
    /// Where it stands.
    state: DeliveryState,
    /// Its attempts, oldest first.
    attempts: Vec<AttemptView>,
}

fn delivery(record: &DeliveryRecord) -> DeliveryView {
    DeliveryView {
        id: record.delivery.id.to_string(),
        endpoint_id: record.delivery.endpoint_id.to_string(),
        state: record.delivery.state,
        attempts: record.attempts.iter().map(deliveries::attempt).collect(),
    }
}

fn job_id(id: &str) -> Result<JobId, Problem> {
    // Any text is a valid question, answered "not found".
    JobId::parse(id).map_err(|_| Problem(ServiceError::new(ErrorCode::JobNotFound, "there is no such job")))
}
