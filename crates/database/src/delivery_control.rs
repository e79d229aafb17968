//! What an owner does to endpoints and deliveries by hand.

use async_trait::async_trait;
use stillframe_domain::{
    AppId, Delivery, DeliveryId, DeliveryState, EndpointId, Event, EventId, EventKind, Timestamp,
};

use crate::Result;
use crate::records::{DeliveryRecord, Page};

/// Endpoints switched off and on, deliveries looked at and made again.
///
/// What is made again goes into [`crate::DeliveryLane::Retried`], with its schedule from the beginning;
/// to an endpoint that is disabled it waits until that is enabled.
#[async_trait]
pub trait DeliveryControl: Send + Sync {
    /// Disables an endpoint: it hears of nothing, and what is pending waits. `false` when the app has none
    /// of that id. One that is disabled already keeps its reason.
    async fn disable_endpoint(&self, app_id: AppId, id: &EndpointId) -> Result<bool>;
    /// Enables an endpoint: its failures are forgotten, and what waited is due at once. `false` when the
    /// app has none of that id.
    async fn enable_endpoint(&self, app_id: AppId, id: &EndpointId) -> Result<bool>;
    /// Tells an event to this endpoint alone, even when it is disabled. `None` when the event's app has
    /// none of that id.
    async fn tell_endpoint(&self, event: &Event, id: &EndpointId) -> Result<Option<DeliveryId>>;
    /// The app's delivery of that number, with its attempts.
    async fn find_delivery(&self, app_id: AppId, id: DeliveryId) -> Result<Option<DeliveryRecord>>;
    /// The app's deliveries, newest first.
    async fn search_deliveries(
        &self,
        app_id: AppId,
        filter: &DeliveryFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeliverySummary>>;
    /// Makes one delivery again, whatever became of it.
    async fn replay_delivery(&self, app_id: AppId, id: DeliveryId) -> Result<ReplayOutcome>;
    /// Makes up to `limit` deliveries again that the endpoint gave no success for, by when their event
    /// happened; says how many. A second call goes on with those that are left.
    async fn recover_deliveries(
        &self,
        app_id: AppId,
        id: &EndpointId,
        since: Timestamp,
        limit: usize,
    ) -> Result<u64>;
    /// Tells events again that the endpoint would hear, oldest first. Looks at up to `limit` events.
    async fn replay_events(
        &self,
        app_id: AppId,
        id: &EndpointId,
        replay: &Replay,
        limit: usize,
    ) -> Result<Replayed>;
}

/// Which deliveries to list. A part that is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// To this endpoint.
    pub endpoint_id: Option<EndpointId>,
    /// Of this event.
    pub event_id: Option<EventId>,
    /// In this state.
    pub state: Option<DeliveryState>,
}

/// A delivery in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliverySummary {
    /// The delivery.
    pub delivery: Delivery,
    /// What is told.
    pub kind: EventKind,
    /// When that happened.
    pub event_created_at: Timestamp,
}

/// What became of a wish to make a delivery again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// It is due, or waits for its endpoint to be enabled. One under way is left alone.
    Due,
    /// The app has none of that number.
    NotFound,
    /// Its endpoint was removed.
    NoEndpoint,
}

/// Which events to tell again.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Those that happened then or later.
    pub since: Timestamp,
    /// Those that happened before.
    pub before: Timestamp,
    /// Those alone that were never told to the endpoint.
    pub is_missing_only: bool,
    /// Where to go on, as [`Replayed::next`] said.
    pub after: Option<String>,
}

/// What was told again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many events.
    pub count: u64,
    /// Where to go on; `None` at the end. Opaque to callers.
    pub next: Option<String>,
}
