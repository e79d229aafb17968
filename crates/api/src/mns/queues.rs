//! `CreateQueue`, `SetQueueAttributes`, `GetQueueAttributes`, `ListQueue`, `DeleteQueue`.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use stillframe_domain::message_queue::{MessageCounts, QueueChange};
use stillframe_domain::{App, MessageQueue, QueueName, limits};
use stillframe_service::{MadeQueue, Service};

use super::error::Refusal;
use super::handle::Answer;
use super::xml::Element;

/// `PUT /queues/{queue}`.
pub(super) async fn create(
    service: &Service,
    app: &App,
    queue: &QueueName,
    (host, body): (&str, &[u8]),
) -> Result<Answer, Refusal> {
    let made = service.create_message_queue(app, queue, &change(body)?).await?;
    let status = match made {
        MadeQueue::New(_) => StatusCode::CREATED,
        MadeQueue::Existing(_) => StatusCode::NO_CONTENT,
    };
    Ok(Answer { status, location: Some(url(host, queue)), body: None })
}

/// `PUT /queues/{queue}?metaoverride=true`.
pub(super) async fn set_attributes(
    service: &Service,
    app: &App,
    queue: &QueueName,
    body: &[u8],
) -> Result<Answer, Refusal> {
    service.update_message_queue(app, queue, &change(body)?).await?;
    Ok(Answer::empty())
}

/// `GET /queues/{queue}`.
pub(super) async fn get_attributes(
    service: &Service,
    app: &App,
    queue: &QueueName,
) -> Result<Answer, Refusal> {
    let found = service.get_message_queue(app, queue).await?;
    let counts = service.message_counts(app, queue).await?;
    Ok(Answer::new(StatusCode::OK, Element::new("Queue", attributes(&found, counts))))
}

/// `DELETE /queues/{queue}`.
pub(super) async fn delete(service: &Service, app: &App, queue: &QueueName) -> Result<Answer, Refusal> {
    service.delete_message_queue(app, queue).await?;
    Ok(Answer::empty())
}

/// `GET /queues`.
pub(super) async fn list(
    service: &Service,
    app: &App,
    (host, headers): (&str, &HeaderMap),
) -> Result<Answer, Refusal> {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).filter(|v| !v.is_empty());
    let limit = match header("x-mns-ret-number") {
        Some(text) => text.parse().map_err(|_| Refusal::invalid("x-mns-ret-number"))?,
        None => limits::QUEUES_PER_PAGE_MAX,
    };
    let (prefix, marker) = (header("x-mns-prefix").unwrap_or_default(), header("x-mns-marker"));
    let with_attributes = header("x-mns-with-meta").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let page = service.list_message_queues(app, prefix, marker, limit).await?;
    let mut children = Vec::with_capacity(page.items.len() + 1);
    for queue in &page.items {
        let mut entry = vec![Element::leaf("QueueURL", url(host, &queue.name))];
        if with_attributes {
            let counts = service.message_counts(app, &queue.name).await?;
            entry.extend(attributes(queue, counts));
        }
        children.push(Element::new("Queue", entry));
    }
    // An empty marker breaks a client that reads its text.
    children.extend(page.next.map(|next| Element::leaf("NextMarker", next)));
    Ok(Answer::new(StatusCode::OK, Element::new("Queues", children)))
}

fn url(host: &str, queue: &QueueName) -> String {
    format!("http://{host}/queues/{queue}")
}

/// All of these are required by a client.
fn attributes(queue: &MessageQueue, counts: MessageCounts) -> Vec<Element> {
    let of = &queue.attributes;
    let seconds = |name, time: Duration| Element::leaf(name, time.as_secs());
    vec![
        Element::leaf("QueueName", &queue.name),
        Element::leaf("CreateTime", queue.created_at.as_secs()),
        Element::leaf("LastModifyTime", queue.modified_at.as_secs()),
        seconds("VisibilityTimeout", of.visibility_timeout),
        Element::leaf("MaximumMessageSize", of.body_bytes_max),
        seconds("MessageRetentionPeriod", of.retention),
        seconds("DelaySeconds", of.delay),
        seconds("PollingWaitSeconds", of.polling_wait),
        Element::leaf("ActiveMessages", counts.visible),
        Element::leaf("InactiveMessages", counts.hidden),
        Element::leaf("DelayMessages", counts.delayed),
        Element::leaf("LoggingEnabled", if of.is_logging_enabled { "True" } else { "False" }),
    ]
}

/// The attributes that a body names.
fn change(body: &[u8]) -> Result<QueueChange, Refusal> {
    let Some(root) = Element::read(body)? else { return Ok(QueueChange::default()) };
    if root.name != "Queue" {
        return Err(Refusal::malformed());
    }
    let text = |name| root.text_of(name).map(str::trim).filter(|text| !text.is_empty());
    let number = |name| -> Result<Option<u64>, Refusal> {
        text(name).map(|text| text.parse().map_err(|_| Refusal::invalid(name))).transpose()
    };
    let seconds = |name| Ok::<_, Refusal>(number(name)?.map(Duration::from_secs));
    let is_logging_enabled = match text("LoggingEnabled") {
        Some(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Some(_) => return Err(Refusal::invalid("LoggingEnabled")),
        None => None,
    };
    Ok(QueueChange {
        visibility_timeout: seconds("VisibilityTimeout")?,
        body_bytes_max: number("MaximumMessageSize")?.map(|size| usize::try_from(size).unwrap_or(usize::MAX)),
        retention: seconds("MessageRetentionPeriod")?,
        delay: seconds("DelaySeconds")?,
        polling_wait: seconds("PollingWaitSeconds")?,
        is_logging_enabled,
        event_body: None,
    })
}
