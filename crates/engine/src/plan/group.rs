//! Runs of packets that are decoded in one go, and the frames that are wanted of them.

use super::scan::Entry;
use super::spill::Spill;
use super::wanted::Wanted;
use crate::av::{AvError, Frame, Packet};
use crate::error::EngineError;

/// Packets to decode in one go, with the frames that are wanted of them.
pub struct Group {
    /// From a keyframe to the last target, in coding order.
    pub entries: Vec<Entry>,
    /// The frames that are wanted, in coding order.
    pub targets: Vec<Target>,
    /// Whether the packets still hold their bytes; else they are read again.
    pub has_data: bool,
    /// Reads the packets that gave their bytes up.
    pub spill: Option<Spill>,
    /// Whether more was left out than what nothing refers to.
    pub is_cut: bool,
    /// The first packet that may have been cut off with the end of the file, as its last frames may be.
    pub cut_from: usize,
    /// A time that leads to the first packet again.
    pub seek_at: i64,
    /// What it costs to decode, in coded bytes.
    pub cost: u64,
}

/// A frame that is wanted.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its packet's place in the group.
    pub entry: usize,
    /// Its presentation time; `None` where packets have none: then it is the last frame at or before
    /// `at` that comes out of the decoder.
    pub pts: Option<i64>,
    /// The largest timestamp that is shown by then.
    pub at: i64,
    /// Whether the first frame after it will do, because it lies before all that can be decoded.
    pub or_later: bool,
    /// The pictures that are made of it.
    pub wanted: Vec<Wanted>,
}

impl Group {
    /// Bytes of the packets that it kept when it was planned.
    pub fn size_bytes(&self) -> u64 {
        let is_kept = |entry: &&Entry| self.has_data && entry.is_needed && entry.spilled.is_none();
        let kept = self.entries.iter().filter(is_kept);
        kept.map(|entry| entry.size_bytes).sum()
    }

    /// Takes out the packets with their bytes, so that each can be let go once it is decoded. `None` when
    /// they may be needed again by [`Self::settle_for_first`].
    pub fn take_packets(&mut self) -> Option<Result<Vec<Packet>, AvError>> {
        if self.targets.iter().any(|target| target.pts.is_none()) {
            return None;
        }
        Some(self.entries.iter_mut().map(|entry| entry.packet.take()).collect())
    }

    /// A packet that gave its bytes up, with its bytes; `None` when it has them.
    ///
    /// # Errors
    /// When the source fails, or the bytes are others than before.
    pub fn restored(&self, entry: &Entry, packet: &Packet) -> Result<Option<Packet>, EngineError> {
        match (entry.spilled, &self.spill) {
            (Some(spilled), Some(spill)) if packet.data().is_empty() => {
                spill.restore(packet, spilled).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// At the start of a video without presentation times, takes the first frame that comes out for the
    /// targets before it. False when that changes nothing.
    pub fn settle_for_first(&mut self, missing: &[Target]) -> bool {
        let can_settle = |target: &&Target| target.pts.is_none() && !target.or_later;
        self.targets = missing
            .iter()
            .filter(can_settle)
            .map(|target| Target { or_later: true, ..target.clone() })
            .collect();
        self.targets.len() == missing.len()
    }

    /// Whether a target lies where the file's end may have been cut off.
    pub fn is_near_end(&self, target: &Target) -> bool {
        self.cut_from <= target.entry
    }
}

impl Target {
    /// When its frame is shown, in the stream's units.
    pub fn shown_at(&self, frame: &Frame) -> i64 {
        match self.pts {
            Some(pts) if !self.or_later => pts,
            _ => frame.pts().unwrap_or(self.at),
        }
    }
}
