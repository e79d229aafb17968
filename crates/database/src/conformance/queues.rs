//! Pull queues: what is pulled is hidden, what is confirmed never comes again, what is neither does.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use stillframe_domain::{EventId, OsRng, PullMode, ReceiptHandle, limits};

use super::{LONG, SHORT, SHORTER, Subject};
use crate::PulledEvent;
use crate::records::{ConfirmReport, QueueDepth};

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    events_come_oldest_first_and_are_hidden(make().await).await;
    an_unconfirmed_event_comes_again_with_a_new_handle(make().await).await;
    a_handle_dies_with_the_visibility_of_its_receive(make().await).await;
    a_confirmed_event_never_comes_again(make().await).await;
    queues_of_two_apps_are_apart(make().await).await;
    concurrent_pullers_never_get_the_same_event(make().await).await;
    events_that_nobody_pulls_expire(make().await).await;
    depth_tells_what_waits(make().await).await;
}

async fn events_come_oldest_first_and_are_hidden(s: Subject) {
    let app = s.app_with(PullMode::Pull).await.id;
    let ids = s.tell_some(app, 5).await;
    let first = s.database.pull_events(app, LONG, 2).await.expect("pull");
    let rest = s.database.pull_events(app, LONG, 16).await.expect("pull");
    assert_eq!((first.len(), ids_of(&[first.clone(), rest.clone()].concat())), (2, ids));
    assert!(rest.iter().all(|pulled| pulled.receive_count == 1));
    assert!(s.database.pull_events(app, LONG, 16).await.expect("pull").is_empty());
    let handles: HashSet<_> = first.iter().chain(&rest).map(|pulled| &pulled.handle).collect();
    assert_eq!(handles.len(), 5);
}

async fn an_unconfirmed_event_comes_again_with_a_new_handle(s: Subject) {
    let app = s.app_with(PullMode::Pull).await.id;
    let ids = s.tell_some(app, 1).await;
    let mut handles = HashSet::new();
    for receive_count in 1..=3 {
        let pulled = s.database.pull_events(app, SHORT, 16).await.expect("pull");
        assert_eq!((ids_of(&pulled), pulled[0].receive_count), (ids.clone(), receive_count));
        assert!(handles.insert(pulled[0].handle.clone()), "a new one at each receive");
        let next = s.database.next_event_visible(app).await.expect("next").expect("it is hidden");
        assert!(Duration::ZERO < next && next <= SHORT, "{next:?}");
        s.wait(SHORT).await;
        assert_eq!(s.database.next_event_visible(app).await.expect("next"), None);
    }
    // An event that came back keeps its place before younger ones.
    let younger = s.tell_some(app, 1).await;
    let pulled = s.database.pull_events(app, SHORT, 16).await.expect("pull");
    assert_eq!(ids_of(&pulled), [ids, younger].concat());
}

async fn a_handle_dies_with_the_visibility_of_its_receive(s: Subject) {
    let app = s.app_with(PullMode::Pull).await.id;
    let ids = s.tell_some(app, 1).await;
    let expired = s.database.pull_events(app, SHORT, 16).await.expect("pull").remove(0).handle;
    s.wait(SHORT).await;
    assert_eq!(
        confirm(&s, app, &[&expired]).await,
        report(&[], &[&expired]),
        "expired, not yet received again"
    );
    let superseded = expired;
    let newest = s.database.pull_events(app, SHORT, 16).await.expect("pull").remove(0).handle;
    assert_eq!(confirm(&s, app, &[&superseded]).await, report(&[], &[&superseded]));
    s.wait(SHORT).await;
    let again = s.database.pull_events(app, LONG, 16).await.expect("pull");
    assert_eq!(ids_of(&again), ids, "stale handles changed nothing");
    let never_given = ReceiptHandle::mint(&OsRng);
    let asked = [&never_given, &again[0].handle, &newest];
    assert_eq!(confirm(&s, app, &asked).await, report(&[&again[0].handle], &[&never_given, &newest]));
}

async fn a_confirmed_event_never_comes_again(s: Subject) {
    let app = s.app_with(PullMode::Pull).await.id;
    let ids = s.tell_some(app, 3).await;
    let pulled = s.database.pull_events(app, SHORT, 16).await.expect("pull");
    let (first, last) = (&pulled[0].handle, &pulled[2].handle);
    assert_eq!(confirm(&s, app, &[last, first]).await, report(&[last, first], &[]));
    assert_eq!(confirm(&s, app, &[first]).await, report(&[], &[first]), "once");
    assert_eq!(confirm(&s, app, &[]).await, ConfirmReport::default());
    s.wait(SHORT).await;
    let again = s.database.pull_events(app, SHORT, 16).await.expect("pull");
    assert_eq!(ids_of(&again), ids[1..2]);
    assert!(s.database.find_event(app, &ids[0]).await.expect("find").is_some(), "the fact stays on record");
}

async fn queues_of_two_apps_are_apart(s: Subject) {
    let (own, other) = (s.app_with(PullMode::Pull).await.id, s.app_with(PullMode::Pull).await.id);
    let ids = s.tell_some(own, 1).await;
    assert!(s.database.pull_events(other, LONG, 16).await.expect("pull").is_empty());
    let pulled = s.database.pull_events(own, SHORT, 16).await.expect("pull");
    let handle = &pulled[0].handle;
    assert_eq!(confirm(&s, other, &[handle]).await, report(&[], &[handle]), "of another app");
    assert_eq!(s.database.queue_depth(other).await.expect("depth"), QueueDepth::default());
    assert_eq!(s.database.next_event_visible(other).await.expect("next"), None);
    s.wait(SHORT).await;
    assert_eq!(ids_of(&s.database.pull_events(own, LONG, 16).await.expect("pull")), ids);
}

async fn concurrent_pullers_never_get_the_same_event(s: Subject) {
    let app = s.app_with(PullMode::Pull).await.id;
    let ids = s.tell_some(app, 200).await;
    let pullers: Vec<_> = (0..8)
        .map(|_| {
            let database = Arc::clone(&s.database);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let pulled = database.pull_events(app, LONG, 7).await.expect("pull");
                    if pulled.is_empty() {
                        return taken;
                    }
                    let handles: Vec<_> = pulled.iter().map(|pulled| pulled.handle.clone()).collect();
                    let report = database.confirm_events(app, &handles).await.expect("confirm");
                    assert_eq!((report.confirmed.len(), report.stale.len()), (handles.len(), 0));
                    taken.extend(ids_of(&pulled));
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for puller in pullers {
        taken.extend(puller.await.expect("no panic"));
    }
    assert_eq!(taken.len(), 200);
    assert_eq!(taken.into_iter().collect::<HashSet<_>>(), ids.into_iter().collect());
}

async fn events_that_nobody_pulls_expire(s: Subject) {
    let app = s.app_with(PullMode::Pull).await.id;
    let retention = Duration::from_millis(limits::QUEUE_RETENTION_MS);
    s.tell_some(app, 2).await;
    s.wait(SHORTER).await;
    let younger = s.tell_some(app, 1).await;
    if !(s.advance)(retention - SHORTER).await {
        return;
    }
    let depth = s.database.queue_depth(app).await.expect("depth");
    assert_eq!((depth.visible, depth.hidden), (1, 0), "the expired ones do not count");
    assert_eq!(ids_of(&s.database.pull_events(app, SHORT, 16).await.expect("pull")), younger);
    assert!((s.advance)(SHORT).await);
    assert!(
        s.database.pull_events(app, SHORT, 16).await.expect("pull").is_empty(),
        "nor does one that was pulled"
    );
    assert_eq!(s.database.queue_depth(app).await.expect("depth"), QueueDepth::default());
}

async fn depth_tells_what_waits(s: Subject) {
    let app = s.app_with(PullMode::Pull).await.id;
    assert_eq!(s.database.queue_depth(app).await.expect("depth"), QueueDepth::default());
    s.tell_some(app, 3).await;
    s.wait(SHORTER).await;
    s.database.pull_events(app, LONG, 1).await.expect("pull");
    let depth = s.database.queue_depth(app).await.expect("depth");
    assert_eq!((depth.visible, depth.hidden), (2, 1));
    assert!(SHORTER <= depth.oldest_age && depth.oldest_age < LONG, "{:?}", depth.oldest_age);
}

fn ids_of(pulled: &[PulledEvent]) -> Vec<EventId> {
    pulled.iter().map(|pulled| pulled.event.id.clone()).collect()
}

async fn confirm(s: &Subject, app: stillframe_domain::AppId, handles: &[&ReceiptHandle]) -> ConfirmReport {
    let handles: Vec<_> = handles.iter().copied().cloned().collect();
    s.database.confirm_events(app, &handles).await.expect("confirm")
}

fn report(confirmed: &[&ReceiptHandle], stale: &[&ReceiptHandle]) -> ConfirmReport {
    let texts =
        |handles: &[&ReceiptHandle]| handles.iter().map(|handle| handle.as_str().to_owned()).collect();
    ConfirmReport { confirmed: texts(confirmed), stale: texts(stale) }
}
