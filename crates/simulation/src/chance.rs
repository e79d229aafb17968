//! Choices that a seed repeats.

use std::time::Duration;

use stillframe_domain::Rng;
use stillframe_testkit::SeededRng;

/// A stream of choices. Each use has a stream of its own, so that a choice more in one place does not change
/// those of all others.
#[derive(Debug)]
pub struct Chance {
    rng: SeededRng,
}

impl Chance {
    /// The stream of that number of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        // Mixed once, so that neighbouring seeds have nothing in common.
        let mixed = SeededRng::new(seed).next_u64();
        Self { rng: SeededRng::new(mixed ^ SeededRng::new(stream).next_u64()) }
    }

    /// A number below `count`, which is above 0.
    pub fn below(&self, count: u64) -> u64 {
        self.rng.next_u64() % count
    }

    /// A number from a range.
    pub fn between(&self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// True that often of a thousand times.
    pub fn is(&self, per_mille: u64) -> bool {
        // Drawn also where it cannot be true, so that other odds leave the rest of the stream as it is.
        self.below(1_000) < per_mille
    }

    /// A time from a range of milliseconds.
    pub fn ms(&self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.between(from, to))
    }

    /// One of some values.
    pub fn pick<T: Copy>(&self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap_or_default()]
    }
}

impl Rng for Chance {
    fn next_u64(&self) -> u64 {
        self.rng.next_u64()
    }
}
