//! Who hears of an event. Pure, and called inside the transaction that writes the event.

use crate::app::{AppSettings, PullMode};
use crate::endpoint::{Endpoint, EventFormat, Owner};
use crate::event::{Event, EventKind};
use crate::job::{Dialect, RequestKind};

/// Whether a format has words for an event at all.
pub fn tells(format: EventFormat, event: &Event) -> bool {
    let is_snapshot = matches!(event.kind, EventKind::SnapshotCompleted | EventKind::SnapshotFailed);
    match format {
        EventFormat::Native => true,
        EventFormat::Tencent40 | EventFormat::Tencent2018 => {
            is_snapshot && event.origin.kind != RequestKind::AutomaticCovers
        }
        EventFormat::Alibaba => is_snapshot,
    }
}

/// Whether an endpoint hears of an event.
pub fn hears(endpoint: &Endpoint, settings: &AppSettings, event: &Event) -> bool {
    let is_wanted_kind = if endpoint.event_kinds.is_empty() {
        event.kind.is_default()
    } else {
        endpoint.event_kinds.contains(&event.kind)
    };
    let is_cover = event.origin.kind == RequestKind::AutomaticCovers;
    let is_heard_origin = match endpoint.owner {
        Owner::Native => {
            endpoint.origins.is_empty()
                || endpoint.origins.contains(&event.origin.dialect)
                || (is_cover && endpoint.origins.contains(&Dialect::Alibaba))
        }
        Owner::Tencent => settings.tencent_mode == PullMode::Push && event.origin.dialect == Dialect::Tencent,
        Owner::Alibaba => event.origin.dialect == Dialect::Alibaba || is_cover,
    };
    event.app_id == endpoint.app_id
        && !event.is_silent()
        && is_wanted_kind
        && is_heard_origin
        && tells(endpoint.format, event)
}

/// Who hears of an event among an app's endpoints. A job's own callback takes the place of the one that
/// the same owner configured for the whole app.
pub fn listeners(endpoints: &[Endpoint], settings: &AppSettings, event: &Event) -> Vec<Endpoint> {
    let own = event.own_callback().filter(|own| !event.is_silent() && tells(own.format, event));
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
        && event.origin.dialect == Dialect::Tencent
        && tells(EventFormat::Tencent40, event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::DeliveryPolicy;
    use crate::event::{EventPayload, MediaFact, PAYLOAD_VERSION};
    use crate::ids::{AppId, EndpointId, EventId, MediaId, VideoId};
    use crate::job::Origin;
    use crate::rng::OsRng;
    use crate::time::Timestamp;

    fn event(dialect: Dialect, kind: RequestKind) -> Event {
        Event {
            id: EventId::mint(&OsRng),
            app_id: AppId(1),
            kind: EventKind::SnapshotCompleted,
            origin: Origin { dialect, kind },
            created_at: Timestamp::from_millis(0),
            payload: EventPayload::Media(MediaFact {
                version: PAYLOAD_VERSION,
                media_id: MediaId(1),
                video_id: VideoId::mint(&OsRng),
                name: String::new(),
                source_url: None,
                facts: None,
                failure: None,
                pass_through: None,
            }),
        }
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
            policy: DeliveryPolicy::default_for(format),
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
}
