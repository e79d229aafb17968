//! `ChangeMessageVisibility`.

use std::time::Duration;

use axum::http::StatusCode;
use stillframe_domain::{App, QueueName};
use stillframe_service::Service;

use super::delete::HANDLE;
use super::error::Refusal;
use super::handle::Answer;
use super::query::Query;
use super::xml::Element;

const TIMEOUT: &str = "VisibilityTimeout";

/// `PUT /queues/{queue}/messages`.
pub(super) async fn run(
    service: &Service,
    app: &App,
    queue: &QueueName,
    query: &Query,
) -> Result<Answer, Refusal> {
    let handle = query.find(HANDLE).ok_or_else(|| Refusal::missing(HANDLE))?;
    let timeout: u64 = query.number(TIMEOUT)?.ok_or_else(|| Refusal::missing(TIMEOUT))?;
    let changed = service.change_visibility(app, queue, handle, Duration::from_secs(timeout)).await?;
    let children = vec![
        Element::leaf(HANDLE, changed.handle),
        Element::leaf("NextVisibleTime", changed.visible_at.as_millis()),
    ];
    Ok(Answer::new(StatusCode::OK, Element::new("ChangeVisibility", children)))
}
