//! Leased deliveries that wait for a slot: one lane for each endpoint.
//!
//! While all endpoints are brisk, no more is leased than is soon sent. An endpoint that does not answer
//! briskly no longer holds back leasing: its lane keeps a few deliveries, the rest is let go and comes
//! back when its lease ends, so that the deliveries of others behind them are reached. The order of lanes
//! is that of their endpoints' ids, so that a simulated run can be repeated.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use stillframe_database::DueDelivery;
use stillframe_domain::EndpointId;
use tokio::time::Instant;

use super::pace::Paces;

/// Waiting deliveries of brisk endpoints at which leasing pauses.
const WAITING_MAX: usize = 64;
/// Waiting deliveries that an endpoint that is not brisk may keep.
const SLUGGISH_WAITING_MAX: usize = 16;
/// An endpoint with an attempt under way for longer is not brisk, nor is one that is held back by its rate.
const BRISK_MAX: Duration = Duration::from_secs(1);

/// A delivery, the end of its lease, and how long its attempt may take.
pub(super) struct Leased {
    pub(super) due: DueDelivery,
    pub(super) until: Instant,
    pub(super) timeout: Duration,
}

impl Leased {
    pub(super) fn new(due: DueDelivery, now: Instant, lease_for: Duration) -> Self {
        let wanted = Duration::from_millis(due.endpoint.policy.timeout_ms);
        // Of a lease that is too short for its endpoint, half is left to wait for a slot.
        Self { due, until: now + lease_for, timeout: wanted.min(lease_for / 2) }
    }

    /// Whether an attempt begun now ends before the lease does, whatever the receiver does.
    fn has_time(&self, now: Instant) -> bool {
        now + self.timeout < self.until
    }
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Leased>,
    /// When each attempt under way began.
    under_way: Vec<Instant>,
}

impl Lane {
    fn is_brisk(&self, now: Instant, paces: &Paces) -> bool {
        let is_spaced =
            self.waiting.front().is_some_and(|first| paces.is_spaced(&first.due.endpoint.id, now));
        !is_spaced && self.under_way.iter().all(|&begun| now < begun + BRISK_MAX)
    }
}

/// Attempts at a time to the endpoint of a delivery: what its policy says, or the relay's own limit.
fn concurrency_of(leased: &Leased, default: usize) -> usize {
    let own = leased.due.endpoint.policy.concurrency_max.and_then(|most| usize::try_from(most).ok());
    own.unwrap_or(default).max(1)
}

/// All lanes.
pub(super) struct Lanes {
    lanes: BTreeMap<EndpointId, Lane>,
    concurrency: usize,
    lane_concurrency: usize,
}

impl Lanes {
    pub(super) fn new(concurrency: usize, lane_concurrency: usize) -> Self {
        Self {
            lanes: BTreeMap::new(),
            concurrency: concurrency.max(1),
            lane_concurrency: lane_concurrency.max(1),
        }
    }

    /// Whether more should be leased.
    pub(super) fn have_room(&self, now: Instant, paces: &Paces) -> bool {
        let brisk = self.lanes.values().filter(|lane| lane.is_brisk(now, paces));
        brisk.map(|lane| lane.waiting.len()).sum::<usize>() < WAITING_MAX
    }

    /// Takes a delivery in, or lets it go when its endpoint is sluggish and its lane full.
    pub(super) fn push(&mut self, leased: Leased, now: Instant, paces: &Paces) {
        let lane = self.lanes.entry(leased.due.endpoint.id.clone()).or_default();
        if lane.is_brisk(now, paces) || lane.waiting.len() < SLUGGISH_WAITING_MAX {
            lane.waiting.push_back(leased);
        }
    }

    /// The next delivery to send of those that may begin, counted as under way until [`Lanes::end`]; that
    /// of the endpoint with the fewest under way first.
    pub(super) fn next(&mut self, now: Instant, paces: &Paces) -> Option<Leased> {
        let under_way: usize = self.lanes.values().map(|lane| lane.under_way.len()).sum();
        if self.concurrency <= under_way {
            return None;
        }
        for lane in self.lanes.values_mut() {
            lane.waiting.retain(|leased| leased.has_time(now));
        }
        self.lanes.retain(|_, lane| !lane.waiting.is_empty() || !lane.under_way.is_empty());
        let most = self.lane_concurrency;
        let ready = |lane: &&mut Lane| {
            let Some(first) = lane.waiting.front() else { return false };
            lane.under_way.len() < concurrency_of(first, most) && paces.allow(&first.due.endpoint, now)
        };
        let lane = self.lanes.values_mut().filter(ready).min_by_key(|lane| lane.under_way.len())?;
        lane.under_way.push(now);
        lane.waiting.pop_front()
    }

    /// An attempt to this endpoint, begun at that time, has ended.
    pub(super) fn end(&mut self, endpoint_id: &EndpointId, begun: Instant) {
        let Some(lane) = self.lanes.get_mut(endpoint_id) else { return };
        if let Some(index) = lane.under_way.iter().position(|&at| at == begun) {
            lane.under_way.swap_remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{LEASE, endpoint, leased};
    use super::*;
    use stillframe_domain::Endpoint;

    fn fill(lanes: &mut Lanes, endpoint: &Endpoint, count: usize, now: Instant) {
        for _ in 0..count {
            lanes.push(leased(endpoint, now), now, &Paces::default());
        }
    }

    fn start_all(lanes: &mut Lanes, now: Instant) -> Vec<EndpointId> {
        std::iter::from_fn(|| lanes.next(now, &Paces::default()))
            .map(|leased| leased.due.endpoint.id)
            .collect()
    }

    #[tokio::test]
    async fn an_endpoint_takes_its_own_slots_and_no_others() {
        let (now, dead, other) = (Instant::now(), endpoint(), endpoint());
        let mut lanes = Lanes::new(10, 4);
        fill(&mut lanes, &dead, 30, now);
        fill(&mut lanes, &other, 2, now);
        let started = start_all(&mut lanes, now);
        assert_eq!(started.iter().filter(|&id| *id == dead.id).count(), 4);
        assert_eq!(started.iter().filter(|&id| *id == other.id).count(), 2);
        lanes.end(&dead.id, now);
        assert_eq!(start_all(&mut lanes, now), [dead.id]);
    }

    #[tokio::test]
    async fn the_overall_limit_holds() {
        let now = Instant::now();
        let mut lanes = Lanes::new(3, 2);
        for _ in 0..5 {
            fill(&mut lanes, &endpoint(), 2, now);
        }
        assert_eq!(start_all(&mut lanes, now).len(), 3);
    }

    #[tokio::test]
    async fn a_brisk_burst_pauses_leasing_and_loses_nothing() {
        let (now, busy) = (Instant::now(), endpoint());
        let mut lanes = Lanes::new(10, 4);
        fill(&mut lanes, &busy, 200, now);
        assert!(!lanes.have_room(now, &Paces::default()));
        let mut sent = 0;
        while let Some(leased) = lanes.next(now, &Paces::default()) {
            sent += 1;
            lanes.end(&leased.due.endpoint.id, now);
        }
        assert_eq!(sent, 200);
        assert!(lanes.have_room(now, &Paces::default()) && lanes.lanes.len() <= 1);
    }

    #[tokio::test]
    async fn a_sluggish_endpoint_does_not_hold_back_leasing() {
        let (begin, dead) = (Instant::now(), endpoint());
        let mut lanes = Lanes::new(10, 4);
        fill(&mut lanes, &dead, 100, begin);
        assert_eq!(start_all(&mut lanes, begin).len(), 4);
        assert!(!lanes.have_room(begin, &Paces::default()));
        let later = begin + BRISK_MAX;
        assert!(lanes.have_room(later, &Paces::default()));
        let waiting = lanes.lanes[&dead.id].waiting.len();
        fill(&mut lanes, &dead, 100, later);
        assert_eq!(lanes.lanes[&dead.id].waiting.len(), waiting, "the rest comes back when its lease ends");
    }

    #[tokio::test]
    async fn nothing_is_begun_that_may_outlast_its_lease() {
        let (begin, endpoint) = (Instant::now(), endpoint());
        let mut lanes = Lanes::new(10, 4);
        fill(&mut lanes, &endpoint, 1, begin);
        let timeout = Duration::from_millis(endpoint.policy.timeout_ms);
        assert!(lanes.next(begin + LEASE - timeout, &Paces::default()).is_none());
        fill(&mut lanes, &endpoint, 1, begin);
        assert!(lanes.next(begin + LEASE - timeout - Duration::from_millis(1), &Paces::default()).is_some());
    }
}
