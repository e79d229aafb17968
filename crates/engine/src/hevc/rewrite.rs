//! Writes a slice anew with another reference picture set.
//!
//! Only the header changes. It ends on a whole byte with a 1 before the zeros, so that the bytes that follow
//! stay as they are, with those that were put in to prevent start codes.

use super::ref_set::RefSet;
use super::slice::SliceHeader;
use crate::bits::Bits;
use crate::nal::{Payload, escaped};

/// Writes bits, most significant first.
#[derive(Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    bit_count: usize,
}

impl BitWriter {
    /// One bit.
    pub fn flag(&mut self, bit: bool) {
        if self.bit_count.is_multiple_of(8) {
            self.bytes.push(0);
        }
        let last = self.bytes.last_mut().expect("a byte was just added where there was none");
        *last |= u8::from(bit) << (7 - self.bit_count % 8);
        self.bit_count += 1;
    }

    /// A number of variable length (`ue(v)`, 9.2).
    pub fn ue(&mut self, number: u32) {
        let coded = u64::from(number) + 1;
        let bit_count = u64::BITS - coded.leading_zeros();
        (1..bit_count).for_each(|_| self.flag(false));
        (0..bit_count).rev().for_each(|bit| self.flag(coded >> bit & 1 == 1));
    }

    /// The next bits of another header, up to a position in it.
    fn copy(&mut self, from: &mut Bits<'_>, to: usize) -> Option<()> {
        while from.position() < to {
            self.flag(from.flag()?);
        }
        Some(())
    }

    /// The bytes, with the 1 and the zeros that end a header (7.3.2.12).
    pub fn aligned(mut self) -> Vec<u8> {
        self.flag(true);
        self.bytes
    }
}

/// The unit of a slice with this set in place of its own; `None` when it cannot be read.
pub fn with_set(unit: &[u8], payload: &Payload, header: &SliceHeader, set: &RefSet) -> Option<Vec<u8>> {
    let mut from = Bits::new(&payload.bytes);
    let mut bits = BitWriter::default();
    bits.copy(&mut from, header.set_bits.start)?;
    set.write(&mut bits, header.may_differ);
    from.skip(header.set_bits.len() as u32)?;
    bits.copy(&mut from, header.end)?;
    let data = unit.get(payload.place_in_unit(header.data_start())..)?;
    Some([&escaped(&bits.aligned()), data].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut bits = BitWriter::default();
        bits.flag(true);
        for number in [0, 1, 2, 6, 7, 70_000, u32::MAX - 1] {
            bits.ue(number);
        }
        let bytes = bits.aligned();
        let mut read = Bits::new(&bytes);
        assert_eq!(read.flag(), Some(true));
        for number in [0, 1, 2, 6, 7, 70_000, u32::MAX - 1] {
            assert_eq!(read.ue(), Some(number));
        }
        assert_eq!(read.flag(), Some(true), "the end of the header");
    }

    #[test]
    fn a_header_on_a_whole_byte_ends_with_one_more() {
        let mut bits = BitWriter::default();
        (0..8).for_each(|_| bits.flag(false));
        assert_eq!(bits.aligned(), [0, 0x80]);
    }
}
