//! Where a connection stands, as its stream, its requests' bodies and its answers share it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

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
pub struct SharedPhase(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    phase: AtomicU8,
    /// Who watches for the end of an answer.
    reader: Mutex<Option<Waker>>,
}

impl SharedPhase {
    /// That of a new connection.
    pub fn fresh() -> Self {
        Self(Arc::new(Shared { phase: AtomicU8::new(Phase::Fresh as u8), reader: Mutex::new(None) }))
    }

    /// The phase now.
    pub fn get(&self) -> Phase {
        match self.0.phase.load(Ordering::Acquire) {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Busy,
            _ => Phase::Fresh,
        }
    }

    /// Notes a new one, and wakes who waits for it.
    pub fn set(&self, phase: Phase) {
        self.0.phase.store(phase as u8, Ordering::Release);
        if let Some(reader) = self.reader().take() {
            reader.wake();
        }
    }

    /// Has the reader of the connection woken at the next phase: nothing else tells it that an answer ended.
    pub fn wake_at_next(&self, reader: &Waker) {
        *self.reader() = Some(reader.clone());
    }

    fn reader(&self) -> MutexGuard<'_, Option<Waker>> {
        self.0.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
