//! Halting at a checkpoint, for the tests that kill the process there. Debug builds only.

use std::path::PathBuf;

use stillframe_domain::{Checkpoint, Checkpoints};

/// Writes a marker file when the named point is reached, and then waits to be killed.
pub struct HaltAt {
    point: String,
    marker: PathBuf,
}

impl HaltAt {
    /// Halts at the checkpoint of that name.
    pub fn new(point: String, marker: PathBuf) -> Self {
        Self { point, marker }
    }
}

impl Checkpoints for HaltAt {
    fn reached(&self, point: Checkpoint) {
        if point.name() == self.point {
            std::fs::write(&self.marker, point.name()).expect("the test's marker can be written");
            loop {
                std::thread::park();
            }
        }
    }
}
