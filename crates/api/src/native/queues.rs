//! `/v1/queues`: message queues, and how events become the bodies of their messages.
//!
//! Their messages are sent and received over the vendor's protocol at `/queues`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use stillframe_domain::message_queue::{MessageCounts, QueueChange};
use stillframe_domain::{ErrorCode, EventBody, MessageQueue, QueueName, limits};
use stillframe_service::ServiceError;
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::error::Problem;
use super::input::{Document, Named};
use super::model::Page;
use crate::state::ApiState;
use crate::timestamp::rfc3339_ms;

/// Fields that are absent stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateQueue {
    /// How an event's text becomes the body of a message.
    event_body: Option<EventBody>,
}

/// A message queue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Queue)]
pub(crate) struct QueueView {
    /// Its name.
    name: String,
    /// How an event's text becomes the body of a message.
    event_body: EventBody,
    /// How long a received message stays hidden.
    visibility_timeout_ms: u64,
    /// How long a message is kept.
    retention_ms: u64,
    /// How long a new message stays hidden.
    delay_ms: u64,
    /// How long a receive waits for a message.
    polling_wait_ms: u64,
    /// Longest body of a message.
    body_bytes_max: u64,
    /// When it was made: RFC 3339, UTC.
    created_at: String,
    /// When its attributes last changed.
    modified_at: String,
    /// How many messages it holds; told of one queue alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Counts>,
}

/// How many messages a queue holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    /// Can be received.
    visible: u64,
    /// Were received, and come again unless they are deleted.
    hidden: u64,
    /// Wait for their delay to pass.
    delayed: u64,
}

/// Lists message queues; an app has few enough for one page.
#[utoipa::path(get, path = "/queues", operation_id = "list_queues", tag = "queues",
    responses((status = 200, description = "All queues.", body = Page<QueueView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
) -> Result<Json<Page<QueueView>>, Problem> {
    let page = state.service.list_message_queues(&app, "", None, limits::QUEUES_PER_PAGE_MAX).await?;
    Ok(Json(Page { items: page.items.iter().map(view).collect(), next: page.next }))
}

/// Reads a message queue, with how many messages it holds.
#[utoipa::path(get, path = "/queues/{name}", operation_id = "get_queue", tag = "queues",
    params(("name" = String, Path, description = "The queue's name.")),
    responses((status = 200, description = "The queue.", body = QueueView)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(name): Named,
) -> Result<Json<QueueView>, Problem> {
    let name = queue_name(&name)?;
    let queue = state.service.get_message_queue(&app, &name).await?;
    let MessageCounts { visible, hidden, delayed } = state.service.message_counts(&app, &name).await?;
    Ok(Json(QueueView { messages: Some(Counts { visible, hidden, delayed }), ..view(&queue) }))
}

/// Changes how events become the bodies of a queue's messages.
#[utoipa::path(patch, path = "/queues/{name}", operation_id = "update_queue", tag = "queues",
    params(("name" = String, Path, description = "The queue's name.")), request_body = UpdateQueue,
    responses((status = 200, description = "The queue as it is now.", body = QueueView)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(name): Named,
    Document(request): Document<UpdateQueue>,
) -> Result<Json<QueueView>, Problem> {
    let change = QueueChange { event_body: request.event_body, ..QueueChange::default() };
    let queue = state.service.update_message_queue(&app, &queue_name(&name)?, &change).await?;
    Ok(Json(view(&queue)))
}

fn view(queue: &MessageQueue) -> QueueView {
    let of = &queue.attributes;
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    QueueView {
        name: queue.name.as_str().to_owned(),
        event_body: of.event_body,
        visibility_timeout_ms: millis(of.visibility_timeout),
        retention_ms: millis(of.retention),
        delay_ms: millis(of.delay),
        polling_wait_ms: millis(of.polling_wait),
        body_bytes_max: of.body_bytes_max as u64,
        created_at: rfc3339_ms(queue.created_at),
        modified_at: rfc3339_ms(queue.modified_at),
        messages: None,
    }
}

fn queue_name(text: &str) -> Result<QueueName, Problem> {
    let absent = || ServiceError::new(ErrorCode::QueueNotFound, "there is no queue of that name");
    QueueName::parse(text).map_err(|_| Problem(absent()))
}
