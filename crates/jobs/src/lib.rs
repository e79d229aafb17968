//! Leases jobs and runs them.
//!
//! ```text
//! Runner (leases due jobs) -> Attempt (heartbeat, retry or end) -> kinds::{fetch, probe, snapshot}
//! ```
//!
//! A job's effects are objects under keys that only this job writes, and one commit: its result, its
//! event, what changes about the video, and the jobs that follow. So any attempt may die at any moment
//! and the next one begins from nothing, and an attempt whose lease was taken away changes nothing.
//!
//! **Invariant:** every terminal state is written under the newest lease, and exactly once.

mod attempt;
mod blocking;
mod cleaner;
mod config;
mod error;
mod kinds;
mod runner;
mod source;
mod work;

pub use blocking::{Blocking, Threads};
pub use cleaner::{CleanError, Cleaned, Cleaner, CleanerConfig, CleanerDeps};
pub use config::RunnerConfig;
pub use runner::{Runner, RunnerDeps};
