//! Messages as they are told.

use md5::{Digest, Md5};
use stillframe_domain::message_queue::{QueuedMessage, ReceivedMessage};
use stillframe_domain::{MessageId, Timestamp};

use super::xml::Element;

/// A message that was received.
pub(super) fn received(received: &ReceivedMessage) -> Element {
    let mut element = peeked(&received.message);
    element.children.push(Element::leaf("ReceiptHandle", &received.handle));
    element.children.push(Element::leaf("NextVisibleTime", received.visible_at.as_millis()));
    element
}

/// A message that was looked at.
pub(super) fn peeked(message: &QueuedMessage) -> Element {
    let first_received_at = message.first_received_at.unwrap_or(message.sent_at);
    let time = |name, at: Timestamp| Element::leaf(name, at.as_millis());
    let mut children = identity(&message.id, &message.body);
    children.extend([
        Element::leaf("MessageBody", &message.body),
        time("EnqueueTime", message.sent_at),
        time("FirstDequeueTime", first_received_at),
        Element::leaf("DequeueCount", message.receive_count),
        Element::leaf("Priority", message.priority),
    ]);
    Element::new("Message", children)
}

/// What identifies a message and its text.
pub(super) fn identity(id: &MessageId, body: &str) -> Vec<Element> {
    let upper = |text: String| text.to_ascii_uppercase();
    let digest: String = Md5::digest(body).iter().map(|byte| format!("{byte:02X}")).collect();
    vec![Element::leaf("MessageId", upper(id.to_string())), Element::leaf("MessageBodyMD5", digest)]
}
