//! Endpoints, deliveries, attempts.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use stillframe_domain::{
    AppId, AppSettings, Attempt, DeliveryId, DeliveryState, Endpoint, EventFormat, EventId, Owner,
};

use super::samples::{AT, endpoint};
use super::{LONG, SHORT, Subject};
use crate::{DeliveryLane, DueDelivery};

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    endpoints_belong_to_an_app(make().await).await;
    a_vendors_configuration_is_its_settings_and_one_endpoint(make().await).await;
    a_deleted_endpoint_takes_its_pending_deliveries_along(make().await).await;
    no_delivery_is_leased_twice_at_a_time(make().await).await;
    a_delivery_lease_expires_or_is_voided(make().await).await;
    attempts_are_recorded_and_move_the_delivery_on(make().await).await;
    a_late_attempt_does_not_undo_a_delivery(make().await).await;
}

async fn endpoints_belong_to_an_app(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let mut first = endpoint(own);
    let second = Endpoint { event_kinds: Vec::new(), origins: Vec::new(), ..endpoint(own) };
    for endpoint in [&first, &second] {
        s.database.insert_endpoint(endpoint).await.expect("insert");
        let found = s.database.find_endpoint(own, &endpoint.id).await.expect("find");
        assert_eq!(found.as_ref(), Some(endpoint));
        assert_eq!(s.database.find_endpoint(other, &endpoint.id).await.expect("find"), None);
    }
    first.url = "https://example.org/other".to_owned();
    first.format = EventFormat::Tencent2018;
    first.owner = Owner::Tencent;
    first.policy.retry.waits_ms = vec![1, 2, 3];
    let stolen = Endpoint { app_id: other, ..first.clone() };
    assert!(!s.database.update_endpoint(&stolen).await.expect("update"));
    assert!(s.database.update_endpoint(&first).await.expect("update"));
    assert_eq!(s.database.list_endpoints(own).await.expect("list"), [first.clone(), second.clone()]);
    assert!(s.database.list_endpoints(other).await.expect("list").is_empty());
    assert!(!s.database.delete_endpoint(other, &first.id).await.expect("delete"));
    assert!(s.database.delete_endpoint(own, &first.id).await.expect("delete"));
    assert!(!s.database.delete_endpoint(own, &first.id).await.expect("delete"));
    assert_eq!(s.database.list_endpoints(own).await.expect("list"), [second]);
}

async fn a_vendors_configuration_is_its_settings_and_one_endpoint(s: Subject) {
    let app = s.app().await;
    let native = endpoint(app.id);
    s.database.insert_endpoint(&native).await.expect("insert");
    let settings = AppSettings { automatic_covers: false, ..app.settings.clone() };
    let configure = async |settings: &AppSettings, endpoint: Option<&Endpoint>| {
        s.database.configure_callback(app.id, settings, Owner::Alibaba, endpoint).await
    };
    let first = Endpoint { owner: Owner::Alibaba, ..endpoint(app.id) };
    let second = Endpoint { url: "queue:other".to_owned(), owner: Owner::Alibaba, ..endpoint(app.id) };
    assert!(configure(&settings, Some(&first)).await.expect("configure"));
    assert_eq!(s.database.list_endpoints(app.id).await.expect("list"), [native.clone(), first.clone()]);
    assert!(configure(&settings, Some(&second)).await.expect("configure"));
    let replaced = Endpoint { id: first.id, ..second };
    assert_eq!(s.database.list_endpoints(app.id).await.expect("list"), [native.clone(), replaced]);
    assert!(configure(&app.settings, None).await.expect("configure"));
    assert_eq!(s.database.list_endpoints(app.id).await.expect("list"), std::slice::from_ref(&native));

    // An endpoint that cannot be written takes the settings back with it.
    let taken = Endpoint { owner: Owner::Alibaba, ..native.clone() };
    configure(&settings, Some(&taken)).await.expect_err("its id is taken");
    assert_eq!(s.database.find_app(app.id).await.expect("find"), Some(app));
    assert_eq!(s.database.list_endpoints(native.app_id).await.expect("list"), [native]);
    let unknown = s.database.configure_callback(AppId(99), &settings, Owner::Alibaba, None).await;
    assert!(!unknown.expect("configure"));
}

async fn a_deleted_endpoint_takes_its_pending_deliveries_along(s: Subject) {
    let app = s.app().await.id;
    let (kept, gone) = (endpoint(app), endpoint(app));
    for endpoint in [&kept, &gone] {
        s.database.insert_endpoint(endpoint).await.expect("insert");
    }
    let ids = s.tell_some(app, 2).await;
    let due = s.lease_deliveries(LONG, 9).await;
    assert_eq!(due.len(), 4);
    let told = due.iter().find(|due| due.endpoint.id == gone.id && due.event.id == ids[0]).expect("is due");
    record(&s, told.delivery.id, DeliveryState::Delivered, Duration::ZERO).await;
    assert!(s.database.delete_endpoint(app, &gone.id).await.expect("delete"));
    for due in due.iter().filter(|due| due.endpoint.id == gone.id && due.event.id == ids[1]) {
        record(&s, due.delivery.id, DeliveryState::Pending, Duration::ZERO).await;
    }
    let left = async |id| s.database.list_deliveries(app, id).await.expect("list").len();
    assert_eq!((left(&ids[0]).await, left(&ids[1]).await), (2, 1), "what was delivered stays on record");
    assert_eq!(s.database.void_delivery_leases().await.expect("void"), 2);
    let due = s.lease_deliveries(LONG, 9).await;
    assert!(due.len() == 2 && due.iter().all(|due| due.endpoint == kept));
}

async fn no_delivery_is_leased_twice_at_a_time(s: Subject) {
    let app = s.app().await.id;
    for _ in 0..2 {
        s.database.insert_endpoint(&endpoint(app)).await.expect("insert");
    }
    s.tell_some(app, 30).await;
    let relays: Vec<_> = (0..8)
        .map(|_| {
            let database = Arc::clone(&s.database);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let due = database.lease_deliveries(DeliveryLane::Fresh, LONG, 4).await.expect("lease");
                    assert!(due.len() <= 4);
                    if due.is_empty() {
                        return taken;
                    }
                    taken.extend(due.into_iter().map(|due| due.delivery.id));
                }
            })
        })
        .collect();
    let mut taken: Vec<DeliveryId> = Vec::new();
    for relay in relays {
        taken.extend(relay.await.expect("no panic"));
    }
    assert_eq!((taken.len(), taken.iter().collect::<HashSet<_>>().len()), (60, 60));
}

async fn a_delivery_lease_expires_or_is_voided(s: Subject) {
    let (app, ids) = heard_events(&s, 1).await;
    let due = s.lease_deliveries(SHORT, 9).await;
    assert_eq!((due.len(), due[0].delivery.attempt_count, &due[0].event.id), (1, 0, &ids[0]));
    assert_eq!(due[0].app.id, app);
    assert!(s.lease_deliveries(SHORT, 9).await.is_empty());
    let next = s.database.next_delivery_due().await.expect("due").expect("the lease's end");
    assert!(Duration::ZERO < next && next <= SHORT, "{next:?}");
    s.wait(SHORT).await;
    assert_eq!(s.lease_deliveries(LONG, 9).await.len(), 1, "expired");
    assert_eq!(s.database.void_delivery_leases().await.expect("void"), 1);
    assert_eq!(s.database.void_delivery_leases().await.expect("void"), 0);
    assert_eq!(s.database.next_delivery_due().await.expect("due"), None, "it is due now");
    assert_eq!(s.lease_deliveries(LONG, 9).await.len(), 1, "voided");
}

async fn attempts_are_recorded_and_move_the_delivery_on(s: Subject) {
    let (app, ids) = heard_events(&s, 2).await;
    let due = s.lease_deliveries(LONG, 9).await;
    let find = |event: &EventId| due.iter().find(|due| due.event.id == *event).expect("is due");
    let (first, second): (&DueDelivery, &DueDelivery) = (find(&ids[0]), find(&ids[1]));
    record(&s, first.delivery.id, DeliveryState::Pending, SHORT).await;
    record(&s, second.delivery.id, DeliveryState::Dead, Duration::ZERO).await;
    assert_eq!(s.database.void_delivery_leases().await.expect("void"), 0, "a wait is no lease");
    assert!(s.lease_deliveries(LONG, 9).await.is_empty(), "the wait is kept");
    s.wait(SHORT).await;
    let again = s.lease_deliveries(LONG, 9).await;
    assert_eq!(again.len(), 1, "a dead letter is never due");
    assert_eq!((again[0].delivery.id, again[0].delivery.attempt_count), (first.delivery.id, 1));
    record(&s, first.delivery.id, DeliveryState::Delivered, Duration::ZERO).await;
    for (id, state, attempts) in [(&ids[0], DeliveryState::Delivered, 2), (&ids[1], DeliveryState::Dead, 1)] {
        let records = s.database.list_deliveries(app, id).await.expect("list");
        assert_eq!(records.len(), 1);
        assert_eq!((records[0].delivery.state, &records[0].delivery.event_id), (state, id));
        assert_eq!(records[0].delivery.attempt_count as usize, attempts);
        assert_eq!(records[0].attempts.len(), attempts);
        assert_eq!(records[0].attempts[attempts - 1], attempt(state));
    }
    assert_eq!(s.database.next_delivery_due().await.expect("due"), None);
    record(&s, DeliveryId(i64::MAX), DeliveryState::Delivered, Duration::ZERO).await;
}

async fn a_late_attempt_does_not_undo_a_delivery(s: Subject) {
    let (app, ids) = heard_events(&s, 2).await;
    let due = s.lease_deliveries(SHORT, 9).await;
    s.wait(SHORT).await;
    assert_eq!(s.lease_deliveries(LONG, 9).await.len(), 2, "two relays have them");
    for (due, states) in due.iter().zip([
        [DeliveryState::Delivered, DeliveryState::Pending],
        [DeliveryState::Dead, DeliveryState::Delivered],
    ]) {
        for state in states {
            record(&s, due.delivery.id, state, Duration::ZERO).await;
        }
    }
    for id in &ids {
        let records = s.database.list_deliveries(app, id).await.expect("list");
        assert_eq!(records[0].delivery.state, DeliveryState::Delivered);
        assert_eq!(records[0].attempts.len(), 2);
    }
    s.wait(SHORT).await;
    assert!(s.lease_deliveries(LONG, 9).await.is_empty());
}

/// An app with one endpoint, and some events that it hears.
async fn heard_events(s: &Subject, count: usize) -> (AppId, Vec<EventId>) {
    let app = s.app().await.id;
    s.database.insert_endpoint(&endpoint(app)).await.expect("insert");
    (app, s.tell_some(app, count).await)
}

fn attempt(state: DeliveryState) -> Attempt {
    let is_success = state == DeliveryState::Delivered;
    Attempt {
        at: AT,
        status: is_success.then_some(204),
        duration_ms: 12,
        answer: "connection refused \u{1f3ac}".to_owned(),
        is_success,
    }
}

async fn record(s: &Subject, id: DeliveryId, state: DeliveryState, next_wait: Duration) {
    s.database.record_attempt(id, &attempt(state), state, next_wait).await.expect("record");
}
