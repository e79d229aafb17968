//! Alibaba Cloud ApsaraVideo VOD, version 2017-03-21: `/` in RPC style, and its events.
//!
//! ```text
//! request -> params (query and form) -> auth -> one operation -> format (JSON or XML)
//! event   -> events::AlibabaRenderer -> body
//! ```
//!
//! Source: ApsaraVideo VOD API reference, as collected on 2026-11-22.

mod auth;
mod colour;
pub(crate) mod error;
mod events;
mod format;
mod get_video_info;
mod handle;
mod list_snapshots;
mod outputs;
mod params;
mod sprite_config;
mod submit_snapshot_job;
mod time;
mod user_data;

pub use events::AlibabaRenderer;

use axum::Router;
use axum::routing::any;

use crate::state::ApiState;

/// The one path of RPC style.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/", any(handle::handle))
}
