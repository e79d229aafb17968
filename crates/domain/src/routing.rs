//! Who hears of an event. Pure, and called inside the transaction that writes the event.

use crate::app::{AppSettings, PullMode};
use crate::endpoint::{Endpoint, EventFormat, Owner};
use crate::event::{Event, EventKind, EventPayload};
use crate::job::{Dialect, NotifyMode, RequestKind};

/// Whether a format has words for an event at all.
pub fn tells(format: EventFormat, event: &Event) -> bool {
    match format {
        EventFormat::Native | EventFormat::CloudEvents | EventFormat::CloudEventsBinary => true,
        EventFormat::Tencent40 | EventFormat::Tencent2018 => tencent_tells(event),
        EventFormat::Alibaba => alibaba_tells(event),
    }
}

fn tencent_tells(event: &Event) -> bool {
    match (event.kind, &event.payload) {
        (EventKind::SnapshotCompleted | EventKind::SnapshotFailed, _) => {
            event.origin.kind != RequestKind::AutomaticCovers
        }
        // Parts of a procedure, whose caller asked to hear of them.
        (EventKind::JobProgress, EventPayload::Snapshot(fact)) => {
            event.origin.kind == RequestKind::Procedure && fact.options.notify == NotifyMode::Change
        }
        // What was fetched is told as fetched alone.
        (EventKind::MediaStored, EventPayload::Media(fact)) => fact.news.fetch.is_none(),
        (EventKind::MediaFetched, EventPayload::Media(fact)) => fact.news.fetch.is_some(),
        (EventKind::MediaDeleted, EventPayload::Media(_)) => true,
        (
            EventKind::MediaCreated
            | EventKind::MediaFetched
            | EventKind::MediaStored
            | EventKind::MediaReady
            | EventKind::MediaFailed
            | EventKind::MediaUpdated
            | EventKind::MediaDeleted
            | EventKind::JobProgress
            | EventKind::EndpointDisabled
            | EventKind::EndpointPing,
            _,
        ) => false,
    }
}

fn alibaba_tells(event: &Event) -> bool {
    match (event.kind, &event.payload) {
        (EventKind::SnapshotCompleted | EventKind::SnapshotFailed, _) => true,
        (EventKind::MediaFetched, EventPayload::Media(fact)) => fact.news.fetch.is_some(),
        // A video that could not be fetched was never analysed.
        (EventKind::MediaFailed, EventPayload::Media(fact)) => fact.news.fetch.is_none(),
        (EventKind::MediaUpdated, EventPayload::Media(fact)) => fact.news.before.is_some(),
        (
            EventKind::MediaStored | EventKind::MediaReady | EventKind::MediaDeleted,
            EventPayload::Media(_),
        ) => true,
        (
            EventKind::MediaCreated
            | EventKind::MediaFetched
            | EventKind::MediaStored
            | EventKind::MediaReady
            | EventKind::MediaFailed
            | EventKind::MediaUpdated
            | EventKind::MediaDeleted
            | EventKind::JobProgress
            | EventKind::EndpointDisabled
            | EventKind::EndpointPing,
            _,
        ) => false,
    }
}

/// Whether an endpoint hears of an event. One that is disabled hears of none.
pub fn hears(endpoint: &Endpoint, settings: &AppSettings, event: &Event) -> bool {
    !endpoint.is_disabled() && would_hear(endpoint, settings, event)
}

/// Whether an endpoint hears of an event when it is enabled.
pub fn would_hear(endpoint: &Endpoint, settings: &AppSettings, event: &Event) -> bool {
    let is_cover = event.origin.kind == RequestKind::AutomaticCovers;
    let is_heard_origin = match endpoint.owner {
        // What the service tells of itself comes from no request. A test is for the endpoint under test.
        Owner::Native if event.kind.is_operational() => event.kind != EventKind::EndpointPing,
        Owner::Native => {
            endpoint.origins.is_empty()
                || endpoint.origins.contains(&event.origin.dialect)
                || (is_cover && endpoint.origins.contains(&Dialect::Alibaba))
        }
        Owner::Tencent => settings.tencent_mode == PullMode::Push && is_told_by_tencent(settings, event),
        Owner::Alibaba => event.origin.dialect == Dialect::Alibaba || is_cover || event.kind.is_of_media(),
    };
    event.app_id == endpoint.app_id
        && !event.is_silent()
        && is_wanted_kind(endpoint, event.kind)
        && is_heard_origin
        && tells(endpoint.format, event)
}

/// Whether an endpoint's filter lets a kind through. Without a filter, one of a vendor's format hears all
/// that the format has words for.
fn is_wanted_kind(endpoint: &Endpoint, kind: EventKind) -> bool {
    if endpoint.event_kinds.is_empty() {
        kind.is_default() || endpoint.format.is_of_a_cloud()
    } else {
        endpoint.event_kinds.contains(&kind)
    }
}

/// Whether Tencent's event configuration lets an event of its APIs through: the ends of uploads and
/// deletions have switches. A deletion is of its APIs when the request was, or the video came over them.
fn is_told_by_tencent(settings: &AppSettings, event: &Event) -> bool {
    let added_by = match &event.payload {
        EventPayload::Media(fact) => fact.added_by,
        EventPayload::Snapshot(_) | EventPayload::Endpoint(_) => None,
    };
    let is_of_tencent = event.origin.dialect == Dialect::Tencent;
    match event.kind {
        EventKind::MediaStored => is_of_tencent && settings.tencent_events.on_upload,
        EventKind::MediaDeleted => {
            (is_of_tencent || added_by == Some(Dialect::Tencent)) && settings.tencent_events.on_delete
        }
        EventKind::MediaCreated
        | EventKind::MediaFetched
        | EventKind::MediaReady
        | EventKind::MediaFailed
        | EventKind::MediaUpdated
        | EventKind::SnapshotCompleted
        | EventKind::SnapshotFailed
        | EventKind::JobProgress => is_of_tencent,
        EventKind::EndpointDisabled | EventKind::EndpointPing => false,
    }
}

/// Who hears of an event among an app's endpoints. A job's own callback, or its video's, takes the place
/// of the one that the same owner configured for the whole app, and keeps to that one's choice of kinds.
pub fn listeners(endpoints: &[Endpoint], settings: &AppSettings, event: &Event) -> Vec<Endpoint> {
    let of_app = |owner| endpoints.iter().find(|one| owner != Owner::Native && one.owner == owner);
    let own = event.own_callback(settings).filter(|own| {
        let is_chosen = of_app(own.owner).is_none_or(|of_app| is_wanted_kind(of_app, event.kind));
        is_chosen && is_wanted_kind(own, event.kind) && !event.is_silent() && tells(own.format, event)
    });
    let is_replaced = |endpoint: &Endpoint| {
        endpoint.owner != Owner::Native && own.as_ref().is_some_and(|own| own.owner == endpoint.owner)
    };
    let heard = endpoints.iter().filter(|one| !is_replaced(one) && hears(one, settings, event));
    heard.cloned().chain(own.clone()).collect()
}

/// Whether an event goes into the app's Tencent queue.
pub fn is_queued_for_tencent(settings: &AppSettings, event: &Event) -> bool {
    settings.tencent_mode == PullMode::Pull
        && !event.is_silent()
        && is_told_by_tencent(settings, event)
        && tells(EventFormat::Tencent40, event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::TencentEvents;
    use crate::endpoint::DeliveryPolicy;
    use crate::endpoint_health::{DisableReason, Disablement, EndpointHealth};
    use crate::event::{MediaNews, SnapshotFact, Telling};
    use crate::ids::{AppId, EndpointId, EventId};
    use crate::ingest;
    use crate::job::Origin;
    use crate::media::Media;
    use crate::rng::OsRng;
    use crate::time::Timestamp;

    fn media(added_by: Dialect) -> Media {
        Media { app_id: AppId(1), ..ingest::tests::media(added_by) }
    }

    /// An event of that kind about a video that came over the same API.
    fn media_event(dialect: Dialect, kind: EventKind, news: MediaNews) -> Event {
        let origin = Origin { dialect, kind: RequestKind::Ingest };
        let telling = Telling { at: Timestamp::from_millis(0), base_url: "" };
        Event::of_media(EventId::mint(&OsRng), kind, origin, &media(dialect), telling).with_news(news)
    }

    fn fetched() -> MediaNews {
        let media = media(Dialect::Tencent);
        let job = ingest::fetch_job(&media, &OsRng, Timestamp::from_millis(0));
        MediaNews::default().fetched(&job, "http://example.org/film.mp4", Timestamp::from_millis(1))
    }

    /// The end of a job of that kind.
    fn event(dialect: Dialect, kind: RequestKind) -> Event {
        let origin = Origin { dialect, kind };
        let media = media(dialect);
        let job = ingest::snapshot_job(&media, origin, Vec::new(), &OsRng, Timestamp::from_millis(0));
        let fact = SnapshotFact::of_job(&job, &media, "", None, Timestamp::from_millis(0));
        Event::of_finished_job(EventId::mint(&OsRng), &job, fact)
    }

    fn endpoint(owner: Owner, format: EventFormat, origins: &[Dialect]) -> Endpoint {
        Endpoint {
            id: EndpointId::mint(&OsRng),
            app_id: AppId(1),
            url: "http://127.0.0.1/".to_owned(),
            format,
            owner,
            event_kinds: Vec::new(),
            origins: origins.to_vec(),
            secret: String::new(),
            former_secrets: Vec::new(),
            policy: DeliveryPolicy::default_for(format),
            health: EndpointHealth::default(),
        }
    }

    #[test]
    fn vendor_endpoints_hear_only_their_vendors_jobs() {
        let push = AppSettings { tencent_mode: PullMode::Push, ..AppSettings::default() };
        let tencent = endpoint(Owner::Tencent, EventFormat::Tencent40, &[]);
        let alibaba = endpoint(Owner::Alibaba, EventFormat::Alibaba, &[]);
        let of_tencent = event(Dialect::Tencent, RequestKind::TimeOffsets);
        let of_alibaba = event(Dialect::Alibaba, RequestKind::Snapshot);
        let of_native = event(Dialect::Native, RequestKind::Snapshot);
        let covers = event(Dialect::Native, RequestKind::AutomaticCovers);
        assert!(hears(&tencent, &push, &of_tencent));
        assert!(!hears(&tencent, &push, &of_alibaba) && !hears(&tencent, &push, &of_native));
        assert!(hears(&alibaba, &push, &of_alibaba) && hears(&alibaba, &push, &covers));
        assert!(!hears(&alibaba, &push, &of_tencent) && !hears(&alibaba, &push, &of_native));
    }

    #[test]
    fn push_and_pull_exclude_each_other() {
        let pull = AppSettings { tencent_mode: PullMode::Pull, ..AppSettings::default() };
        let push = AppSettings { tencent_mode: PullMode::Push, ..AppSettings::default() };
        let tencent = endpoint(Owner::Tencent, EventFormat::Tencent40, &[]);
        let told = event(Dialect::Tencent, RequestKind::TimeOffsets);
        assert!(!hears(&tencent, &pull, &told) && is_queued_for_tencent(&pull, &told));
        assert!(hears(&tencent, &push, &told) && !is_queued_for_tencent(&push, &told));
        assert!(!is_queued_for_tencent(&AppSettings::default(), &told));
    }

    #[test]
    fn automatic_covers_are_never_told_in_tencents_formats() {
        let settings = AppSettings::default();
        let covers = event(Dialect::Tencent, RequestKind::AutomaticCovers);
        for format in [EventFormat::Tencent40, EventFormat::Tencent2018] {
            assert!(!hears(&endpoint(Owner::Native, format, &[]), &settings, &covers));
        }
        assert!(hears(&endpoint(Owner::Native, EventFormat::Alibaba, &[]), &settings, &covers));
        let filtered = endpoint(Owner::Native, EventFormat::Alibaba, &[Dialect::Alibaba]);
        assert!(hears(&filtered, &settings, &covers));
    }

    #[test]
    fn another_apps_events_are_never_heard() {
        let mut told = event(Dialect::Native, RequestKind::Snapshot);
        told.app_id = AppId(2);
        let native = endpoint(Owner::Native, EventFormat::Native, &[]);
        assert!(!hears(&native, &AppSettings::default(), &told));
    }

    #[test]
    fn tencents_switches_govern_uploads_and_deletions() {
        let told = |kind, news: MediaNews, settings: &AppSettings| {
            let event = media_event(Dialect::Tencent, kind, news);
            let endpoint = endpoint(Owner::Tencent, EventFormat::Tencent2018, &[]);
            let pull = AppSettings { tencent_mode: PullMode::Pull, ..settings.clone() };
            let heard = hears(&endpoint, settings, &event);
            assert_eq!(heard, is_queued_for_tencent(&pull, &event), "push and pull tell the same");
            heard
        };
        let off = AppSettings { tencent_mode: PullMode::Push, ..AppSettings::default() };
        let tencent_events = TencentEvents { on_upload: true, on_delete: true, ..TencentEvents::default() };
        let on = AppSettings { tencent_events, ..off.clone() };
        for kind in [EventKind::MediaStored, EventKind::MediaDeleted] {
            assert!(told(kind, MediaNews::default(), &on) && !told(kind, MediaNews::default(), &off));
        }
        assert!(told(EventKind::MediaFetched, fetched(), &off), "no switch governs the end of a fetch");
        assert!(!told(EventKind::MediaStored, fetched(), &on), "what was fetched is told as fetched alone");
        for kind in [EventKind::MediaCreated, EventKind::MediaReady, EventKind::MediaUpdated] {
            assert!(!told(kind, MediaNews::default(), &on), "{}", kind.name());
        }
    }

    #[test]
    fn a_deletion_is_tencents_by_its_request_or_by_how_the_video_came() {
        let tencent_events = TencentEvents { on_delete: true, ..TencentEvents::default() };
        let settings = AppSettings { tencent_mode: PullMode::Push, tencent_events, ..AppSettings::default() };
        let endpoint = endpoint(Owner::Tencent, EventFormat::Tencent40, &[]);
        let deleted = |of: Dialect, by: Dialect| {
            let mut event = media_event(of, EventKind::MediaDeleted, MediaNews::default());
            event.origin.dialect = by;
            hears(&endpoint, &settings, &event)
        };
        assert!(deleted(Dialect::Tencent, Dialect::Native) && deleted(Dialect::Native, Dialect::Tencent));
        assert!(!deleted(Dialect::Native, Dialect::Alibaba));
    }

    #[test]
    fn alibabas_callback_hears_of_all_videos_and_of_its_own_jobs_alone() {
        let settings = AppSettings::default();
        let configured = endpoint(Owner::Alibaba, EventFormat::Alibaba, &[]);
        let stored = media_event(Dialect::Tencent, EventKind::MediaStored, MediaNews::default());
        assert!(hears(&configured, &settings, &stored));
        assert!(!hears(&configured, &settings, &event(Dialect::Tencent, RequestKind::Procedure)));
        let filtered = Endpoint { event_kinds: vec![EventKind::SnapshotCompleted], ..configured };
        assert!(!hears(&filtered, &settings, &stored));
    }

    #[test]
    fn our_own_format_hears_of_storing_only_when_asked() {
        let settings = AppSettings::default();
        let stored = media_event(Dialect::Native, EventKind::MediaStored, MediaNews::default());
        let default = endpoint(Owner::Native, EventFormat::Native, &[]);
        assert!(!hears(&default, &settings, &stored));
        let asked = Endpoint { event_kinds: vec![EventKind::MediaStored], ..default };
        assert!(hears(&asked, &settings, &stored));
    }

    #[test]
    fn parts_of_a_procedure_are_told_only_to_callers_that_asked() {
        let settings = AppSettings::default();
        let told = |kind, notify, format| {
            let mut event = event(Dialect::Tencent, kind);
            event.kind = EventKind::JobProgress;
            if let EventPayload::Snapshot(fact) = &mut event.payload {
                fact.options.notify = notify;
            }
            hears(&endpoint(Owner::Native, format, &[]), &settings, &event)
        };
        let (procedure, change) = (RequestKind::Procedure, NotifyMode::Change);
        assert!(told(procedure, change, EventFormat::Tencent40));
        assert!(told(procedure, change, EventFormat::Tencent2018));
        assert!(!told(procedure, NotifyMode::Finish, EventFormat::Tencent40));
        assert!(!told(RequestKind::Snapshot, change, EventFormat::Tencent40));
        assert!(!told(procedure, change, EventFormat::Alibaba));
        assert!(!told(procedure, change, EventFormat::Native));
    }

    #[test]
    fn a_videos_own_callback_takes_the_place_of_its_dialects_and_keeps_to_its_kinds() {
        let settings = AppSettings::default();
        let mut stored = media_event(Dialect::Alibaba, EventKind::MediaStored, MediaNews::default());
        if let EventPayload::Media(fact) = &mut stored.payload {
            fact.details.callback_url = Some("http://own.example/".to_owned());
        }
        let urls = |configured: Endpoint, native: Endpoint| -> Vec<String> {
            let heard = listeners(&[configured, native], &settings, &stored);
            heard.into_iter().map(|endpoint| endpoint.url).collect()
        };
        let configured = endpoint(Owner::Alibaba, EventFormat::Alibaba, &[]);
        let native = endpoint(Owner::Native, EventFormat::Alibaba, &[]);
        assert_eq!(urls(configured.clone(), native.clone()), ["http://127.0.0.1/", "http://own.example/"]);
        let filtered = Endpoint { event_kinds: vec![EventKind::SnapshotCompleted], ..configured };
        assert_eq!(urls(filtered, native), ["http://127.0.0.1/"]);
    }

    #[test]
    fn a_disabled_endpoint_hears_nothing_and_the_others_hear_of_it() {
        let at = Timestamp::from_millis(5);
        let health = EndpointHealth {
            disabled: Some(Disablement { at, reason: DisableReason::Gone }),
            failing_since: Some(Timestamp::from_millis(1)),
        };
        let disabled = Endpoint { health, ..endpoint(Owner::Native, EventFormat::Native, &[]) };
        let told = event(Dialect::Native, RequestKind::Snapshot);
        let settings = AppSettings::default();
        assert!(!hears(&disabled, &settings, &told) && would_hear(&disabled, &settings, &told));

        let news = Event::of_disabled_endpoint(EventId::mint(&OsRng), &disabled, &health).expect("it is so");
        assert_eq!(news.created_at, at);
        let narrow = endpoint(Owner::Native, EventFormat::CloudEvents, &[Dialect::Tencent]);
        let filtered = Endpoint { event_kinds: vec![EventKind::MediaReady], ..narrow.clone() };
        let of_a_cloud = endpoint(Owner::Native, EventFormat::Alibaba, &[]);
        let vendors = endpoint(Owner::Alibaba, EventFormat::Alibaba, &[]);
        let all = [disabled.clone(), narrow.clone(), filtered, of_a_cloud, vendors];
        let heard = listeners(&all, &settings, &news);
        assert_eq!(heard.iter().map(|one| &one.id).collect::<Vec<_>>(), [&narrow.id]);

        let ping = Event::of_ping(EventId::mint(&OsRng), &narrow, at);
        assert!(listeners(&all, &settings, &ping).is_empty(), "a test is sent to its endpoint alone");
        assert!(Event::of_disabled_endpoint(ping.id, &narrow, &narrow.health).is_none());
    }

    #[test]
    fn a_videos_own_callback_hears_of_the_jobs_of_its_own_api_and_is_written_in_its_words() {
        let of_job = |asked_over| {
            let mut event = event(Dialect::Alibaba, RequestKind::Procedure);
            event.origin.dialect = asked_over;
            let EventPayload::Snapshot(fact) = &mut event.payload else { unreachable!("about pictures") };
            fact.media.as_mut().expect("a video").callback_url = Some("http://own.example/".to_owned());
            event.own_callback(&AppSettings::default())
        };
        assert_eq!(of_job(Dialect::Alibaba).map(|own| own.format), Some(EventFormat::Alibaba));
        assert_eq!(of_job(Dialect::Tencent), None);
    }
}
