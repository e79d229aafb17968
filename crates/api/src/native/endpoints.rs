//! `/v1/endpoints`: HTTP callbacks.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::retry::RetrySchedule;
use stillframe_domain::{
    AckRule, Dialect, DisableReason, Endpoint, EndpointId, ErrorCode, EventFormat, EventKind, Owner,
    PolicyName, SecretKind,
};
use stillframe_service::{EndpointChange, NewEndpoint, NewSecret, ServiceError};
use stillframe_signing::standard_webhooks;
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::deliveries::{self, RecordView};
use super::error::Problem;
use super::input::{Document, Named, OptionalDocument};
use super::model::Page;
use crate::state::ApiState;
use crate::timestamp::rfc3339_ms;

/// A new callback.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateEndpoint {
    /// An absolute http or https URL, or `queue:NAME` for a message queue of the app.
    url: String,
    /// How bodies are written.
    #[serde(default = "native_format")]
    format: EventFormat,
    /// What it hears of; all by default.
    #[serde(default)]
    event_kinds: Vec<EventKind>,
    /// Whose jobs it hears of; all by default.
    #[serde(default)]
    origins: Vec<Dialect>,
    /// When an answer counts, and when it is tried again.
    #[serde(default)]
    policy: PolicyFields,
    /// A secret of the owner's own.
    secret: Option<String>,
    /// The kind of the secret that is made when none is given.
    #[serde(default)]
    signature: SecretKind,
}

/// Fields that are absent stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateEndpoint {
    /// Where it goes.
    url: Option<String>,
    /// What it hears of; empty means all.
    event_kinds: Option<Vec<EventKind>>,
    /// Whose jobs it hears of; empty means all.
    origins: Option<Vec<Dialect>>,
    /// When an answer counts, and when it is tried again; replaced as a whole.
    policy: Option<PolicyFields>,
}

/// A new secret in the place of the newest one.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateSecret {
    /// A secret of the owner's own.
    secret: Option<String>,
    /// The kind of the secret that is made when none is given.
    #[serde(default)]
    signature: SecretKind,
    /// How long the former secret signs too, in milliseconds.
    overlap_ms: Option<u64>,
}

/// A delivery policy: fields that are absent are those of the named one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyFields {
    /// The policy that the other fields change.
    #[serde(default)]
    name: PolicyName,
    /// Which answers count.
    ack: Option<AckRule>,
    /// Longest wait for an answer, in milliseconds: 100 to 60,000.
    timeout_ms: Option<u64>,
    /// Waits before each further attempt, in milliseconds.
    #[schema(value_type = Option<Vec<u64>>)]
    retry: Option<RetrySchedule>,
    /// Whether a receiver that is gone, or fails for days, is told nothing more.
    auto_disable: Option<bool>,
    /// Most attempts at a time: 1 to 64.
    concurrency_max: Option<u32>,
    /// Most attempts a minute.
    per_minute_max: Option<u32>,
    /// Whether a receiver of CloudEvents is asked for permission before the first event.
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

/// A callback.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Endpoint)]
pub(crate) struct EndpointView {
    /// Its id.
    id: String,
    /// Where it goes.
    url: String,
    /// How bodies are written.
    format: EventFormat,
    /// The API that it was made over.
    owner: Owner,
    /// What it hears of; empty means all.
    event_kinds: Vec<EventKind>,
    /// Whose jobs it hears of; empty means all.
    origins: Vec<Dialect>,
    /// When an answer counts, and when it is tried again.
    policy: DeliveryPolicy,
    /// What checks the signatures of an `ed25519` secret; null for other kinds.
    public_key: Option<String>,
    /// When each former secret ceases to sign.
    former_secrets_until: Vec<String>,
    /// That it hears nothing, and why; null while it is enabled.
    disabled: Option<DisabledView>,
    /// First failure since the last success.
    failing_since: Option<String>,
    /// What signs its bodies; shown by the answer that made it or rotated it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// That a callback hears nothing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Disabled)]
pub(crate) struct DisabledView {
    /// Since when.
    at: String,
    /// Why.
    reason: DisableReason,
}

fn view(endpoint: &Endpoint) -> EndpointView {
    let disabled = endpoint.health.disabled;
    EndpointView {
        id: endpoint.id.to_string(),
        url: endpoint.url.clone(),
        format: endpoint.format,
        owner: endpoint.owner,
        event_kinds: endpoint.event_kinds.clone(),
        origins: endpoint.origins.clone(),
        policy: endpoint.policy.clone(),
        public_key: standard_webhooks::public_key(&endpoint.secret),
        former_secrets_until: endpoint.former_secrets.iter().map(|former| rfc3339_ms(former.until)).collect(),
        disabled: disabled.map(|why| DisabledView { at: rfc3339_ms(why.at), reason: why.reason }),
        failing_since: endpoint.health.failing_since.map(rfc3339_ms),
        secret: None,
    }
}

fn with_secret(endpoint: &Endpoint) -> EndpointView {
    EndpointView { secret: Some(endpoint.secret.clone()), ..view(endpoint) }
}

/// Makes a callback.
#[utoipa::path(post, path = "/endpoints", operation_id = "create_endpoint", tag = "endpoints",
    request_body = CreateEndpoint,
    responses((status = 201, description = "The callback, with its secret.", body = EndpointView)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Document(request): Document<CreateEndpoint>,
) -> Result<(StatusCode, Json<EndpointView>), Problem> {
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

/// Changes a callback.
#[utoipa::path(patch, path = "/endpoints/{id}", operation_id = "update_endpoint", tag = "endpoints",
    params(("id" = String, Path, description = "The callback's id.")), request_body = UpdateEndpoint,
    responses((status = 200, description = "The callback as it is now.", body = EndpointView)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
    Document(request): Document<UpdateEndpoint>,
) -> Result<Json<EndpointView>, Problem> {
    let id = endpoint_id(&id)?;
    let format = state.service.get_endpoint(&app, &id).await?.format;
    let change = EndpointChange {
        url: request.url,
        event_kinds: request.event_kinds,
        origins: request.origins,
        policy: request.policy.map(|policy| policy.of_format(format)),
    };
    Ok(Json(view(&state.service.update_endpoint(&app, &id, change).await?)))
}

/// Gives a callback a new secret.
#[utoipa::path(post, path = "/endpoints/{id}/rotate", operation_id = "rotate_secret", tag = "endpoints",
    params(("id" = String, Path, description = "The callback's id.")),
    request_body(content = RotateSecret, description = "An empty body stands for one without fields."),
    responses((status = 200, description = "The callback, with its new secret.", body = EndpointView)))]
pub(crate) async fn rotate(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
    OptionalDocument(request): OptionalDocument<RotateSecret>,
) -> Result<Json<EndpointView>, Problem> {
    let RotateSecret { secret, signature, overlap_ms } = request;
    let (id, wanted) = (endpoint_id(&id)?, new_secret(secret, signature));
    let overlap = overlap_ms.map(Duration::from_millis);
    let endpoint = state.service.rotate_secret(&app, &id, wanted, overlap).await?;
    Ok(Json(with_secret(&endpoint)))
}

/// Tells a callback nothing more.
#[utoipa::path(post, path = "/endpoints/{id}/disable", operation_id = "disable_endpoint", tag = "endpoints",
    params(("id" = String, Path, description = "The callback's id.")),
    responses((status = 200, description = "The callback as it is now.", body = EndpointView)))]
pub(crate) async fn disable(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<Json<EndpointView>, Problem> {
    Ok(Json(view(&state.service.disable_endpoint(&app, &endpoint_id(&id)?).await?)))
}

/// Tells a callback again of what happens.
#[utoipa::path(post, path = "/endpoints/{id}/enable", operation_id = "enable_endpoint", tag = "endpoints",
    params(("id" = String, Path, description = "The callback's id.")),
    responses((status = 200, description = "The callback as it is now.", body = EndpointView)))]
pub(crate) async fn enable(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<Json<EndpointView>, Problem> {
    Ok(Json(view(&state.service.enable_endpoint(&app, &endpoint_id(&id)?).await?)))
}

/// Sends a callback an event that tells of nothing; the delivery says what came of it.
#[utoipa::path(post, path = "/endpoints/{id}/ping", operation_id = "ping_endpoint", tag = "endpoints",
    params(("id" = String, Path, description = "The callback's id.")),
    responses((status = 202, description = "The delivery.", body = RecordView)))]
pub(crate) async fn ping(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<(StatusCode, Json<RecordView>), Problem> {
    let delivery = state.service.ping_endpoint(&app, &endpoint_id(&id)?).await?;
    let record = state.service.get_delivery(&app, delivery).await?;
    Ok((StatusCode::ACCEPTED, Json(deliveries::record(&record))))
}

/// Lists callbacks.
#[utoipa::path(get, path = "/endpoints", operation_id = "list_endpoints", tag = "endpoints",
    responses((status = 200, description = "All callbacks.", body = Page<EndpointView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
) -> Result<Json<Page<EndpointView>>, Problem> {
    Ok(Page::whole(state.service.list_endpoints(&app).await?.iter().map(view)))
}

/// Reads a callback.
#[utoipa::path(get, path = "/endpoints/{id}", operation_id = "get_endpoint", tag = "endpoints",
    params(("id" = String, Path, description = "The callback's id.")),
    responses((status = 200, description = "The callback.", body = EndpointView)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<Json<EndpointView>, Problem> {
    Ok(Json(view(&state.service.get_endpoint(&app, &endpoint_id(&id)?).await?)))
}

/// Removes a callback.
#[utoipa::path(delete, path = "/endpoints/{id}", operation_id = "delete_endpoint", tag = "endpoints",
    params(("id" = String, Path, description = "The callback's id.")),
    responses((status = 204, description = "It is gone.")))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    state.service.delete_endpoint(&app, &endpoint_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One that is given, or a new one of that kind.
fn new_secret(given: Option<String>, kind: SecretKind) -> NewSecret {
    given.map_or(NewSecret::Mint(kind), NewSecret::Given)
}

pub(super) fn endpoint_id(id: &str) -> Result<EndpointId, Problem> {
    let absent = || ServiceError::new(ErrorCode::EndpointNotFound, "there is no such endpoint");
    EndpointId::parse(id).map_err(|_| Problem(absent()))
}
