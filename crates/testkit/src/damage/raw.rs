//! What can be done to any file: cut, flipped, zeroed, doubled, spliced with another.

use stillframe_domain::Rng;

use super::{Change, below};

/// The file is cut after each of so many parts.
const CUTS: usize = 12;
/// Files with flipped bits, for each number of bits.
const FLIPPED: usize = 6;

pub(super) fn changes(whole: &[u8], other: &[u8], rng: &dyn Rng) -> Vec<Change> {
    let mut all = cuts(whole);
    for bits in [1, 8, 64, 512] {
        for number in 0..FLIPPED {
            // In turn within the headers, within the end, and anywhere.
            let (from, to) = match number % 3 {
                0 => (0, whole.len().min(1_024)),
                1 => (whole.len() - whole.len().min(4_096), whole.len()),
                _ => (0, whole.len()),
            };
            all.push((format!("flip{bits}-{number}"), flipped(whole, (from, to), bits, rng)));
        }
    }
    for number in 0..4 {
        let at = below(rng, whole.len());
        let end = whole.len().min(at + 1 + below(rng, 16_384));
        let mut zeroed = whole.to_vec();
        zeroed[at..end].fill(if number % 2 == 0 { 0 } else { 0xff });
        all.push((format!("filled-{number}"), zeroed));
        all.push((format!("missing-{number}"), [&whole[..at], &whole[end..]].concat()));
        all.push((format!("doubled-{number}"), [&whole[..end], &whole[at..]].concat()));
        let noise: Vec<u8> = (at..end).map(|_| rng.next_u64().to_le_bytes()[0]).collect();
        all.push((format!("noise-{number}"), [&whole[..at], &noise, &whole[end..]].concat()));
    }
    for eighth in [1, 2, 4, 7] {
        let head = &whole[..whole.len() * eighth / 8];
        let tail = &other[other.len() * eighth / 8..];
        all.push((format!("spliced-{eighth}"), [head, tail].concat()));
    }
    all.push(("behind-text".to_owned(), [b"GIF89a, or so it says.\r\n".as_slice(), whole].concat()));
    all.push(("two-in-one".to_owned(), [other, whole].concat()));
    all
}

fn cuts(whole: &[u8]) -> Vec<Change> {
    let parts = (1..CUTS).map(|part| (format!("cut-{part}"), whole.len() * part / CUTS));
    let heads = [1, 8, 16, 40, 512].map(|bytes| (format!("head-{bytes}"), bytes));
    let near_end = [1, 9].map(|bytes| (format!("short-{bytes}"), whole.len() - bytes));
    parts.chain(heads).chain(near_end).map(|(name, end)| (name, whole[..end].to_vec())).collect()
}

fn flipped(whole: &[u8], (from, to): (usize, usize), bits: usize, rng: &dyn Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..bits {
        let at = from + below(rng, to - from);
        bytes[at] ^= 1 << below(rng, 8);
    }
    // An even number of flips of one bit undoes itself.
    if bytes == whole {
        bytes[from] ^= 1;
    }
    bytes
}
