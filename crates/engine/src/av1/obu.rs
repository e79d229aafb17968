//! Splits a packet into OBUs.

use std::ops::Range;

/// Kinds of OBUs that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A sequence header.
    Sequence,
    /// The header of a frame whose tiles follow, or that shows a kept frame.
    FrameHeader,
    /// Tiles of the frame before, or its header once more.
    FrameRest,
    /// Header and tiles of a frame.
    Frame,
    /// Large-scale tiles, for which other rules hold.
    TileList,
    /// Delimiters, metadata, padding, and what a decoder ignores.
    Other,
}

/// One OBU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obu {
    /// What it is.
    pub kind: Kind,
    /// Its bytes in the packet, with its header.
    pub range: Range<usize>,
    /// Its payload in the packet.
    pub payload: Range<usize>,
    /// Whether it belongs to a layer above the lowest.
    pub is_layered: bool,
}

/// The OBUs of a packet; `None` when its bytes are not whole OBUs.
pub fn obus(data: &[u8]) -> Option<Vec<Obu>> {
    let mut obus = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let obu = obu_at(data, at)?;
        at = obu.range.end;
        obus.push(obu);
    }
    Some(obus)
}

fn obu_at(data: &[u8], start: usize) -> Option<Obu> {
    let header = *data.get(start)?;
    let (has_extension, has_size) = (header & 4 != 0, header & 2 != 0);
    // The forbidden bit.
    if header & 0x80 != 0 {
        return None;
    }
    let mut at = start + 1;
    let extension = if has_extension { *data.get(at)? } else { 0 };
    at += usize::from(has_extension);
    let end = if has_size {
        let (size, length) = leb128(data.get(at..)?)?;
        at += length;
        at.checked_add(size).filter(|&end| end <= data.len())?
    } else {
        data.len()
    };
    let kind = match header >> 3 & 15 {
        1 => Kind::Sequence,
        3 => Kind::FrameHeader,
        4 | 7 => Kind::FrameRest,
        6 => Kind::Frame,
        8 => Kind::TileList,
        _ => Kind::Other,
    };
    Some(Obu { kind, range: start..end, payload: at..end, is_layered: extension != 0 })
}

/// A number of variable length, and how many bytes it took (4.10.5).
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_u64;
    for (index, &byte) in bytes.iter().take(8).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obus_with_and_without_a_size_are_split() {
        // A delimiter, a frame of two bytes, tiles of the rest.
        let data = [0x12, 0x00, 0x32, 0x02, 7, 8, 0x20, 9, 9];
        let found: Vec<_> =
            obus(&data).expect("whole").into_iter().map(|obu| (obu.kind, obu.range)).collect();
        assert_eq!(found, [(Kind::Other, 0..2), (Kind::Frame, 2..6), (Kind::FrameRest, 6..9)]);
    }

    #[test]
    fn what_is_cut_off_or_no_obu_is_refused() {
        assert_eq!(obus(&[0x32, 0x05, 1]), None);
        assert_eq!(obus(&[0x80, 0x00]), None);
        assert_eq!(obus(&[0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), None);
        assert_eq!(obus(&[0x36]), None);
        assert_eq!(obus(&[]), Some(Vec::new()));
    }
}
