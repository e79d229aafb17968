//! The engine: probes a video and takes pictures from it.
//!
//! The boundary is [`probe`] and [`take`]: a request and a [`ByteSource`] go in, results come out as a
//! stream of plain values. No Rust reference crosses, so that the same call can run in a child process.
//! Times are resolved to frames first (the plan), then each group of pictures is decoded once.
//!
//! This is the only crate with `unsafe`; it stands in `av/` (libav) and `encode/jpeg.rs` (libjpeg-turbo).
//!
//! **Invariant:** a picture is reported only when the frame that was asked for was decoded whole; what
//! cannot be had is a failure with its code, never an older or blank picture.

// Filled in by the engine: probe.rs, plan.rs, take.rs, demux.rs, ...
