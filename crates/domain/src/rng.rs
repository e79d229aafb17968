//! Randomness as a parameter.

/// A source of random numbers, seeded in tests.
pub trait Rng: Send + Sync {
    /// The next 64 random bits.
    fn next_u64(&self) -> u64;
}

/// The operating system's generator: fit for secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRng;

impl Rng for OsRng {
    #[expect(clippy::disallowed_methods, reason = "the one home of the system's generator")]
    fn next_u64(&self) -> u64 {
        getrandom::u64().expect("the operating system's random generator answers")
    }
}
