//! Events: stored once, and heard by whom they concern.

use stillframe_domain::event::{EventPayload, PAYLOAD_VERSION, SnapshotFact};
use stillframe_domain::{
    AppSettings, Dialect, Endpoint, Event, EventFormat, EventKind, MediaId, Owner, PullMode, VideoId,
};

use super::samples::{AT, endpoint, event};
use super::{LONG, Subject};

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    events_read_back_and_only_for_their_app(make().await).await;
    events_of_a_job_are_listed_in_order(make().await).await;
    endpoints_hear_what_they_asked_for(make().await).await;
    push_and_pull_follow_the_settings_at_the_time(make().await).await;
}

async fn events_read_back_and_only_for_their_app(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let told = event(own);
    s.tell(own, std::slice::from_ref(&told)).await;
    assert_eq!(s.database.find_event(own, &told.id).await.expect("find"), Some(told.clone()));
    assert_eq!(s.database.find_event(other, &told.id).await.expect("find"), None);
    assert!(s.database.list_deliveries(own, &told.id).await.expect("list").is_empty(), "nobody asked");
}

async fn events_of_a_job_are_listed_in_order(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let job = s.job(own).await;
    let of_job = || {
        let fact = SnapshotFact {
            version: PAYLOAD_VERSION,
            job_id: job.id.clone(),
            media_id: MediaId(1),
            video_id: VideoId::mint(&stillframe_domain::OsRng),
            outputs: job.outputs.clone(),
            outcomes: super::samples::outcomes(&job),
            failure: None,
            cover_url: Some("http://example.org/media/c.jpg".to_owned()),
            base_url: "http://example.org/media".to_owned(),
            callback_url: None,
            options: stillframe_domain::RequestOptions::default(),
            priority: 0,
            media: None,
            pass_through: None,
            job_created_at: AT,
            job_started_at: None,
            job_finished_at: AT,
        };
        Event { payload: EventPayload::Snapshot(fact), ..event(own) }
    };
    let events = [of_job(), of_job()];
    s.tell(own, &[events[0].clone(), event(own), events[1].clone()]).await;
    assert_eq!(s.database.list_events_of_job(own, &job.id).await.expect("list"), events);
    assert!(s.database.list_events_of_job(other, &job.id).await.expect("list").is_empty());
}

async fn endpoints_hear_what_they_asked_for(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let all = Endpoint { event_kinds: Vec::new(), origins: Vec::new(), ..endpoint(own) };
    let of_alibaba = Endpoint { owner: Owner::Alibaba, format: EventFormat::Alibaba, ..all.clone() };
    let of_alibaba = Endpoint { id: endpoint(own).id, ..of_alibaba };
    let wrong_kind = Endpoint { event_kinds: vec![EventKind::MediaReady], ..endpoint(own) };
    let wrong_origin = Endpoint { origins: vec![Dialect::Native], ..endpoint(own) };
    let of_other = endpoint(other);
    for endpoint in [&all, &of_alibaba, &wrong_kind, &wrong_origin, &of_other] {
        s.database.insert_endpoint(endpoint).await.expect("insert");
    }
    let told = event(own);
    s.tell(own, std::slice::from_ref(&told)).await;
    let records = s.database.list_deliveries(own, &told.id).await.expect("list");
    assert_eq!(records.iter().map(|r| &r.delivery.endpoint_id).collect::<Vec<_>>(), [&all.id]);
    assert!(s.database.list_deliveries(other, &told.id).await.expect("list").is_empty());
    let due = s.lease_deliveries(LONG, 9).await;
    assert_eq!((due.len(), &due[0].endpoint, &due[0].event, due[0].app.id), (1, &all, &told, own));
}

async fn push_and_pull_follow_the_settings_at_the_time(s: Subject) {
    let app = s.app_with(PullMode::Pull).await.id;
    let tencent = Endpoint {
        owner: Owner::Tencent,
        format: EventFormat::Tencent40,
        event_kinds: Vec::new(),
        origins: Vec::new(),
        ..endpoint(app)
    };
    s.database.insert_endpoint(&tencent).await.expect("insert");
    let mut ids = Vec::new();
    for tencent_mode in [PullMode::Pull, PullMode::Push, PullMode::Off] {
        let settings = AppSettings { tencent_mode, ..AppSettings::default() };
        s.database.update_app_settings(app, &settings).await.expect("update");
        ids.extend(s.tell_some(app, 1).await);
    }
    let due = s.lease_deliveries(LONG, 9).await;
    assert_eq!(due.iter().map(|due| &due.event.id).collect::<Vec<_>>(), [&ids[1]]);
    let pulled = s.database.pull_events(app, LONG, 9).await.expect("pull");
    assert_eq!(pulled.iter().map(|pulled| &pulled.event.id).collect::<Vec<_>>(), [&ids[0]]);
}
