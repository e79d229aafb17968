//! What tests and the demo run on: clocks that stand still, numbers that a seed repeats.
//!
//! **Invariant:** no production crate depends on this one except as a dev-dependency.

pub mod clips;
pub mod damage;
pub mod name_server;
pub mod receiver;
pub mod remote;
pub mod seeded_rng;
pub mod sim_clock;

pub use receiver::WebhookReceiver;
pub use seeded_rng::SeededRng;
pub use sim_clock::SimClock;
