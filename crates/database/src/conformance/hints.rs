//! Hints: a counter grows once what it hints at is committed.

use std::time::Duration;

use stillframe_domain::{ErrorCode, PullMode};

use super::samples::{completion, endpoint, event, failure};
use super::{LONG, Subject};
use crate::traits::Topic;

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    waiters_hear_of_what_may_be_due(make().await).await;
    the_database_answers_until_it_is_closed(make().await).await;
}

async fn waiters_hear_of_what_may_be_due(s: Subject) {
    let app = s.app_with(PullMode::Pull).await.id;
    s.database.insert_endpoint(&endpoint(app)).await.expect("insert");
    let [mut jobs, mut deliveries, mut queues] =
        [Topic::Jobs, Topic::Deliveries, Topic::Queues].map(|topic| s.database.subscribe(topic));

    let waiting = tokio::spawn(async move {
        jobs.changed().await.expect("the database is open");
        jobs
    });
    s.job(app).await;
    let mut jobs = waiting.await.expect("no panic");
    let lease = s.database.lease_jobs("w", LONG, 1).await.expect("lease").remove(0);
    jobs.mark_unchanged();
    let why = failure(ErrorCode::TimedOut);
    s.database.retry_job(&lease.job.id, &lease.token, Duration::ZERO, &why).await.expect("retry");
    jobs.changed().await.expect("the database is open");

    let lease = s.database.lease_jobs("w", LONG, 1).await.expect("lease").remove(0);
    let mut result = completion(&lease);
    result.events = vec![event(app)];
    deliveries.mark_unchanged();
    queues.mark_unchanged();
    s.database.complete_job(&result).await.expect("complete");
    deliveries.changed().await.expect("the database is open");
    queues.changed().await.expect("the database is open");
    assert_eq!(s.database.pull_events(app, LONG, 9).await.expect("pull").len(), 1, "it is there by then");
}

async fn the_database_answers_until_it_is_closed(s: Subject) {
    s.database.ping().await.expect("ping");
    let app = s.app().await.id;
    s.database.close().await;
    s.database.close().await;
    assert!(s.database.ping().await.is_err());
    assert!(s.database.find_app(app).await.is_err());
}
