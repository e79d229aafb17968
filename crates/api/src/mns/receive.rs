//! `ReceiveMessage`, `BatchReceiveMessage`, `PeekMessage`, `BatchPeekMessage`.

use std::time::Duration;

use axum::http::StatusCode;
use stillframe_domain::{App, QueueName};
use stillframe_service::Service;

use super::error::Refusal;
use super::handle::Answer;
use super::message;
use super::query::Query;
use super::xml::Element;

/// How many messages are asked for; its presence makes the answer a list.
const COUNT: &str = "numOfMessages";

/// `GET /queues/{queue}/messages`.
pub(super) async fn run(
    service: &Service,
    app: &App,
    queue: &QueueName,
    query: &Query,
) -> Result<Answer, Refusal> {
    let count: Option<usize> = query.number(COUNT)?;
    let limit = count.unwrap_or(1);
    let messages: Vec<Element> = if query.is_on("peekonly") {
        service.peek_messages(app, queue, limit).await?.iter().map(message::peeked).collect()
    } else {
        let wait = query.number("waitseconds")?.map(Duration::from_secs);
        service.receive_messages(app, queue, limit, wait).await?.iter().map(message::received).collect()
    };
    if messages.is_empty() {
        return Err(Refusal::no_message());
    }
    let mut messages = Element::new("Messages", messages);
    let root = if count.is_some() { messages } else { messages.children.remove(0) };
    Ok(Answer::new(StatusCode::OK, root))
}
