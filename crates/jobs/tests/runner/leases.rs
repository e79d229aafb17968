//! What happens when a worker is lost, stopped, or overtaken.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use stillframe_database::Commit;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{Checkpoint, Checkpoints, ErrorCode, EventKind, Failure, Job, JobState, Lease};

use crate::world::{LONG, World, assert_discarded, offsets, results, stills};

/// Stops the first job that comes to a checkpoint until it is let go.
struct Gate {
    point: Checkpoint,
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    is_reached: bool,
    is_open: bool,
}

impl Gate {
    fn at(point: Checkpoint) -> Arc<Self> {
        Arc::new(Self { point, state: Mutex::default(), changed: Condvar::new() })
    }

    async fn reached(self: &Arc<Self>) {
        let gate = Arc::clone(self);
        let waiting = tokio::task::spawn_blocking(move || {
            let state = gate.state.lock().unwrap();
            let (state, _) = gate.changed.wait_timeout_while(state, LONG, |state| !state.is_reached).unwrap();
            assert!(state.is_reached, "no job came to {}", gate.point.name());
        });
        waiting.await.unwrap();
    }

    fn open(&self) {
        self.state.lock().unwrap().is_open = true;
        self.changed.notify_all();
    }
}

impl Checkpoints for Gate {
    fn reached(&self, point: Checkpoint) {
        if point == self.point {
            let mut state = self.state.lock().unwrap();
            state.is_reached = true;
            self.changed.notify_all();
            drop(self.changed.wait_while(state, |state| !state.is_open).unwrap());
        }
    }
}

async fn insert_job(world: &World) -> Job {
    let media = world.upload_clip().await;
    let outputs = vec![stills(OutputKind::Normal, offsets(&[1_000, 5_000, 7_000]))];
    world.insert_with_snapshots(&media, outputs).await
}

/// Leases the job as a worker that then dies.
async fn lease_and_die(world: &World, lease_for: Duration) -> Lease {
    let leasing = async {
        loop {
            if let Some(lease) = world.database.lease_jobs("dies", lease_for, 1).await.unwrap().pop() {
                return lease;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, leasing).await.expect("the job can be leased")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_killed_process_is_taken_up_again_at_start() {
    let world = World::new().await;
    let job = insert_job(&world).await;
    lease_and_die(&world, Duration::from_secs(3_600)).await;
    assert_eq!(world.database.void_leases().await.unwrap(), 1);
    let ended = world.run_to_end(&job).await;
    assert_eq!((ended.state, ended.attempt), (JobState::Completed, 2));
    assert_eq!(world.told().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_lease_is_leased_again() {
    let world = World::new().await;
    let job = insert_job(&world).await;
    lease_and_die(&world, Duration::from_millis(300)).await;
    assert_eq!(world.run_to_end(&job).await.state, JobState::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_every_worker_is_given_up_with_an_event() {
    let world = World::new().await;
    let job = insert_job(&world).await;
    for attempt in 1..=job.attempt_max {
        assert_eq!(lease_and_die(&world, Duration::from_millis(1)).await.job.attempt, attempt);
    }
    let ended = world.run_to_end(&job).await;
    assert_discarded(&ended, "attempts-exhausted");
    assert_eq!(results(&ended.outcomes[0]), ["attempts-exhausted"; 3]);
    let [event] = world.told().await.try_into().unwrap();
    assert_eq!(event.kind, EventKind::SnapshotFailed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_job_keeps_the_reason_of_its_last_failure() {
    let world = World::new().await;
    let job = insert_job(&world).await;
    let lease = lease_and_die(&world, LONG).await;
    let failure = Failure::new(ErrorCode::SourceUnreadable, "the disk is slow today");
    let commit = world.database.retry_job(&job.id, &lease.token, Duration::ZERO, &failure).await.unwrap();
    assert_eq!(commit, Commit::Committed);
    for _ in 1..job.attempt_max {
        lease_and_die(&world, Duration::from_millis(1)).await;
    }
    let ended = world.run_to_end(&job).await;
    assert_discarded(&ended, "source-unreadable");
    assert_eq!(ended.failure, Some(failure));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_keeps_a_long_job() {
    let mut world = World::new().await;
    let gate = Gate::at(Checkpoint::MidDecode);
    world.checkpoints = Arc::clone(&gate) as Arc<dyn Checkpoints>;
    (world.config.lease_ms, world.config.heartbeat_ms) = (600, 100);
    let job = insert_job(&world).await;
    let running = world.start();
    gate.reached().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(world.database.lease_jobs("other", LONG, 1).await.unwrap().is_empty());
    gate.open();
    let ended = world.ended(&job).await;
    assert_eq!((ended.state, ended.attempt), (JobState::Completed, 1));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_lost_its_lease_changes_nothing() {
    let mut world = World::new().await;
    let gate = Gate::at(Checkpoint::MidDecode);
    world.checkpoints = Arc::clone(&gate) as Arc<dyn Checkpoints>;
    // The runner has no slot to lease the job again, and does not hear that it lost it.
    (world.config.concurrency, world.config.heartbeat_ms) = (1, 3_600_000);
    let job = insert_job(&world).await;
    let running = world.start();
    gate.reached().await;
    assert_eq!(world.database.void_leases().await.unwrap(), 1);
    let newer = lease_and_die(&world, LONG).await;
    gate.open();
    running.stop().await;
    let found = world.job(&job).await;
    assert_eq!((found.state, found.attempt, found.outcomes.len()), (JobState::Running, 2, 0));
    assert!(world.told().await.is_empty());
    assert_eq!(world.database.release_lease(&job.id, &newer.token).await.unwrap(), Commit::Committed);
    assert_eq!(world.run_to_end(&job).await.state, JobState::Completed);
    assert_eq!(world.told().await.len(), 1, "one result, one event");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_taken_away_ends_the_work() {
    let mut world = World::new().await;
    let gate = Gate::at(Checkpoint::MidDecode);
    world.checkpoints = Arc::clone(&gate) as Arc<dyn Checkpoints>;
    (world.config.heartbeat_ms, world.config.concurrency) = (50, 1);
    let job = insert_job(&world).await;
    let running = world.start();
    gate.reached().await;
    assert!(world.database.delete_media(world.app.id, job.media_id, &[]).await.unwrap());
    let media = world.upload_clip().await;
    let other = world.insert_with_snapshots(&media, vec![stills(OutputKind::Normal, offsets(&[0]))]).await;
    // The one slot is free again although the first job's decoder still hangs.
    assert_eq!(world.ended(&other).await.state, JobState::Completed);
    gate.open();
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_gives_back_what_does_not_end_in_time_and_the_next_start_ends_it() {
    let mut world = World::new().await;
    let gate = Gate::at(Checkpoint::MidDecode);
    world.checkpoints = Arc::clone(&gate) as Arc<dyn Checkpoints>;
    world.config.stop_grace_ms = 50;
    let job = insert_job(&world).await;
    let running = world.start();
    gate.reached().await;
    running.stop().await;
    let found = world.job(&job).await;
    assert_eq!((found.state, found.attempt), (JobState::Available, 0), "the attempt does not count");
    gate.open();
    let ended = world.run_to_end(&job).await;
    assert_eq!((ended.state, ended.attempt), (JobState::Completed, 1));
    assert_eq!(world.told().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_a_job_end_that_is_nearly_done() {
    let mut world = World::new().await;
    let gate = Gate::at(Checkpoint::ObjectsPut);
    world.checkpoints = Arc::clone(&gate) as Arc<dyn Checkpoints>;
    let job = insert_job(&world).await;
    let running = world.start();
    gate.reached().await;
    running.cancel.cancel();
    gate.open();
    running.stop().await;
    assert_eq!(world.job(&job).await.state, JobState::Completed);
}

/// Notes which checkpoints are passed.
#[derive(Default)]
struct Passed {
    points: Mutex<Vec<Checkpoint>>,
}

impl Checkpoints for Passed {
    fn reached(&self, point: Checkpoint) {
        self.points.lock().unwrap().push(point);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checkpoints_of_a_job_are_passed_in_order_and_once() {
    let mut world = World::new().await;
    let passed = Arc::new(Passed::default());
    world.checkpoints = Arc::clone(&passed) as Arc<dyn Checkpoints>;
    let job = insert_job(&world).await;
    world.run_to_end(&job).await;
    let points = passed.points.lock().unwrap().clone();
    assert_eq!(points, [Checkpoint::MidDecode, Checkpoint::ObjectsPut, Checkpoint::ResultCommitted]);
}
