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
mod delete_video;
pub(crate) mod error;
mod events;
mod format;
mod get_url_upload_infos;
mod get_video_info;
mod get_video_infos;
mod get_video_list;
mod handle;
mod job_detail;
mod list_snapshots;
mod loose_json;
mod message_callback;
mod name_videos;
mod outputs;
mod pages;
mod params;
mod search_match;
mod search_media;
mod sprite_config;
mod status_filter;
mod submit_snapshot_job;
mod time;
mod update_video_info;
mod upload_media_by_url;
mod upload_video;
mod user_data;
mod video;
mod video_details;
mod vod_template;
mod workflow;

pub use events::AlibabaRenderer;

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::any;

use crate::observe::spoken;
use crate::state::ApiState;

/// The one path of RPC style.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/", any(handle::handle))
        .layer(map_response(async |answer: Response| spoken("alibaba", answer)))
}
