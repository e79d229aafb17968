//! Decoding in child processes that can reach nothing.
//!
//! A video is untrusted, and so is whatever a decoder becomes while it reads one. So decoding runs in
//! children of the same binary: they have no network, no files, no other processes, an empty environment,
//! and no descriptor but a socket to the parent and memory that they share. The parent opens videos and keeps
//! pictures; a child gets an open file, or asks for ranges of bytes, and answers with pictures and facts.
//!
//! ```text
//! jobs -> Decoder::take -> Pool -> Worker process  <- orders, bytes, at most one descriptor
//!                                                  -> questions for bytes, pictures, the end
//! ```
//!
//! **Invariants.** What a child says is checked before it is believed: sizes, and places in the request. A
//! child that breaks the protocol, stops to make progress, dies or is no longer needed is killed; its call
//! ends with a failure and harms no other.

mod child;
mod confine;
mod decoder;
mod message;
mod pool;
mod tray;
mod wire;
mod worker;

pub use child::serve;
pub use confine::{Checked, Confinement, Refused, check};
pub use decoder::{Call, Decoder, InProcess};
pub use pool::{Pool, PoolConfig};
