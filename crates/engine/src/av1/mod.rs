//! AV1: which frames a frame is made of, so that nothing else need be decoded.
//!
//! ```text
//! obu.rs       bytes of a packet      -> OBUs
//! sequence.rs  sequence header        -> what the frame headers depend on
//! frame.rs     frame header           -> which slots it reads, which it overwrites
//! pictures.rs  packets of a group     -> pictures, each with the pictures that it refers to
//! closure.rs   pictures, targets      -> the pictures that the targets need, directly or not
//! ```
//!
//! All that one frame takes from another (pixels, motion vectors, probabilities, segmentation, loop filter
//! and film grain parameters) is kept in one of eight slots, and a frame names the seven that it may use. So
//! the transitive closure over those names is all that a frame needs, and everything else may be left out,
//! even frames that others refer to. Headers that depend on more than the named slots are recognised, and
//! then nothing is left out on this ground.
//!
//! Source: AV1 Bitstream & Decoding Process Specification, version 1.0.0 with errata 1, sections 5.3 to 5.9
//! and 7.20. `docs/design/decoding.md` has the reasoning.

mod closure;
mod frame;
mod obu;
mod pictures;
mod sequence;
#[cfg(test)]
mod tests;

pub use closure::cut;
pub use pictures::is_disposable;
pub use sequence::Sequence;
