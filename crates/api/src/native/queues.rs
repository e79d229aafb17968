//! `/v1/queues`: message queues, and how events become the bodies of their messages.
//!
//! Their messages are sent and received over the vendor's protocol at `/queues`.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use stillframe_domain::message_queue::{MessageCounts, QueueChange};
use stillframe_domain::{ErrorCode, EventBody, MessageQueue, QueueName, limits};
use stillframe_service::ServiceError;

use super::auth::Authenticated;
use super::error::Problem;
use super::model;
use crate::state::ApiState;
use crate::timestamp::rfc3339_ms;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateQueue {
    event_body: Option<EventBody>,
}

/// `GET /v1/queues`; an app has few enough for one page.
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
) -> Result<Json<Value>, Problem> {
    let page = state.service.list_message_queues(&app, "", None, limits::QUEUES_PER_PAGE_MAX).await?;
    Ok(Json(json!({ "items": page.items.iter().map(view).collect::<Vec<_>>(), "next": page.next })))
}

/// `GET /v1/queues/{name}`, with how many messages it holds.
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let name = queue_name(&name)?;
    let mut document = view(&state.service.get_message_queue(&app, &name).await?);
    let MessageCounts { visible, hidden, delayed } = state.service.message_counts(&app, &name).await?;
    document["messages"] = json!({ "visible": visible, "hidden": hidden, "delayed": delayed });
    Ok(Json(document))
}

/// `PATCH /v1/queues/{name}`.
pub(crate) async fn update(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let request: UpdateQueue = model::decode(&body)?;
    let change = QueueChange { event_body: request.event_body, ..QueueChange::default() };
    let queue = state.service.update_message_queue(&app, &queue_name(&name)?, &change).await?;
    Ok(Json(view(&queue)))
}

fn view(queue: &MessageQueue) -> Value {
    let of = &queue.attributes;
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    json!({
        "name": queue.name.as_str(),
        "event_body": of.event_body,
        "visibility_timeout_ms": millis(of.visibility_timeout),
        "retention_ms": millis(of.retention),
        "delay_ms": millis(of.delay),
        "polling_wait_ms": millis(of.polling_wait),
        "body_bytes_max": of.body_bytes_max,
        "created_at": rfc3339_ms(queue.created_at),
        "modified_at": rfc3339_ms(queue.modified_at),
    })
}

fn queue_name(text: &str) -> Result<QueueName, Problem> {
    let absent = || ServiceError::new(ErrorCode::QueueNotFound, "there is no queue of that name");
    QueueName::parse(text).map_err(|_| Problem(absent()))
}
