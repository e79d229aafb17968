//! H.265: which pictures a picture is made of, so that nothing else need be decoded.
//!
//! ```text
//! parameters.rs  SPS, PPS               -> what slice headers cannot be read without
//! slice.rs       slice header           -> order count, reference picture set, lengths of the lists
//! ref_set.rs     a reference picture set, read, written, and made into lists
//! pictures.rs    packets of a group     -> pictures, each with those that it refers to
//! closure.rs     pictures, targets      -> the pictures that the targets need, directly or not
//! rewrite.rs     slice header           -> the same without the pictures that were left out
//! ```
//!
//! A picture takes from others what stands in the active part of its reference lists: pixels, and motion
//! vectors of one of them. References are named by absolute order counts, not by what was decoded before; so
//! the transitive closure over the active lists is all that a picture needs. Its reference picture set also
//! names pictures that are kept for others. Newer libavcodec withholds a picture when one of those is absent,
//! so slice headers are written anew without those that were left out.
//!
//! Whatever a picture may depend on beyond that is recognised, and then nothing is left out on this ground.
//!
//! Source: ITU-T H.265 (08/2021), sections 7.3, 7.4.8, 8.3.1, 8.3.2 and 8.3.4. `docs/design/decoding.md` has
//! the reasoning.

mod closure;
mod parameters;
mod pictures;
mod ref_set;
mod rewrite;
mod slice;
#[cfg(test)]
mod tests;

pub use closure::cut;
pub use parameters::Parameters;
