//! `/v1/deliveries`, and events told again to an endpoint.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use stillframe_domain::{
    Attempt, Delivery, DeliveryId, DeliveryState, EndpointId, ErrorCode, EventId, EventKind, Timestamp,
    limits,
};
use stillframe_service::{DeliveryFilter, DeliveryRecord, DeliverySummary, Replay, ServiceError, invalid};
use utoipa::{IntoParams, ToSchema};

use super::auth::Authenticated;
use super::endpoints::endpoint_id;
use super::error::Problem;
use super::input::{Document, Named, PageQuery};
use super::model::Page;
use crate::state::ApiState;
use crate::timestamp::{read_rfc3339, rfc3339_ms};

/// Which deliveries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Those to this endpoint.
    endpoint_id: Option<String>,
    /// Those of this event.
    event_id: Option<String>,
    /// Those that stand there.
    state: Option<DeliveryState>,
    /// What the page before gave as `next`.
    after: Option<String>,
    /// Items of a page: 1 to 100; 20 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Deliveries that were asked for.
pub(crate) struct Listed(ListQuery);

impl FromRequestParts<ApiState> for Listed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let refused =
            |_: QueryRejection| Problem(invalid("query", "endpoint_id, event_id, state, after, limit"));
        Query::from_request_parts(parts, state).await.map(|Query(query)| Self(query)).map_err(refused)
    }
}

/// Dead letters since when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recover {
    /// RFC 3339.
    since: String,
}

/// Events of which time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayEvents {
    /// RFC 3339.
    since: String,
    /// RFC 3339; all since then without it.
    before: Option<String>,
    /// Those alone that the endpoint was never told of.
    #[serde(default)]
    missing_only: bool,
    /// What the former answer gave as `next`.
    after: Option<String>,
}

/// Lists deliveries, newest first.
#[utoipa::path(get, path = "/deliveries", operation_id = "list_deliveries", tag = "deliveries", params(ListQuery),
    responses((status = 200, description = "A page of deliveries.", body = Page<SummaryView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Listed(query): Listed,
) -> Result<Json<Page<SummaryView>>, Problem> {
    let limit = PageQuery::checked(query.limit)?;
    let filter = DeliveryFilter {
        endpoint_id: id_of("endpoint_id", query.endpoint_id.as_deref(), EndpointId::parse)?,
        event_id: id_of("event_id", query.event_id.as_deref(), EventId::parse)?,
        state: query.state,
    };
    let page = state.service.list_deliveries(&app, &filter, query.after.as_deref(), limit).await?;
    Ok(Json(Page { items: page.items.iter().map(summary).collect(), next: page.next }))
}

/// Reads a delivery, with its attempts.
#[utoipa::path(get, path = "/deliveries/{id}", operation_id = "get_delivery", tag = "deliveries",
    params(("id" = String, Path, description = "The delivery's id.")),
    responses((status = 200, description = "The delivery.", body = RecordView)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<Json<RecordView>, Problem> {
    Ok(Json(record(&state.service.get_delivery(&app, delivery_id(&id)?).await?)))
}

/// Makes a delivery again, whatever became of it.
#[utoipa::path(post, path = "/deliveries/{id}/replay", operation_id = "replay_delivery", tag = "deliveries",
    params(("id" = String, Path, description = "The delivery's id.")),
    responses((status = 202, description = "The delivery.", body = RecordView)))]
pub(crate) async fn replay(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<(StatusCode, Json<RecordView>), Problem> {
    let delivery = state.service.replay_delivery(&app, delivery_id(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(record(&delivery))))
}

/// Makes the dead letters of an endpoint again.
#[utoipa::path(post, path = "/endpoints/{id}/recover", operation_id = "recover_deliveries", tag = "deliveries",
    params(("id" = String, Path, description = "The callback's id.")), request_body = Recover,
    responses((status = 202, description = "How many.", body = Recovered)))]
pub(crate) async fn recover(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
    Document(request): Document<Recover>,
) -> Result<(StatusCode, Json<Recovered>), Problem> {
    let since = moment("since", &request.since)?;
    let count = state.service.recover_deliveries(&app, &endpoint_id(&id)?, since).await?;
    let may_be_more = limits::REPLAY_EVENTS_MAX as u64 <= count;
    Ok((StatusCode::ACCEPTED, Json(Recovered { count, may_be_more })))
}

/// Tells an endpoint again of events that it would hear.
#[utoipa::path(post, path = "/endpoints/{id}/replay", operation_id = "replay_events", tag = "deliveries",
    params(("id" = String, Path, description = "The callback's id.")), request_body = ReplayEvents,
    responses((status = 202, description = "How many, and where to go on.", body = Replayed)))]
pub(crate) async fn replay_events(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
    Document(request): Document<ReplayEvents>,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let before = request.before.as_deref().map(|before| moment("before", before)).transpose()?;
    let replay = Replay {
        since: moment("since", &request.since)?,
        before: before.unwrap_or(Timestamp::from_millis(i64::MAX)),
        is_missing_only: request.missing_only,
        after: request.after,
    };
    let told = state.service.replay_events(&app, &endpoint_id(&id)?, &replay).await?;
    Ok((StatusCode::ACCEPTED, Json(Replayed { count: told.count, next: told.next })))
}

/// Dead letters that are made again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recovered {
    /// How many.
    count: u64,
    /// Whether to ask again for the rest.
    may_be_more: bool,
}

/// Events that are told again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replayed {
    /// How many.
    count: u64,
    /// Pass as `after` to go on; null at the end.
    next: Option<String>,
}

/// One event for one endpoint, with its attempts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct RecordView {
    /// The delivery.
    #[serde(flatten)]
    delivery: DeliveryView,
    /// Its attempts, oldest first.
    attempts: Vec<AttemptView>,
}

/// One event for one endpoint, with what is told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliverySummary)]
pub(crate) struct SummaryView {
    /// The delivery.
    #[serde(flatten)]
    delivery: DeliveryView,
    /// What is told.
    event_kind: EventKind,
    /// When that happened.
    event_created_at: String,
}

/// Where a delivery stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryFields)]
pub(crate) struct DeliveryView {
    /// Its id.
    id: String,
    /// The event.
    event_id: String,
    /// The endpoint.
    endpoint_id: String,
    /// Where it stands.
    state: DeliveryState,
    /// Attempts made.
    attempt_count: u32,
    /// When the next one is due; null when there is none.
    next_at: Option<String>,
}

/// One try of a delivery.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Attempt)]
pub(crate) struct AttemptView {
    /// When: RFC 3339, UTC.
    at: String,
    /// The HTTP status; null when there was no answer.
    status: Option<u16>,
    /// How long it took.
    duration_ms: u64,
    /// Whether the answer counts.
    is_success: bool,
    /// The first part of the answer, or why there was none.
    answer: String,
}

/// A delivery with its attempts.
pub(super) fn record(record: &DeliveryRecord) -> RecordView {
    RecordView { delivery: view(&record.delivery), attempts: record.attempts.iter().map(attempt).collect() }
}

pub(super) fn attempt(attempt: &Attempt) -> AttemptView {
    AttemptView {
        at: rfc3339_ms(attempt.at),
        status: attempt.status,
        duration_ms: attempt.duration_ms,
        is_success: attempt.is_success,
        answer: attempt.answer.clone(),
    }
}

fn summary(summary: &DeliverySummary) -> SummaryView {
    SummaryView {
        delivery: view(&summary.delivery),
        event_kind: summary.kind,
        event_created_at: rfc3339_ms(summary.event_created_at),
    }
}

fn view(delivery: &Delivery) -> DeliveryView {
    let is_pending = delivery.state == DeliveryState::Pending;
    DeliveryView {
        id: delivery.id.to_string(),
        event_id: delivery.event_id.to_string(),
        endpoint_id: delivery.endpoint_id.to_string(),
        state: delivery.state,
        attempt_count: delivery.attempt_count,
        next_at: is_pending.then(|| rfc3339_ms(delivery.next_at)),
    }
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
