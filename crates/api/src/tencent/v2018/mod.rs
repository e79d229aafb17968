//! API 2018-07-17: `/`, with requests signed by TC3-HMAC-SHA256 or version 1, and its events.
//!
//! ```text
//! request -> auth (signature, time, one tree of parameters) -> one operation -> envelope {Response}
//! event   -> events::Tencent2018Renderer                    -> body, pushed or pulled
//! ```
//!
//! Source: Tencent Cloud VOD API 2018-07-17 and tencentcloud-sdk-python-vod 3.1.194, as collected on
//! 2026-11-22.

mod asked;
mod auth;
mod confirm_events;
mod delete_media;
mod describe_events_state;
mod describe_media_infos;
mod describe_task_detail;
mod describe_tasks;
mod envelope;
pub(crate) mod err_code_ext;
pub(crate) mod error;
mod event_config;
mod events;
mod handle;
mod input;
mod manage_task;
mod media_info;
mod meta_data;
mod modify_media_info;
mod picture_sets;
mod procedure;
mod procedure_templates;
mod process_media;
mod process_media_by_procedure;
mod pull_events;
mod pull_upload;
mod pull_upload_task;
mod search_media;
mod span;
mod task;
mod tasks;
mod templates;
mod upload;

pub use events::Tencent2018Renderer;
pub(crate) use handle::take;
