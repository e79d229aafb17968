//! Tencent Cloud VOD, legacy API v2: `/v2/index.php`, and events in format 4.0.
//!
//! ```text
//! request -> params (decoded, as signed) -> auth -> one operation -> envelope {code, message, ...}
//! event   -> events::Tencent40Renderer   -> body, pushed or pulled
//! ```
//!
//! Source: Tencent Cloud VOD, server API (266/7782 and following), as collected on 2026-11-22.

mod auth;
mod confirm_event;
mod convert_vod_file;
mod create_image_sprite;
mod create_snapshot_by_time_offset;
mod delete_vod_file;
mod envelope;
pub(crate) mod error;
mod events;
mod get_task_info;
mod get_task_list;
mod get_video_info;
mod handle;
mod meta_data;
mod multi_pull_vod_file;
mod params;
mod pictures;
mod process_file;
mod process_file_by_procedure;
mod pull_event;
mod task;

pub use events::Tencent40Renderer;

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::any;

use crate::observe::spoken;
use crate::state::ApiState;

/// The legacy paths.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/v2/index.php", any(handle::handle))
        // Some of the vendor's documents name this path.
        .route("/v2/interface.php", any(handle::handle))
        .layer(map_response(async |answer: Response| spoken("tencent-legacy", answer)))
}
