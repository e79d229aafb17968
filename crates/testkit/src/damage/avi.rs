//! AVI headers that lie.
//!
//! Source: "AVI RIFF File Reference", AVIMAINHEADER, AVISTREAMHEADER, BITMAPINFOHEADER (read 2026-11-27).

use super::Change;

pub(super) fn changes(whole: &[u8]) -> Vec<Change> {
    // Where a field stands, counted from the chunk's name.
    let fields: [(&str, &[u8; 4], usize, u32); 16] = [
        ("riff-length-0", b"RIFF", 4, 0),
        ("riff-length-max", b"RIFF", 4, u32::MAX),
        ("list-length-0", b"LIST", 4, 0),
        ("list-length-max", b"LIST", 4, u32::MAX),
        ("no-time", b"avih", 8, 0),
        ("frames-billion", b"avih", 24, 1_000_000_000),
        ("streams-max", b"avih", 32, u32::MAX),
        ("width-max", b"avih", 40, u32::MAX),
        ("no-scale", b"strh", 28, 0),
        ("no-rate", b"strh", 32, 0),
        ("rate-max", b"strh", 32, u32::MAX),
        ("length-billion", b"strh", 40, 1_000_000_000),
        ("pixels-max", b"strf", 12, u32::MAX),
        ("height-max", b"strf", 16, 0x7fff_ffff),
        ("index-length-0", b"idx1", 4, 0),
        ("index-length-max", b"idx1", 4, u32::MAX),
    ];
    let mut all = Vec::new();
    for (what, name, offset, value) in fields {
        let at = whole.windows(4).position(|word| word == name).map(|at| at + offset);
        let Some(at) = at.filter(|at| at + 4 <= whole.len()) else { continue };
        let mut bytes = whole.to_vec();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        all.push((what.to_owned(), bytes));
    }
    all.retain(|(_, bytes)| bytes != whole);
    all
}
