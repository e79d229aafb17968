//! `SendMessage` and `BatchSendMessage`.
//!
//! A batch that is taken in part is answered with 400 and one entry for each message. At 500, which some
//! remember of the vendor, its Java client would send the whole batch again, the taken messages among it.

use std::time::Duration;

use axum::http::StatusCode;
use stillframe_domain::{App, QueueName};
use stillframe_service::{MessageDraft, SentMessage, Service, ServiceError};

use super::error::Refusal;
use super::handle::Answer;
use super::message;
use super::xml::Element;

/// What clients may send with a message and we cannot keep.
const NOT_KEPT: [&str; 3] = ["UserProperties", "SystemProperties", "MessageGroupId"];

/// `POST /queues/{queue}/messages`.
pub(super) async fn run(
    service: &Service,
    app: &App,
    queue: &QueueName,
    body: &[u8],
) -> Result<Answer, Refusal> {
    let root = Element::read(body)?.ok_or_else(Refusal::malformed)?;
    match root.name.as_str() {
        "Message" => {
            let sent = service.send_messages(app, queue, vec![draft(&root)?]).await?;
            let [sent] = <[_; 1]>::try_from(sent).expect("each message has an answer");
            Ok(Answer::new(StatusCode::CREATED, told(&sent?)))
        }
        "Messages" => {
            let drafts: Result<Vec<_>, _> = root.children.iter().map(draft).collect();
            let sent = service.send_messages(app, queue, drafts?).await?;
            let status =
                if sent.iter().all(Result::is_ok) { StatusCode::CREATED } else { StatusCode::BAD_REQUEST };
            let entries = sent.into_iter().map(|one| one.map_or_else(refused, |sent| told(&sent)));
            Ok(Answer::new(status, Element::new("Messages", entries.collect())))
        }
        _ => Err(Refusal::malformed()),
    }
}

fn draft(element: &Element) -> Result<MessageDraft, Refusal> {
    if element.name != "Message" {
        return Err(Refusal::malformed());
    }
    if let Some(name) = NOT_KEPT.into_iter().find(|name| element.text_of(name).is_some()) {
        return Err(Refusal::not_supported(name));
    }
    let body = element.text_of("MessageBody").ok_or_else(|| Refusal::invalid("MessageBody"))?;
    // A client that has none sends 0.
    let priority = number("Priority", element)?.filter(|&priority| priority != 0);
    let delay = number::<u64>("DelaySeconds", element)?.map(Duration::from_secs);
    Ok(MessageDraft { body: body.to_owned(), priority, delay })
}

fn number<T: std::str::FromStr>(name: &'static str, element: &Element) -> Result<Option<T>, Refusal> {
    let text = element.text_of(name).map(str::trim).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|_| Refusal::invalid(name))).transpose()
}

fn told(sent: &SentMessage) -> Element {
    let mut children = message::identity(&sent.id, &sent.body);
    children.extend(sent.handle.as_ref().map(|handle| Element::leaf("ReceiptHandle", handle)));
    Element::new("Message", children)
}

fn refused(error: ServiceError) -> Element {
    let refusal = Refusal::from(error);
    let code = Element::leaf("ErrorCode", refusal.code);
    Element::new("Message", vec![code, Element::leaf("ErrorMessage", refusal.message)])
}
