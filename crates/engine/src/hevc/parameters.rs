//! Parameter sets, as far as slice headers depend on them (7.3.2).

use std::collections::BTreeMap;

use super::ref_set::RefSet;
use crate::bits::Bits;
use crate::nal::{Framing, Payload};

/// Type of a video parameter set.
pub const VPS: u8 = 32;
/// Type of a sequence parameter set.
pub const SPS: u8 = 33;
/// Type of a picture parameter set.
pub const PPS: u8 = 34;

/// Profiles that are planned for: Main, Main 10, Main Still Picture and the range extensions. Others have
/// layers, or pictures that refer to themselves.
const PROFILES: std::ops::RangeInclusive<u32> = 1..=4;
/// Reference picture sets in an SPS (7.4.3.2.1).
const SETS_MAX: u32 = 64;
/// Tiles in a row or a column (table A.8).
const TILES_MAX: u32 = 22;
/// Blocks in a row or a column, so that their number fits.
const BLOCKS_MAX: u32 = 1 << 14;

/// What a slice header cannot be read without, of an SPS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sps {
    /// Whether each colour has slices of its own.
    pub has_colour_planes: bool,
    /// Whether pictures have colours beside brightness, in the same slices.
    pub has_chroma: bool,
    /// Bits of the address of a block.
    pub address_bits: u32,
    /// Bits of an order count.
    pub order_bits: u32,
    /// Reference picture sets that slices may name.
    pub set_count: u32,
    /// Whether motion vectors may come from another picture.
    pub has_temporal_mvp: bool,
    /// Whether slices tell of sample adaptive offset.
    pub has_sao: bool,
}

/// What a slice header cannot be read without, of a PPS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pps {
    /// Its SPS.
    pub sps: u32,
    /// Whether slices may go on with the header of the one before.
    pub has_dependent_slices: bool,
    /// Whether slices tell if their picture is shown.
    pub has_output_flag: bool,
    /// Reserved bits in slice headers.
    pub extra_bits: u32,
    /// Whether slices choose a table of probabilities.
    pub has_cabac_choice: bool,
    /// Lengths of the reference lists, unless the slice tells.
    pub active: [u32; 2],
    /// Whether slices tell offsets of the quantizer for colours.
    pub has_chroma_qp: bool,
    /// Whether predictions of P and of B slices are weighted.
    pub is_weighted: [bool; 2],
    /// Whether slices tell where their parts begin.
    pub has_entry_points: bool,
    /// Whether slices may have a deblocking filter of their own.
    pub has_deblocking_override: bool,
    /// Whether deblocking is off, unless the slice tells.
    pub is_deblocking_off: bool,
    /// Whether filters may cross the edges of slices.
    pub filters_across_slices: bool,
    /// Whether slices may order the lists anew.
    pub modifies_lists: bool,
    /// Whether slice headers end with an extension.
    pub has_header_extension: bool,
    /// Whether slices tell if blocks have offsets of the quantizer for colours.
    pub has_chroma_qp_lists: bool,
}

/// The parameter sets that are in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters {
    /// Every set by type and number, as it was sent.
    sent: BTreeMap<(u8, u32), Vec<u8>>,
    /// SPS that can be planned with, by number.
    sps: BTreeMap<u32, Sps>,
    /// The same of PPS.
    pps: BTreeMap<u32, Pps>,
}

impl Parameters {
    /// Those of a configuration record (`hvcC`: ISO/IEC 14496-15, 8.3.3.1), or of units with start codes.
    pub fn of_configuration(record: &[u8]) -> Self {
        let mut parameters = Self::default();
        match Framing::of_configuration(record, 21) {
            Framing::StartCodes => {
                for unit in Framing::StartCodes.units(record) {
                    parameters.take(&record[unit.range]);
                }
            }
            Framing::Lengths(_) => {
                let _ = parameters.take_record(record);
            }
        }
        parameters
    }

    fn take_record(&mut self, record: &[u8]) -> Option<()> {
        let (&array_count, mut rest) = record.get(22..)?.split_first()?;
        for _ in 0..array_count {
            let [_, high, low, after @ ..] = rest else { return None };
            rest = after;
            for _ in 0..u16::from_be_bytes([*high, *low]) {
                let [high, low, after @ ..] = rest else { return None };
                let (unit, after) = after.split_at_checked(u16::from_be_bytes([*high, *low]).into())?;
                self.take(unit);
                rest = after;
            }
        }
        Some(())
    }

    /// Takes a parameter set. True when it was in force already.
    pub fn take(&mut self, unit: &[u8]) -> bool {
        let [first, _, ..] = unit else { return false };
        let kind = first >> 1 & 63;
        let payload = Payload::of(unit, unit.len());
        let mut bits = Bits::new(payload.bytes.get(2..).unwrap_or_default());
        let number = match kind {
            VPS => bits.number(4),
            PPS => bits.ue_up_to(63),
            SPS => Sps::number(bits.clone()),
            _ => return false,
        };
        let Some(number) = number else { return false };
        let before = self.sent.insert((kind, number), unit.to_vec());
        match kind {
            SPS => replace(&mut self.sps, number, Sps::parse(bits)),
            PPS => replace(&mut self.pps, number, Pps::parse(&mut bits)),
            _ => {}
        }
        before.as_deref() == Some(unit)
    }

    /// The sets that a slice names by its PPS; `None` when they cannot be planned with.
    pub fn of_slice(&self, pps: u32) -> Option<(&Sps, &Pps)> {
        let pps = self.pps.get(&pps)?;
        Some((self.sps.get(&pps.sps)?, pps))
    }
}

fn replace<T>(map: &mut BTreeMap<u32, T>, number: u32, value: Option<T>) {
    let _ = match value {
        Some(value) => map.insert(number, value),
        None => map.remove(&number),
    };
}

impl Sps {
    fn number(mut bits: Bits<'_>) -> Option<u32> {
        Self::skip_to_number(&mut bits)?;
        bits.ue_up_to(15)
    }

    /// Passes over what stands before the number; the profile.
    fn skip_to_number(bits: &mut Bits<'_>) -> Option<u32> {
        bits.skip(4)?;
        let sub_layers = bits.number(3)?;
        bits.skip(1 + 3)?;
        let profile = bits.number(5)?;
        // Compatibility, constraints and level.
        bits.skip(32 + 48 + 8)?;
        let mut present = Vec::new();
        for _ in 0..sub_layers {
            present.push((bits.flag()?, bits.flag()?));
        }
        if 0 < sub_layers {
            bits.skip(2 * (8 - sub_layers))?;
        }
        for (has_profile, has_level) in present {
            bits.skip(88 * u32::from(has_profile) + 8 * u32::from(has_level))?;
        }
        Some(profile)
    }

    /// Reads a set after its unit's header; `None` also for those that are not planned with.
    fn parse(mut bits: Bits<'_>) -> Option<Self> {
        let bits = &mut bits;
        let sub_layers = bits.clone().number(7)? & 7;
        let profile = Self::skip_to_number(bits)?;
        bits.ue_up_to(15)?;
        let chroma = bits.ue_up_to(3)?;
        let has_colour_planes = chroma == 3 && bits.flag()?;
        let (width, height) = (bits.ue()?, bits.ue()?);
        if bits.flag()? {
            bits.skip_ue(4)?;
        }
        bits.skip_ue(2)?;
        let order_bits = bits.ue_up_to(12)? + 4;
        let ordering_count = if bits.flag()? { sub_layers + 1 } else { 1 };
        bits.skip_ue(3 * ordering_count)?;
        let block_bits = bits.ue_up_to(3)? + 3 + bits.ue_up_to(3)?;
        bits.skip_ue(4)?;
        if bits.flag()? && bits.flag()? {
            skip_scaling_lists(bits)?;
        }
        bits.skip(1)?;
        let has_sao = bits.flag()?;
        if bits.flag()? {
            bits.skip(8)?;
            bits.skip_ue(2)?;
            bits.skip(1)?;
        }
        let set_count = bits.ue_up_to(SETS_MAX)?;
        for index in 0..set_count {
            // One that is told by its difference to another is not planned with.
            RefSet::parse(bits, 0 < index)?;
        }
        let has_long_term = bits.flag()?;
        if has_long_term || !PROFILES.contains(&profile) {
            return None;
        }
        let has_temporal_mvp = bits.flag()?;
        Some(Self {
            has_colour_planes,
            has_chroma: chroma != 0 && !has_colour_planes,
            address_bits: address_bits(width, height, block_bits)?,
            order_bits,
            set_count,
            has_temporal_mvp,
            has_sao,
        })
    }
}

/// Bits that tell one of the blocks apart from the others.
fn address_bits(width: u32, height: u32, block_bits: u32) -> Option<u32> {
    let blocks = |pixels: u32| {
        let count = pixels.div_ceil(1 << block_bits);
        (0 < count && count <= BLOCKS_MAX).then_some(count)
    };
    Some((blocks(width)? * blocks(height)?).next_power_of_two().trailing_zeros())
}

/// Passes over `scaling_list_data` (7.3.4).
fn skip_scaling_lists(bits: &mut Bits<'_>) -> Option<()> {
    for size in 0..4 {
        for _ in (0..6).step_by(if size == 3 { 3 } else { 1 }) {
            let is_told = bits.flag()?;
            let number_count = match (is_told, size) {
                (false, _) => 1,
                (true, 0) => 16,
                (true, 1) => 64,
                (true, _) => 65,
            };
            bits.skip_ue(number_count)?;
        }
    }
    Some(())
}

impl Pps {
    /// Reads a set after its unit's header; `None` also for those that are not planned with.
    fn parse(bits: &mut Bits<'_>) -> Option<Self> {
        // Its number was read to find it.
        let mut pps = Self { sps: bits.ue_up_to(15)?, ..Self::default() };
        pps.has_dependent_slices = bits.flag()?;
        pps.has_output_flag = bits.flag()?;
        pps.extra_bits = bits.number(3)?;
        bits.skip(1)?;
        pps.has_cabac_choice = bits.flag()?;
        pps.active = [bits.ue_up_to(14)? + 1, bits.ue_up_to(14)? + 1];
        bits.skip_ue(1)?;
        bits.skip(1)?;
        let skips_transforms = bits.flag()?;
        if bits.flag()? {
            bits.skip_ue(1)?;
        }
        bits.skip_ue(2)?;
        pps.has_chroma_qp = bits.flag()?;
        pps.is_weighted = [bits.flag()?, bits.flag()?];
        bits.skip(1)?;
        let (has_tiles, has_rows) = (bits.flag()?, bits.flag()?);
        pps.has_entry_points = has_tiles || has_rows;
        if has_tiles {
            let (columns, rows) = (bits.ue_up_to(TILES_MAX)?, bits.ue_up_to(TILES_MAX)?);
            if !bits.flag()? {
                bits.skip_ue(columns + rows)?;
            }
            bits.skip(1)?;
        }
        pps.filters_across_slices = bits.flag()?;
        pps.read_deblocking(bits)?;
        if bits.flag()? {
            skip_scaling_lists(bits)?;
        }
        pps.modifies_lists = bits.flag()?;
        bits.skip_ue(1)?;
        pps.has_header_extension = bits.flag()?;
        if bits.flag()? {
            let (has_range, has_others) = (bits.flag()?, bits.number(7)? != 0);
            if has_others {
                return None;
            }
            if has_range {
                bits.skip_ue(u32::from(skips_transforms))?;
                bits.skip(1)?;
                pps.has_chroma_qp_lists = bits.flag()?;
            }
        }
        Some(pps)
    }

    fn read_deblocking(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        if bits.flag()? {
            self.has_deblocking_override = bits.flag()?;
            self.is_deblocking_off = bits.flag()?;
            if !self.is_deblocking_off {
                bits.skip_ue(2)?;
            }
        }
        Some(())
    }
}
