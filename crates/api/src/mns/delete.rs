//! `DeleteMessage` and `BatchDeleteMessage`.

use axum::http::StatusCode;
use stillframe_domain::{App, ErrorCode, QueueName};
use stillframe_service::{Service, ServiceError};

use super::error::Refusal;
use super::handle::Answer;
use super::query::Query;
use super::xml::Element;

/// The element and parameter of a handle.
pub(super) const HANDLE: &str = "ReceiptHandle";

/// `DELETE /queues/{queue}/messages`.
pub(super) async fn run(
    service: &Service,
    app: &App,
    queue: &QueueName,
    (query, body): (&Query, &[u8]),
) -> Result<Answer, Refusal> {
    if let Some(handle) = query.find(HANDLE) {
        let report = service.delete_messages(app, queue, &[handle.to_owned()]).await?;
        return if report.stale.is_empty() { Ok(Answer::empty()) } else { Err(stale()) };
    }
    let root = Element::read(body)?.ok_or_else(|| Refusal::missing(HANDLE))?;
    if root.name != "ReceiptHandles" || root.children.iter().any(|child| child.name != HANDLE) {
        return Err(Refusal::malformed());
    }
    let handles: Vec<String> = root.children.into_iter().map(|child| child.text.trim().to_owned()).collect();
    let report = service.delete_messages(app, queue, &handles).await?;
    if report.stale.is_empty() {
        return Ok(Answer::empty());
    }
    let errors = report.stale.into_iter().map(error).collect();
    Ok(Answer::new(StatusCode::NOT_FOUND, Element::new("Errors", errors)))
}

fn stale() -> Refusal {
    ServiceError::new(ErrorCode::HandleExpired, "the receipt handle is not valid").into()
}

fn error(handle: String) -> Element {
    let Refusal { code, message, .. } = stale();
    let children = vec![
        Element::leaf("ErrorCode", code),
        Element::leaf("ErrorMessage", message),
        Element::leaf(HANDLE, handle),
    ];
    Element::new("Error", children)
}
