//! Where a connection stands, as its stream, its requests' bodies and its answers share it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing of a next request has come.
    Idle = 0,
    /// Its head is coming.
    Head = 1,
    /// It is being answered.
    Busy = 2,
    /// Nothing has come at all.
    Fresh = 3,
}

/// The phase of one connection.
#[derive(Debug, Clone)]
pub struct SharedPhase(Arc<AtomicU8>);

impl SharedPhase {
    /// That of a new connection.
    pub fn fresh() -> Self {
        Self(Arc::new(AtomicU8::new(Phase::Fresh as u8)))
    }

    /// The phase now.
    pub fn get(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Busy,
            _ => Phase::Fresh,
        }
    }

    /// Notes a new one.
    pub fn set(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Release);
    }
}
