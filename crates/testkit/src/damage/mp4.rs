//! Boxes that lie: of their own length, of sizes in pixels, of durations, of how many frames there are.
//!
//! Source: ISO/IEC 14496-12, 4.2 (boxes), 8.2.2 mvhd, 8.3.2 tkhd, 8.4.2 mdhd, 8.6.1 stts, 8.7.3 stsz, 8.7.4
//! stsc, 8.7.5 stco, 8.8.7 tfhd, 8.8.8 trun, 8.16.3 sidx, 12.1.3 visual sample entries.

use super::Change;

/// A number that is larger than anything that is there: a billion frames, three weeks, 16 thousand pixels.
const BILLION: u32 = 1_000_000_000;

/// Boxes whose length is changed.
const BOXES: [&[u8; 4]; 18] = [
    b"ftyp", b"moov", b"mvhd", b"trak", b"tkhd", b"mdia", b"minf", b"stbl", b"stsd", b"stts", b"stsz",
    b"stco", b"stss", b"mdat", b"moof", b"traf", b"trun", b"sidx",
];

pub(super) fn changes(whole: &[u8]) -> Vec<Change> {
    let mut all = Vec::new();
    for name in BOXES {
        let Some(at) = find(whole, name) else { continue };
        let shown = String::from_utf8_lossy(name).into_owned();
        for (length_name, length) in [("0", 0), ("1", 1), ("7", 7), ("max", u32::MAX)] {
            all.push((format!("{shown}-length-{length_name}"), with_u32(whole, at - 4, length)));
        }
    }
    // Where a field stands, counted from the box's name.
    let fields: [(&str, &[u8; 4], usize, u32); 24] = [
        ("no-timescale", b"mvhd", 16, 0),
        ("duration-max", b"mvhd", 20, u32::MAX),
        ("timescale-max", b"mdhd", 16, u32::MAX),
        ("no-timescale", b"mdhd", 16, 0),
        ("duration-max", b"mdhd", 20, u32::MAX),
        ("width-max", b"tkhd", 80, u32::MAX),
        ("no-matrix", b"tkhd", 44, 0),
        ("entries-billion", b"stts", 8, BILLION),
        ("frames-billion", b"stts", 12, BILLION),
        ("frame-lasts-for-ever", b"stts", 16, u32::MAX),
        ("no-time", b"stts", 16, 0),
        ("one-size", b"stsz", 8, 1),
        ("size-max", b"stsz", 16, u32::MAX),
        ("frames-billion", b"stsz", 12, BILLION),
        ("entries-billion", b"stsc", 8, BILLION),
        ("chunk-of-a-billion", b"stsc", 16, BILLION),
        ("entries-max", b"stco", 8, u32::MAX),
        ("outside", b"stco", 12, u32::MAX),
        ("entries-billion", b"stss", 8, BILLION),
        ("entries-billion", b"ctts", 8, BILLION),
        ("shift-max", b"ctts", 16, 0x7fff_ffff),
        ("entries-billion", b"elst", 8, BILLION),
        ("frames-billion", b"trun", 8, BILLION),
        ("entries-max", b"sidx", 24, u32::MAX),
    ];
    for (what, name, offset, value) in fields {
        let Some(at) = find(whole, name).filter(|at| at + offset + 4 <= whole.len()) else { continue };
        all.push((format!("{}-{what}", String::from_utf8_lossy(name)), with_u32(whole, at + offset, value)));
    }
    // Both at once: a table of a billion equal frames, which needs no bytes at all.
    if let Some(at) = find(whole, b"stsz") {
        all.push((
            "stsz-a-billion-equal".to_owned(),
            with_u32(&with_u32(whole, at + 8, 1), at + 12, BILLION),
        ));
    }
    for entry in [b"avc1", b"hev1", b"hvc1", b"av01", b"apch", b"jpeg"] {
        let Some(at) = find(whole, entry) else { continue };
        let shown = String::from_utf8_lossy(entry).into_owned();
        // Width and height, 16 bits each, stand 28 bytes behind the name.
        for (what, size) in [("pixels-max", u32::MAX), ("pixels-none", 0), ("pixels-thin", 0xffff_0001)] {
            all.push((format!("{shown}-{what}"), with_u32(whole, at + 28, size)));
        }
        all.push((format!("{shown}-unknown"), with_u32(whole, at, u32::from_be_bytes(*b"zzzz"))));
    }
    all.retain(|(_, bytes)| bytes != whole);
    all
}

/// Where the name of the first such box stands, with room for its length before it.
fn find(whole: &[u8], name: &[u8; 4]) -> Option<usize> {
    whole.windows(4).position(|word| word == name).filter(|at| 4 <= *at)
}

fn with_u32(whole: &[u8], at: usize, value: u32) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
    bytes
}
