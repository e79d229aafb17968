//! Messages: in which order they are received, how long they stay hidden, and what their handles are worth.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use stillframe_domain::message_queue::{MessageCounts, NewMessage, QueuedMessage, ReceivedMessage};
use stillframe_domain::{
    AppId, Attempt, DeliveryState, Endpoint, OsRng, QueueAttributes, QueueName, ReceiptHandle,
};

use super::message_queues::{message, name};
use super::samples::{AT, endpoint, event};
use super::{LONG, SHORT, SHORTER, Subject};
use crate::message_queues::QueueDelivery;
use crate::records::ConfirmReport;

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    messages_come_by_priority_then_age(make().await).await;
    a_message_tells_of_its_receives(make().await).await;
    a_delayed_message_is_hidden_at_first(make().await).await;
    a_handle_dies_with_the_visibility_of_its_message(make().await).await;
    a_change_of_visibility_brings_a_new_handle(make().await).await;
    a_peek_changes_nothing(make().await).await;
    messages_that_are_kept_long_enough_are_gone(make().await).await;
    queues_are_apart(make().await).await;
    concurrent_receivers_never_get_the_same_message(make().await).await;
    those_who_wait_hear_of_messages_of_their_queue(make().await).await;
    an_event_goes_into_a_queue_once(make().await).await;
}

/// An app with one queue, `q`.
struct World {
    s: Subject,
    app: AppId,
    q: QueueName,
}

impl World {
    async fn new(s: Subject, attributes: QueueAttributes) -> Self {
        let app = s.app().await.id;
        let q = s.queue(app, "q", attributes).await.name;
        Self { s, app, q }
    }

    async fn short(s: Subject) -> Self {
        Self::new(s, QueueAttributes { visibility_timeout: SHORT, ..QueueAttributes::default() }).await
    }

    async fn send(&self, messages: &[NewMessage]) -> Vec<Option<ReceiptHandle>> {
        let handles = self.s.database.send_messages(self.app, &self.q, messages).await.expect("send");
        handles.expect("the queue is there")
    }

    async fn receive(&self, limit: usize) -> Vec<ReceivedMessage> {
        let received = self.s.database.receive_messages(self.app, &self.q, limit).await.expect("receive");
        received.expect("the queue is there")
    }

    async fn peek(&self, limit: usize) -> Vec<QueuedMessage> {
        let seen = self.s.database.peek_messages(self.app, &self.q, limit).await.expect("peek");
        seen.expect("the queue is there")
    }

    async fn delete(&self, handles: &[&ReceiptHandle]) -> ConfirmReport {
        let handles: Vec<_> = handles.iter().copied().cloned().collect();
        let report = self.s.database.delete_messages(self.app, &self.q, &handles).await.expect("delete");
        report.expect("the queue is there")
    }

    async fn change(&self, handle: &ReceiptHandle, visibility: Duration) -> Option<ReceivedMessage> {
        let changed = self.s.database.change_visibility(self.app, &self.q, handle, visibility).await;
        changed.expect("change").expect("the queue is there")
    }

    async fn counts(&self) -> (u64, u64, u64) {
        let counts = self.s.database.count_messages(self.app, &self.q).await.expect("count");
        let MessageCounts { visible, hidden, delayed } = counts.expect("the queue is there");
        (visible, hidden, delayed)
    }
}

fn bodies(received: &[ReceivedMessage]) -> String {
    received.iter().map(|one| one.message.body.as_str()).collect::<Vec<_>>().join(" ")
}

fn of_priority(body: &str, priority: u8) -> NewMessage {
    NewMessage { priority, ..message(body) }
}

fn delayed(body: &str, delay: Duration) -> NewMessage {
    NewMessage { delay: Some(delay), ..message(body) }
}

async fn messages_come_by_priority_then_age(s: Subject) {
    let w = World::short(s).await;
    w.send(&[of_priority("e", 16), message("c"), of_priority("a", 1)]).await;
    w.send(&[message("d"), of_priority("b", 1)]).await;
    assert_eq!(bodies(&w.receive(2).await), "a b");
    assert_eq!(bodies(&w.receive(16).await), "c d e");
    assert!(w.receive(16).await.is_empty(), "all are hidden");
    w.s.wait(SHORT).await;
    w.send(&[message("younger")]).await;
    assert_eq!(bodies(&w.receive(16).await), "a b c d younger e", "what came back keeps its place");
}

async fn a_message_tells_of_its_receives(s: Subject) {
    let w = World::short(s).await;
    let sent = NewMessage { body: "Wörter 🎬 \"<&>\" \n'".to_owned(), priority: 3, ..message("") };
    assert_eq!(
        w.send(std::slice::from_ref(&sent)).await,
        [None],
        "one that is not delayed has no handle yet"
    );
    let first = w.receive(1).await.remove(0);
    let told = &first.message;
    assert_eq!((&told.id, &told.body, told.priority), (&sent.id, &sent.body, 3));
    assert_eq!((told.receive_count, told.first_received_at.is_some()), (1, true));
    let now = (w.s.now)();
    assert!(told.sent_at <= now && now < first.visible_at && first.visible_at.since(now) <= SHORT);
    w.s.wait(SHORT).await;
    let second = w.receive(1).await.remove(0);
    assert_eq!(second.message, QueuedMessage { receive_count: 2, ..first.message });
    assert_ne!(second.handle, first.handle);
}

async fn a_delayed_message_is_hidden_at_first(s: Subject) {
    let w = World::new(s, QueueAttributes { delay: SHORT, ..QueueAttributes::default() }).await;
    let handles = w.send(&[message("b"), delayed("a", Duration::ZERO), delayed("gone", LONG)]).await;
    assert_eq!(handles.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(w.counts().await, (1, 0, 2));
    assert_eq!(bodies(&w.receive(16).await), "a", "its own delay beats the queue's");
    assert_eq!(w.counts().await, (0, 1, 2));
    let gone = handles[2].as_ref().expect("a handle");
    assert_eq!(
        w.delete(&[gone]).await.stale.len(),
        0,
        "a handle of the sender's removes it before it is seen"
    );
    w.s.wait(SHORT).await;
    let received = w.receive(16).await;
    assert_eq!((bodies(&received).as_str(), received[0].message.receive_count), ("b", 1));
}

async fn a_handle_dies_with_the_visibility_of_its_message(s: Subject) {
    let w = World::short(s).await;
    w.send(&[message("a"), message("b")]).await;
    let first = w.receive(1).await.remove(0).handle;
    let next = w.s.database.next_message_visible(w.s.queue_id(w.app, &w.q).await).await.expect("next");
    assert!(next.is_some_and(|next| Duration::ZERO < next && next <= SHORT), "{next:?}");
    w.s.wait(SHORT).await;
    assert_eq!(w.delete(&[&first]).await.stale, [first.as_str()], "expired, not yet received again");
    assert!(w.change(&first, LONG).await.is_none());
    let again = w.receive(2).await;
    assert_eq!(bodies(&again), "a b");
    let never_given = ReceiptHandle::mint(&OsRng);
    let report = w.delete(&[&first, &again[0].handle, &never_given]).await;
    assert_eq!(report.confirmed, [again[0].handle.as_str()]);
    assert_eq!(report.stale, [first.as_str(), never_given.as_str()]);
    assert_eq!(w.delete(&[&again[0].handle]).await.confirmed.len(), 0, "once");
    w.s.wait(SHORT).await;
    assert_eq!(bodies(&w.receive(16).await), "b", "a deleted message never comes again");
}

async fn a_change_of_visibility_brings_a_new_handle(s: Subject) {
    let w = World::short(s).await;
    w.send(&[message("a"), message("b")]).await;
    let received = w.receive(2).await;
    let changed = w.change(&received[0].handle, LONG).await.expect("the handle is valid");
    assert_eq!((&changed.message, changed.handle == received[0].handle), (&received[0].message, false));
    assert!(received[0].visible_at < changed.visible_at);
    assert!(w.change(&received[0].handle, LONG).await.is_none(), "the old handle is void");
    assert_eq!(w.delete(&[&received[0].handle]).await.confirmed.len(), 0);
    let sooner = w.change(&received[1].handle, SHORTER).await.expect("the handle is valid");
    w.s.wait(SHORTER).await;
    assert_eq!(bodies(&w.receive(16).await), "b", "counted from the change");
    assert!(w.change(&sooner.handle, LONG).await.is_none(), "superseded");
    w.s.wait(SHORT).await;
    assert_eq!(w.delete(&[&changed.handle]).await.confirmed.len(), 1, "valid longer than it was first");
}

async fn a_peek_changes_nothing(s: Subject) {
    let w = World::short(s).await;
    w.send(&[of_priority("b", 9), of_priority("a", 2), delayed("later", SHORT)]).await;
    let seen = w.peek(16).await;
    assert_eq!(seen.iter().map(|one| one.body.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(seen.iter().all(|one| one.receive_count == 0 && one.first_received_at.is_none()));
    assert_eq!(w.peek(1).await, seen[..1]);
    let received = w.receive(1).await.remove(0);
    assert_eq!((received.message.receive_count, w.peek(16).await), (1, seen[1..].to_vec()));
    w.s.wait(SHORT).await;
    let seen = w.peek(16).await;
    let told: Vec<_> = seen.iter().map(|one| (one.body.as_str(), one.receive_count)).collect();
    assert_eq!(told, [("a", 1), ("later", 0), ("b", 0)], "what has come back, before anyone receives");
    assert_eq!(w.counts().await, (3, 0, 0));
}

async fn messages_that_are_kept_long_enough_are_gone(s: Subject) {
    let retention = SHORT * 2;
    let w = World::new(s, QueueAttributes { retention, ..QueueAttributes::default() }).await;
    w.send(&[message("old"), message("taken")]).await;
    let taken = w.receive(1).await.remove(0);
    assert_eq!(taken.message.body, "old");
    w.s.wait(SHORT).await;
    w.send(&[message("young")]).await;
    w.s.wait(SHORT).await;
    assert_eq!(w.counts().await, (1, 0, 0));
    assert_eq!(w.peek(16).await.len(), 1);
    assert_eq!(bodies(&w.receive(16).await), "young");
    assert_eq!(w.delete(&[&taken.handle]).await.confirmed.len(), 0, "nor is there anything to delete");
}

async fn queues_are_apart(s: Subject) {
    let w = World::short(s).await;
    let sibling = w.s.queue(w.app, "sibling", QueueAttributes::default()).await.name;
    w.send(&[message("a")]).await;
    let of_sibling = w.s.database.receive_messages(w.app, &sibling, 16).await.expect("receive");
    assert_eq!(of_sibling, Some(Vec::new()));
    let handle = w.receive(1).await.remove(0).handle;
    let report = w.s.database.delete_messages(w.app, &sibling, std::slice::from_ref(&handle)).await;
    assert_eq!(report.expect("delete").expect("a queue").confirmed.len(), 0, "a handle of another queue");
    let changed = w.s.database.change_visibility(w.app, &sibling, &handle, LONG).await.expect("change");
    assert_eq!(changed, Some(None));
    assert_eq!(w.delete(&[&handle]).await.confirmed.len(), 1);
}

async fn concurrent_receivers_never_get_the_same_message(s: Subject) {
    let w = World::new(s, QueueAttributes::default()).await;
    for k in 0..20 {
        let batch: Vec<_> = (0..10).map(|n| message(&format!("{k}-{n}"))).collect();
        w.send(&batch).await;
    }
    let receivers: Vec<_> = (0..8)
        .map(|_| {
            let (database, app, q) = (Arc::clone(&w.s.database), w.app, w.q.clone());
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let received = database.receive_messages(app, &q, 16).await.expect("receive");
                    let received = received.expect("a queue");
                    if received.is_empty() {
                        return taken;
                    }
                    let handles: Vec<_> = received.iter().map(|one| one.handle.clone()).collect();
                    let report = database.delete_messages(app, &q, &handles).await.expect("delete");
                    assert_eq!(report.expect("a queue").confirmed.len(), handles.len());
                    taken.extend(received.into_iter().map(|one| one.message.id));
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for receiver in receivers {
        taken.extend(receiver.await.expect("no panic"));
    }
    assert_eq!((taken.len(), taken.into_iter().collect::<HashSet<_>>().len()), (200, 200));
    assert_eq!(w.counts().await, (0, 0, 0));
}

async fn those_who_wait_hear_of_messages_of_their_queue(s: Subject) {
    let w = World::short(s).await;
    let sibling = w.s.queue(w.app, "sibling", QueueAttributes::default()).await;
    let mut own = w.s.database.subscribe_messages(w.s.queue_id(w.app, &w.q).await);
    let others = w.s.database.subscribe_messages(sibling.id);
    w.send(&[message("a")]).await;
    own.changed().await.expect("the database is open");
    assert!(!others.has_changed().expect("the database is open"), "nobody else is woken");
    let handle = w.receive(1).await.remove(0).handle;
    own.mark_unchanged();
    w.change(&handle, SHORTER).await.expect("the handle is valid");
    own.changed().await.expect("it may be visible sooner");
}

async fn an_event_goes_into_a_queue_once(s: Subject) {
    let w = World::short(s).await;
    let target = Endpoint { url: "queue:q".to_owned(), ..endpoint(w.app) };
    w.s.database.insert_endpoint(&target).await.expect("insert");
    let told = event(w.app);
    w.s.tell(w.app, std::slice::from_ref(&told)).await;
    let due = w.s.lease_deliveries(LONG, 9).await.remove(0);
    let made = Attempt { at: AT, status: None, duration_ms: 1, answer: "sent".to_owned(), is_success: true };
    let (id, body) = (due.delivery.id, message("body"));
    let deliver = async |to: &QueueName| {
        w.s.database.deliver_message(id, &made, (w.app, to), &body).await.expect("deliver")
    };
    assert_eq!(deliver(&name("none")).await, QueueDelivery::NoQueue);
    assert_eq!(deliver(&w.q).await, QueueDelivery::Sent);
    assert_eq!(deliver(&w.q).await, QueueDelivery::NotPending, "a late relay sends nothing again");
    assert_eq!(bodies(&w.receive(16).await), "body");
    let records = w.s.database.list_deliveries(w.app, &told.id).await.expect("list");
    assert_eq!((records[0].delivery.state, records[0].attempts.len()), (DeliveryState::Delivered, 1));
}
