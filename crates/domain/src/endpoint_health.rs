//! How an endpoint's receiver fares: when it began to fail, and when it is told nothing more. Pure, and
//! worked out inside the transaction that records an attempt.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::endpoint::Attempt;
use crate::limits;
use crate::time::Timestamp;

/// Status by which a receiver says that it wants to hear no more.
///
/// Source: Standard Webhooks specification, "Delivery success and failure" (read 2026-11-27).
const GONE: u16 = 410;

/// How an endpoint fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EndpointHealth {
    /// Since when it hears nothing; `None` while it is enabled.
    pub disabled: Option<Disablement>,
    /// First failure since the last success.
    pub failing_since: Option<Timestamp>,
}

/// That an endpoint hears nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disablement {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: DisableReason,
}

/// Why an endpoint hears nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DisableReason {
    /// Its owner said so.
    Owner,
    /// Its receiver answered that it is gone.
    Gone,
    /// It did nothing but fail for [`limits::ENDPOINT_FAILING_MS_MAX`].
    Failing,
}

impl DisableReason {
    /// The name used in the native API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

impl EndpointHealth {
    /// The health after an attempt that was recorded at `now`. An endpoint that is disabled stays so.
    #[must_use]
    pub fn after(self, attempt: &Attempt, now: Timestamp, may_disable: bool) -> Self {
        if attempt.is_success {
            return Self { failing_since: None, ..self };
        }
        let failing_since = self.failing_since.unwrap_or(now);
        let longest = Duration::from_millis(limits::ENDPOINT_FAILING_MS_MAX);
        let reason = if attempt.status == Some(GONE) {
            Some(DisableReason::Gone)
        } else {
            (longest <= now.since(failing_since)).then_some(DisableReason::Failing)
        };
        let disabled = reason.filter(|_| may_disable).map(|reason| Disablement { at: now, reason });
        Self { disabled: self.disabled.or(disabled), failing_since: Some(failing_since) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_S: i64 = 86_400;

    fn attempt(status: Option<u16>) -> Attempt {
        let is_success = status == Some(200);
        Attempt { at: Timestamp::from_secs(0), status, duration_ms: 1, answer: String::new(), is_success }
    }

    fn after(health: EndpointHealth, status: Option<u16>, day_s: i64) -> EndpointHealth {
        health.after(&attempt(status), Timestamp::from_secs(day_s), true)
    }

    #[test]
    fn five_days_of_nothing_but_failures_disable() {
        let failing = after(EndpointHealth::default(), None, 0);
        assert_eq!(failing.failing_since, Some(Timestamp::from_secs(0)));
        let still = after(failing, Some(500), 5 * DAY_S - 1);
        assert_eq!(still, failing, "a second is missing");
        let disabled = after(still, Some(503), 5 * DAY_S);
        let reason = disabled.disabled.map(|disabled| disabled.reason);
        assert_eq!(reason, Some(DisableReason::Failing));
        let recovered = after(still, Some(200), 5 * DAY_S);
        assert_eq!(recovered, EndpointHealth::default());
        assert_eq!(after(recovered, None, 6 * DAY_S).disabled, None, "the days are counted anew");
    }

    #[test]
    fn a_receiver_that_is_gone_is_disabled_at_once_where_that_is_allowed() {
        let gone = after(EndpointHealth::default(), Some(410), 7);
        let wanted = Disablement { at: Timestamp::from_secs(7), reason: DisableReason::Gone };
        assert_eq!(gone.disabled, Some(wanted));
        let late = after(gone, Some(200), 9);
        assert_eq!(late.disabled, Some(wanted), "a late success enables nothing");
        let kept = EndpointHealth::default().after(&attempt(Some(410)), Timestamp::from_secs(7), false);
        assert_eq!((kept.disabled, kept.failing_since), (None, Some(Timestamp::from_secs(7))));
    }
}
