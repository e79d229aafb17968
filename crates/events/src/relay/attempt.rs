//! One attempt of one delivery.

use std::time::Duration;

use stillframe_database::DueDelivery;
use stillframe_domain::endpoint::{DeliveryPolicy, Target};
use stillframe_domain::limits::ANSWER_BYTES_MAX;
use stillframe_domain::{Attempt, Checkpoint, DeliveryState, Rng, Timestamp};
use stillframe_outbound::Post;
use tokio::time::Instant;

use super::lanes::Leased;
use super::{RelayDeps, queue};

/// Waits between attempts are spread by up to this part, in percent, to either side.
const JITTER_PERCENT: u64 = 20;
/// Shorter waits, such as those of the vendors' own rules, are kept to the letter.
const JITTER_WAIT_MIN: Duration = Duration::from_secs(5);

/// What is sent: a body and its headers.
struct Letter {
    body: String,
    headers: Vec<(String, String)>,
}

/// Sends, and records what came of it. An attempt that cannot be recorded is made again later.
pub(super) async fn make(deps: RelayDeps, leased: Leased) {
    let Leased { due, timeout, .. } = leased;
    let at = deps.clock.now();
    let (attempt, state, next_wait) = match write(&deps, &due, at) {
        Ok(letter) => {
            let Some(attempt) = carry(&deps, &due, letter, (at, timeout)).await else { return };
            let (state, wait) = next_step(&due.endpoint.policy, &attempt, due.delivery.attempt_count + 1);
            (attempt, state, jittered(wait, deps.rng.as_ref()))
        }
        Err(reason) => (failed(at, 0, reason), DeliveryState::Dead, Duration::ZERO),
    };
    log(&due, &attempt, state);
    if let Err(error) = deps.database.record_attempt(due.delivery.id, &attempt, state, next_wait).await {
        tracing::error!(
            delivery.id = %due.delivery.id,
            error = &error as &dyn std::error::Error,
            "cannot record an attempt: the event will be sent again",
        );
    }
}

/// The letter, or why there can be none.
fn write(deps: &RelayDeps, due: &DueDelivery, at: Timestamp) -> Result<Letter, String> {
    let format = due.endpoint.format;
    let renderer =
        deps.renderers.find(format).ok_or_else(|| format!("nothing writes the format {}", format.name()))?;
    let body = renderer
        .body(&due.event)
        .ok_or_else(|| format!("the format {} has no words for {}", format.name(), due.event.kind.name()))?;
    let body = renderer.seal(body, &due.app, &due.endpoint, at);
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    headers.extend(renderer.headers(&due.endpoint, &due.event, &body, at));
    Ok(Letter { body, headers })
}

/// Makes the attempt; `None` when nothing is left to record.
async fn carry(
    deps: &RelayDeps,
    due: &DueDelivery,
    letter: Letter,
    (at, timeout): (Timestamp, Duration),
) -> Option<Attempt> {
    match due.endpoint.target() {
        Target::Http(url) => Some(send(deps, due, url, letter, (at, timeout)).await),
        Target::Queue(name) => match queue::put(deps, due, &name, &letter.body, at).await {
            Ok(attempt) => {
                log(due, &attempt, DeliveryState::Delivered);
                None
            }
            Err(queue::NotSent::Refused(reason)) => Some(failed(at, 0, reason)),
            Err(queue::NotSent::NotPending) => None,
        },
    }
}

async fn send(
    deps: &RelayDeps,
    due: &DueDelivery,
    url: &str,
    letter: Letter,
    (at, timeout): (Timestamp, Duration),
) -> Attempt {
    let begin = Instant::now();
    let post = Post {
        url,
        headers: &letter.headers,
        body: letter.body.into(),
        timeout,
        answer_bytes_max: ANSWER_BYTES_MAX,
    };
    match deps.outbound.post(post).await {
        Ok(answer) => {
            deps.checkpoints.reached(Checkpoint::CallbackSent);
            Attempt {
                at,
                status: Some(answer.status),
                duration_ms: millis(answer.duration),
                answer: kept(&answer.body_prefix),
                is_success: due.endpoint.policy.ack.accepts(answer.status),
            }
        }
        Err(error) => failed(at, millis(begin.elapsed()), error.to_string()),
    }
}

fn failed(at: Timestamp, duration_ms: u64, answer: String) -> Attempt {
    Attempt { at, status: None, duration_ms, answer, is_success: false }
}

/// Where the delivery stands after attempt number `number` (from 1), and the wait before the next one.
fn next_step(policy: &DeliveryPolicy, attempt: &Attempt, number: u32) -> (DeliveryState, Duration) {
    if attempt.is_success {
        return (DeliveryState::Delivered, Duration::ZERO);
    }
    match policy.retry.wait_after(number) {
        Some(wait) => (DeliveryState::Pending, wait),
        None => (DeliveryState::Dead, Duration::ZERO),
    }
}

fn jittered(wait: Duration, rng: &dyn Rng) -> Duration {
    if wait < JITTER_WAIT_MIN {
        return wait;
    }
    let per_mille = 1_000 - 10 * JITTER_PERCENT + rng.next_u64() % (20 * JITTER_PERCENT + 1);
    Duration::from_millis(millis(wait).saturating_mul(per_mille) / 1_000)
}

/// The first part of an answer as text that every database can hold.
fn kept(answer: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(answer).replace('\0', "\u{fffd}");
    text.truncate(text.floor_char_boundary(ANSWER_BYTES_MAX));
    text
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn log(due: &DueDelivery, attempt: &Attempt, state: DeliveryState) {
    let (event, endpoint) = (&due.event.id, &due.endpoint.id);
    let (status, duration_ms) = (attempt.status, attempt.duration_ms);
    match state {
        DeliveryState::Delivered => {
            tracing::info!(%event, %endpoint, status, duration_ms, "told {endpoint} of event {event}");
        }
        DeliveryState::Pending => {
            let answer = &attempt.answer;
            tracing::warn!(%event, %endpoint, status, duration_ms, answer, "event {event} will be sent again");
        }
        DeliveryState::Dead => {
            let answer = &attempt.answer;
            tracing::error!(%event, %endpoint, status, duration_ms, answer, "gave up telling event {event}");
        }
    }
}

#[cfg(test)]
mod tests {
    use stillframe_domain::EventFormat;
    use stillframe_domain::retry::RetrySchedule;
    use stillframe_testkit::SeededRng;

    use super::*;

    #[test]
    fn waits_are_spread_by_a_fifth_to_either_side() {
        let rng = SeededRng::new(7);
        let waits: Vec<_> = (0..1_000).map(|_| jittered(Duration::from_secs(10), &rng).as_millis()).collect();
        assert!(waits.iter().all(|wait| (8_000..=12_000).contains(wait)));
        assert!(waits.iter().any(|&wait| wait < 8_500) && waits.iter().any(|&wait| 11_500 < wait));
        let second = Duration::from_secs(1);
        assert_eq!([Duration::ZERO, second].map(|wait| jittered(wait, &rng)), [Duration::ZERO, second]);
        assert!(jittered(Duration::MAX, &rng) <= Duration::from_millis(u64::MAX));
    }

    #[test]
    fn a_delivery_dies_when_its_schedule_ends() {
        let retry = RetrySchedule { waits_ms: vec![10, 20] };
        let policy = DeliveryPolicy { retry, ..DeliveryPolicy::default_for(EventFormat::Native) };
        let attempt = failed(Timestamp::from_millis(0), 0, String::new());
        let states = [1, 2, 3].map(|number| next_step(&policy, &attempt, number));
        let (ten, twenty) = (Duration::from_millis(10), Duration::from_millis(20));
        let wanted = [(DeliveryState::Pending, ten), (DeliveryState::Pending, twenty)];
        assert_eq!(states[..2], wanted);
        assert_eq!(states[2].0, DeliveryState::Dead);
        let success = Attempt { is_success: true, ..attempt };
        assert_eq!(next_step(&policy, &success, 9).0, DeliveryState::Delivered);
    }

    #[test]
    fn kept_answers_are_bounded_text() {
        assert_eq!(kept(b"ok\0\xff"), "ok\u{fffd}\u{fffd}");
        let broken = vec![0xff; ANSWER_BYTES_MAX];
        assert!(kept(&broken).len() <= ANSWER_BYTES_MAX);
    }
}
