//! `/v1/endpoints`: HTTP callbacks.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::retry::RetrySchedule;
use stillframe_domain::{
    AckRule, Dialect, Endpoint, EndpointId, ErrorCode, EventFormat, EventKind, Owner, PolicyName, SecretKind,
};
use stillframe_service::{EndpointChange, NewEndpoint, NewSecret, ServiceError};

use super::auth::Authenticated;
use super::error::Problem;
use super::{deliveries, model};
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
    /// A secret of the owner's own.
    secret: Option<String>,
    /// The kind of the secret that is made when none is given.
    #[serde(default)]
    signature: SecretKind,
}

/// `PATCH`: fields that are absent stay as they are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateEndpoint {
    url: Option<String>,
    event_kinds: Option<Vec<EventKind>>,
    origins: Option<Vec<Dialect>>,
    policy: Option<PolicyFields>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RotateSecret {
    secret: Option<String>,
    #[serde(default)]
    signature: SecretKind,
    overlap_ms: Option<u64>,
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
    auto_disable: Option<bool>,
    concurrency_max: Option<u32>,
    per_minute_max: Option<u32>,
    handshake: Option<bool>,
}

impl PolicyFields {
    fn of_format(self, format: EventFormat) -> DeliveryPolicy {
        let named = DeliveryPolicy::named(self.name, format);
        DeliveryPolicy {
            ack: self.ack.unwrap_or(named.ack),
            timeout_ms: self.timeout_ms.unwrap_or(named.timeout_ms),
            retry: self.retry.unwrap_or(named.retry),
            auto_disable: self.auto_disable.unwrap_or(named.auto_disable),
            concurrency_max: self.concurrency_max.or(named.concurrency_max),
            per_minute_max: self.per_minute_max.or(named.per_minute_max),
            handshake: self.handshake.unwrap_or(named.handshake),
        }
    }
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
    let new = NewEndpoint {
        url: request.url,
        format: request.format,
        owner: Owner::Native,
        event_kinds: request.event_kinds,
        origins: request.origins,
        policy: Some(request.policy.of_format(request.format)),
        secret: new_secret(request.secret, request.signature),
    };
    let endpoint = state.service.create_endpoint(&app, new).await?;
    Ok((StatusCode::CREATED, Json(with_secret(&endpoint))))
}

/// `PATCH /v1/endpoints/{id}`.
pub(crate) async fn update(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let request: UpdateEndpoint = model::decode(&body)?;
    let id = endpoint_id(&id)?;
    let format = state.service.get_endpoint(&app, &id).await?.format;
    let change = EndpointChange {
        url: request.url,
        event_kinds: request.event_kinds,
        origins: request.origins,
        policy: request.policy.map(|policy| policy.of_format(format)),
    };
    Ok(Json(model::endpoint(&state.service.update_endpoint(&app, &id, change).await?)))
}

/// `POST /v1/endpoints/{id}/rotate`; the answer alone shows the new secret.
pub(crate) async fn rotate(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let RotateSecret { secret, signature, overlap_ms } = model::decode_or_default(&body)?;
    let (id, wanted) = (endpoint_id(&id)?, new_secret(secret, signature));
    let overlap = overlap_ms.map(Duration::from_millis);
    let endpoint = state.service.rotate_secret(&app, &id, wanted, overlap).await?;
    Ok(Json(with_secret(&endpoint)))
}

/// `POST /v1/endpoints/{id}/disable`.
pub(crate) async fn disable(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(model::endpoint(&state.service.disable_endpoint(&app, &endpoint_id(&id)?).await?)))
}

/// `POST /v1/endpoints/{id}/enable`.
pub(crate) async fn enable(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(model::endpoint(&state.service.enable_endpoint(&app, &endpoint_id(&id)?).await?)))
}

/// `POST /v1/endpoints/{id}/ping`: the delivery tells what came of it.
pub(crate) async fn ping(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let delivery = state.service.ping_endpoint(&app, &endpoint_id(&id)?).await?;
    let record = state.service.get_delivery(&app, delivery).await?;
    Ok((StatusCode::ACCEPTED, Json(deliveries::record(&record))))
}

/// One that is given, or a new one of that kind.
fn new_secret(given: Option<String>, kind: SecretKind) -> NewSecret {
    given.map_or(NewSecret::Mint(kind), NewSecret::Given)
}

fn with_secret(endpoint: &Endpoint) -> Value {
    let mut view = model::endpoint(endpoint);
    view["secret"] = json!(endpoint.secret);
    view
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

pub(super) fn endpoint_id(id: &str) -> Result<EndpointId, Problem> {
    let absent = || ServiceError::new(ErrorCode::EndpointNotFound, "there is no such endpoint");
    EndpointId::parse(id).map_err(|_| Problem(absent()))
}
