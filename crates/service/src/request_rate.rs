//! How often one access key may ask.
//!
//! A bucket of tokens for each key: a request takes one, and they come back at a steady rate. Only who has
//! shown that a key is theirs takes of its tokens, so that nobody else can use them up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use stillframe_domain::{AccessKey, ErrorCode, Timestamp};

use crate::{Result, Service, ServiceError};

/// Thousandths of a token, so that what comes back in a millisecond is a whole number.
const WHOLE: u64 = 1_000;
/// Buckets that are kept before the full ones are forgotten.
const BUCKETS_MAX: usize = 4_096;

/// How many requests one key may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    /// In a second, on average.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

/// What each key has left.
#[derive(Debug)]
pub(crate) struct RequestRates {
    rate: Option<RequestRate>,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u64,
    at: Timestamp,
}

impl RequestRates {
    /// Without a rate, everything is let through.
    pub(crate) fn new(rate: Option<RequestRate>) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes a token of a key, if it has one.
    fn take(&self, key_id: &str, now: Timestamp) -> bool {
        let Some(rate) = self.rate else { return true };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if BUCKETS_MAX <= buckets.len() && !buckets.contains_key(key_id) {
            buckets.retain(|_, bucket| bucket.filled(rate, now).left < rate.most());
        }
        let full = Bucket { left: rate.most(), at: now };
        let mut bucket = buckets.get(key_id).map_or(full, |bucket| bucket.filled(rate, now));
        let taken = bucket.left.checked_sub(WHOLE);
        bucket.left = taken.unwrap_or(bucket.left);
        buckets.insert(key_id.to_owned(), bucket);
        taken.is_some()
    }
}

impl RequestRate {
    const fn most(self) -> u64 {
        self.burst as u64 * WHOLE
    }
}

impl Bucket {
    /// What is in it now. A clock that went back gives nothing, and takes nothing away.
    fn filled(self, rate: RequestRate, now: Timestamp) -> Self {
        let passed_ms = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        let come = passed_ms.saturating_mul(u64::from(rate.per_second)).saturating_mul(WHOLE) / 1_000;
        Self { left: self.left.saturating_add(come).min(rate.most()), at: now }
    }
}

impl Service {
    /// Counts a request of a key whose signature was found right.
    ///
    /// # Errors
    /// `TooManyRequests` when the key asks more often than the limits allow.
    pub fn count_request(&self, key: &AccessKey) -> Result<()> {
        if self.request_rates.take(&key.key_id, self.now()) {
            return Ok(());
        }
        let message = "too many requests with this access key; wait a second and send it again";
        Err(ServiceError::new(ErrorCode::TooManyRequests, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + ms)
    }

    #[test]
    fn a_key_has_its_burst_and_then_its_rate() {
        let rates = RequestRates::new(Some(RequestRate { per_second: 10, burst: 3 }));
        let taken = |ms| rates.take("a", at(ms));
        assert_eq!([taken(0), taken(0), taken(0), taken(0)], [true, true, true, false]);
        assert_eq!([taken(99), taken(100), taken(100)], [false, true, false]);
        assert_eq!([taken(60_000), taken(60_000), taken(60_000), taken(60_000)], [true, true, true, false]);
        assert!(rates.take("b", at(60_000)), "another key has its own");
        assert!(!rates.take("a", at(0)), "a clock that goes back gives nothing");
    }

    #[test]
    fn no_rate_lets_everything_through_and_full_buckets_are_forgotten() {
        let open = RequestRates::new(None);
        assert!((0..10_000).all(|_| open.take("a", at(0))));
        let rates = RequestRates::new(Some(RequestRate { per_second: 1, burst: 1 }));
        for number in 0..BUCKETS_MAX {
            assert!(rates.take(&number.to_string(), at(0)));
        }
        assert!(rates.take("one more", at(2_000)));
        assert_eq!(rates.buckets.lock().expect("unpoisoned").len(), 1);
    }
}
