//! The plan: which packet is the frame for each time, and which packets must be decoded for it.
//!
//! ```text
//! wanted.rs   request + facts  -> Wanted: a time in the stream's units, and how exact it has to be
//! cursor.rs   the demuxer      -> packets from a verified keyframe on
//! order.rs    Wanted, sorted   -> those of the costliest groups first
//! scan.rs     packets in coding order, looked up by presentation time
//! group.rs    the packets that are decoded in one go, with their targets
//! foresee.rs  tells the source which bytes will be read
//! reorder.rs  how many packets after a frame may still be shown before it
//! spill.rs    gives bytes of packets up while they wait, and reads them again
//! planner.rs  Wanted, sorted   -> Group: one run of packets with all targets in it
//! ```
//!
//! Only packet headers are looked at. A group keeps its packets for the decoder, so that each byte is
//! read once; groups are independent of each other.

mod cursor;
mod foresee;
mod group;
mod keyframes;
mod order;
mod planner;
mod reorder;
mod scan;
mod spill;
mod wanted;

pub use cursor::Cursor;
pub use group::{Group, Target};
pub use planner::{Planner, Step, identity};
pub use reorder::REORDERED_FRAMES_MAX;
pub use scan::Entry;
pub use wanted::{Choice, PlannedOutput, Slot, Wanted, plan_output};
