//! One file a command.

pub mod app;
pub mod config;
pub mod decode_child;
pub mod doctor;
pub mod documents;
pub mod healthcheck;
pub mod key;
pub mod migrate;
pub mod openapi;
pub mod probe;
pub mod serve;
pub mod snap;
