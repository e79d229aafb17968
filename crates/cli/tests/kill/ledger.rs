//! What was asked, and what was promised: written by the clients, never by the server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The queue of messages of our own.
pub const QUEUE: &str = "work";

/// A request for pictures, by the two times that it asks for: no other request has both.
pub type Marker = u32;

/// Everything that the clients know.
#[derive(Default)]
pub struct Ledger {
    next: AtomicU32,
    kept: Mutex<Kept>,
}

/// The lists of a ledger.
#[derive(Default)]
pub struct Kept {
    /// Requests that were sent, whether or not an answer came.
    pub asked: BTreeSet<Marker>,
    /// Jobs that were promised, each with the request that it answers.
    pub jobs: BTreeMap<String, Marker>,
    /// Jobs that were promised and not yet looked for.
    pub new_jobs: Vec<String>,
    /// Uploads that were sent.
    pub uploads_sent: u32,
    /// Videos that were promised.
    pub media: BTreeSet<String>,
    /// Videos that were promised and not yet looked for.
    pub new_media: Vec<String>,
    /// Messages that were sent.
    pub messages_sent: BTreeSet<String>,
    /// Messages that were promised.
    pub messages_accepted: BTreeSet<String>,
    /// Messages that came.
    pub messages_received: BTreeSet<String>,
    /// Messages whose removal was promised.
    pub messages_deleted: BTreeSet<String>,
    /// Tasks whose event was pulled.
    pub pulled: BTreeSet<String>,
    /// Tasks whose event was confirmed.
    pub confirmed: BTreeSet<String>,
    /// Events that came by the queue that hears of all, with the ids of their messages.
    pub told: BTreeMap<String, BTreeSet<String>>,
    /// What was seen to go wrong meanwhile.
    pub faults: Vec<String>,
}

impl Ledger {
    /// A number that nothing else of this run has.
    pub fn next(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// The lists.
    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a promised job.
    pub fn accept_job(&self, id: &str, marker: Marker) {
        let mut kept = self.kept();
        if let Some(first) = kept.jobs.insert(id.to_owned(), marker) {
            kept.faults.push(format!("job {id} answers two requests, {first} and {marker}"));
        }
        kept.new_jobs.push(id.to_owned());
    }

    /// How much there was, for people.
    pub fn summary(&self) -> String {
        let kept = self.kept();
        format!(
            "{} of {} requests for pictures promised, {} of {} uploads, {} of {} messages sent ({} removed), {} events confirmed",
            kept.jobs.len(),
            kept.asked.len(),
            kept.media.len(),
            kept.uploads_sent,
            kept.messages_accepted.len(),
            kept.messages_sent.len(),
            kept.messages_deleted.len(),
            kept.confirmed.len(),
        )
    }
}

/// The times of a marker, in milliseconds: both within the film, so that each picture can be taken.
pub fn times_ms(marker: Marker) -> [u32; 2] {
    const FIRST: u32 = 5_000;
    [marker % FIRST, FIRST + marker / FIRST]
}

/// The marker of these times.
pub fn marker_of([first_ms, second_ms]: [u32; 2]) -> Option<Marker> {
    const FIRST: u32 = 5_000;
    Some(second_ms.checked_sub(FIRST)? * FIRST + first_ms)
}
