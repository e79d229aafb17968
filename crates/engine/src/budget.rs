//! What all decoders of one call may still spend, and whether they are still wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::deadline::Deadline;
use crate::error::EngineError;
use crate::limits::Limits;

/// Shared by the threads of one call; clones spend from the same purse.
#[derive(Debug, Clone)]
pub struct Budget {
    shared: Arc<Shared>,
    frames_decoded_max: u64,
    deadline: Deadline,
}

#[derive(Debug)]
struct Shared {
    frames_left: AtomicU64,
    is_cancelled: AtomicBool,
}

impl Budget {
    /// The budget that limits allow.
    pub fn new(limits: &Limits, deadline: Deadline) -> Self {
        let frames_decoded_max = limits.frames_decoded_max;
        let frames_left = AtomicU64::new(frames_decoded_max);
        let shared = Shared { frames_left, is_cancelled: AtomicBool::new(false) };
        Self { shared: Arc::new(shared), frames_decoded_max, deadline }
    }

    /// Pays for one frame.
    ///
    /// # Errors
    /// When nothing is left, or the time is over.
    pub fn spend_frame(&self) -> Result<(), EngineError> {
        self.deadline.check()?;
        let left = &self.shared.frames_left;
        let spent = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        let most = self.frames_decoded_max;
        let error = EngineError::LimitExceeded { limit: "frames_decoded_max", most, actual: most + 1 };
        spent.map(drop).map_err(|_| error)
    }

    /// Tells every thread to end at once.
    pub fn cancel(&self) {
        self.shared.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether nobody waits for results any more.
    pub fn is_cancelled(&self) -> bool {
        self.shared.is_cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_spend_from_the_same_purse() {
        let limits = Limits { frames_decoded_max: 3, ..Limits::default() };
        let budget = Budget::new(&limits, Deadline::start(60_000));
        let clone = budget.clone();
        assert!(budget.spend_frame().is_ok() && clone.spend_frame().is_ok() && budget.spend_frame().is_ok());
        let error = clone.spend_frame().expect_err("nothing is left");
        assert!(matches!(
            error,
            EngineError::LimitExceeded { limit: "frames_decoded_max", most: 3, actual: 4 }
        ));
        clone.cancel();
        assert!(budget.is_cancelled());
    }
}
