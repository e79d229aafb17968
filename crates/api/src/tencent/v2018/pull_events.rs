//! `PullEvents`: the events that wait, or those that come within 5 seconds.
//!
//! Source: 266/33433.

use serde::Serialize;
use stillframe_domain::{App, limits};
use stillframe_service::{PulledEvent, Service};

use super::envelope::{self, Answer};
use super::error::Refusal;
use super::events::{self, Body};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pulled {
    event_set: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    event_handle: String,
    /// The same as the body that would be pushed.
    #[serde(flatten)]
    content: Body,
}

/// Pulls up to 16 events.
pub(super) async fn run(service: &Service, app: &App) -> Result<Answer, Refusal> {
    let pulled = service.pull_events(app, limits::PULL_BATCH_MAX, service.long_poll()).await?;
    // Only events that the format has words for are queued (`domain::routing::tells`).
    let item = |one: PulledEvent| {
        let content = events::body(&one.event)?;
        Some(Item { event_handle: one.handle.to_string(), content })
    };
    Ok(envelope::fields(&Pulled { event_set: pulled.into_iter().filter_map(item).collect() }))
}
