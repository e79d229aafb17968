//! What fuzzers drive: the parsers that read a stranger's headers, behind one slice of bytes.
//!
//! An input is a configuration record and packets, each behind its length in two bytes. The last packet is
//! the one that is wanted.

use crate::cut::Part;
use crate::nal::Framing;
use crate::{av1, hevc, vpx};

/// Packets of one input; more add nothing but time.
const PACKETS_MAX: usize = 64;

/// Plans over packets of AV1.
///
/// # Panics
/// When the plan keeps bytes that are not there: then the parser is wrong.
pub fn plan_av1(input: &[u8]) {
    let pieces = pieces(input);
    let Some((record, packets)) = pieces.split_first() else { return };
    let sequence = av1::Sequence::of_configuration(record);
    for packet in packets {
        av1::is_disposable(packet, sequence.as_ref());
    }
    if let Some(last) = packets.len().checked_sub(1) {
        check(packets, av1::cut(packets, &[last], sequence.as_ref()));
    }
}

/// Plans over packets of H.265, in both framings.
///
/// # Panics
/// As [`plan_av1`].
pub fn plan_hevc(input: &[u8]) {
    let pieces = pieces(input);
    let Some((record, packets)) = pieces.split_first() else { return };
    let parameters = hevc::Parameters::of_configuration(record);
    let framings = [Framing::of_configuration(record, 21), Framing::StartCodes];
    if let Some(last) = packets.len().checked_sub(1) {
        for framing in framings {
            check(packets, hevc::cut(packets, &[last], framing, &parameters));
        }
    }
}

/// Looks at a packet of VP8 and VP9 before libvpx would.
///
/// # Panics
/// When a packet that was made to list one frame is not understood as one that does.
pub fn guard_vpx(packet: &[u8]) {
    const PIXELS_MAX: u64 = 1 << 26;
    for coding in [vpx::Coding::Vp8, vpx::Coding::Vp9] {
        if let Some(list) = vpx::missing_list(coding, packet, PIXELS_MAX) {
            let listing = [packet, &list].concat();
            let is_whole =
                list.is_empty() || vpx::missing_list(coding, &listing, PIXELS_MAX) == Some(Vec::new());
            assert!(is_whole, "{list:?}");
        }
    }
}

/// An input of this record and these packets, to begin with.
pub fn input(record: &[u8], packets: &[&[u8]]) -> Vec<u8> {
    let framed = |piece: &&[u8]| {
        let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
        [&length.to_le_bytes(), &piece[..length.into()]].concat()
    };
    [record].iter().chain(packets).flat_map(framed).collect()
}

fn pieces(mut input: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let [low, high, rest @ ..] = input
        && pieces.len() <= PACKETS_MAX
    {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        pieces.push(piece);
        input = rest;
    }
    pieces
}

fn check(packets: &[&[u8]], left: Option<Vec<Vec<Part>>>) {
    let Some(left) = left else { return };
    assert_eq!(left.len(), packets.len(), "parts for each packet");
    for (parts, packet) in left.iter().zip(packets) {
        let kept = parts.iter().filter(|part| matches!(part, Part::Kept(_)));
        // Taking the bytes panics where there are none.
        let size: usize = kept.map(|part| part.bytes(packet).len()).sum();
        assert!(size <= packet.len(), "{size} bytes are left of {}", packet.len());
    }
    assert!(left.last().is_some_and(|last| !last.is_empty()), "what is wanted is left");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_taken_apart_as_it_was_put_together() {
        let input = input(b"record", &[b"one", b"", b"three"]);
        assert_eq!(pieces(&input), [&b"record"[..], b"one", b"", b"three"]);
        assert_eq!(pieces(&input[..10]), [&b"record"[..], b""]);
        assert_eq!(pieces(&[0; 2 * PACKETS_MAX + 9]).len(), PACKETS_MAX + 1);
        plan_av1(&[]);
        plan_hevc(&[1]);
    }
}
