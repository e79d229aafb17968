//! Events: one for each result and none without, and each comes to everyone who is to hear it.

use std::collections::BTreeMap;

use stillframe_database::Deliveries as _;
use stillframe_domain::{
    DeliveryState, Endpoint, Event, EventKind, EventPayload, Job, JobId, JobKind, JobState, routing,
};

use crate::world::World;

/// Checks all events against results and receivers.
pub fn check(world: &World, jobs: &[Job]) {
    for job in jobs.iter().filter(|job| job.kind == JobKind::Snapshot) {
        check_of_job(world, job);
    }
    let (database, app) = (world.database(), world.app());
    let endpoints = world.call(database.list_endpoints(app.id)).expect("endpoints can be listed");
    let told: Vec<Event> = world.ledger().told.values().cloned().collect();
    check_once_for_each_video(world, &told);
    for event in &told {
        let stored = world.call(database.find_event(app.id, &event.id)).expect("events can be found");
        if stored.as_ref() != Some(event) {
            world.violated(format!("event {} was committed and is not there as it was", event.id));
        }
        let listeners = routing::listeners(&endpoints, &app.settings, event);
        check_delivered(world, event, &listeners);
        if routing::is_queued_for_tencent(&app.settings, event) {
            let ledger = world.ledger();
            let is_lost = !ledger.pulled.contains(&event.id) || !ledger.confirmed.contains(&event.id);
            drop(ledger);
            if is_lost {
                world.violated(format!("event {} never came out of the queue", event.id));
            }
        }
    }
}

/// An ended job has one final event, with its result in it; one that was withdrawn or goes on has none.
fn check_of_job(world: &World, job: &Job) {
    let (database, app_id) = (world.database(), world.app_id());
    let events = world.call(database.list_events_of_job(app_id, &job.id)).expect("events can be listed");
    let finals: Vec<&Event> = events.iter().filter(|event| event.kind != EventKind::JobProgress).collect();
    let wanted = usize::from(matches!(job.state, JobState::Completed | JobState::Discarded));
    if finals.len() != wanted {
        let state = job.state.name();
        world.violated(format!("job {} is {state} and has {} final events", job.id, finals.len()));
    }
    for event in finals {
        let EventPayload::Snapshot(fact) = &event.payload else { continue };
        if fact.outcomes != job.outcomes {
            world.violated(format!("event {} tells another result than job {} has", event.id, job.id));
        }
    }
}

/// A video is created, stored, made ready or given up, and deleted once at most.
fn check_once_for_each_video(world: &World, told: &[Event]) {
    let mut counts: BTreeMap<(String, EventKindName), usize> = BTreeMap::new();
    for event in told {
        let subject = match &event.payload {
            EventPayload::Media(fact) if event.kind != EventKind::MediaUpdated => fact.media_id.to_string(),
            EventPayload::Snapshot(fact) if event.kind != EventKind::JobProgress => final_of(&fact.job_id),
            _ => continue,
        };
        *counts.entry((subject, kind_of(event.kind))).or_default() += 1;
    }
    for ((subject, kind), count) in counts {
        if 1 < count {
            world.violated(format!("{kind} of {subject} was told {count} times"));
        }
    }
}

type EventKindName = &'static str;

/// Events of which there is one between them have one name.
const fn kind_of(kind: EventKind) -> EventKindName {
    match kind {
        EventKind::SnapshotCompleted | EventKind::SnapshotFailed => "the end",
        EventKind::MediaReady | EventKind::MediaFailed => "the probe",
        other => other.name(),
    }
}

fn final_of(id: &JobId) -> String {
    format!("job {id}")
}

fn check_delivered(world: &World, event: &Event, listeners: &[Endpoint]) {
    let (database, app_id) = (world.database(), world.app_id());
    let records = world.call(database.list_deliveries(app_id, &event.id)).expect("deliveries can be listed");
    for endpoint in listeners {
        let record = records.iter().find(|record| record.delivery.endpoint_id == endpoint.id);
        let Some(record) = record else {
            world.violated(format!("event {} has no delivery to {}", event.id, endpoint.url));
            continue;
        };
        let made = record.attempts.iter().filter(|attempt| attempt.is_success).count();
        let is_heard = world.ledger().heard.contains(&(endpoint.url.clone(), event.id.clone()));
        let tries_max = endpoint.policy.retry.waits_ms.len() + 1;
        let wrong = match record.delivery.state {
            DeliveryState::Delivered if made == 0 => "is recorded as made without an attempt that was",
            DeliveryState::Delivered if !is_heard => "is recorded as made and was never heard",
            DeliveryState::Dead if record.attempts.len() < tries_max => {
                "was given up before its last attempt"
            }
            DeliveryState::Pending => "never came to an end",
            DeliveryState::Delivered | DeliveryState::Dead => continue,
        };
        world.violated(format!("the delivery of event {} to {} {wrong}", event.id, endpoint.url));
    }
}
