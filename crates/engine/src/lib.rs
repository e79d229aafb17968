//! The engine: probes a video and takes pictures from it.
//!
//! The boundary is [`probe`] and [`take()`]: a request and a [`ByteSource`]
//! go in, results come out as a stream of plain values ([`Produced`]). No Rust reference crosses, so that
//! the same call can run in a child process. Times are resolved to frames first (the plan), then each
//! group of pictures is decoded once. What one picture or sheet became is [`PictureProduced`] and
//! [`SheetProduced`], so that they are not confused with the domain's `PictureResult` and `Sheet`, which
//! know of objects and keys.
//!
//! This is the only crate with `unsafe`; it stands in `av/` (libav), `encode/jpeg.rs` (libjpeg-turbo)
//! and `memory.rs` (the C library's allocator).
//!
//! **Invariant:** a picture is reported only when the frame that was asked for was decoded whole; what
//! cannot be had is a failure with its code, never an older or blank picture.

mod av;
mod av1;
mod bits;
mod boxes;
mod budget;
mod canvas;
mod colour;
mod cover;
mod crew;
mod cut;
mod deadline;
mod decode;
mod duration;
mod encode;
mod error;
mod floor;
mod fragments;
pub mod fuzzing;
mod h264;
mod hevc;
mod limits;
mod marks;
mod media;
mod memory;
mod nal;
mod nonref;
mod orientation;
mod output;
mod pick;
mod placement;
mod plan;
mod preview;
mod render;
mod request;
mod shelf;
mod sprite;
mod take;
mod timeline;
mod tone;
mod transparency;
#[cfg(test)]
mod trial;
mod vpx;
pub mod vtt;

use std::ops::ControlFlow;
use std::sync::Arc;

use stillframe_domain::{ByteSource, MediaFacts};

pub use error::EngineError;
pub use floor::{FloorCost, FloorPlan, floor};
pub use limits::Limits;
use media::{Depth, Media};
pub use memory::keep_memory_between_calls;
pub use request::{PictureProduced, Produced, SheetProduced, TakeRequest, TakenPicture};
pub use shelf::Shelf;

/// Finds out what a source is.
///
/// # Errors
/// When it cannot be read, is no media file, or exceeds a limit. Sound alone is told of, without a video.
pub fn probe(source: Arc<dyn ByteSource>, limits: &Limits) -> Result<MediaFacts, EngineError> {
    memory::settle();
    av::listen();
    Media::open(source, limits, Depth::Frames).map(|media| media.facts)
}

/// Takes the pictures of a request and hands each result to `sink` as it comes about.
///
/// Every planned picture is handed over exactly once, taken or failed, unless `sink` breaks; then the
/// call ends at once with the facts.
///
/// # Errors
/// Only when nothing could be planned: the source cannot be read, is no video, has no video stream, or
/// exceeds a limit.
pub fn take(
    request: &TakeRequest,
    source: Arc<dyn ByteSource>,
    sink: &mut dyn FnMut(Produced) -> ControlFlow<()>,
) -> Result<MediaFacts, EngineError> {
    memory::settle();
    av::listen();
    take::take(request, source, sink)
}

/// Names the licence and the versions of the media libraries, on one line.
pub fn library_versions() -> String {
    av::versions()
}
