//! Both lanes of the database with their own slots: what is retried, or goes to an endpoint that fails,
//! takes up none of those for fresh events.

use stillframe_database::DeliveryLane;
use stillframe_domain::EndpointId;
use tokio::time::Instant;

use super::RelayConfig;
use super::lanes::{Lanes, Leased};
use super::pace::Paces;

/// Leased deliveries of both lanes, and the paces of their endpoints.
pub(super) struct Roads {
    fresh: Road,
    retried: Road,
    paces: Paces,
}

struct Road {
    lanes: Lanes,
    may_be_due: bool,
}

/// An attempt that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) lane: DeliveryLane,
    pub(super) endpoint_id: EndpointId,
    pub(super) begun: Instant,
    /// The rate that the receiver grants, if it names one.
    pub(super) granted_per_minute: Option<u32>,
}

impl Roads {
    pub(super) fn new(config: &RelayConfig) -> Self {
        let road = |concurrency, endpoint_concurrency| Road {
            lanes: Lanes::new(concurrency, endpoint_concurrency),
            may_be_due: true,
        };
        Self {
            fresh: road(config.concurrency, config.endpoint_concurrency),
            retried: road(config.retry_concurrency, config.retry_endpoint_concurrency),
            paces: Paces::default(),
        }
    }

    /// Whether deliveries of a lane should be leased.
    pub(super) fn wants(&self, lane: DeliveryLane, now: Instant) -> bool {
        let road = if lane == DeliveryLane::Fresh { &self.fresh } else { &self.retried };
        road.may_be_due && road.lanes.have_room(now, &self.paces)
    }

    /// Takes in what was leased; `is_all` says that no more is due.
    pub(super) fn take(&mut self, lane: DeliveryLane, leased: Vec<Leased>, is_all: bool, now: Instant) {
        let Self { fresh, retried, paces } = self;
        let road = if lane == DeliveryLane::Fresh { fresh } else { retried };
        road.may_be_due = !is_all;
        for leased in leased {
            road.lanes.push(leased, now, paces);
        }
    }

    /// Something may have become due.
    pub(super) const fn look_again(&mut self) {
        self.fresh.may_be_due = true;
        self.retried.may_be_due = true;
    }

    /// The next delivery to send, counted as under way until [`Roads::end`]; fresh ones first.
    pub(super) fn next(&mut self, now: Instant) -> Option<(DeliveryLane, Leased)> {
        let Self { fresh, retried, paces } = self;
        let fresh = fresh.lanes.next(now, paces).map(|leased| (DeliveryLane::Fresh, leased));
        let next = fresh.or_else(|| {
            let leased = retried.lanes.next(now, paces)?;
            Some((DeliveryLane::Retried, leased))
        });
        if let Some((_, leased)) = &next {
            paces.begin(&leased.due.endpoint, now);
        }
        next
    }

    pub(super) fn end(&mut self, ended: &Ended) {
        let road = if ended.lane == DeliveryLane::Fresh { &mut self.fresh } else { &mut self.retried };
        road.lanes.end(&ended.endpoint_id, ended.begun);
        self.paces.end(&ended.endpoint_id, ended.granted_per_minute);
    }

    /// Time until an endpoint is free again that is held back by its rate.
    pub(super) fn next_free(&self, now: Instant) -> Option<std::time::Duration> {
        self.paces.next_free(now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{endpoint, leased};
    use super::*;

    #[tokio::test]
    async fn what_is_retried_takes_none_of_the_fresh_slots() {
        let (now, dead) = (Instant::now(), endpoint());
        let config = RelayConfig {
            concurrency: 3,
            retry_concurrency: 2,
            retry_endpoint_concurrency: 2,
            ..RelayConfig::default()
        };
        let mut roads = Roads::new(&config);
        let retried = (0..9).map(|_| leased(&dead, now)).collect();
        roads.take(DeliveryLane::Retried, retried, true, now);
        roads.take(DeliveryLane::Fresh, (0..9).map(|_| leased(&endpoint(), now)).collect(), true, now);
        let lanes: Vec<_> = std::iter::from_fn(|| roads.next(now)).map(|(lane, _)| lane).collect();
        let (fresh, retried) = (DeliveryLane::Fresh, DeliveryLane::Retried);
        assert_eq!(lanes, [fresh, fresh, fresh, retried, retried]);
        assert!(!roads.wants(fresh, now), "all that is due was leased");
        roads.look_again();
        assert!(roads.wants(fresh, now));
        let ended = Ended { lane: retried, endpoint_id: dead.id, begun: now, granted_per_minute: None };
        roads.end(&ended);
        assert_eq!(roads.next(now).map(|(lane, _)| lane), Some(retried));
    }
}
