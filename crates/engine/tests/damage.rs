//! Flipped bits: what is handed on as a picture is not half of one.
//!
//! No format here carries checksums of its pixels, so a bit that only makes a block a little lighter cannot
//! be seen by anybody. What the decoder notices must be told: a picture of which a part is missing, made up or
//! smeared over with others is no picture. So must what the container's checksums and counters tell, and the
//! numbers of frames. `docs/design/decoding.md` says of each codec what can be known.

#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use image::RgbImage;
use stillframe_domain::ErrorCode;
use stillframe_testkit::clips::{ClipSpec, Codec, Container, Gop, cached};

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

/// A clip with a keyframe each second, and what its pictures are when it is whole.
struct Clip {
    path: PathBuf,
    times: Vec<i64>,
    right: Vec<RgbImage>,
}

impl Clip {
    fn of(codec: Codec, container: Container) -> Self {
        let gop = Gop { frame_count: 25, is_open: false };
        let path = cached(&ClipSpec { codec, container, gop, ..ClipSpec::numbered() });
        let times: Vec<i64> = (0..25).map(|k| 400 * k).collect();
        let whole = take_all(source(&path), vec![stills(at(&times))]).unwrap();
        let right = whole.pictures[0].iter().map(|picture| decoded(ok(picture))).collect();
        Self { path, times, right }
    }

    fn compare(&self, damaged: &Path, tally: &mut Tally) {
        let taken = take_all(source(damaged), vec![stills(at(&self.times))]).unwrap();
        for (picture, right) in taken.pictures[0].iter().zip(&self.right) {
            match picture.result.as_ref().map(|picture| share_of_differing(&decoded(picture), right)) {
                Ok(0.0) => tally.same += 1,
                Ok(share) if share < SHARE_MAX => tally.near += 1,
                Ok(_) => tally.half += 1,
                Err(failure) => {
                    // Damage near the end looks as if the file was cut off.
                    let codes = [ErrorCode::DecodeFailed, ErrorCode::Truncated];
                    assert!(codes.contains(&failure.code), "{failure:?}");
                    tally.failed += 1;
                }
            }
        }
    }
}

/// What becomes of the pictures when bits are flipped.
fn tally(codec: Codec, container: Container) -> Tally {
    let clip = Clip::of(codec, container);
    let bytes = std::fs::read(&clip.path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut tally = Tally::default();
    for seed in 0..FILES {
        let mut dice = Dice(77 * seed + 5);
        let mut broken = bytes.clone();
        for _ in 0..FLIPS {
            let place = bytes.len() / 20 + dice.roll(bytes.len() * 9 / 10);
            broken[place] ^= 1 << dice.roll(8);
        }
        let path = folder.path().join(format!("{seed}.{}", container.extension()));
        std::fs::write(&path, broken).unwrap();
        clip.compare(&path, &mut tally);
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

/// As in the sandbox's children: an operator who bounds a process's memory lets the decoder of VP9 look behind frames.
#[test]
fn no_half_picture_of_vp9_is_handed_on_where_memory_is_bounded() {
    for container in [Container::Mp4, Container::Webm] {
        let unbounded = tally(Codec::Vp9, container);
        assert!(0 < unbounded.same && 0 < unbounded.failed, "{container:?}: {unbounded:?}");
    }
    bound_memory(64 << 30);
    for container in [Container::Mp4, Container::Webm] {
        let tally = tally(Codec::Vp9, container);
        assert_eq!((tally.near, tally.half), (0, 0), "{container:?}: {tally:?}");
        assert!(0 < tally.same && 0 < tally.failed, "{container:?}: {tally:?}");
    }
}

fn bound_memory(bytes_max: u64) {
    let limit = libc::rlimit { rlim_cur: bytes_max, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the limit is a local, which is only read.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
}

#[test]
fn hevc_pictures_with_parts_that_were_never_decoded_fail() {
    // libav itself hands out every one of them as sound.
    let tally = tally(Codec::Hevc, Container::Mp4);
    assert!(0 < tally.same && 0 < tally.failed, "{tally:?}");
}

#[test]
fn checksums_tell_of_damage_that_the_decoder_keeps_to_itself() {
    // Without them, up to 9 of a hundred of these pictures are half of one.
    for codec in [Codec::Hevc, Codec::Av1, Codec::Vp9, Codec::Vp8] {
        let tally = tally(codec, Container::Mkv);
        assert_eq!((tally.near, tally.half), (0, 0), "{codec:?}: {tally:?}");
        assert!(0 < tally.same && 0 < tally.failed, "{codec:?}: {tally:?}");
    }
}

/// Packets that are left out, counted in coding order: some that others refer to.
const LEFT_OUT: [u32; 2] = [26, 79];

#[test]
fn frames_that_refer_to_missing_ones_fail_where_they_are_numbered() {
    for (codec, container) in [
        (Codec::H264, Container::Mkv),
        (Codec::H264, Container::MpegTs),
        (Codec::Hevc, Container::Mp4),
        (Codec::Hevc, Container::MpegTs),
    ] {
        let clip = Clip::of(codec, container);
        let folder = tempfile::tempdir().unwrap();
        let mut tally = Tally::default();
        for number in LEFT_OUT {
            let path = folder.path().join(format!("{number}.{}", container.extension()));
            leave_out(&clip.path, number, &path);
            clip.compare(&path, &mut tally);
        }
        println!("{codec:?} in {container:?}: {tally:?}");
        assert_eq!((tally.near, tally.half), (0, 0), "{codec:?} in {container:?}: {tally:?}");
        assert!(0 < tally.same && 0 < tally.failed, "{codec:?} in {container:?}: {tally:?}");
    }
}

/// Writes a video again without one packet.
fn leave_out(from: &Path, number: u32, to: &Path) {
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-copyts", "-i"])
        .arg(from)
        .args(["-c", "copy", "-bsf:v", &format!("noise=drop=eq(n\\,{number})")])
        .arg(to)
        .status()
        .unwrap();
    assert!(status.success(), "{}", to.display());
}
