//! NAL units: the pieces that packets of H.264 and H.265 are made of.
//!
//! Source: ITU-T H.265, 7.3.1.1 and annex B; ISO/IEC 14496-15, 4.3 and 5.3.

use std::ops::Range;

/// How NAL units are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// By start codes.
    StartCodes,
    /// By lengths of this many bytes.
    Lengths(usize),
}

impl Framing {
    /// The framing of a stream with this configuration, whose record has the size of the lengths at
    /// `length_at`.
    pub fn of_configuration(record: &[u8], length_at: usize) -> Self {
        // A configuration record begins with its version, 1; start codes begin with 0.
        match (record.first(), record.get(length_at)) {
            (Some(1), Some(byte)) => Self::Lengths(usize::from(byte & 3) + 1),
            _ => Self::StartCodes,
        }
    }

    /// The units of a packet.
    pub fn units(self, data: &[u8]) -> Units<'_> {
        Units { data, at: 0, framing: self }
    }

    /// A unit as it stands in a packet; `None` when it is too long for that.
    pub fn framed(self, unit: &[u8]) -> Option<Vec<u8>> {
        let head = match self {
            Self::StartCodes => vec![0, 0, 1],
            Self::Lengths(bytes) => {
                let length = u32::try_from(unit.len()).ok()?.to_be_bytes();
                let (beyond, head) = length.split_at(length.len() - bytes);
                beyond.iter().all(|&byte| byte == 0).then(|| head.to_vec())?
            }
        };
        Some([&head, unit].concat())
    }
}

/// A NAL unit in a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its bytes, header first.
    pub range: Range<usize>,
    /// The same with what tells it apart from the unit before.
    pub framed: Range<usize>,
}

/// The NAL units of a packet. Units of broken length end the list.
pub struct Units<'a> {
    data: &'a [u8],
    at: usize,
    framing: Framing,
}

impl Units<'_> {
    /// Whether bytes are left that are no unit.
    pub fn is_broken(&self) -> bool {
        matches!(self.framing, Framing::Lengths(_)) && self.at < self.data.len()
    }

    fn next_by_length(&mut self, bytes: usize) -> Option<Unit> {
        let (length, rest) = self.data[self.at..].split_at_checked(bytes)?;
        let length = length.iter().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte));
        rest.get(..length)?;
        let start = self.at + bytes;
        let unit = Unit { range: start..start + length, framed: self.at..start + length };
        self.at = start + length;
        Some(unit)
    }

    fn next_by_code(&mut self) -> Option<Unit> {
        let code = self.at + start_code(&self.data[self.at..])?;
        let start = code + 3;
        let next = start_code(&self.data[start..]).map_or(self.data.len(), |at| start + at);
        // Zeros before a start code belong to it, or are padding.
        let length = self.data[start..next].iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        self.at = next;
        Some(Unit { range: start..start + length, framed: code..start + length })
    }
}

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        match self.framing {
            Framing::StartCodes => self.next_by_code(),
            Framing::Lengths(bytes) => self.next_by_length(bytes),
        }
    }
}

fn start_code(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += match data.get(at..at + 3)? {
            [0, 0, 1] => return Some(at),
            // A code may begin with the next byte, or this one.
            [_, _, 0] => 1,
            _ => 3,
        };
    }
}

/// The front of a unit without the bytes that keep start codes from turning up in it (7.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The bytes, header of the unit first.
    pub bytes: Vec<u8>,
    /// How many bytes stood before each one that was taken out.
    taken_out: Vec<usize>,
}

impl Payload {
    /// The payload of a unit's first `most` bytes.
    pub fn of(unit: &[u8], most: usize) -> Self {
        let (mut bytes, mut taken_out, mut zeros) = (Vec::new(), Vec::new(), 0);
        for &byte in &unit[..unit.len().min(most)] {
            if 2 <= zeros && byte == 3 {
                taken_out.push(bytes.len());
                zeros = 0;
            } else {
                zeros = if byte == 0 { zeros + 1 } else { 0 };
                bytes.push(byte);
            }
        }
        Self { bytes, taken_out }
    }

    /// Where a byte of the payload stands in the unit.
    pub fn place_in_unit(&self, place: usize) -> usize {
        place + self.taken_out.iter().filter(|&&before| before <= place).count()
    }
}

/// The reverse of [`Payload::of`].
pub fn escaped(payload: &[u8]) -> Vec<u8> {
    let (mut unit, mut zeros) = (Vec::with_capacity(payload.len() + 4), 0);
    for &byte in payload {
        if 2 <= zeros && byte <= 3 {
            unit.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        unit.push(byte);
    }
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_in_both_framings_and_framed_again() {
        let units: [&[u8]; 3] = [&[7, 1], &[8], &[9, 0, 2]];
        for framing in [Framing::StartCodes, Framing::Lengths(4), Framing::Lengths(2)] {
            let data: Vec<u8> = units.iter().flat_map(|unit| framing.framed(unit).unwrap()).collect();
            let found: Vec<_> = framing.units(&data).collect();
            let bytes: Vec<_> = found.iter().map(|unit| &data[unit.range.clone()]).collect();
            assert_eq!(bytes, units, "{framing:?}");
            let framed: Vec<_> = found.iter().flat_map(|unit| &data[unit.framed.clone()]).copied().collect();
            assert_eq!(framed, data, "{framing:?}");
        }
    }

    #[test]
    fn zeros_around_start_codes_belong_to_no_unit() {
        let data = [0, 0, 0, 1, 7, 0, 0, 0, 1, 8, 5, 0];
        let found: Vec<_> = Framing::StartCodes.units(&data).map(|unit| unit.range).collect();
        assert_eq!(found, [4..5, 9..11]);
        assert_eq!(Framing::StartCodes.units(&[0, 0, 0]).next(), None);
    }

    #[test]
    fn start_codes_are_found_wherever_they_begin() {
        for before in [&[][..], &[1], &[0], &[0, 1], &[1, 0, 2], &[0, 0, 0, 0], &[0, 1, 0, 1], &[9; 7]] {
            for after in [&[][..], &[0], &[0, 0, 1]] {
                let data = [before, &[0, 0, 1], after].concat();
                let expected = data.windows(3).position(|window| window == [0, 0, 1]);
                assert_eq!(start_code(&data), expected, "{data:?}");
                assert_eq!(start_code(&[before, &[0, 0]].concat()), None);
            }
        }
    }

    #[test]
    fn broken_lengths_end_the_list_and_are_told() {
        for data in [&[0_u8, 1, 7, 0, 9, 7][..], &[0, 1, 7, 0]] {
            let mut units = Framing::Lengths(2).units(data);
            assert_eq!((units.next().map(|unit| unit.range), units.next()), (Some(2..3), None));
            assert!(units.is_broken());
        }
        assert_eq!(Framing::Lengths(1).framed(&[0; 256]), None);
    }

    #[test]
    fn payloads_are_taken_out_and_put_in_again() {
        let unit = [1, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3, 9];
        let payload = Payload::of(&unit, 100);
        assert_eq!(payload.bytes, [1, 0, 0, 1, 0, 0, 0, 0, 3, 9]);
        assert_eq!(escaped(&payload.bytes), unit);
        let places: Vec<_> = (0..payload.bytes.len()).map(|place| payload.place_in_unit(place)).collect();
        assert_eq!(places, [0, 1, 2, 4, 5, 6, 8, 9, 11, 12]);
        assert_eq!(Payload::of(&unit, 3).bytes, [1, 0, 0]);
    }
}
