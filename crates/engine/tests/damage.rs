//! Flipped bits: what is handed on as a picture is not half of one.
//!
//! No format here carries check sums of its pixels, so a bit that only makes a block a little lighter cannot
//! be seen by anybody. What the decoder notices must be told: a picture of which a part is missing, made up or
//! smeared over with others is no picture.

#[path = "support/memory.rs"]
mod memory;
#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::sync::Arc;

use image::RgbImage;
use stillframe_domain::ErrorCode;
use stillframe_testkit::clips::{ClipSpec, Codec, Container, Gop, cached};

use memory::Memory;
use support::{at, decoded, ok, source, stills, take_all};

/// Files that are damaged of each clip, and bits that are flipped in each.
const FILES: u64 = 4;
const FLIPS: usize = 6;
const BLOCK_PX: u32 = 16;
/// A block differs when it does by more than this on average, of 255.
const DIFFERENCE_MAX: u64 = 12;
/// Share of differing blocks from which on a picture counts as half of one.
const SHARE_MAX: f64 = 0.25;

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    /// Source of the factors: Knuth, The Art of Computer Programming, 3.3.4 (MMIX).
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// What became of pictures of damaged files.
#[derive(Debug, Default)]
struct Tally {
    same: usize,
    near: usize,
    half: usize,
    failed: usize,
}

fn tally(codec: Codec, container: Container) -> Tally {
    let gop = Gop { frame_count: 25, is_open: false };
    let path = cached(&ClipSpec { codec, container, gop, ..ClipSpec::numbered() });
    let bytes = std::fs::read(&path).unwrap();
    let times: Vec<i64> = (0..25).map(|k| 400 * k).collect();
    let whole = take_all(source(&path), vec![stills(at(&times))]).unwrap();
    let right: Vec<_> = whole.pictures[0].iter().map(|picture| decoded(ok(picture))).collect();
    let mut tally = Tally::default();
    for seed in 0..FILES {
        let mut dice = Dice(77 * seed + 5);
        let mut broken = bytes.clone();
        for _ in 0..FLIPS {
            let place = bytes.len() / 20 + dice.roll(bytes.len() * 9 / 10);
            broken[place] ^= 1 << dice.roll(8);
        }
        let taken = take_all(Arc::new(Memory(broken)), vec![stills(at(&times))]).unwrap();
        for (picture, right) in taken.pictures[0].iter().zip(&right) {
            match picture.result.as_ref().map(|picture| share_of_differing(&decoded(picture), right)) {
                Ok(0.0) => tally.same += 1,
                Ok(share) if share < SHARE_MAX => tally.near += 1,
                Ok(_) => tally.half += 1,
                Err(failure) => {
                    assert_eq!(failure.code, ErrorCode::DecodeFailed, "{failure:?}");
                    tally.failed += 1;
                }
            }
        }
    }
    println!("{codec:?} in {container:?}: {tally:?}");
    tally
}

/// Share of the blocks that differ.
fn share_of_differing(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let (mut differing, mut all) = (0, 0);
    for top in (0..one.height()).step_by(BLOCK_PX as usize) {
        for left in (0..one.width()).step_by(BLOCK_PX as usize) {
            let (mut sum, mut count) = (0, 0);
            for y in top..(top + BLOCK_PX).min(one.height()) {
                for x in left..(left + BLOCK_PX).min(one.width()) {
                    let (one, other) = (one.get_pixel(x, y).0, other.get_pixel(x, y).0);
                    sum += one.iter().zip(other).map(|(a, b)| u64::from(a.abs_diff(b))).sum::<u64>();
                    count += 3;
                }
            }
            all += 1;
            differing += usize::from(DIFFERENCE_MAX * count < sum);
        }
    }
    differing as f64 / all as f64
}

#[test]
fn no_half_picture_is_handed_on_where_the_decoder_notices_damage() {
    for (codec, container) in [
        (Codec::H264, Container::Mp4),
        (Codec::H264, Container::MpegTs),
        (Codec::Mpeg2, Container::MpegTs),
        (Codec::Mpeg4, Container::Avi),
    ] {
        let tally = tally(codec, container);
        assert_eq!(tally.half, 0, "{codec:?} in {container:?}: {tally:?}");
        assert!(0 < tally.same && 0 < tally.failed, "{codec:?} in {container:?}: {tally:?}");
    }
}

#[test]
fn hevc_pictures_with_parts_that_were_never_decoded_fail() {
    // libav itself hands out every one of them as sound.
    let tally = tally(Codec::Hevc, Container::Mp4);
    assert!(0 < tally.same && 0 < tally.failed, "{tally:?}");
}
