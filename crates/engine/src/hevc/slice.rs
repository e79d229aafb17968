//! Slice segment headers (7.3.6).

use std::ops::Range;

use super::parameters::{Parameters, Pps, Sps};
use super::ref_set::RefSet;
use crate::bits::Bits;
use crate::nal::Payload;

/// Entries of a reference list (7.4.7.1).
const ACTIVE_MAX: u32 = 15;
/// Parts of a slice (7.4.7.1).
const ENTRY_POINTS_MAX: u32 = 440 * 135;
/// Bytes of an extension (7.4.7.1).
const EXTENSION_BYTES_MAX: u32 = 256;

/// Types of pictures' units (table 7-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kind(pub u8);

impl Kind {
    /// The type of a slice's unit; `None` of others.
    pub fn of_slice(unit: &[u8]) -> Option<Self> {
        let kind = unit.first()? >> 1 & 63;
        (kind < 32).then_some(Self(kind))
    }

    /// Whether decoding can begin with it.
    pub fn is_irap(self) -> bool {
        (16..=23).contains(&self.0)
    }

    /// Whether all before it is forgotten.
    pub fn is_idr(self) -> bool {
        matches!(self.0, 19 | 20)
    }

    /// Whether it begins a stream that was put together, and forgets what was before.
    pub fn is_bla(self) -> bool {
        matches!(self.0, 16..=18)
    }

    /// Whether it is not decoded where decoding begins with the keyframe that it follows.
    pub fn is_skipped_leading(self) -> bool {
        matches!(self.0, 8 | 9)
    }

    /// Whether later order counts are told by their distance to it, if it is of the lowest layer (8.3.1).
    pub fn is_anchor(self) -> bool {
        // Not leading pictures, nor those that nothing of their layer refers to: the even ones below 16.
        match self.0 {
            6..=9 => false,
            kind => 16 <= kind || kind % 2 == 1,
        }
    }

    /// Whether the specification tells what it is.
    pub fn is_known(self) -> bool {
        matches!(self.0, 0..=9 | 16..=21)
    }
}

/// What a slice header tells, unless the slice goes on with the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceHeader {
    /// Whether it is the first of its picture.
    pub is_first: bool,
    /// The lowest bits of the order count; 0 for keyframes that forget what was before.
    pub order: u32,
    /// How many values these bits have.
    pub order_range: u32,
    /// Its reference picture set.
    pub set: RefSet,
    /// Where that stands, in bits of the payload.
    pub set_bits: Range<usize>,
    /// Whether the set might have been told by its difference to another.
    pub may_differ: bool,
    /// Lengths of the reference lists.
    pub active: [u32; 2],
    /// Where the header ends but for what makes it whole bytes, in bits of the payload.
    pub end: usize,
}

/// A slice's header, or that it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// It has one.
    Header(Box<SliceHeader>),
    /// It goes on with the one before.
    Dependent,
}

impl SliceHeader {
    /// Reads the header of a slice; `None` when it ends too early, or cannot be planned with.
    pub fn parse(payload: &Payload, kind: Kind, parameters: &Parameters) -> Option<Parsed> {
        let mut bits = Bits::new(&payload.bytes);
        bits.skip(16)?;
        let is_first = bits.flag()?;
        if kind.is_irap() {
            bits.skip(1)?;
        }
        let (sps, pps) = parameters.of_slice(bits.ue_up_to(63)?)?;
        if !is_first {
            let is_dependent = pps.has_dependent_slices && bits.flag()?;
            bits.skip(sps.address_bits)?;
            if is_dependent {
                return Some(Parsed::Dependent);
            }
        }
        let mut reader = Reader { bits, sps, pps };
        let header = reader.independent(kind, is_first)?;
        is_aligned(reader.bits).then(|| Parsed::Header(Box::new(header)))
    }

    /// Where the bytes after the header begin in the payload.
    pub fn data_start(&self) -> usize {
        self.end / 8 + 1
    }
}

/// Whether a header ends here: a 1, and zeros up to a whole byte.
fn is_aligned(mut bits: Bits<'_>) -> bool {
    let left = 7 - bits.position() % 8;
    bits.flag() == Some(true) && bits.number(left as u32) == Some(0)
}

/// Reads on from `slice_reserved_flag`.
struct Reader<'r> {
    bits: Bits<'r>,
    sps: &'r Sps,
    pps: &'r Pps,
}

/// What a slice's type tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SliceType {
    /// Predicted from two lists.
    B,
    /// Predicted from one list.
    P,
    /// Coded by itself.
    I,
}

impl Reader<'_> {
    fn independent(&mut self, kind: Kind, is_first: bool) -> Option<SliceHeader> {
        self.bits.skip(self.pps.extra_bits)?;
        let slice_type = match self.bits.ue()? {
            0 => SliceType::B,
            1 => SliceType::P,
            2 => SliceType::I,
            _ => return None,
        };
        self.bits.skip(u32::from(self.pps.has_output_flag) + 2 * u32::from(self.sps.has_colour_planes))?;
        let mut header = SliceHeader {
            is_first,
            order: 0,
            order_range: 1 << self.sps.order_bits,
            set: RefSet::default(),
            set_bits: 0..0,
            may_differ: 0 < self.sps.set_count,
            active: [0; 2],
            end: 0,
        };
        let mut has_temporal_mvp = false;
        if !kind.is_idr() {
            header.order = self.bits.number(self.sps.order_bits)?;
            // A set that the SPS has under a number is not planned with.
            if self.bits.flag()? {
                return None;
            }
            let start = self.bits.position();
            header.set = RefSet::parse(&mut self.bits, header.may_differ)?;
            header.set_bits = start..self.bits.position();
            has_temporal_mvp = self.sps.has_temporal_mvp && self.bits.flag()?;
        }
        let mut has_sao = false;
        if self.sps.has_sao {
            has_sao = self.bits.flag()?;
            has_sao |= self.sps.has_chroma && self.bits.flag()?;
        }
        if slice_type != SliceType::I {
            header.active = self.active(slice_type)?;
            self.skip_prediction(slice_type, has_temporal_mvp, header.active)?;
        }
        self.skip_filters(has_sao)?;
        self.skip_entry_points()?;
        if self.pps.has_header_extension {
            let extension_bytes = self.bits.ue_up_to(EXTENSION_BYTES_MAX)?;
            self.bits.skip(8 * extension_bytes)?;
        }
        header.end = self.bits.position();
        Some(header)
    }

    /// The lengths of the reference lists.
    fn active(&mut self, slice_type: SliceType) -> Option<[u32; 2]> {
        let has_second = slice_type == SliceType::B;
        let [first, second] = self.pps.active;
        let mut active = [first, if has_second { second } else { 0 }];
        if self.bits.flag()? {
            active[0] = self.bits.ue_up_to(ACTIVE_MAX - 1)? + 1;
            if has_second {
                active[1] = self.bits.ue_up_to(ACTIVE_MAX - 1)? + 1;
            }
        }
        // Lists in another order are not planned with.
        if self.pps.modifies_lists { None } else { Some(active) }
    }

    fn skip_prediction(
        &mut self,
        slice_type: SliceType,
        has_temporal_mvp: bool,
        active: [u32; 2],
    ) -> Option<()> {
        let is_b = slice_type == SliceType::B;
        self.bits.skip(u32::from(is_b) + u32::from(self.pps.has_cabac_choice))?;
        if has_temporal_mvp {
            let is_from_second = is_b && !self.bits.flag()?;
            if 1 < active[usize::from(is_from_second)] {
                self.bits.skip_ue(1)?;
            }
        }
        if self.pps.is_weighted[usize::from(is_b)] {
            self.skip_weights(active)?;
        }
        self.bits.skip_ue(1)
    }

    /// Passes over `pred_weight_table` (7.3.6.3).
    fn skip_weights(&mut self, active: [u32; 2]) -> Option<()> {
        let has_chroma = self.sps.has_chroma;
        self.bits.skip_ue(1 + u32::from(has_chroma))?;
        for length in active {
            let mut flags = |is_told: bool| -> Option<Vec<_>> {
                (0..length).map(|_| if is_told { self.bits.flag() } else { Some(false) }).collect()
            };
            let (luma, chroma) = (flags(true)?, flags(has_chroma)?);
            for (luma, chroma) in luma.into_iter().zip(chroma) {
                self.bits.skip_ue(2 * u32::from(luma) + 4 * u32::from(chroma))?;
            }
        }
        Some(())
    }

    fn skip_filters(&mut self, has_sao: bool) -> Option<()> {
        self.bits.skip_ue(1 + 2 * u32::from(self.pps.has_chroma_qp))?;
        self.bits.skip(u32::from(self.pps.has_chroma_qp_lists))?;
        let mut is_deblocking_off = self.pps.is_deblocking_off;
        if self.pps.has_deblocking_override && self.bits.flag()? {
            is_deblocking_off = self.bits.flag()?;
            if !is_deblocking_off {
                self.bits.skip_ue(2)?;
            }
        }
        if self.pps.filters_across_slices && (has_sao || !is_deblocking_off) {
            self.bits.skip(1)?;
        }
        Some(())
    }

    fn skip_entry_points(&mut self) -> Option<()> {
        if self.pps.has_entry_points {
            let count = self.bits.ue_up_to(ENTRY_POINTS_MAX)?;
            if 0 < count {
                let bit_count = self.bits.ue_up_to(31)? + 1;
                self.bits.skip(count * bit_count)?;
            }
        }
        Some(())
    }
}
