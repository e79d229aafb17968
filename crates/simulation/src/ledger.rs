//! What was seen from outside of the product: what it promised, and what it then did.

use std::collections::{BTreeMap, BTreeSet};

use stillframe_database::{Commit, JobCompletion};
use stillframe_domain::{Event, EventId, JobId, JobState, Lease, LeaseToken, MediaId, Timestamp};

/// Everything that was seen in a run.
#[derive(Default)]
pub struct Ledger {
    /// What is wrong.
    pub violations: Vec<String>,
    /// Jobs that a caller was told are accepted, with their videos.
    pub accepted_jobs: BTreeMap<JobId, MediaId>,
    /// Videos that a caller was told are accepted.
    pub accepted_media: BTreeSet<MediaId>,
    /// Videos that a caller asked to delete.
    pub may_be_gone: BTreeSet<MediaId>,
    /// Jobs that a caller asked to withdraw.
    pub may_be_cancelled: BTreeSet<JobId>,
    /// What was written of each job that ended.
    pub ended: BTreeMap<JobId, JobState>,
    /// Every event whose commit succeeded.
    pub told: BTreeMap<EventId, Event>,
    /// Receivers that answered that they have an event.
    pub heard: BTreeSet<(String, EventId)>,
    /// Events that somebody pulled.
    pub pulled: BTreeSet<EventId>,
    /// Events that somebody confirmed.
    pub confirmed: BTreeSet<EventId>,
    /// What handles are for.
    pub handles: BTreeMap<String, Handle>,
    /// The newest handle of each event.
    pub newest_handle: BTreeMap<EventId, String>,
    /// Keys of all objects that a result reported.
    pub reported: BTreeSet<String>,
    /// The newest lease of each running job.
    tokens: BTreeMap<JobId, LeaseToken>,
}

/// A handle that was given.
#[derive(Debug, Clone)]
pub struct Handle {
    /// The event.
    pub event_id: EventId,
    /// Until when it confirms, by the machine's clock.
    pub until: Timestamp,
}

impl Ledger {
    /// Jobs were leased.
    pub fn leased(&mut self, leases: &[Lease]) {
        for lease in leases {
            let id = &lease.job.id;
            if self.ended.contains_key(id) {
                self.violations.push(format!("job {id} was leased after its end"));
            }
            if self.tokens.insert(id.clone(), lease.token.clone()).as_ref() == Some(&lease.token) {
                self.violations.push(format!("one lease of job {id} was given twice"));
            }
        }
    }

    /// Something was written under a lease.
    pub fn wrote(&mut self, what: &str, id: &JobId, token: &LeaseToken, commit: Commit) {
        if commit == Commit::Committed && self.tokens.get(id) != Some(token) {
            self.violations.push(format!("{what} of job {id} counted although its lease was lost"));
        }
    }

    /// A job's lease ended without a result.
    pub fn gave_back(&mut self, id: &JobId) {
        self.tokens.remove(id);
    }

    /// All leases ended, since the process is new.
    pub fn voided(&mut self) {
        self.tokens.clear();
    }

    /// The token of the newest lease of a running job.
    pub fn newest_token(&self, id: &JobId) -> Option<LeaseToken> {
        self.tokens.get(id).cloned()
    }

    /// The newest handle of the event that a handle was for.
    pub fn newest_of(&self, handle: &str) -> Option<String> {
        self.newest_handle.get(&self.handles.get(handle)?.event_id).cloned()
    }

    /// A result counted.
    pub fn completed(&mut self, completion: &JobCompletion) {
        self.end(&completion.job_id, completion.state);
        self.tokens.remove(&completion.job_id);
        self.tell(&completion.events);
    }

    /// A job came to its end.
    pub fn end(&mut self, id: &JobId, state: JobState) {
        if let Some(before) = self.ended.insert(id.clone(), state) {
            self.violations.push(format!("job {id} ended as {} and then as {}", before.name(), state.name()));
        }
    }

    /// Events were committed.
    pub fn tell(&mut self, events: &[Event]) {
        for event in events {
            if self.told.insert(event.id.clone(), event.clone()).is_some_and(|before| before != *event) {
                self.violations.push(format!("event {} was told twice with other words", event.id));
            }
        }
    }

    /// An event came to somebody.
    pub fn came(&mut self, how: &str, event: &Event) {
        match self.told.get(&event.id) {
            None => self.violations.push(format!("event {} was {how} and never committed", event.id)),
            Some(told) if told != event => {
                self.violations.push(format!("event {} was {how} in other words than committed", event.id));
            }
            Some(_) => {}
        }
    }

    /// An event was pulled.
    pub fn pull(&mut self, handle: &str, event: &Event, until: Timestamp) {
        self.came("pulled", event);
        if self.confirmed.contains(&event.id) {
            self.violations.push(format!("event {} came after it was confirmed", event.id));
        }
        self.pulled.insert(event.id.clone());
        self.newest_handle.insert(event.id.clone(), handle.to_owned());
        self.handles.insert(handle.to_owned(), Handle { event_id: event.id.clone(), until });
    }

    /// A handle confirmed.
    pub fn confirm(&mut self, handle: &str, now: Timestamp) {
        let Some(known) = self.handles.get(handle) else {
            self.violations.push(format!("handle {handle} confirmed and was never given"));
            return;
        };
        if known.until <= now {
            self.violations.push(format!("handle {handle} confirmed after its time was over"));
        }
        if self.newest_handle.get(&known.event_id).map(String::as_str) != Some(handle) {
            self.violations.push(format!("handle {handle} confirmed although a newer one was given"));
        }
        if !self.confirmed.insert(known.event_id.clone()) {
            self.violations.push(format!("event {} was confirmed twice", known.event_id));
        }
    }
}
