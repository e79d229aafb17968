//! Tells events: takes due deliveries from the outbox and sends them to HTTP endpoints.
//!
//! What is written in the body is the business of [`Renderer`]s, one a format, which stand with their
//! dialects and are joined in the composition root. Pulling and confirming is a use case of `service`.

mod relay;
mod renderer;

pub use relay::{Relay, RelayConfig, RelayDeps};
pub use renderer::{Renderer, Renderers};
