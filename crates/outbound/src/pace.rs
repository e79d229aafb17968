//! How often each host is asked: whoever can choose URLs cannot have us flood a host.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use tokio::time::Instant;
use url::Url;

use crate::client::Outbound;
use crate::error::OutboundError;

/// A burst of so much time's requests passes at once.
const BURST: Duration = Duration::from_secs(1);
/// Longest wait of a request for its turn.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// Hosts that are remembered before those are forgotten that were asked for nothing lately.
const HOSTS_MAX: usize = 1_024;

/// When each host would have answered for all that was asked of it, at its rate.
#[derive(Debug)]
pub(crate) struct HostPaces {
    per_second: u32,
    settled_at: Mutex<HashMap<String, Instant>>,
}

impl HostPaces {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.max(1), settled_at: Mutex::default() }
    }

    /// Takes a turn, and says how long to wait for it; `None` when too many wait already.
    fn take_turn(&self, host: &str, now: Instant) -> Option<Duration> {
        let mut hosts = self.settled_at.lock().unwrap_or_else(PoisonError::into_inner);
        if HOSTS_MAX <= hosts.len() {
            hosts.retain(|_, settled_at| now < *settled_at);
        }
        let settled_at = hosts.get(host).copied().unwrap_or(now).max(now);
        let wait = settled_at.saturating_duration_since(now + BURST);
        if WAIT_MAX < wait {
            return None;
        }
        hosts.insert(host.to_owned(), settled_at + Duration::from_secs(1) / self.per_second);
        Some(wait)
    }
}

impl Outbound {
    /// Waits for the turn of a request to this URL.
    pub(crate) async fn turn(&self, url: &Url) -> Result<(), OutboundError> {
        let host = url.host_str().unwrap_or_default();
        let Some(wait) = self.paces.take_turn(host, Instant::now()) else {
            return Err(OutboundError::TooOften { per_second_max: self.paces.per_second });
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Sends a request to this URL when it is its turn.
    pub(crate) async fn send_in_turn(
        &self,
        url: &Url,
        request: RequestBuilder,
    ) -> Result<Response, OutboundError> {
        self.turn(url).await?;
        request.send().await.map_err(|error| OutboundError::of_request(&error, self.connect_timeout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_requests_wait_and_then_they_fail() {
        let (paces, now) = (HostPaces::new(10), Instant::now());
        let turns: Vec<_> = (0..40).map(|_| paces.take_turn("a.example", now)).collect();
        assert!(turns[..11].iter().all(|turn| *turn == Some(Duration::ZERO)), "{turns:?}");
        assert_eq!(turns[11], Some(Duration::from_millis(100)));
        assert_eq!(turns[30], Some(WAIT_MAX));
        assert!(turns[31..].iter().all(Option::is_none), "{turns:?}");
        assert_eq!(paces.take_turn("b.example", now), Some(Duration::ZERO), "another host");
        let later = now + Duration::from_secs(4);
        assert_eq!(paces.take_turn("a.example", later), Some(Duration::ZERO));
    }

    #[test]
    fn idle_hosts_are_forgotten() {
        let (paces, now) = (HostPaces::new(10), Instant::now());
        for number in 0..HOSTS_MAX {
            paces.take_turn(&number.to_string(), now);
        }
        paces.take_turn("another", now + BURST);
        assert_eq!(paces.settled_at.lock().unwrap().len(), 1);
    }
}
