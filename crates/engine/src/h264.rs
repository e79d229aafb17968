//! Whether frames of H.264 are missing: reference pictures are numbered one after another.
//!
//! libav fills a gap with copies of the frame before, and hands out what is made of those as sound. So the
//! numbers are counted here. Where a stream may leave numbers out on purpose, or where its parameters are not
//! understood or change, nothing is counted.
//!
//! Source: ITU-T H.264, 7.3.2.1.1 (sequence parameter set), 7.3.3 (slice header), 7.4.3 (`frame_num`).

use crate::bits::Bits;
use crate::nal::{Framing, Payload};

/// A slice header ends its number within so many bytes.
const SLICE_BYTES_MAX: usize = 24;
/// Parameters are read no further.
const PARAMETERS_BYTES_MAX: usize = 256;
/// Where the parameter sets of a configuration record begin: their count.
const COUNT_AT: usize = 5;
const SLICE: u8 = 1;
const IDR: u8 = 5;
/// A slice whose parts come as units of their own.
const PARTED_SLICE: u8 = 2;
const PARAMETERS: u8 = 7;
/// Profiles whose parameters tell more.
const HIGH_PROFILES: [u32; 12] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134];

/// How the pictures of a stream are numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbering {
    parameters: Vec<u8>,
    number_bits: u32,
    has_separate_planes: bool,
}

/// Where counting stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    /// The number of the last reference picture.
    last: Option<u32>,
    is_given_up: bool,
}

impl Count {
    /// Begins anew with a packet at which decoding can begin, whatever came before: where films are cut, numbers
    /// do not go on.
    pub fn begin(&mut self) {
        self.last = None;
    }
}

impl Numbering {
    /// The numbering of a stream with this configuration; `None` where gaps are allowed or nothing is known.
    pub fn of_configuration(record: &[u8], framing: Framing) -> Option<Self> {
        let unit = match framing {
            Framing::Lengths(_) => {
                let sets = record.get(COUNT_AT..)?;
                if sets.first()? & 31 != 1 {
                    return None;
                }
                let length = usize::from(u16::from_be_bytes([*sets.get(1)?, *sets.get(2)?]));
                sets.get(3..3 + length)?
            }
            Framing::StartCodes => {
                let units = framing.units(record).map(|unit| &record[unit.range]);
                let mut sets = units.filter(|unit| unit.first().is_some_and(|byte| byte & 31 == PARAMETERS));
                let only = sets.next()?;
                if sets.next().is_some() {
                    return None;
                }
                only
            }
        };
        Self::parse(unit)
    }

    fn parse(unit: &[u8]) -> Option<Self> {
        let payload = Payload::of(unit, PARAMETERS_BYTES_MAX);
        let mut bits = Bits::new(&payload.bytes);
        bits.skip(8)?;
        let profile = bits.number(8)?;
        bits.skip(16)?;
        bits.skip_ue(1)?;
        let mut has_separate_planes = false;
        if HIGH_PROFILES.contains(&profile) {
            if bits.ue()? == 3 {
                has_separate_planes = bits.flag()?;
            }
            bits.skip_ue(2)?;
            bits.skip(1)?;
            let has_matrices = bits.flag()?;
            if has_matrices {
                return None;
            }
        }
        let number_bits = bits.ue_up_to(12)? + 4;
        match bits.ue()? {
            0 => bits.skip_ue(1)?,
            1 => {
                bits.skip(1)?;
                bits.skip_ue(2)?;
                let count = bits.ue_up_to(255)?;
                bits.skip_ue(count)?;
            }
            _ => {}
        }
        bits.skip_ue(1)?;
        let allows_gaps = bits.flag()?;
        (!allows_gaps).then(|| Self { parameters: unit.to_vec(), number_bits, has_separate_planes })
    }

    /// Goes on to the next packet in coding order; true when pictures are missing before it.
    pub fn lacks_pictures_before(&self, data: &[u8], framing: Framing, count: &mut Count) -> bool {
        for unit in framing.units(data).map(|unit| &data[unit.range]) {
            if count.is_given_up {
                break;
            }
            match unit.first().map(|byte| byte & 31) {
                Some(PARTED_SLICE) => count.is_given_up = true,
                Some(PARAMETERS) => count.is_given_up = unit != self.parameters,
                Some(SLICE | IDR) => return self.counts_on(unit, count),
                _ => {}
            }
        }
        false
    }

    fn counts_on(&self, slice: &[u8], count: &mut Count) -> bool {
        let Some(number) = self.number(slice) else {
            // It is damaged, which the decoder will say.
            count.last = None;
            return false;
        };
        let (is_idr, is_reference) = (slice[0] & 31 == IDR, slice[0] >> 5 & 3 != 0);
        if is_idr && number != 0 {
            count.is_given_up = true;
            return false;
        }
        let most = 1 << self.number_bits;
        let lacks = match count.last {
            // A picture may also have others forgotten and counting begin at 0 again, unseen here.
            Some(last) if !is_idr && 1 < number => number != last && number != (last + 1) % most,
            _ => false,
        };
        if is_reference {
            count.last = Some(number);
        }
        lacks
    }

    fn number(&self, slice: &[u8]) -> Option<u32> {
        let payload = Payload::of(slice, SLICE_BYTES_MAX);
        let mut bits = Bits::new(&payload.bytes);
        bits.skip(8)?;
        bits.skip_ue(3)?;
        bits.skip(if self.has_separate_planes { 2 } else { 0 })?;
        bits.number(self.number_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::bytes_of;

    /// Parameters of the baseline profile with four bits of number.
    fn parameters(allows_gaps: bool) -> Vec<u8> {
        let gaps = if allows_gaps { "1" } else { "0" };
        bytes_of(&format!("01100111 01000010 00000000 00011110 1 1 1 1 010 {gaps} 1"))
    }

    /// A packet with one slice of that number.
    fn packet(header: u8, number: u32) -> Vec<u8> {
        let slice = bytes_of(&format!("{header:08b} 1 1 1 {number:04b} 1"));
        [&[0, 0, 1], &slice[..]].concat()
    }

    const REFERENCE: u8 = 0x61;
    const DISPOSABLE: u8 = 0x01;
    const FIRST: u8 = 0x65;

    fn lacking(packets: &[(u8, u32)]) -> Vec<bool> {
        let framing = Framing::StartCodes;
        let record = [&[0, 0, 1], &parameters(false)[..]].concat();
        let numbering = Numbering::of_configuration(&record, framing).unwrap();
        let mut count = Count::default();
        let mut lacks = |&(header, number): &(u8, u32)| {
            numbering.lacks_pictures_before(&packet(header, number), framing, &mut count)
        };
        packets.iter().map(&mut lacks).collect()
    }

    #[test]
    fn numbers_go_on_by_one_with_each_reference_picture() {
        let whole =
            [(FIRST, 0), (REFERENCE, 1), (DISPOSABLE, 2), (DISPOSABLE, 2), (REFERENCE, 2), (REFERENCE, 3)];
        assert_eq!(lacking(&whole), [false; 6]);
        assert_eq!(lacking(&[(REFERENCE, 14), (REFERENCE, 15), (REFERENCE, 0), (REFERENCE, 1)]), [false; 4]);
        let lacks = [(FIRST, 0), (REFERENCE, 1), (REFERENCE, 3), (DISPOSABLE, 4), (DISPOSABLE, 6)];
        assert_eq!(lacking(&lacks), [false, false, true, false, true]);
        assert_eq!(lacking(&[(REFERENCE, 9), (FIRST, 0), (REFERENCE, 1)]), [false; 3]);
    }

    #[test]
    fn nothing_is_counted_where_gaps_are_allowed_or_parameters_change() {
        let framing = Framing::StartCodes;
        let record = |unit: &[u8]| [&[0, 0, 1], unit].concat();
        assert!(Numbering::of_configuration(&record(&parameters(true)), framing).is_none());
        assert!(Numbering::of_configuration(&[], framing).is_none());
        let numbering = Numbering::of_configuration(&record(&parameters(false)), framing).unwrap();
        let mut count = Count { last: Some(3), is_given_up: false };
        let changed = [record(&parameters(true)), packet(REFERENCE, 9)].concat();
        assert!(!numbering.lacks_pictures_before(&changed, framing, &mut count));
        assert!(!numbering.lacks_pictures_before(&packet(REFERENCE, 6), framing, &mut count));
    }
}
