//! What an event about an endpoint tells.

use serde::{Deserialize, Serialize};

use super::{Event, EventKind, EventPayload, PAYLOAD_VERSION};
use crate::endpoint::Endpoint;
use crate::endpoint_health::{DisableReason, EndpointHealth};
use crate::ids::{EndpointId, EventId};
use crate::job::{Dialect, Origin, RequestKind};
use crate::time::Timestamp;

/// An endpoint was disabled, or is tried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointFact {
    /// [`PAYLOAD_VERSION`] of the writer.
    pub version: u32,
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// Where it is.
    pub url: String,
    /// Why it was disabled; `None` for a test.
    pub reason: Option<DisableReason>,
    /// First failure since the last success.
    pub failing_since: Option<Timestamp>,
}

impl Event {
    /// Tells that an endpoint was disabled by its new health; `None` when that does not say so.
    pub fn of_disabled_endpoint(id: EventId, endpoint: &Endpoint, health: &EndpointHealth) -> Option<Self> {
        let disabled = health.disabled?;
        let event = Self::about(id, EventKind::EndpointDisabled, endpoint, disabled.at);
        let failing_since = health.failing_since;
        Some(event.with_fact(|fact| {
            fact.reason = Some(disabled.reason);
            fact.failing_since = failing_since;
        }))
    }

    /// A test of an endpoint.
    pub fn of_ping(id: EventId, endpoint: &Endpoint, at: Timestamp) -> Self {
        Self::about(id, EventKind::EndpointPing, endpoint, at)
    }

    fn about(id: EventId, kind: EventKind, endpoint: &Endpoint, created_at: Timestamp) -> Self {
        let payload = EventPayload::Endpoint(EndpointFact {
            version: PAYLOAD_VERSION,
            endpoint_id: endpoint.id.clone(),
            url: endpoint.url.clone(),
            reason: None,
            failing_since: None,
        });
        let origin = Origin { dialect: Dialect::Native, kind: RequestKind::Operation };
        Self { id, app_id: endpoint.app_id, kind, origin, created_at, payload }
    }

    fn with_fact(mut self, change: impl FnOnce(&mut EndpointFact)) -> Self {
        if let EventPayload::Endpoint(fact) = &mut self.payload {
            change(fact);
        }
        self
    }
}
