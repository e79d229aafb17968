//! Leases of jobs: one holder at a time, and nothing written by anyone else.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use stillframe_domain::{ErrorCode, Job, JobId, JobState, Lease, LeaseToken, OsRng};

use super::samples::{completion, endpoint, event, failure, job};
use super::{LONG, SHORT, SHORTER, Subject};
use crate::records::Commit;

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    a_lease_counts_an_attempt_and_has_a_token(make().await).await;
    no_job_is_leased_twice_at_a_time(make().await).await;
    higher_priority_runs_first_then_older(make().await).await;
    an_expired_lease_is_leased_again_and_the_first_holder_writes_nothing(make().await).await;
    an_expired_lease_that_nobody_took_still_counts(make().await).await;
    a_heartbeat_keeps_the_lease(make().await).await;
    a_released_job_is_due_at_once_and_its_attempt_not_counted(make().await).await;
    a_retried_job_waits(make().await).await;
    a_scheduled_job_waits_for_its_time(make().await).await;
    terminal_states_are_never_left(make().await).await;
    voided_leases_are_due_at_once_with_their_attempts_counted(make().await).await;
    progress_is_told_once_and_by_the_holder_alone(make().await).await;
}

async fn progress_is_told_once_and_by_the_holder_alone(s: Subject) {
    let app = s.app().await.id;
    s.database.insert_endpoint(&endpoint(app)).await.expect("insert");
    let job = s.job(app).await;
    let lease = lease_one(&s, LONG).await;
    let told = event(app);
    let foreign = LeaseToken::mint(&OsRng);
    let tell = async |token| s.database.tell_progress(&job.id, token, &told).await.expect("tell");
    assert_eq!(tell(&foreign).await, Commit::LeaseLost);
    assert_eq!(s.database.find_event(app, &told.id).await.expect("find"), None, "nothing was told");
    for _ in 0..2 {
        assert_eq!(tell(&lease.token).await, Commit::Committed);
    }
    assert_eq!(s.database.list_deliveries(app, &told.id).await.expect("list").len(), 1, "told once");
    s.database.complete_job(&completion(&lease)).await.expect("complete");
    assert_eq!(tell(&lease.token).await, Commit::LeaseLost, "nothing is told of a job that ended");
}

async fn a_lease_counts_an_attempt_and_has_a_token(s: Subject) {
    let app = s.app().await.id;
    let job = s.job(app).await;
    let lease = lease_one(&s, LONG).await;
    let expected =
        Job { state: JobState::Running, attempt: 1, started_at: lease.job.started_at, ..job.clone() };
    assert!(lease.job == expected && lease.job.started_at.is_some());
    assert_eq!(s.database.find_job(app, &job.id).await.expect("find"), Some(expected));
    assert!(s.database.lease_jobs("w", LONG, 1).await.expect("lease").is_empty());
}

async fn no_job_is_leased_twice_at_a_time(s: Subject) {
    let app = s.app().await.id;
    let media = s.media(app).await;
    for _ in 0..60 {
        s.database.insert_job(&job(&media)).await.expect("insert");
    }
    let workers = (0..8).map(|n| {
        let database = Arc::clone(&s.database);
        tokio::spawn(async move {
            let mut taken = Vec::new();
            loop {
                let leases = database.lease_jobs(&format!("w{n}"), LONG, 3).await.expect("lease");
                assert!(leases.len() <= 3);
                if leases.is_empty() {
                    return taken;
                }
                taken.extend(leases.into_iter().map(|lease| (lease.job.id, lease.token)));
            }
        })
    });
    let workers: Vec<_> = workers.collect();
    let mut taken = Vec::new();
    for worker in workers {
        taken.extend(worker.await.expect("no panic"));
    }
    assert_eq!(taken.len(), 60);
    let (ids, tokens): (HashSet<JobId>, HashSet<LeaseToken>) = taken.into_iter().unzip();
    assert_eq!((ids.len(), tokens.len()), (60, 60));
}

async fn higher_priority_runs_first_then_older(s: Subject) {
    let media = s.media(s.app().await.id).await;
    let mut ids = Vec::new();
    for priority in [0, -10, 10, 0, 10] {
        let job = Job { priority, ..job(&media) };
        s.database.insert_job(&job).await.expect("insert");
        ids.push(job.id);
    }
    let mut order = Vec::new();
    for limit in [2, 1, 9] {
        order.extend(s.database.lease_jobs("w", LONG, limit).await.expect("lease"));
    }
    let order: Vec<_> = order.into_iter().map(|lease| lease.job.id).collect();
    assert_eq!(order, [2, 4, 0, 3, 1].map(|at| ids[at].clone()));
}

async fn an_expired_lease_is_leased_again_and_the_first_holder_writes_nothing(s: Subject) {
    let app = s.app().await.id;
    let id = s.job(app).await.id;
    let zombie = lease_one(&s, SHORT).await;
    assert!(s.database.lease_jobs("w", LONG, 1).await.expect("lease").is_empty(), "not yet");
    s.wait(SHORT).await;
    let holder = lease_one(&s, LONG).await;
    assert_eq!((&holder.job.id, holder.job.attempt), (&id, 2));
    assert_ne!(holder.token, zombie.token);
    assert_eq!(holder.job.started_at, zombie.job.started_at, "of the first attempt");

    let before = s.database.find_job(app, &id).await.expect("find");
    let mut late = completion(&zombie);
    late.events = vec![event(app)];
    let lost = [
        s.database.complete_job(&late).await,
        s.database.extend_lease(&id, &zombie.token, LONG).await,
        s.database.release_lease(&id, &zombie.token).await,
        s.database.retry_job(&id, &zombie.token, Duration::ZERO, &failure(ErrorCode::TimedOut)).await,
    ];
    for commit in lost {
        assert_eq!(commit.expect("a call"), Commit::LeaseLost);
    }
    assert_eq!(s.database.find_job(app, &id).await.expect("find"), before);
    assert_eq!(s.database.find_event(app, &late.events[0].id).await.expect("find"), None);
    assert!(s.database.lease_jobs("w", LONG, 1).await.expect("lease").is_empty());
    assert_eq!(s.database.complete_job(&completion(&holder)).await.expect("complete"), Commit::Committed);
}

async fn an_expired_lease_that_nobody_took_still_counts(s: Subject) {
    s.job(s.app().await.id).await;
    let lease = lease_one(&s, SHORT).await;
    s.wait(SHORT).await;
    assert_eq!(s.database.complete_job(&completion(&lease)).await.expect("complete"), Commit::Committed);
}

async fn a_heartbeat_keeps_the_lease(s: Subject) {
    s.job(s.app().await.id).await;
    let lease = lease_one(&s, SHORT).await;
    for _ in 0..3 {
        s.wait(SHORT - SHORTER).await;
        let extended = s.database.extend_lease(&lease.job.id, &lease.token, SHORT).await.expect("extend");
        assert_eq!(extended, Commit::Committed);
        assert!(s.database.lease_jobs("w", LONG, 1).await.expect("lease").is_empty());
    }
    let due = s.database.next_job_due().await.expect("due").expect("the lease's end");
    assert!(due <= SHORT, "{due:?}");
    s.wait(SHORT).await;
    assert_eq!(lease_one(&s, LONG).await.job.attempt, 2);
}

async fn a_released_job_is_due_at_once_and_its_attempt_not_counted(s: Subject) {
    let app = s.app().await.id;
    let job = s.job(app).await;
    let lease = lease_one(&s, LONG).await;
    assert_eq!(s.database.release_lease(&job.id, &lease.token).await.expect("release"), Commit::Committed);
    assert_eq!(
        s.database.find_job(app, &job.id).await.expect("find"),
        Some(job.clone()),
        "as if never leased"
    );
    let second = lease_one(&s, LONG).await;
    assert_eq!((second.job.attempt, second.token != lease.token), (1, true));
    assert_eq!(s.database.release_lease(&job.id, &lease.token).await.expect("release"), Commit::LeaseLost);
}

async fn a_retried_job_waits(s: Subject) {
    let app = s.app().await.id;
    let id = s.job(app).await.id;
    let lease = lease_one(&s, LONG).await;
    let why = failure(ErrorCode::SourceUnreadable);
    assert_eq!(s.database.retry_job(&id, &lease.token, SHORT, &why).await.expect("retry"), Commit::Committed);
    let found = s.database.find_job(app, &id).await.expect("find").expect("is there");
    assert_eq!((found.state, found.failure, found.attempt), (JobState::Retryable, Some(why), 1));
    assert!(s.database.lease_jobs("w", LONG, 1).await.expect("lease").is_empty());
    let due = s.database.next_job_due().await.expect("due").expect("a job waits");
    assert!(Duration::ZERO < due && due <= SHORT, "{due:?}");
    s.wait(SHORT).await;
    assert_eq!(s.database.next_job_due().await.expect("due"), None, "it is due now");
    let second = lease_one(&s, LONG).await;
    assert_eq!(second.job.attempt, 2);
    assert_eq!(s.database.complete_job(&completion(&second)).await.expect("complete"), Commit::Committed);
    let found = s.database.find_job(app, &id).await.expect("find").expect("is there");
    assert_eq!(found.failure, None, "what failed an attempt is no failure of the job");
}

async fn a_scheduled_job_waits_for_its_time(s: Subject) {
    let media = s.media(s.app().await.id).await;
    let created_at = (s.now)().plus(SHORT);
    let job = Job { state: JobState::Scheduled, created_at, ..job(&media) };
    s.database.insert_job(&job).await.expect("insert");
    assert!(s.database.lease_jobs("w", LONG, 1).await.expect("lease").is_empty());
    s.wait(SHORT + SHORTER).await;
    assert_eq!(lease_one(&s, LONG).await.job.id, job.id);
}

async fn terminal_states_are_never_left(s: Subject) {
    let app = s.app().await.id;
    for state in [JobState::Completed, JobState::Discarded, JobState::Cancelled] {
        let id = s.job(app).await.id;
        let lease = lease_one(&s, SHORT).await;
        let mut result = completion(&lease);
        result.state = state;
        assert_eq!(s.database.complete_job(&result).await.expect("complete"), Commit::Committed);
        let before = s.database.find_job(app, &id).await.expect("find");
        s.wait(SHORT).await;
        for again in JobState::ALL.into_iter().filter(|state| state.is_terminal()) {
            result.state = again;
            result.events = vec![event(app)];
            assert_eq!(s.database.complete_job(&result).await.expect("complete"), Commit::LeaseLost);
        }
        let why = failure(ErrorCode::Internal);
        let others = [
            s.database.retry_job(&id, &lease.token, Duration::ZERO, &why).await,
            s.database.release_lease(&id, &lease.token).await,
            s.database.extend_lease(&id, &lease.token, LONG).await,
        ];
        for commit in others {
            assert_eq!(commit.expect("a call"), Commit::LeaseLost);
        }
        assert_eq!(s.database.void_leases().await.expect("void"), 0);
        assert!(s.database.lease_jobs("w", LONG, 9).await.expect("lease").is_empty());
        assert_eq!(s.database.find_job(app, &id).await.expect("find"), before);
        assert_eq!(before.map(|job| job.state), Some(state));
    }
    assert_eq!(s.database.next_job_due().await.expect("due"), None);
    let unknown = s.database.release_lease(&JobId::mint(&OsRng), &LeaseToken::mint(&OsRng)).await;
    assert_eq!(unknown.expect("release"), Commit::LeaseLost);
}

async fn voided_leases_are_due_at_once_with_their_attempts_counted(s: Subject) {
    let app = s.app().await.id;
    s.job(app).await;
    s.job(app).await;
    let leases = s.database.lease_jobs("w", LONG, 9).await.expect("lease");
    assert_eq!(s.database.void_leases().await.expect("void"), 2);
    let again = s.database.lease_jobs("w", LONG, 9).await.expect("lease");
    assert_eq!(again.iter().map(|lease| lease.job.attempt).collect::<Vec<_>>(), [2, 2]);
    let late = s.database.complete_job(&completion(&leases[0])).await.expect("complete");
    assert_eq!(late, Commit::LeaseLost);
}

async fn lease_one(s: &Subject, lease_for: Duration) -> Lease {
    let mut leases = s.database.lease_jobs("worker", lease_for, 1).await.expect("lease");
    assert_eq!(leases.len(), 1, "a job is due");
    leases.remove(0)
}
