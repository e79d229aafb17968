//! Endpoints and leased deliveries for tests.

use std::time::Duration;

use stillframe_database::DueDelivery;
use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::{
    App, AppId, AppSettings, Delivery, DeliveryId, DeliveryState, Endpoint, EndpointHealth, EndpointId,
    Event, EventFormat, EventId, OsRng, Owner, Timestamp,
};
use tokio::time::Instant;

use super::lanes::Leased;

/// How long the samples are leased.
pub(super) const LEASE: Duration = Duration::from_secs(60);

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        id: EndpointId::mint(&OsRng),
        app_id: AppId(1),
        url: "http://example.org/".to_owned(),
        format: EventFormat::Native,
        owner: Owner::Native,
        event_kinds: Vec::new(),
        origins: Vec::new(),
        secret: String::new(),
        former_secrets: Vec::new(),
        policy: DeliveryPolicy::default_for(EventFormat::Native),
        health: EndpointHealth::default(),
    }
}

pub(super) fn leased(endpoint: &Endpoint, now: Instant) -> Leased {
    let event = Event::of_ping(EventId::mint(&OsRng), endpoint, Timestamp::from_millis(0));
    let delivery = Delivery {
        id: DeliveryId(1),
        event_id: event.id.clone(),
        endpoint_id: endpoint.id.clone(),
        state: DeliveryState::Pending,
        attempt_count: 0,
        attempts_before: 0,
        next_at: Timestamp::from_millis(0),
    };
    let app = App { id: AppId(1), name: String::new(), settings: AppSettings::default() };
    Leased::new(DueDelivery { delivery, endpoint: endpoint.clone(), event, app }, now, LEASE)
}
