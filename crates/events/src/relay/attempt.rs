//! One attempt of one delivery.

use std::sync::Arc;
use std::time::Duration;

use stillframe_database::DueDelivery;
use stillframe_domain::endpoint::Target;
use stillframe_domain::limits::ANSWER_BYTES_MAX;
use stillframe_domain::{Attempt, Checkpoint, DeliveryState, Timestamp};
use stillframe_outbound::Post;
use tokio::time::Instant;

use super::lanes::Leased;
use super::permission::{NoPermission, Permissions, REQUEST_ORIGIN};
use super::schedule::{NextStep, next_step};
use super::{RelayDeps, queue, retry_after};

/// What is sent: a body and its headers.
struct Letter {
    body: String,
    headers: Vec<(String, String)>,
}

/// What attempts share.
pub(super) struct Courier {
    pub(super) deps: RelayDeps,
    pub(super) permissions: Permissions,
}

/// An attempt, and the wait that the receiver asks for.
struct Outcome {
    attempt: Attempt,
    asked: Option<Duration>,
}

impl From<Attempt> for Outcome {
    fn from(attempt: Attempt) -> Self {
        Self { attempt, asked: None }
    }
}

/// Sends, and records what came of it. An attempt that cannot be recorded is made again later. Gives the
/// rate that the receiver grants, if it names one.
pub(super) async fn make(courier: Arc<Courier>, leased: Leased) -> Option<u32> {
    let deps = &courier.deps;
    let Leased { due, timeout, .. } = leased;
    let at = deps.clock.now();
    let (attempt, NextStep { state, wait }) = match write(deps, &due, at) {
        Ok(letter) => {
            let Outcome { attempt, asked } = carry(&courier, &due, letter, (at, timeout)).await?;
            let number = due.delivery.next_attempt();
            let next = next_step(&due.endpoint.policy, &attempt, number, asked, deps.rng.as_ref());
            (attempt, next)
        }
        Err(reason) => (failed(at, 0, reason), NextStep { state: DeliveryState::Dead, wait: Duration::ZERO }),
    };
    log(&due, &attempt, state);
    if let Err(error) = deps.database.record_attempt(due.delivery.id, &attempt, state, wait).await {
        tracing::error!(
            delivery.id = %due.delivery.id,
            error = &error as &dyn std::error::Error,
            "cannot record an attempt: the event will be sent again",
        );
    }
    courier.permissions.rate(&due.endpoint)
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
    let mut headers = vec![("content-type".to_owned(), renderer.content_type().to_owned())];
    headers.extend(renderer.headers(&due.endpoint, &due.event, &body, at));
    Ok(Letter { body, headers })
}

/// Makes the attempt; `None` when nothing is left to record.
async fn carry(
    courier: &Courier,
    due: &DueDelivery,
    letter: Letter,
    (at, timeout): (Timestamp, Duration),
) -> Option<Outcome> {
    match due.endpoint.target() {
        Target::Http(_) => Some(send_if_allowed(courier, due, letter, (at, timeout)).await),
        Target::Queue(name) => match queue::put(&courier.deps, due, &name, &letter.body, at).await {
            Ok(attempt) => {
                log(due, &attempt, DeliveryState::Delivered);
                None
            }
            Err(queue::NotSent::Refused(reason)) => Some(failed(at, 0, reason).into()),
            Err(queue::NotSent::NotPending) => None,
        },
    }
}

/// Sends, after asking for permission where the format wants that; both within the timeout.
async fn send_if_allowed(
    courier: &Courier,
    due: &DueDelivery,
    mut letter: Letter,
    (at, timeout): (Timestamp, Duration),
) -> Outcome {
    let Courier { deps, permissions } = courier;
    let endpoint = &due.endpoint;
    let mut left = timeout;
    if endpoint.format.asks_permission() && endpoint.policy.handshake {
        let begin = Instant::now();
        if let Err(error) = permissions.ensure(deps.outbound.as_ref(), endpoint, (at, timeout)).await {
            let duration_ms = millis(begin.elapsed());
            return match error {
                NoPermission::NoAnswer(error) => failed(at, duration_ms, error.to_string()),
                NoPermission::Refused { status, reason } => {
                    Attempt { status: Some(status), ..failed(at, duration_ms, reason) }
                }
            }
            .into();
        }
        letter.headers.push((REQUEST_ORIGIN.to_owned(), permissions.origin().to_owned()));
        left = timeout.saturating_sub(begin.elapsed());
    }
    send(deps, due, letter, (at, left)).await
}

async fn send(
    deps: &RelayDeps,
    due: &DueDelivery,
    letter: Letter,
    (at, timeout): (Timestamp, Duration),
) -> Outcome {
    let begin = Instant::now();
    let post = Post {
        url: &due.endpoint.url,
        headers: &letter.headers,
        body: letter.body.into(),
        timeout,
        answer_bytes_max: ANSWER_BYTES_MAX,
    };
    match deps.outbound.post(post).await {
        Ok(answer) => {
            deps.checkpoints.reached(Checkpoint::CallbackSent);
            let asked = answer.retry_after.and_then(|text| retry_after::read(&text, deps.clock.now()));
            let attempt = Attempt {
                at,
                status: Some(answer.status),
                duration_ms: millis(answer.duration),
                answer: kept(&answer.body_prefix),
                is_success: due.endpoint.policy.ack.accepts(answer.status),
            };
            Outcome { attempt, asked }
        }
        Err(error) => failed(at, millis(begin.elapsed()), error.to_string()).into(),
    }
}

fn failed(at: Timestamp, duration_ms: u64, answer: String) -> Attempt {
    Attempt { at, status: None, duration_ms, answer, is_success: false }
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
    count(due, attempt, state);
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

/// Adds an attempt to what is counted.
fn count(due: &DueDelivery, attempt: &Attempt, state: DeliveryState) {
    const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];
    let outcome = match state {
        DeliveryState::Delivered => "delivered",
        DeliveryState::Pending => "again",
        DeliveryState::Dead => "dead",
    };
    let class = attempt.status.map_or(0, |status| usize::from(status / 100));
    let status = CLASSES.get(class).copied().unwrap_or("none");
    let format = due.endpoint.format.name();
    metrics::counter!(
        "stillframe_delivery_attempts_total", "format" => format, "outcome" => outcome, "status" => status
    )
    .increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_answers_are_bounded_text() {
        assert_eq!(kept(b"ok\0\xff"), "ok\u{fffd}\u{fffd}");
        let broken = vec![0xff; ANSWER_BYTES_MAX];
        assert!(kept(&broken).len() <= ANSWER_BYTES_MAX);
    }
}
