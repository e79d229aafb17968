//! How fast each endpoint is told, over all lanes: its own limit of attempts at a time, and the rates that
//! its policy names or its receiver granted.

use std::collections::BTreeMap;
use std::time::Duration;

use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::{Endpoint, EndpointId};
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// The paces of all endpoints that have attempts, or a rate.
#[derive(Default)]
pub(super) struct Paces {
    paces: BTreeMap<EndpointId, Pace>,
}

#[derive(Default)]
struct Pace {
    under_way: u32,
    /// No attempt begins before.
    next_at: Option<Instant>,
    granted_per_minute: Option<u32>,
}

impl Pace {
    fn is_spaced(&self, now: Instant) -> bool {
        self.next_at.is_some_and(|next_at| now < next_at)
    }

    fn per_minute(&self, policy: &DeliveryPolicy) -> Option<u32> {
        let rates = policy.per_minute_max.into_iter().chain(self.granted_per_minute);
        rates.min().map(|rate| rate.max(1))
    }
}

impl Paces {
    /// Whether another attempt to an endpoint may begin.
    pub(super) fn allow(&self, endpoint: &Endpoint, now: Instant) -> bool {
        let Some(pace) = self.paces.get(&endpoint.id) else { return true };
        let is_free = endpoint.policy.concurrency_max.is_none_or(|most| pace.under_way < most.max(1));
        is_free && !pace.is_spaced(now)
    }

    /// Whether an endpoint is held back by its rate.
    pub(super) fn is_spaced(&self, id: &EndpointId, now: Instant) -> bool {
        self.paces.get(id).is_some_and(|pace| pace.is_spaced(now))
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self, endpoint: &Endpoint, now: Instant) {
        let pace = self.paces.entry(endpoint.id.clone()).or_default();
        pace.under_way += 1;
        pace.next_at = pace.per_minute(&endpoint.policy).map(|rate| now + MINUTE / rate);
    }

    /// An attempt has ended; `granted_per_minute` is the rate that its receiver grants, if it names one.
    pub(super) fn end(&mut self, id: &EndpointId, granted_per_minute: Option<u32>) {
        let Some(pace) = self.paces.get_mut(id) else { return };
        pace.under_way = pace.under_way.saturating_sub(1);
        pace.granted_per_minute = granted_per_minute;
        if pace.under_way == 0 && pace.next_at.is_none() && pace.granted_per_minute.is_none() {
            self.paces.remove(id);
        }
    }

    /// Time until the next endpoint is free again that is held back by its rate.
    pub(super) fn next_free(&self, now: Instant) -> Option<Duration> {
        let waits = self.paces.values().filter_map(|pace| pace.next_at?.checked_duration_since(now));
        waits.filter(|wait| !wait.is_zero()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::endpoint;
    use super::*;

    #[tokio::test]
    async fn an_endpoints_own_limit_holds_over_all_lanes() {
        let (now, mut paces, mut narrow) = (Instant::now(), Paces::default(), endpoint());
        narrow.policy.concurrency_max = Some(2);
        for _ in 0..2 {
            assert!(paces.allow(&narrow, now));
            paces.begin(&narrow, now);
        }
        assert!(!paces.allow(&narrow, now) && paces.allow(&endpoint(), now));
        paces.end(&narrow.id, None);
        assert!(paces.allow(&narrow, now));
        paces.end(&narrow.id, None);
        assert!(paces.paces.is_empty(), "nothing is kept of an endpoint without attempts");
    }

    #[tokio::test]
    async fn the_lower_of_the_policys_and_the_granted_rate_spaces_attempts() {
        let (now, mut paces, mut slow) = (Instant::now(), Paces::default(), endpoint());
        slow.policy.per_minute_max = Some(60);
        paces.begin(&slow, now);
        let second = Duration::from_secs(1);
        assert!(!paces.allow(&slow, now + second - Duration::from_millis(1)));
        assert_eq!(paces.next_free(now), Some(second));
        assert!(paces.allow(&slow, now + second) && paces.next_free(now + second).is_none());
        paces.end(&slow.id, Some(30));
        paces.begin(&slow, now + second);
        assert!(!paces.allow(&slow, now + 2 * second) && paces.allow(&slow, now + 3 * second));
    }
}
