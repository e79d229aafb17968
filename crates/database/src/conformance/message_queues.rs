//! Message queues by themselves: names of an app, attributes, pages, and what goes with a queue.

use std::time::Duration;

use stillframe_domain::message_queue::{NewMessage, PRIORITY_DEFAULT};
use stillframe_domain::{
    AppId, EventBody, MessageId, MessageQueue, OsRng, QueueAttributes, QueueId, QueueName, ReceiptHandle,
};

use super::{LONG, SHORT, Subject};
use crate::DatabaseError;

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    a_queue_keeps_its_attributes(make().await).await;
    a_name_is_taken_once_in_an_app(make().await).await;
    queues_are_listed_by_name_prefix_and_page(make().await).await;
    a_removed_queue_takes_its_messages_along(make().await).await;
    what_is_not_there_is_told_apart_from_what_is_empty(make().await).await;
}

/// A queue's name.
pub(super) fn name(text: &str) -> QueueName {
    QueueName::parse(text).expect("a name")
}

/// A message of the default priority, with the queue's delay.
pub(super) fn message(body: &str) -> NewMessage {
    NewMessage { id: MessageId::mint(&OsRng), body: body.to_owned(), priority: PRIORITY_DEFAULT, delay: None }
}

impl Subject {
    /// Makes a queue.
    pub(super) async fn queue(&self, app: AppId, text: &str, attributes: QueueAttributes) -> MessageQueue {
        self.database.insert_message_queue(app, &name(text), &attributes).await.expect("insert queue")
    }

    /// The number of a queue.
    pub(super) async fn queue_id(&self, app: AppId, name: &QueueName) -> QueueId {
        self.database.find_message_queue(app, name).await.expect("find").expect("the queue is there").id
    }
}

/// Attributes of which none is the default.
fn attributes() -> QueueAttributes {
    QueueAttributes {
        visibility_timeout: Duration::from_secs(43_200),
        body_bytes_max: 1_024,
        retention: Duration::from_secs(604_800),
        delay: Duration::from_millis(1_500),
        polling_wait: Duration::from_secs(30),
        is_logging_enabled: true,
        event_body: EventBody::Raw,
    }
}

async fn a_queue_keeps_its_attributes(s: Subject) {
    let app = s.app().await.id;
    let made = s.database.insert_message_queue(app, &name("q"), &attributes()).await.expect("insert");
    assert_eq!((made.app_id, made.name.as_str(), &made.attributes), (app, "q", &attributes()));
    assert_eq!(made.modified_at, made.created_at);
    assert_eq!(s.database.find_message_queue(app, &name("q")).await.expect("find"), Some(made.clone()));
    s.wait(SHORT).await;
    let other = QueueAttributes::default();
    assert!(s.database.update_message_queue(app, &name("q"), &other).await.expect("update"));
    let found = s.database.find_message_queue(app, &name("q")).await.expect("find").expect("it is there");
    assert_eq!((found.id, &found.attributes, found.created_at), (made.id, &other, made.created_at));
    assert!(made.modified_at < found.modified_at);
}

async fn a_name_is_taken_once_in_an_app(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let first = s.queue(own, "q", attributes()).await;
    let second = s.database.insert_message_queue(own, &name("q"), &QueueAttributes::default()).await;
    assert!(matches!(second, Err(DatabaseError::Conflict { .. })), "{second:?}");
    let namesake = s.queue(other, "q", QueueAttributes::default()).await;
    assert_ne!(first.id, namesake.id);
    let found = s.database.find_message_queue(own, &name("q")).await.expect("find");
    assert_eq!(found.map(|found| found.attributes), Some(attributes()), "the second changed nothing");
    let capital = s.queue(own, "Q", QueueAttributes::default()).await;
    assert_ne!(first.id, capital.id, "names differ by case");
}

async fn queues_are_listed_by_name_prefix_and_page(s: Subject) {
    let (app, other) = (s.app().await.id, s.app().await.id);
    for text in ["vod-2", "a", "vod-10", "vod-1", "VOD-1", "vodka"] {
        s.queue(app, text, QueueAttributes::default()).await;
    }
    s.queue(other, "vod-3", QueueAttributes::default()).await;
    let list = async |prefix: &str, after: Option<&str>, limit| {
        let page = s.database.list_message_queues(app, prefix, after, limit).await.expect("list");
        let names: Vec<String> = page.items.into_iter().map(|queue| queue.name.to_string()).collect();
        (names.join(" "), page.next)
    };
    assert_eq!(list("", None, 9).await, ("VOD-1 a vod-1 vod-10 vod-2 vodka".to_owned(), None));
    assert_eq!(list("vod-", None, 2).await, ("vod-1 vod-10".to_owned(), Some("vod-10".to_owned())));
    assert_eq!(list("vod-", Some("vod-10"), 2).await, ("vod-2".to_owned(), None));
    assert_eq!(list("vod-", None, 3).await, ("vod-1 vod-10 vod-2".to_owned(), None), "a full last page");
    assert_eq!(list("%", None, 9).await, (String::new(), None));
    assert_eq!(s.database.count_message_queues(app).await.expect("count"), 6);
}

async fn a_removed_queue_takes_its_messages_along(s: Subject) {
    let app = s.app().await.id;
    let old = s.queue(app, "q", QueueAttributes::default()).await;
    s.database.send_messages(app, &name("q"), &[message("kept?")]).await.expect("send");
    let mut hints = s.database.subscribe_messages(old.id);
    assert!(s.database.delete_message_queue(app, &name("q")).await.expect("delete"));
    hints.changed().await.expect("those who wait are told");
    assert!(!s.database.delete_message_queue(app, &name("q")).await.expect("delete"), "once");
    let new = s.queue(app, "q", QueueAttributes::default()).await;
    assert_ne!(old.id, new.id, "its number is not used again");
    let received = s.database.receive_messages(app, &name("q"), 16).await.expect("receive");
    assert_eq!(received.map(|received| received.len()), Some(0));
}

async fn what_is_not_there_is_told_apart_from_what_is_empty(s: Subject) {
    let (app, other) = (s.app().await.id, s.app().await.id);
    s.queue(other, "q", QueueAttributes::default()).await;
    let (database, q) = (&s.database, name("q"));
    let handle = ReceiptHandle::mint(&OsRng);
    assert_eq!(database.find_message_queue(app, &q).await.expect("find"), None);
    assert!(!database.update_message_queue(app, &q, &QueueAttributes::default()).await.expect("update"));
    assert!(!database.delete_message_queue(app, &q).await.expect("delete"));
    assert_eq!(database.send_messages(app, &q, &[message("a")]).await.expect("send"), None);
    assert_eq!(database.receive_messages(app, &q, 1).await.expect("receive"), None);
    assert_eq!(database.peek_messages(app, &q, 1).await.expect("peek"), None);
    assert_eq!(database.delete_messages(app, &q, std::slice::from_ref(&handle)).await.expect("delete"), None);
    assert_eq!(database.change_visibility(app, &q, &handle, LONG).await.expect("change"), None);
    assert_eq!(database.count_messages(app, &q).await.expect("count"), None);
    let empty = database.receive_messages(other, &q, 1).await.expect("receive");
    assert_eq!(empty, Some(Vec::new()), "the other app's is there, and empty");
}
