//! What happened in a run, step by step: its hash tells whether two runs were the same.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// The steps of a run.
#[derive(Debug, Default)]
pub struct Trace {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    begun: Option<Instant>,
    hash: u64,
    count: u64,
    /// Kept only when somebody wants to read them.
    lines: Option<Vec<String>>,
}

impl Trace {
    /// Keeps the steps as text from now on.
    pub fn keep(&self) {
        self.with(|state| state.lines = Some(Vec::new()));
    }

    /// Notes a step.
    pub fn step(&self, what: &str) {
        self.with(|state| {
            let begun = *state.begun.get_or_insert_with(Instant::now);
            let at_ms = begun.elapsed().as_millis();
            let mut hasher = DefaultHasher::new();
            (state.hash, at_ms, what).hash(&mut hasher);
            state.hash = hasher.finish();
            state.count += 1;
            if let Some(lines) = &mut state.lines {
                lines.push(format!("{at_ms:>9} {what}"));
            }
        });
    }

    /// A number that two runs share only when all their steps were the same.
    pub fn hash(&self) -> u64 {
        self.with(|state| state.hash)
    }

    /// How many steps there were.
    pub fn count(&self) -> u64 {
        self.with(|state| state.count)
    }

    /// The steps, when they were kept.
    pub fn lines(&self) -> Vec<String> {
        self.with(|state| state.lines.take().unwrap_or_default())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
