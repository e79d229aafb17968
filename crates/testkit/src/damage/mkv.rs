//! Matroska elements that lie.
//!
//! Source: RFC 9559, 5.1 (element ids); RFC 8794, 4 and 5 (variable-size integers).

use super::Change;

/// Elements by name and id.
const ELEMENTS: [(&str, &[u8]); 9] = [
    ("ebml", &[0x1a, 0x45, 0xdf, 0xa3]),
    ("segment", &[0x18, 0x53, 0x80, 0x67]),
    ("info", &[0x15, 0x49, 0xa9, 0x66]),
    ("tracks", &[0x16, 0x54, 0xae, 0x6b]),
    ("cluster", &[0x1f, 0x43, 0xb6, 0x75]),
    ("cues", &[0x1c, 0x53, 0xbb, 0x6b]),
    ("timescale", &[0x2a, 0xd7, 0xb1]),
    ("duration", &[0x44, 0x89]),
    ("codec-private", &[0x63, 0xa2]),
];
/// Sizes: nothing, unknown, the largest that eight bytes say.
const SIZES: [(&str, &[u8]); 4] = [
    ("none", &[0x80]),
    ("unknown", &[0xff]),
    ("wide", &[0x01, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ("max", &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]),
];

pub(super) fn changes(whole: &[u8]) -> Vec<Change> {
    let mut all = Vec::new();
    for (name, id) in ELEMENTS {
        let Some(at) = find(whole, id) else { continue };
        for (size_name, size) in SIZES {
            let behind = (at + id.len() + size.len()).min(whole.len());
            let bytes = [&whole[..at + id.len()], size, &whole[behind..]].concat();
            all.push((format!("{name}-size-{size_name}"), bytes));
        }
    }
    // A duration is a double of eight bytes: id, size 0x88, value.
    if let Some(at) = find(whole, &[0x44, 0x89, 0x88]) {
        for (what, value) in
            [("endless", f64::INFINITY), ("nan", f64::NAN), ("huge", 1e300), ("negative", -1e9)]
        {
            let mut bytes = whole.to_vec();
            bytes[at + 3..at + 11].copy_from_slice(&value.to_be_bytes());
            all.push((format!("duration-{what}"), bytes));
        }
    }
    // PixelWidth and PixelHeight, as the muxer writes them: two bytes each.
    for (name, id) in [("width", 0xb0), ("height", 0xba)] {
        for (what, value) in [("max", [0xff, 0xff]), ("none", [0, 0])] {
            if let Some(at) = find(whole, &[id, 0x82]).or_else(|| find(whole, &[id, 0x81])) {
                let mut bytes = whole.to_vec();
                bytes[at + 1] = 0x82;
                bytes[at + 2..at + 4].copy_from_slice(&value);
                all.push((format!("{name}-{what}"), bytes));
            }
        }
    }
    all.retain(|(_, bytes)| bytes != whole);
    all
}

fn find(whole: &[u8], bytes: &[u8]) -> Option<usize> {
    whole.windows(bytes.len()).position(|word| word == bytes)
}
