//! The time by which a call must have ended.

use std::time::{Duration, Instant};

use crate::error::EngineError;

/// A moment on the monotonic clock; cheap to copy into callbacks.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    ends_at: Option<Instant>,
    wall_clock_ms_max: u64,
}

impl Deadline {
    /// A deadline `wall_clock_ms_max` milliseconds from now.
    pub fn start(wall_clock_ms_max: u64) -> Self {
        let ends_at = Instant::now().checked_add(Duration::from_millis(wall_clock_ms_max));
        Self { ends_at, wall_clock_ms_max }
    }

    /// Whether it has passed.
    pub fn is_over(self) -> bool {
        self.ends_at.is_some_and(|end| end <= Instant::now())
    }

    /// The error to give when it has passed.
    pub fn error(self) -> EngineError {
        EngineError::TimedOut { wall_clock_ms_max: self.wall_clock_ms_max }
    }

    /// # Errors
    /// [`EngineError::TimedOut`] once it has passed.
    pub fn check(self) -> Result<(), EngineError> {
        if self.is_over() { Err(self.error()) } else { Ok(()) }
    }
}
