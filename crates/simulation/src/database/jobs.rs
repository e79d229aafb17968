//! The queue of jobs.

use std::time::Duration;

use stillframe_database::{
    Commit, Deliveries as _, JobCompletion, JobFilter, Jobs as _, MediaStore as _, Page, Result,
};
use stillframe_domain::{
    AppId, Event, EventId, EventPayload, Failure, Job, JobId, JobState, Lease, LeaseToken, OutputId,
    OutputOutcome,
};

use super::SimDatabase;
use super::forward::forward;
use crate::breaks::Break;
use crate::invariants::objects;

/// Longer than any run.
const NEVER: Duration = Duration::from_secs(10 * 365 * 86_400);

forward!(Jobs {
    find_job(app_id: AppId, id: &JobId) -> Option<Job>;
    find_job_of_output(app_id: AppId, id: &OutputId) -> Option<Job>;
    list_jobs(app_id: AppId, filter: &JobFilter, after: Option<&str>, limit: usize) -> Page<Job>;
    next_job_due() -> Option<Duration>;
} {
    async fn insert_job(&self, job: &Job) -> Result<()> {
        let real = self.real();
        let is_lost = self.breaks(Break::LoseAcceptedJob) && self.world().faults.is(300);
        self.call("insert_job", async { if is_lost { Ok(()) } else { real.insert_job(job).await } }).await
    }

    async fn lease_jobs(&self, worker: &str, lease_for: Duration, limit: usize) -> Result<Vec<Lease>> {
        let real = self.real();
        let is_twice = self.breaks(Break::LeaseTwice);
        let call = async {
            let mut leases = real.lease_jobs(worker, lease_for, limit).await?;
            leases.extend(leases.first().filter(|_| is_twice).cloned());
            Ok(leases)
        };
        let note = |leases: &Vec<Lease>| self.world().ledger().leased(leases);
        self.call_then("lease_jobs", call, note).await
    }

    async fn extend_lease(&self, id: &JobId, token: &LeaseToken, lease_for: Duration) -> Result<Commit> {
        let real = self.real();
        let call = async { real.extend_lease(id, token, lease_for).await };
        let note = |commit: &Commit| self.world().ledger().wrote("a heartbeat", id, token, *commit);
        self.call_then("extend_lease", call, note).await
    }

    async fn release_lease(&self, id: &JobId, token: &LeaseToken) -> Result<Commit> {
        let real = self.real();
        let call = async { real.release_lease(id, token).await };
        self.call_then("release_lease", call, |commit| self.gave_back("the return", id, token, *commit)).await
    }

    async fn retry_job(
        &self,
        id: &JobId,
        token: &LeaseToken,
        wait: Duration,
        failure: &Failure,
    ) -> Result<Commit> {
        let real = self.real();
        let wait = if self.breaks(Break::ForgetRetry) { NEVER } else { wait };
        if self.breaks(Break::TellPhantom) {
            self.tell_phantom(id, token, failure).await?;
        }
        let call = async { real.retry_job(id, token, wait, failure).await };
        self.call_then("retry_job", call, |commit| self.gave_back("a retry", id, token, *commit)).await
    }

    async fn tell_progress(&self, id: &JobId, token: &LeaseToken, event: &Event) -> Result<Commit> {
        let real = self.real();
        let call = async {
            // A progress is told once, in the words of the attempt that came first.
            let known = real.find_event(event.app_id, &event.id).await?.is_some();
            Ok((real.tell_progress(id, token, event).await?, known))
        };
        let note = |(commit, known): &(Commit, bool)| {
            let mut ledger = self.world().ledger();
            ledger.wrote("a progress", id, token, *commit);
            if *commit == Commit::Committed && !known {
                ledger.tell(std::slice::from_ref(event));
                drop(ledger);
                if let EventPayload::Snapshot(fact) = &event.payload {
                    objects::check_reported(self.world(), "a progress", &fact.outcomes);
                }
            }
        };
        self.call_then("tell_progress", call, note).await.map(|(commit, _)| commit)
    }

    async fn cancel_job(&self, app_id: AppId, id: &JobId) -> Result<bool> {
        let real = self.real();
        let call = async { real.cancel_job(app_id, id).await };
        let note = |&is_cancelled: &bool| {
            if is_cancelled {
                self.world().ledger().end(id, JobState::Cancelled);
            }
        };
        self.call_then("cancel_job", call, note).await
    }

    async fn complete_job(&self, completion: &JobCompletion) -> Result<Commit> {
        let real = self.real();
        let written = self.broken_completion(completion);
        let call = async { real.complete_job(&written).await };
        let note = |commit: &Commit| {
            let mut ledger = self.world().ledger();
            ledger.wrote("a result", &completion.job_id, &completion.token, *commit);
            if *commit == Commit::Committed {
                ledger.completed(completion);
                drop(ledger);
                objects::check_reported(self.world(), "a result", &completion.outcomes);
            }
        };
        self.call_then("complete_job", call, note).await
    }

    async fn void_leases(&self) -> Result<u64> {
        let real = self.real();
        let call = async { real.void_leases().await };
        self.call_then("void_leases", call, |_| self.world().ledger().voided()).await
    }
});

impl SimDatabase {
    fn gave_back(&self, what: &str, id: &JobId, token: &LeaseToken, commit: Commit) {
        let mut ledger = self.world().ledger();
        ledger.wrote(what, id, token, commit);
        if commit == Commit::Committed {
            ledger.gave_back(id);
        }
    }

    /// A result as a broken database would write it.
    fn broken_completion(&self, completion: &JobCompletion) -> JobCompletion {
        let mut written = completion.clone();
        if self.breaks(Break::DropOutboxRow) && self.world().faults.is(300) {
            written.events.clear();
        }
        if self.breaks(Break::TellTwice) {
            let ids = self.world().ids.as_ref();
            let again =
                completion.events.iter().map(|event| Event { id: EventId::mint(ids), ..event.clone() });
            written.events.extend(again);
        }
        if self.breaks(Break::IgnoreFencingToken)
            && let Some(newest) = self.world().ledger().newest_token(&completion.job_id)
        {
            written.token = newest;
        }
        written
    }

    /// Tells the end of a job that goes on.
    async fn tell_phantom(&self, id: &JobId, token: &LeaseToken, failure: &Failure) -> Result<()> {
        let real = self.real();
        let app_id = self.world().app_id();
        let Some(mut job) = self.world().call(real.find_job(app_id, id))? else { return Ok(()) };
        let Some(media) = self.world().call(real.find_media(app_id, job.media_id))? else { return Ok(()) };
        let failed = |output| OutputOutcome::failed(output, failure.clone());
        job.outcomes = job.outputs.iter().map(failed).collect();
        let now = stillframe_domain::Clock::now(self.world().clock.as_ref());
        let fact = stillframe_domain::event::SnapshotFact::of_job(&job, &media, "http://m", None, now);
        let event = Event::of_finished_job(EventId::mint(self.world().ids.as_ref()), &job, fact);
        self.world().call(real.tell_progress(id, token, &event))?;
        Ok(())
    }
}
