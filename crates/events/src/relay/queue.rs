//! An event that goes into a message queue of its app.
//!
//! Message and attempt are one transaction of the database that holds both, so the event is in the queue
//! exactly once however often the process dies, and however many relays there are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stillframe_database::{DatabaseError, DueDelivery, QueueDelivery};
use stillframe_domain::message_queue::{NewMessage, PRIORITY_DEFAULT};
use stillframe_domain::{Attempt, EventBody, MessageId, MessageQueue, QueueName, Timestamp};

use super::RelayDeps;

/// What is kept as the answer of a queue that took a message.
const TAKEN: &str = "put into the queue";

/// Why an event is not in the queue now.
pub(super) enum NotSent {
    /// It is not there, for this reason, and may be later.
    Refused(String),
    /// The delivery was made, given up or removed by another.
    NotPending,
}

/// Puts a body into the queue of that name and records the attempt, which is told.
pub(super) async fn put(
    deps: &RelayDeps,
    due: &DueDelivery,
    name: &QueueName,
    body: &str,
    at: Timestamp,
) -> Result<Attempt, NotSent> {
    let refused = |error: DatabaseError| NotSent::Refused(error.to_string());
    let no_queue = || NotSent::Refused(format!("there is no queue {name}"));
    let app_id = due.endpoint.app_id;
    let queue = deps.database.find_message_queue(app_id, name).await.map_err(refused)?;
    let message = message(deps, &queue.ok_or_else(no_queue)?, body).map_err(NotSent::Refused)?;
    let attempt = Attempt { at, status: None, duration_ms: 0, answer: TAKEN.to_owned(), is_success: true };
    let id = due.delivery.id;
    match deps.database.deliver_message(id, &attempt, (app_id, name), &message).await.map_err(refused)? {
        QueueDelivery::Sent => Ok(attempt),
        QueueDelivery::NoQueue => Err(no_queue()),
        QueueDelivery::NotPending => Err(NotSent::NotPending),
    }
}

/// The message of a body, or why the queue takes none.
fn message(deps: &RelayDeps, queue: &MessageQueue, body: &str) -> Result<NewMessage, String> {
    let body = match queue.attributes.event_body {
        EventBody::Base64 => STANDARD.encode(body),
        EventBody::Raw => body.to_owned(),
    };
    let most = queue.attributes.body_bytes_max;
    if most < body.len() {
        return Err(format!("the message has {} bytes, the queue takes {most}", body.len()));
    }
    let id = MessageId::mint(deps.rng.as_ref());
    Ok(NewMessage { id, body, priority: PRIORITY_DEFAULT, delay: None })
}
