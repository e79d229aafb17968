//! Endpoints that fail, are switched off and on, and are told again.

use std::time::Duration;

use stillframe_domain::{
    AppId, Attempt, DeliveryState, DisableReason, Endpoint, EndpointHealth, Event, EventFormat, EventId,
    EventKind, FormerSecret, OsRng, Timestamp, limits,
};

use super::samples::{AT, endpoint, event};
use super::{LONG, Subject};
use crate::{DeliveryFilter, DeliveryLane, DueDelivery, Replay, ReplayOutcome};

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    what_fails_waits_in_a_lane_of_its_own(make().await).await;
    five_days_of_failure_disable_and_are_told(make().await).await;
    a_disabled_endpoint_keeps_what_waits_for_it(make().await).await;
    a_test_goes_to_one_endpoint_alone(make().await).await;
    deliveries_are_found_by_their_app_alone(make().await).await;
    a_delivery_made_again_has_its_schedule_anew(make().await).await;
    dead_letters_of_an_endpoint_are_recovered(make().await).await;
    events_are_told_again_to_an_endpoint(make().await).await;
    former_secrets_are_kept(make().await).await;
}

/// An endpoint that hears of the samples' events.
async fn heard(s: &Subject, app: AppId) -> Endpoint {
    let endpoint = endpoint(app);
    s.database.insert_endpoint(&endpoint).await.expect("insert");
    endpoint
}

async fn lease(s: &Subject, lane: DeliveryLane) -> Vec<DueDelivery> {
    s.database.lease_deliveries(lane, LONG, 99).await.expect("lease")
}

async fn health(s: &Subject, endpoint: &Endpoint) -> EndpointHealth {
    let found = s.database.find_endpoint(endpoint.app_id, &endpoint.id).await.expect("find");
    found.expect("is there").health
}

async fn record(s: &Subject, due: &DueDelivery, status: Option<u16>, state: DeliveryState) {
    let is_success = state == DeliveryState::Delivered;
    let attempt = Attempt { at: AT, status, duration_ms: 1, answer: String::new(), is_success };
    s.database.record_attempt(due.delivery.id, &attempt, state, Duration::ZERO).await.expect("record");
}

async fn what_fails_waits_in_a_lane_of_its_own(s: Subject) {
    let app = s.app().await.id;
    let failing = heard(&s, app).await;
    s.tell_some(app, 3).await;
    assert!(lease(&s, DeliveryLane::Retried).await.is_empty());
    let first = s.database.lease_deliveries(DeliveryLane::Fresh, LONG, 1).await.expect("lease").remove(0);
    record(&s, &first, None, DeliveryState::Pending).await;
    assert!(health(&s, &failing).await.failing_since.is_some());
    assert!(lease(&s, DeliveryLane::Fresh).await.is_empty(), "what waits for it gives way");
    s.tell_some(app, 1).await;
    assert!(lease(&s, DeliveryLane::Fresh).await.is_empty(), "and so does what comes");
    let retried = lease(&s, DeliveryLane::Retried).await;
    assert_eq!(retried.len(), 4);
    record(&s, &retried[0], Some(200), DeliveryState::Delivered).await;
    assert_eq!(health(&s, &failing).await, EndpointHealth::default());
    s.tell_some(app, 1).await;
    assert_eq!(lease(&s, DeliveryLane::Fresh).await.len(), 1, "it answers again");
}

async fn five_days_of_failure_disable_and_are_told(s: Subject) {
    let app = s.app().await.id;
    let (failing, of_a_cloud) =
        (heard(&s, app).await, Endpoint { format: EventFormat::Alibaba, ..endpoint(app) });
    s.database.insert_endpoint(&of_a_cloud).await.expect("insert");
    let hears_all = Endpoint { event_kinds: vec![EventKind::EndpointDisabled], ..endpoint(app) };
    s.database.insert_endpoint(&hears_all).await.expect("insert");
    s.tell_some(app, 1).await;
    let longest = Duration::from_millis(limits::ENDPOINT_FAILING_MS_MAX);
    for wait in [Duration::ZERO, longest - Duration::from_secs(1), Duration::from_secs(1)] {
        // A server's clock that cannot be moved on by days ends the case.
        if !(s.advance)(wait).await {
            return;
        }
        assert!(health(&s, &failing).await.disabled.is_none());
        let due = s.lease_deliveries(LONG, 9).await;
        assert_eq!(due.len(), 2);
        for due in &due {
            record(&s, due, Some(500), DeliveryState::Pending).await;
        }
    }
    let disabled = health(&s, &failing).await.disabled.expect("is disabled");
    assert_eq!(disabled.reason, DisableReason::Failing);
    assert!(health(&s, &of_a_cloud).await.disabled.is_none(), "never one of a cloud's format");
    let told = lease(&s, DeliveryLane::Fresh).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].event.kind, &told[0].endpoint.id), (EventKind::EndpointDisabled, &hears_all.id));
    let waiting = lease(&s, DeliveryLane::Retried).await;
    assert!(waiting.iter().all(|due| due.endpoint.id == of_a_cloud.id), "what waits for it is held");
}

async fn a_disabled_endpoint_keeps_what_waits_for_it(s: Subject) {
    let (app, other) = (s.app().await.id, s.app().await.id);
    let endpoint = heard(&s, app).await;
    let waits = s.tell_some(app, 2).await;
    assert!(!s.database.disable_endpoint(other, &endpoint.id).await.expect("disable"));
    for _ in 0..2 {
        assert!(s.database.disable_endpoint(app, &endpoint.id).await.expect("disable"));
    }
    let reason = health(&s, &endpoint).await.disabled.expect("is disabled").reason;
    assert_eq!(reason, DisableReason::Owner);
    let unheard = s.tell_some(app, 1).await;
    assert!(s.database.list_deliveries(app, &unheard[0]).await.expect("list").is_empty());
    assert!(s.lease_deliveries(LONG, 9).await.is_empty());
    assert_eq!(s.database.next_delivery_due().await.expect("due"), None);
    assert!(!s.database.enable_endpoint(other, &endpoint.id).await.expect("enable"));
    assert!(s.database.enable_endpoint(app, &endpoint.id).await.expect("enable"));
    assert_eq!(health(&s, &endpoint).await, EndpointHealth::default());
    let due = s.lease_deliveries(LONG, 9).await;
    assert_eq!(due.iter().map(|due| &due.event.id).collect::<Vec<_>>(), waits.iter().collect::<Vec<_>>());
}

async fn a_test_goes_to_one_endpoint_alone(s: Subject) {
    let app = s.app().await.id;
    let (tested, _) = (heard(&s, app).await, heard(&s, app).await);
    assert!(s.database.disable_endpoint(app, &tested.id).await.expect("disable"));
    let ping = Event::of_ping(EventId::mint(&OsRng), &tested, AT);
    let told = s.database.tell_endpoint(&ping, &tested.id).await.expect("tell");
    let due = s.lease_deliveries(LONG, 9).await;
    assert_eq!((due.len(), Some(due[0].delivery.id), &due[0].event), (1, told, &ping));
    let stranger = Event { app_id: s.app().await.id, id: EventId::mint(&OsRng), ..ping };
    assert_eq!(s.database.tell_endpoint(&stranger, &tested.id).await.expect("tell"), None);
}

async fn deliveries_are_found_by_their_app_alone(s: Subject) {
    let (app, other) = (s.app().await.id, s.app().await.id);
    let (first, second) = (heard(&s, app).await, heard(&s, app).await);
    let events = s.tell_some(app, 3).await;
    let due = s.lease_deliveries(LONG, 9).await;
    for due in due.iter().filter(|due| due.endpoint.id == first.id) {
        record(&s, due, Some(204), DeliveryState::Delivered).await;
    }
    let find = async |app, filter: DeliveryFilter, after: Option<&str>| {
        s.database.search_deliveries(app, &filter, after, 4).await.expect("search")
    };
    let all = find(app, DeliveryFilter::default(), None).await;
    assert_eq!(all.items.len(), 4);
    let rest = find(app, DeliveryFilter::default(), all.next.as_deref()).await;
    assert_eq!((rest.items.len(), rest.next), (2, None));
    assert!(find(other, DeliveryFilter::default(), None).await.items.is_empty());
    let of_second = DeliveryFilter { endpoint_id: Some(second.id.clone()), ..DeliveryFilter::default() };
    let found = find(app, of_second.clone(), None).await.items;
    let newest: Vec<_> = found.iter().map(|one| &one.delivery.event_id).collect();
    assert_eq!(newest, events.iter().rev().collect::<Vec<_>>());
    assert_eq!(found[0].kind, EventKind::SnapshotCompleted);
    let delivered = DeliveryFilter { state: Some(DeliveryState::Delivered), ..DeliveryFilter::default() };
    assert_eq!(find(app, delivered.clone(), None).await.items.len(), 3);
    let neither = DeliveryFilter { state: delivered.state, ..of_second };
    assert!(find(app, neither, None).await.items.is_empty());
    let of_event = DeliveryFilter { event_id: Some(events[0].clone()), ..DeliveryFilter::default() };
    assert_eq!(find(app, of_event, None).await.items.len(), 2);
    let id = found[0].delivery.id;
    let record = s.database.find_delivery(app, id).await.expect("find").expect("is there");
    assert_eq!((record.delivery.id, record.attempts.len()), (id, 0));
    assert!(s.database.find_delivery(other, id).await.expect("find").is_none());
}

async fn a_delivery_made_again_has_its_schedule_anew(s: Subject) {
    let (app, other) = (s.app().await.id, s.app().await.id);
    let endpoint = heard(&s, app).await;
    s.tell_some(app, 1).await;
    let due = s.lease_deliveries(LONG, 9).await.remove(0);
    let id = due.delivery.id;
    let again = async |app| s.database.replay_delivery(app, id).await.expect("replay");
    assert_eq!(again(app).await, ReplayOutcome::Due, "one under way is left alone");
    assert!(s.lease_deliveries(LONG, 9).await.is_empty());
    record(&s, &due, None, DeliveryState::Dead).await;
    assert_eq!(again(other).await, ReplayOutcome::NotFound);
    assert!(s.lease_deliveries(LONG, 9).await.is_empty());
    assert_eq!(again(app).await, ReplayOutcome::Due);
    let due = lease(&s, DeliveryLane::Retried).await.remove(0);
    assert_eq!((due.delivery.attempt_count, due.delivery.next_attempt()), (1, 1));
    record(&s, &due, Some(200), DeliveryState::Delivered).await;
    assert_eq!(again(app).await, ReplayOutcome::Due, "also what was delivered");
    assert_eq!(lease(&s, DeliveryLane::Retried).await.len(), 1);
    record(&s, &due, Some(200), DeliveryState::Delivered).await;
    assert!(s.database.disable_endpoint(app, &endpoint.id).await.expect("disable"));
    assert_eq!(again(app).await, ReplayOutcome::Due);
    assert!(s.lease_deliveries(LONG, 9).await.is_empty(), "to a disabled endpoint it waits");
    assert!(s.database.enable_endpoint(app, &endpoint.id).await.expect("enable"));
    let due = s.lease_deliveries(LONG, 9).await.remove(0);
    record(&s, &due, Some(200), DeliveryState::Delivered).await;
    assert!(s.database.delete_endpoint(app, &endpoint.id).await.expect("delete"));
    assert_eq!(again(app).await, ReplayOutcome::NoEndpoint);
}

async fn dead_letters_of_an_endpoint_are_recovered(s: Subject) {
    let (app, other) = (s.app().await.id, s.app().await.id);
    let (endpoint, _) = (heard(&s, app).await, heard(&s, app).await);
    let old = Event { created_at: Timestamp::from_millis(AT.as_millis() - 1), ..event(app) };
    s.tell(app, std::slice::from_ref(&old)).await;
    s.tell_some(app, 3).await;
    for due in s.lease_deliveries(LONG, 99).await {
        record(&s, &due, None, DeliveryState::Dead).await;
    }
    let recover = async |app, limit| {
        s.database.recover_deliveries(app, &endpoint.id, AT, limit).await.expect("recover")
    };
    assert_eq!(recover(other, 9).await, 0);
    assert_eq!((recover(app, 2).await, recover(app, 9).await, recover(app, 9).await), (2, 1, 0));
    let due = lease(&s, DeliveryLane::Retried).await;
    assert_eq!(due.len(), 3);
    assert!(due.iter().all(|due| due.endpoint.id == endpoint.id && due.event.id != old.id));
}

async fn events_are_told_again_to_an_endpoint(s: Subject) {
    let (app, other) = (s.app().await.id, s.app().await.id);
    let unheard = Event { kind: EventKind::MediaReady, ..event(app) };
    let old = Event { created_at: Timestamp::from_millis(AT.as_millis() - 1), ..event(app) };
    let before = event(app);
    s.tell(app, &[old, unheard, before.clone()]).await;
    let endpoint = heard(&s, app).await;
    let after = s.tell_some(app, 2).await;
    for due in s.lease_deliveries(LONG, 9).await {
        record(&s, &due, Some(200), DeliveryState::Delivered).await;
    }
    let replay = Replay {
        since: AT,
        before: Timestamp::from_millis(AT.as_millis() + 1),
        is_missing_only: true,
        after: None,
    };
    let tell = async |app, replay: &Replay, limit| {
        s.database.replay_events(app, &endpoint.id, replay, limit).await.expect("replay")
    };
    assert_eq!(tell(other, &replay, 9).await.count, 0);
    assert_eq!(tell(app, &replay, 9).await.count, 1);
    let due = lease(&s, DeliveryLane::Retried).await;
    assert_eq!((due.len(), &due[0].event.id), (1, &before.id));
    record(&s, &due[0], Some(200), DeliveryState::Delivered).await;

    let mut all = Replay { is_missing_only: false, ..replay };
    let mut counts = Vec::new();
    loop {
        let told = tell(app, &all, 2).await;
        counts.push(told.count);
        all.after = told.next;
        if all.after.is_none() {
            break;
        }
    }
    assert_eq!(counts.iter().sum::<u64>(), 3, "{counts:?}");
    let due = lease(&s, DeliveryLane::Retried).await;
    let mut told: Vec<_> = due.iter().map(|due| &due.event.id).collect();
    let mut wanted: Vec<_> = after.iter().chain([&before.id]).collect();
    told.sort();
    wanted.sort();
    assert_eq!(told, wanted);
    for due in &due {
        let records = s.database.list_deliveries(app, &due.event.id).await.expect("list");
        assert_eq!(records.len(), 1, "an event has one delivery to an endpoint, however often it is told");
    }
}

async fn former_secrets_are_kept(s: Subject) {
    let app = s.app().await.id;
    let mut endpoint = heard(&s, app).await;
    endpoint.former_secrets = vec![FormerSecret { secret: "whsec_old".to_owned(), until: AT }];
    assert!(s.database.update_endpoint(&endpoint).await.expect("update"));
    let found = s.database.find_endpoint(app, &endpoint.id).await.expect("find");
    assert_eq!(found.as_ref(), Some(&endpoint));
    s.tell_some(app, 1).await;
    assert_eq!(s.lease_deliveries(LONG, 9).await[0].endpoint, endpoint);
}
