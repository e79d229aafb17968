//! When a delivery is tried again.

use std::time::Duration;

use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::{Attempt, DeliveryState, Rng, limits};

/// Waits between attempts are spread by up to this part, in percent, to either side.
const JITTER_PERCENT: u64 = 20;
/// Shorter waits, such as those of the vendors' own rules, are kept to the letter.
const JITTER_WAIT_MIN: Duration = Duration::from_secs(5);
/// Without saying that it has too much to do, a receiver may make a wait this many times as long.
const STRETCH_MAX: u32 = 2;

/// Where a delivery stands after an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NextStep {
    pub(super) state: DeliveryState,
    /// The wait before the next attempt.
    pub(super) wait: Duration,
}

/// What follows attempt number `number` (from 1) of a schedule. `asked` is the wait that the receiver asked
/// for: it is honoured when it is longer than the schedule's, up to twice that, and up to
/// [`limits::RETRY_AFTER_MS_MAX`] when the status says that the receiver has too much to do.
pub(super) fn next_step(
    policy: &DeliveryPolicy,
    attempt: &Attempt,
    number: u32,
    asked: Option<Duration>,
    rng: &dyn Rng,
) -> NextStep {
    if attempt.is_success {
        return NextStep { state: DeliveryState::Delivered, wait: Duration::ZERO };
    }
    let Some(base) = policy.retry.wait_after(number) else {
        return NextStep { state: DeliveryState::Dead, wait: Duration::ZERO };
    };
    if base < JITTER_WAIT_MIN {
        return NextStep { state: DeliveryState::Pending, wait: base };
    }
    let is_overloaded = matches!(attempt.status, Some(429 | 503));
    let most = if is_overloaded {
        Duration::from_millis(limits::RETRY_AFTER_MS_MAX).max(base)
    } else {
        base.saturating_mul(STRETCH_MAX)
    };
    let asked = asked.filter(|&asked| base < asked).map_or(Duration::ZERO, |asked| asked.min(most));
    NextStep { state: DeliveryState::Pending, wait: jittered(base, rng).max(asked) }
}

fn jittered(wait: Duration, rng: &dyn Rng) -> Duration {
    let per_mille = 1_000 - 10 * JITTER_PERCENT + rng.next_u64() % (20 * JITTER_PERCENT + 1);
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(wait_ms.saturating_mul(per_mille) / 1_000)
}

#[cfg(test)]
mod tests {
    use stillframe_domain::retry::RetrySchedule;
    use stillframe_domain::{AckRule, Timestamp};
    use stillframe_testkit::SeededRng;

    use super::*;

    fn policy(waits_ms: &[u64]) -> DeliveryPolicy {
        DeliveryPolicy::new(AckRule::Success2xx, 1_000, RetrySchedule { waits_ms: waits_ms.to_vec() })
    }

    fn failed(status: u16) -> Attempt {
        let at = Timestamp::from_millis(0);
        Attempt { at, status: Some(status), duration_ms: 0, answer: String::new(), is_success: false }
    }

    #[test]
    fn waits_are_spread_by_a_fifth_to_either_side() {
        let rng = SeededRng::new(7);
        let waits: Vec<_> = (0..1_000).map(|_| jittered(Duration::from_secs(10), &rng).as_millis()).collect();
        assert!(waits.iter().all(|wait| (8_000..=12_000).contains(wait)));
        assert!(waits.iter().any(|&wait| wait < 8_500) && waits.iter().any(|&wait| 11_500 < wait));
        assert!(jittered(Duration::MAX, &rng) <= Duration::from_millis(u64::MAX));
        let short = next_step(&policy(&[1_000]), &failed(500), 1, Some(Duration::from_secs(9)), &rng);
        assert_eq!(short.wait, Duration::from_secs(1), "a vendor's own rule is kept to the letter");
    }

    #[test]
    fn a_delivery_dies_when_its_schedule_ends() {
        let rng = SeededRng::new(7);
        let policy = policy(&[10, 20]);
        let steps = [1, 2, 3].map(|number| next_step(&policy, &failed(500), number, None, &rng));
        assert_eq!(steps.each_ref().map(|step| step.wait.as_millis()), [10, 20, 0]);
        let (pending, dead) = (DeliveryState::Pending, DeliveryState::Dead);
        assert_eq!(steps.map(|step| step.state), [pending, pending, dead]);
        let success = Attempt { is_success: true, ..failed(200) };
        assert_eq!(next_step(&policy, &success, 9, None, &rng).state, DeliveryState::Delivered);
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_within_bounds() {
        let rng = SeededRng::new(7);
        let policy = policy(&[10_000]);
        let wait_s = |status, asked_s| {
            let asked = Some(Duration::from_secs(asked_s));
            next_step(&policy, &failed(status), 1, asked, &rng).wait.as_secs_f64()
        };
        for asked_s in [0, 1, 10] {
            assert!((8.0..=12.0).contains(&wait_s(500, asked_s)), "a wait is never made shorter");
        }
        assert_eq!(wait_s(500, 15), 15.0);
        assert_eq!(wait_s(502, 1_000), 20.0);
        for status in [429, 503] {
            assert_eq!(wait_s(status, 1_000), 1_000.0);
            assert_eq!(wait_s(status, u64::MAX), 86_400.0);
        }
    }
}
