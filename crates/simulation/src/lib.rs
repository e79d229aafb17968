//! Shows that the promises are kept whatever befalls.
//!
//! The real runner, relay, cleaner and use cases run over the real SQLite database and the real store of a
//! directory, on a clock that moves only when nothing is left to do. A seed decides everything else: what
//! callers ask, which calls fail, hang, or lose their answer, when an agent stands still for minutes and then
//! goes on, when the process dies, how the clock is set. The same seed gives the same run, step by step.
//!
//! ```text
//! World (disk, clock, plan of the seed, ledger) <- Process (runners, relays, cleaner, callers)
//!       <- Agent: what befalls each call        <- SimDatabase, SimStorage, SimWeb, SimDecoder
//! after the run: calm, rest, cleaner, invariants
//! ```
//!
//! See docs/design/simulation.md.

mod agent;
mod blocking;
mod breaks;
mod callers;
mod chance;
mod clock;
mod database;
mod decoder;
mod invariants;
mod ledger;
mod outside;
mod plan;
mod process;
mod run;
mod storage;
mod trace;
mod web;
mod world;

pub use breaks::Break;
pub use run::{Report, Stage};
