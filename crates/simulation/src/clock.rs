//! The time of day of a run: the time that has passed, and how wrong the machine's clock is.

use std::sync::atomic::{AtomicI64, Ordering};

use stillframe_domain::{Clock, Timestamp};
use stillframe_testkit::SimClock;
use tokio::time::Instant;

/// The clock of a simulated machine.
#[derive(Debug)]
pub struct MachineClock {
    begun: Instant,
    begun_at: Timestamp,
    skew_ms: AtomicI64,
    /// What the database, which is outside of the simulated time, is shown.
    shown: std::sync::Arc<SimClock>,
}

impl MachineClock {
    /// Begins now, in 2026.
    pub fn new() -> Self {
        let shown = std::sync::Arc::new(SimClock::default());
        Self { begun: Instant::now(), begun_at: shown.now(), skew_ms: AtomicI64::new(0), shown }
    }

    /// The clock for what is outside; it stands still between two [`Self::show`].
    pub fn shown(&self) -> std::sync::Arc<SimClock> {
        std::sync::Arc::clone(&self.shown)
    }

    /// Sets the clock for what is outside.
    pub fn show(&self) {
        self.shown.set(self.now());
    }

    /// Sets the machine's clock forward or back.
    pub fn jump(&self, by_ms: i64) {
        self.skew_ms.fetch_add(by_ms, Ordering::SeqCst);
        self.show();
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let passed_ms = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let skew_ms = self.skew_ms.load(Ordering::SeqCst);
        Timestamp::from_millis(self.begun_at.as_millis() + passed_ms + skew_ms)
    }
}
