//! Reads bits, most significant first, as headers of AV1 and H.265 are written.

/// A position in a header. Every read fails at the end.
#[derive(Debug, Clone)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Bits<'a> {
    /// At the first bit.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// How many bits were read.
    pub fn position(&self) -> usize {
        self.position
    }

    /// A number of up to 32 bits.
    pub fn number(&mut self, bit_count: u32) -> Option<u32> {
        (0..bit_count).try_fold(0, |value, _| Some(value << 1 | u32::from(self.flag()?)))
    }

    /// One bit.
    pub fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.position / 8)?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Some(bit == 1)
    }

    /// Passes over bits.
    pub fn skip(&mut self, bit_count: u32) -> Option<()> {
        self.position = self.position.checked_add(bit_count as usize)?;
        (self.position <= 8 * self.bytes.len()).then_some(())
    }

    /// A number of variable length (H.265: `ue(v)`, 9.2).
    pub fn ue(&mut self) -> Option<u32> {
        let mut zero_count = 0;
        while !self.flag()? {
            zero_count += 1;
        }
        // Longer ones would not fit, and no field may be as large.
        if 31 < zero_count { None } else { Some((1 << zero_count) - 1 + self.number(zero_count)?) }
    }

    /// As [`Self::ue`], for a number that is at most `most`.
    pub fn ue_up_to(&mut self, most: u32) -> Option<u32> {
        self.ue().filter(|&number| number <= most)
    }

    /// Passes over numbers of variable length, signed or not (H.265: `ue(v)`, `se(v)`).
    pub fn skip_ue(&mut self, count: u32) -> Option<()> {
        (0..count).try_for_each(|_| self.ue().map(drop))
    }

    /// Passes over a number of variable length (AV1: `uvlc`, 4.10.3).
    pub fn skip_uvlc(&mut self) -> Option<()> {
        let mut zero_count = 0;
        while !self.flag()? {
            zero_count += 1;
        }
        if zero_count < 32 { self.skip(zero_count) } else { Some(()) }
    }
}

/// Bytes of bits that are written as 0 and 1, with anything between them.
#[cfg(test)]
pub fn bytes_of(text: &str) -> Vec<u8> {
    let bits: Vec<u8> = text.bytes().filter(|bit| b"01".contains(bit)).map(|bit| bit - b'0').collect();
    let byte = |bits: &[u8]| (0..8).fold(0, |byte, place| byte << 1 | bits.get(place).copied().unwrap_or(0));
    bits.chunks(8).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_the_highest_bit_and_end_with_the_bytes() {
        let mut bits = Bits::new(&[0b1010_0110, 0b0001_0111]);
        assert_eq!((bits.number(3), bits.flag(), bits.number(6)), (Some(5), Some(false), Some(0b01_1000)));
        assert_eq!((bits.skip(4), bits.number(2), bits.flag()), (Some(()), Some(3), None));
        assert_eq!(bits.skip(1), None);
    }

    #[test]
    fn numbers_of_variable_length_are_passed_over() {
        let mut bits = Bits::new(&[0b0010_1101, 0]);
        assert_eq!((bits.skip_uvlc(), bits.number(3)), (Some(()), Some(5)));
        assert_eq!(Bits::new(&[0; 9]).skip_uvlc(), None);
    }

    #[test]
    fn numbers_of_variable_length_are_read() {
        // 1, 010, 011, 00100, 0001000.
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0001, 0b0000_0000]);
        assert_eq!([bits.ue(), bits.ue(), bits.ue(), bits.ue()], [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!((bits.clone().ue(), bits.position()), (Some(7), 12));
        assert_eq!((bits.clone().ue_up_to(7), bits.ue_up_to(6)), (Some(7), None));
        assert_eq!(Bits::new(&[0, 0, 0, 0, 255, 255, 255, 255]).ue(), None, "33 bits");
    }
}
