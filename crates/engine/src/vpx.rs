//! What libvpx must not be given: frames of more pixels than a limit, for which it would make room before anybody is asked.
//!
//! libavcodec's own decoders ask before they allocate; libvpx knows no limit but 16,384 pixels each way, gigabytes of
//! them. So the sizes in all headers are looked at. It also takes whatever lies behind a frame for another one, where the
//! packet does not list its frames. In a frame whose damage ended it too early that is most often no frame, so that the
//! damage comes to light; but who means harm can put a large frame there. So where nothing bounds the memory of
//! this process ([`memory::is_limited`]), such a packet is made to list one frame alone.
//!
//! Source: VP9 Bitstream and Decoding Process Specification, version 0.6, 6.2 (headers) and annex B (lists of frames);
//! RFC 6386, 9.1 (VP8).

use crate::bits::Bits;
use crate::memory;

/// The codecs of libvpx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
}

/// Looks at a packet before libvpx does: `None` when it is not to be decoded, since a header is broken or tells of more
/// pixels; else what has to be put behind it so that it is decoded in a way that cannot do harm.
pub fn guard(coding: Coding, data: &[u8], pixels_max: u64) -> Option<Vec<u8>> {
    let list = missing_list(coding, data, pixels_max)?;
    Some(if memory::is_limited() { Vec::new() } else { list })
}

/// The list of frames that a packet lacks, once all of them are known to be small enough.
pub fn missing_list(coding: Coding, data: &[u8], pixels_max: u64) -> Option<Vec<u8>> {
    let (frames, list) = match coding {
        Coding::Vp8 => return (vp8_pixels(data)? <= pixels_max).then(Vec::new),
        Coding::Vp9 => match listed(data) {
            Some(frames) => (frames?, Vec::new()),
            None => (vec![data], list_of_one(data.len())?),
        },
    };
    let is_small = |frame: &&[u8]| vp9_pixels(frame).is_some_and(|pixels| pixels <= pixels_max);
    frames.iter().all(is_small).then_some(list)
}

/// The bits of the first byte of a list that say that it is one.
const LIST_MASK: u8 = 0b1110_0000;
const LIST_MARK: u8 = 0b1100_0000;

/// The frames of a packet that lists them at its end; the inner `None` when there are not as many bytes.
fn listed(data: &[u8]) -> Option<Option<Vec<&[u8]>>> {
    let mark = *data.last()?;
    let (count, bytes_each) = (usize::from(mark & 7) + 1, usize::from(mark >> 3 & 3) + 1);
    let list_at = data.len().checked_sub(2 + count * bytes_each)?;
    if mark & LIST_MASK != LIST_MARK || data[list_at] != mark {
        return None;
    }
    let (mut rest, list) = data.split_at(list_at);
    let frames = list[1..=count * bytes_each].chunks(bytes_each).map(|size| {
        let size = size.iter().rev().fold(0, |size, &byte| size << 8 | usize::from(byte));
        let (frame, behind) = rest.split_at_checked(size)?;
        rest = behind;
        Some(frame)
    });
    Some(frames.collect())
}

/// A list of a single frame of this size.
fn list_of_one(size: usize) -> Option<Vec<u8>> {
    const MARK: u8 = LIST_MARK | 3 << 3;
    let size = u32::try_from(size).ok()?.to_le_bytes();
    Some([&[MARK], size.as_slice(), &[MARK]].concat())
}

/// Pixels of a frame of VP9, 0 where it is as large as an earlier one; `None` when the header is broken.
fn vp9_pixels(frame: &[u8]) -> Option<u64> {
    const SYNC: u32 = 0x49_83_42;
    let mut bits = Bits::new(frame);
    if bits.number(2)? != 2 {
        return None;
    }
    let profile = u32::from(bits.flag()?) | u32::from(bits.flag()?) << 1;
    if profile == 3 {
        bits.skip(1)?;
    }
    let shows_earlier = bits.flag()?;
    if shows_earlier {
        return Some(0);
    }
    let (is_inter, is_shown, is_resilient) = (bits.flag()?, bits.flag()?, bits.flag()?);
    if !is_inter {
        (bits.number(24)? == SYNC).then_some(())?;
        skip_colour(&mut bits, profile)?;
        return size(&mut bits);
    }
    let is_intra_only = !is_shown && bits.flag()?;
    if !is_resilient {
        bits.skip(2)?;
    }
    if is_intra_only {
        (bits.number(24)? == SYNC).then_some(())?;
        if 0 < profile {
            skip_colour(&mut bits, profile)?;
        }
        bits.skip(8)?;
        return size(&mut bits);
    }
    // Which frames are replaced, and three that it refers to.
    bits.skip(8 + 3 * 4)?;
    for _ in 0..3 {
        let is_as_large = bits.flag()?;
        if is_as_large {
            return Some(0);
        }
    }
    size(&mut bits)
}

fn skip_colour(bits: &mut Bits<'_>, profile: u32) -> Option<()> {
    const RGB: u32 = 7;
    let (is_deep, has_sampling) = (2 <= profile, profile % 2 == 1);
    bits.skip(u32::from(is_deep))?;
    let is_rgb = bits.number(3)? == RGB;
    match (is_rgb, has_sampling) {
        // Range, how chroma is sampled both ways, and a reserved bit.
        (false, true) => bits.skip(4),
        (false, false) | (true, true) => bits.skip(1),
        (true, false) => None,
    }
}

fn size(bits: &mut Bits<'_>) -> Option<u64> {
    let mut side = || Some(u64::from(bits.number(16)?) + 1);
    Some(side()? * side()?)
}

/// Pixels of a frame of VP8, 0 where it is as large as an earlier one; `None` when the header ends too early.
fn vp8_pixels(frame: &[u8]) -> Option<u64> {
    let is_inter = frame.first()? & 1 == 1;
    if is_inter {
        return Some(0);
    }
    let sizes = frame.get(6..10)?;
    let side = |at: usize| u64::from(u16::from_le_bytes([sizes[at], sizes[at + 1]]) & 0x3fff);
    Some(side(0) * side(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::bytes_of;

    const SYNC: &str = "01001001 10000011 01000010";
    /// 320 x 180, each less one.
    const SIZE: &str = "0000000100111111 0000000010110011";

    fn pixels(header: &str) -> Option<u64> {
        vp9_pixels(&bytes_of(&header.replace("SYNC", SYNC).replace("SIZE", SIZE)))
    }

    #[test]
    fn sizes_are_found_in_headers_of_every_profile() {
        let pixel_count = Some(320 * 180);
        for (what, header, expected) in [
            ("key", "10 00 0 0 1 0 SYNC 001 0 SIZE", pixel_count),
            ("key of profile 1", "10 10 0 0 1 0 SYNC 001 0 110 SIZE", pixel_count),
            ("key of profile 1, RGB", "10 10 0 0 1 0 SYNC 111 0 SIZE", pixel_count),
            ("key of profile 2", "10 01 0 0 1 0 SYNC 1 001 0 SIZE", pixel_count),
            ("key of profile 3", "10 11 0 0 0 1 0 SYNC 1 001 0 110 SIZE", pixel_count),
            ("RGB where it cannot be", "10 00 0 0 1 0 SYNC 111 0 SIZE", None),
            ("shown again", "10 00 1 010", Some(0)),
            ("as large as the second", "10 00 0 1 1 0 00 00000001 000 0 001 0 010 0 01", Some(0)),
            ("of its own size", "10 00 0 1 1 0 00 00000001 000 0 001 0 010 0 000 SIZE", pixel_count),
            ("of its own size, resilient", "10 00 0 1 1 1 00000001 000 0 001 0 010 0 000 SIZE", pixel_count),
            ("intra", "10 00 0 1 0 0 1 00 SYNC 00000001 SIZE", pixel_count),
            ("intra of profile 2", "10 01 0 1 0 0 1 00 SYNC 0 001 0 00000001 SIZE", pixel_count),
            ("hidden", "10 00 0 1 0 0 0 00 00000001 000 0 001 0 010 0 000 SIZE", pixel_count),
            ("no mark", "01 00 0 0 1 0 SYNC 001 0 SIZE", None),
            ("no sync", "10 00 0 0 1 0 SIZE SIZE SIZE", None),
            ("cut off", "10 00 0 0 1 0 SYNC 001 0 0000000100111111 000000", None),
        ] {
            assert_eq!(pixels(header), expected, "{what}");
        }
    }

    #[test]
    fn a_packet_lists_its_frames_or_is_made_to_list_one() {
        let small = bytes_of(&format!("10 00 0 0 1 0 {SYNC} 001 0 {SIZE}"));
        let large = bytes_of(&format!("10 00 0 0 1 0 {SYNC} 001 0 {} {}", "1".repeat(16), "1".repeat(16)));
        let guard = |data: &[u8]| missing_list(Coding::Vp9, data, 320 * 180);
        let length = small.len() as u8;
        assert_eq!(guard(&small), Some(vec![0xd8, length, 0, 0, 0, 0xd8]));
        assert_eq!(guard(&large), None);
        let listing = |frames: &[&[u8]], list: &[u8]| [frames.concat().as_slice(), list].concat();
        let two = [0xc1, length, length, 0xc1];
        assert_eq!(guard(&listing(&[&small, &small], &two)), Some(Vec::new()));
        assert_eq!(guard(&listing(&[&small, &large], &two)), None);
        assert_eq!(guard(&listing(&[&small], &two)), None, "more bytes than there are");
        // What looks like a list at its end alone is a frame's last byte.
        assert_eq!(guard(&listing(&[&small], &[0, 0, 0, 0xc1])).map(|list| list[1]), Some(length + 4));
        // What a list leaves out is not decoded.
        let one_of_two = listing(&[&small, &large], &[0xc8, length, 0, 0xc8]);
        assert_eq!(guard(&one_of_two), Some(Vec::new()));
        assert_eq!(guard(&[]), None);
    }

    #[test]
    fn frames_of_vp8_tell_their_size_at_the_beginning() {
        let key = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x41, 0xb4, 0xc0];
        assert_eq!(vp8_pixels(&key), Some(320 * 180));
        assert_eq!(guard(Coding::Vp8, &key, 320 * 180 - 1), None);
        assert_eq!(guard(Coding::Vp8, &key, 320 * 180), Some(Vec::new()));
        assert_eq!((vp8_pixels(&key[..9]), vp8_pixels(&[]), vp8_pixels(&[0x11])), (None, None, Some(0)));
    }
}
