//! HTTP: one listener that speaks every dialect.
//!
//! A handler does four steps: authenticate, decode to native types, call one function of `service`,
//! encode. Each dialect stands in its own folder with its words, its error table and its event
//! renderer, and none uses another.

pub mod alibaba;
mod body;
#[cfg(test)]
mod error_table;
mod media;
mod mns;
pub mod native;
pub(crate) mod objects;
mod observe;
mod router;
#[cfg(test)]
mod samples;
mod state;
pub mod tencent;
mod timestamp;
mod unread;
mod url_access;
mod urls;
mod xml;

pub use body::SlowBody;
pub use router::router;
pub use state::ApiState;
