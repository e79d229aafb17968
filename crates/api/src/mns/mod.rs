//! Alibaba Cloud Message Service (MNS), version 2015-06-06: queues at `/queues`.
//!
//! ```text
//! request -> auth -> handle (path, query) -> one operation -> answer or refusal (xml)
//! ```
//!
//! Topics and subscriptions are not spoken. Source: MNS API reference, and the vendor's SDKs for Python, Java,
//! Go and PHP, as collected on 2026-11-22.

mod auth;
mod delete;
pub(crate) mod error;
mod handle;
mod message;
mod query;
mod queues;
mod receive;
mod send;
mod visibility;
mod xml;

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::any;

use crate::observe::spoken;
use crate::state::ApiState;

/// Everything at and below `/queues`.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/queues", any(handle::handle))
        .route("/queues/{*rest}", any(handle::handle))
        .layer(map_response(async |answer: Response| spoken("mns", answer)))
}
