//! `/v1/deliveries`, and events told again to an endpoint.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use stillframe_domain::{
    Attempt, Delivery, DeliveryId, DeliveryState, EndpointId, ErrorCode, EventId, Timestamp, limits,
};
use stillframe_service::{DeliveryFilter, DeliveryRecord, DeliverySummary, Replay, ServiceError, invalid};

use super::auth::Authenticated;
use super::endpoints::endpoint_id;
use super::error::Problem;
use super::media::PageQuery;
use super::model::{self, PageView};
use crate::state::ApiState;
use crate::timestamp::{read_rfc3339, rfc3339_ms};

/// Which deliveries to list.
#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    endpoint_id: Option<String>,
    event_id: Option<String>,
    state: Option<DeliveryState>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recover {
    since: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplayEvents {
    since: String,
    before: Option<String>,
    #[serde(default)]
    missing_only: bool,
    after: Option<String>,
}

/// `GET /v1/deliveries`, newest first.
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Query(query): Query<ListQuery>,
) -> Result<Json<PageView>, Problem> {
    let limit = PageQuery { after: None, limit: query.limit }.limit()?;
    let filter = DeliveryFilter {
        endpoint_id: id_of("endpoint_id", query.endpoint_id.as_deref(), EndpointId::parse)?,
        event_id: id_of("event_id", query.event_id.as_deref(), EventId::parse)?,
        state: query.state,
    };
    let page = state.service.list_deliveries(&app, &filter, query.after.as_deref(), limit).await?;
    Ok(Json(PageView { items: page.items.iter().map(summary).collect(), next: page.next }))
}

/// `GET /v1/deliveries/{id}`, with its attempts.
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(record(&state.service.get_delivery(&app, delivery_id(&id)?).await?)))
}

/// `POST /v1/deliveries/{id}/replay`: makes it again, whatever became of it.
pub(crate) async fn replay(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let delivery = state.service.replay_delivery(&app, delivery_id(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(record(&delivery))))
}

/// `POST /v1/endpoints/{id}/recover`: dead letters again.
pub(crate) async fn recover(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let request: Recover = model::decode(&body)?;
    let since = moment("since", &request.since)?;
    let count = state.service.recover_deliveries(&app, &endpoint_id(&id)?, since).await?;
    let may_be_more = limits::REPLAY_EVENTS_MAX as u64 <= count;
    Ok((StatusCode::ACCEPTED, Json(json!({ "count": count, "may_be_more": may_be_more }))))
}

/// `POST /v1/endpoints/{id}/replay`: events again that the endpoint would hear.
pub(crate) async fn replay_events(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let request: ReplayEvents = model::decode(&body)?;
    let before = request.before.as_deref().map(|before| moment("before", before)).transpose()?;
    let replay = Replay {
        since: moment("since", &request.since)?,
        before: before.unwrap_or(Timestamp::from_millis(i64::MAX)),
        is_missing_only: request.missing_only,
        after: request.after,
    };
    let told = state.service.replay_events(&app, &endpoint_id(&id)?, &replay).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "count": told.count, "next": told.next }))))
}

/// A delivery with its attempts.
pub(super) fn record(record: &DeliveryRecord) -> Value {
    let mut view = view(&record.delivery);
    view["attempts"] = record.attempts.iter().map(attempt).collect();
    view
}

pub(super) fn attempt(attempt: &Attempt) -> Value {
    json!({
        "at": rfc3339_ms(attempt.at),
        "status": attempt.status,
        "duration_ms": attempt.duration_ms,
        "is_success": attempt.is_success,
        "answer": attempt.answer,
    })
}

fn summary(summary: &DeliverySummary) -> Value {
    let mut view = view(&summary.delivery);
    view["event_kind"] = json!(summary.kind);
    view["event_created_at"] = json!(rfc3339_ms(summary.event_created_at));
    view
}

fn view(delivery: &Delivery) -> Value {
    let is_pending = delivery.state == DeliveryState::Pending;
    json!({
        "id": delivery.id.to_string(),
        "event_id": delivery.event_id,
        "endpoint_id": delivery.endpoint_id,
        "state": delivery.state,
        "attempt_count": delivery.attempt_count,
        "next_at": is_pending.then(|| rfc3339_ms(delivery.next_at)),
    })
}

fn delivery_id(id: &str) -> Result<DeliveryId, Problem> {
    // Any text is a valid question, answered "not found".
    let absent = || ServiceError::new(ErrorCode::DeliveryNotFound, "there is no such delivery");
    id.parse().map(DeliveryId).map_err(|_| Problem(absent()))
}

fn id_of<T, E>(
    parameter: &'static str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, Problem> {
    let wrong = |_| Problem(invalid(parameter, "32 lower-case hex digits"));
    text.map(|text| parse(text).map_err(wrong)).transpose()
}

fn moment(parameter: &'static str, text: &str) -> Result<Timestamp, Problem> {
    let wrong = || Problem(invalid(parameter, "a moment by RFC 3339, such as 2026-11-27T08:00:00Z"));
    read_rfc3339(text).ok_or_else(wrong)
}
