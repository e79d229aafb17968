//! What is counted while the server runs, as text for Prometheus. docs/metrics.md says what each means.

use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use stillframe_service::Statistics;
use tokio_util::sync::CancellationToken;

/// Upper bounds of the classes that times are counted in, in seconds.
const SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];
/// How often times that came in are put into their classes.
const UPKEEP: Duration = Duration::from_secs(5);

/// All that is counted.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Begins to count, in this process.
///
/// # Errors
/// When something counts already.
pub fn install() -> anyhow::Result<Metrics> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .context("the classes of times cannot be used")?;
    let handle = builder.install_recorder().context("something counts already")?;
    describe();
    metrics::gauge!("stillframe_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(Metrics(handle))
}

impl Metrics {
    /// Keeps what is counted small, until told to stop.
    pub async fn keep_up(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(UPKEEP)).await.is_some() {
            self.0.run_upkeep();
        }
    }

    /// Everything, with what waits at this moment.
    pub fn text(&self, now: &Statistics) -> String {
        // Counted by the server itself; the database tells of the states that a job leaves again.
        for state in ["available", "scheduled", "running", "retryable"] {
            let count = now.jobs.iter().find(|(own, _)| own.name() == state).map_or(0, |(_, count)| *count);
            metrics::gauge!("stillframe_jobs", "state" => state).set(count as f64);
        }
        let counts = [
            ("stillframe_deliveries_pending", now.deliveries_pending),
            ("stillframe_queue_events", now.queued_events),
            ("stillframe_queue_messages", now.messages),
        ];
        for (name, count) in counts {
            metrics::gauge!(name).set(count as f64);
        }
        let ages_ms = [
            ("stillframe_jobs_oldest_due_age_seconds", now.oldest_due_job_ms),
            ("stillframe_deliveries_oldest_due_age_seconds", now.oldest_due_delivery_ms),
            ("stillframe_queue_events_oldest_age_seconds", now.oldest_queued_event_ms),
            ("stillframe_queue_messages_oldest_age_seconds", now.oldest_message_ms),
        ];
        for (name, age_ms) in ages_ms {
            metrics::gauge!(name).set(age_ms as f64 / 1_000.0);
        }
        self.0.run_upkeep();
        self.0.render()
    }
}

fn describe() {
    use metrics::{describe_counter as counter, describe_gauge as gauge, describe_histogram as histogram};
    counter!("stillframe_http_requests_total", "Requests answered, by API and class of status.");
    histogram!("stillframe_http_request_seconds", "Time from a request's head to its answer's, by API.");
    gauge!("stillframe_http_connections", "Open connections of both listeners.");
    counter!("stillframe_http_connections_refused_total", "Connections for which there was no place.");
    gauge!("stillframe_jobs", "Jobs that have not come to their end, by state.");
    gauge!("stillframe_jobs_oldest_due_age_seconds", "How long the oldest due job waits.");
    counter!("stillframe_jobs_finished_total", "Jobs that came to their end, by kind and state.");
    counter!("stillframe_job_retries_total", "Attempts of jobs that are made again, by kind.");
    histogram!("stillframe_decode_seconds", "Time of a call of the decoder, by operation.");
    counter!("stillframe_source_requests_total", "Requests for videos that stay at their URL.");
    counter!("stillframe_source_bytes_read_total", "Bytes read of videos that stay at their URL.");
    counter!("stillframe_fetched_bytes_total", "Bytes of videos that were fetched from their URL.");
    gauge!("stillframe_deliveries_pending", "Deliveries that are still to be made.");
    gauge!("stillframe_deliveries_oldest_due_age_seconds", "How long the oldest due delivery waits.");
    counter!(
        "stillframe_delivery_attempts_total",
        "Attempts of deliveries, by format and what came of them."
    );
    gauge!("stillframe_queue_events", "Events that wait to be pulled or confirmed.");
    gauge!("stillframe_queue_events_oldest_age_seconds", "How long the oldest of them waits.");
    gauge!("stillframe_queue_messages", "Messages in the apps' queues.");
    gauge!("stillframe_queue_messages_oldest_age_seconds", "How long the oldest of them waits.");
    counter!("stillframe_sandbox_restarts_total", "Decoders that were ended, by reason.");
    gauge!("stillframe_build_info", "Always 1; the version is its label.");
}
