//! `PullEvent` (also `PullVodEvent`): the events that wait, or those that come within 5 seconds.
//!
//! Source: 266/7818.

use serde::Serialize;
use stillframe_domain::{App, limits};
use stillframe_service::Service;

use super::envelope::{self, Answer};
use super::error::Refusal;
use super::events::{self, Body};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pulled {
    event_list: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    msg_handle: String,
    /// An object, the same as the body that would be pushed.
    event_content: Body,
}

/// Pulls up to 16 events.
pub(super) async fn run(service: &Service, app: &App) -> Result<Answer, Refusal> {
    let pulled = service.pull_events(app, limits::PULL_BATCH_MAX, service.long_poll()).await?;
    // Only events that the format has words for are queued (`domain::routing::tells`).
    let item = |one: stillframe_service::PulledEvent| {
        let event_content = events::body(&one.event)?;
        Some(Item { msg_handle: one.handle.to_string(), event_content })
    };
    Ok(envelope::fields(&Pulled { event_list: pulled.into_iter().filter_map(item).collect() }))
}
