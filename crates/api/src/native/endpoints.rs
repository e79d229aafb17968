//! `/v1/endpoints`: HTTP callbacks.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::retry::RetrySchedule;
use stillframe_domain::{AckRule, Dialect, EndpointId, ErrorCode, EventFormat, EventKind, Owner, PolicyName};
use stillframe_service::{NewEndpoint, ServiceError};

use super::auth::Authenticated;
use super::error::Problem;
use super::model;
use crate::state::ApiState;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateEndpoint {
    url: String,
    #[serde(default = "native_format")]
    format: EventFormat,
    #[serde(default)]
    event_kinds: Vec<EventKind>,
    #[serde(default)]
    origins: Vec<Dialect>,
    #[serde(default)]
    policy: PolicyFields,
}

/// Fields that are absent are those of the named policy.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFields {
    /// The policy that the other fields change.
    #[serde(default)]
    name: PolicyName,
    ack: Option<AckRule>,
    timeout_ms: Option<u64>,
    retry: Option<RetrySchedule>,
}

const fn native_format() -> EventFormat {
    EventFormat::Native
}

/// `POST /v1/endpoints`; the answer alone shows the secret.
pub(crate) async fn create(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let request: CreateEndpoint = model::decode(&body)?;
    let named = DeliveryPolicy::named(request.policy.name, request.format);
    let new = NewEndpoint {
        url: request.url,
        format: request.format,
        owner: Owner::Native,
        event_kinds: request.event_kinds,
        origins: request.origins,
        policy: Some(DeliveryPolicy {
            ack: request.policy.ack.unwrap_or(named.ack),
            timeout_ms: request.policy.timeout_ms.unwrap_or(named.timeout_ms),
            retry: request.policy.retry.unwrap_or(named.retry),
        }),
    };
    let endpoint = state.service.create_endpoint(&app, new).await?;
    let mut view = model::endpoint(&endpoint);
    view["secret"] = json!(endpoint.secret);
    Ok((StatusCode::CREATED, Json(view)))
}

/// `GET /v1/endpoints`.
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
) -> Result<Json<Value>, Problem> {
    let endpoints = state.service.list_endpoints(&app).await?;
    Ok(Json(json!({ "items": endpoints.iter().map(model::endpoint).collect::<Vec<_>>(), "next": null })))
}

/// `GET /v1/endpoints/{id}`.
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let endpoint = state.service.get_endpoint(&app, &endpoint_id(&id)?).await?;
    Ok(Json(model::endpoint(&endpoint)))
}

/// `DELETE /v1/endpoints/{id}`.
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    state.service.delete_endpoint(&app, &endpoint_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn endpoint_id(id: &str) -> Result<EndpointId, Problem> {
    let absent = || ServiceError::new(ErrorCode::EndpointNotFound, "there is no such endpoint");
    EndpointId::parse(id).map_err(|_| Problem(absent()))
}
