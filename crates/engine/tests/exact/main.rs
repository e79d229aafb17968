//! Exact means exact: the frame that is shown at a time, in every container, at every edge.
//!
//! Each test asks one clip for 30 chosen offsets (the start, both sides of frame edges and of a keyframe,
//! the last millisecond, the duration, beyond, before the start, repeated, descending), then for the
//! time of every frame in a shuffled order, and reads the burned-in numbers back. The other choices of a
//! frame answer the same 30 offsets. The expected numbers come from an oracle that shares no code with the
//! engine.

mod joins;
mod matrix;
#[path = "../support/memory.rs"]
mod memory;
mod modes;
mod shapes;
#[expect(dead_code, reason = "each test binary uses its part")]
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::Arc;

use stillframe_domain::{
    ByteSource, ErrorCode, Fit, ImageFormat, MediaTime, Product, Rng, SizeRule, SnapshotSpec,
};
use stillframe_engine::TakenPicture;
use stillframe_testkit::SeededRng;
use stillframe_testkit::clips::{
    Audio, ClipSpec, Codec, Container, Expectation, Gop, Oracle, Rate, Rational, Timing, cached,
    read_frame_number,
};

use memory::Memory;
use support::{Taken, at, decoded, source, stills, take_all};

/// Asks for the 30 offsets and for every frame; every answer has to be right.
fn check(spec: ClipSpec) -> Oracle {
    let path = cached(&spec);
    let oracle = Oracle::of(&path).expect("an oracle");
    if spec.cut_ms == 0 && 0 <= spec.start_ms {
        assert!(oracle.frames.iter().map(|frame| frame.number).eq(0..spec.frame_count), "each frame once");
        check_times(&oracle, |number| spec.frame_time(number));
    }
    check_file(&path, &oracle);
    oracle
}

/// The oracle's own times are those that the clip was made with, to within what containers round: neither it
/// nor the engine can be wrong by how libav counts.
fn check_times(oracle: &Oracle, time_of: impl Fn(u32) -> Rational) {
    let first = oracle.frames[0].pts;
    for frame in &oracle.frames {
        let (is, should) = (frame.pts - first, time_of(frame.number));
        let off = if is < should { should - is } else { is - should };
        assert!(off <= Rational::from_millis(1), "{frame:?} for {should:?}");
    }
}

fn check_file(path: &Path, oracle: &Oracle) {
    let chosen = chosen_offsets(oracle);
    assert_eq!(chosen.len(), 30);
    let taken = check_offsets(source(path), oracle, &chosen, SizeRule::default());
    let duration = Rational::from_millis(taken.facts.duration.as_millis());
    let off =
        if duration < oracle.duration { oracle.duration - duration } else { duration - oracle.duration };
    assert!(off < Rational::from_millis(1), "duration {:?} for {:?}", taken.facts.duration, oracle.duration);
    modes::check_modes(path, oracle, &chosen);
    check_offsets(source(path), oracle, &every_frame(oracle), SMALL);
}

/// The same of bytes without a file, as those of a server, in which frames are looked for in other ways.
fn check_from_afar(path: &Path, oracle: &Oracle) {
    check_offsets(Arc::new(Memory(std::fs::read(path).unwrap())), oracle, &every_frame(oracle), SMALL);
}

const SMALL: SizeRule = SizeRule { width_px: Some(128), height_px: None, is_adaptive: false };

fn every_frame(oracle: &Oracle) -> Vec<i64> {
    shuffled(oracle.frames.iter().map(|frame| frame.pts.ceil_millis()).collect())
}

fn size_of(picture: &TakenPicture) -> (u32, u32) {
    (picture.size.width_px, picture.size.height_px)
}

fn check_offsets(source: Arc<dyn ByteSource>, oracle: &Oracle, offsets: &[i64], size: SizeRule) -> Taken {
    let product = Product::Stills { size, fit: Fit::Stretch, format: ImageFormat::Jpg, quality: 90 };
    let taken = take_all(source, vec![SnapshotSpec { product, ..stills(at(offsets)) }]).unwrap();
    let mut wrong = Vec::new();
    for (&asked, picture) in offsets.iter().zip(&taken.pictures[0]) {
        assert_eq!(picture.offset, MediaTime::from_millis(asked), "answers stand in the order asked");
        let expected = oracle.expected(asked);
        let is_right = match (expected, &picture.result) {
            (Expectation::OutOfRange, Err(failure)) => failure.code == ErrorCode::OffsetOutOfRange,
            (Expectation::Frame(frame), Ok(taken)) => {
                let shown = read_frame_number(&decoded(taken));
                let pts = MediaTime::from_millis(frame.pts.ceil_millis());
                let is_size_right = size != SizeRule::default() || size_of(taken) == frame.size_px;
                shown == Some(frame.number) && taken.pts == pts && is_size_right
            }
            _ => false,
        };
        if !is_right {
            let got = picture.result.as_ref().map(|t| (t.pts, size_of(t), read_frame_number(&decoded(t))));
            wrong.push(format!("at {asked} ms: expected {expected:?}, got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), offsets.len(), wrong.join("\n"));
    taken
}

/// Thirty offsets that lie where engines go wrong.
fn chosen_offsets(oracle: &Oracle) -> Vec<i64> {
    let frames = &oracle.frames;
    let later = frames.iter().skip(1).position(|frame| frame.is_keyframe);
    // Where one keyframe is all, another frame does as well.
    let keyframe = later.map_or(frames.len() / 3, |index| index + 1);
    let (middle, last) = (frames.len() / 2 + 8, frames.len() - 1);
    let edges = [1, keyframe.saturating_sub(1), keyframe, keyframe + 1, middle, last].map(|index| {
        let edge = frames[index.min(last)].pts.ceil_millis();
        [edge - 1, edge, edge + 1]
    });
    let last_ms = oracle.last_ms();
    let mut offsets = vec![0];
    offsets.extend(edges.into_iter().flatten());
    offsets.extend([last_ms, last_ms + 1, last_ms + 60_000, -1]);
    offsets.extend([9_000, 7_777, 4_321, 4_321, 1_000, 1, 0]);
    offsets
}

fn shuffled(mut times: Vec<i64>) -> Vec<i64> {
    let rng = SeededRng::new(2);
    for k in (1..times.len()).rev() {
        times.swap(k, (rng.next_u64() % (k as u64 + 1)) as usize);
    }
    times
}

const CLOSED: Gop = Gop { frame_count: 50, is_open: false };
const OPEN: Gop = Gop { frame_count: 48, is_open: true };

/// Ten seconds of H.264 with B-frames.
fn h264(container: Container, rate: Rate, gop: Gop) -> ClipSpec {
    let frame_count = if rate == Rate::PAL { 250 } else { 300 };
    ClipSpec { container, rate, gop, frame_count, ..ClipSpec::numbered() }
}

#[test]
fn mp4_25_closed_gop() {
    check(h264(Container::Mp4, Rate::PAL, CLOSED));
}

#[test]
fn mp4_25_open_gop() {
    check(h264(Container::Mp4, Rate::PAL, OPEN));
}

#[test]
fn mp4_ntsc_closed_gop() {
    check(h264(Container::Mp4, Rate::NTSC, CLOSED));
}

#[test]
fn mp4_ntsc_open_gop() {
    check(h264(Container::Mp4, Rate::NTSC, OPEN));
}

#[test]
fn fragmented_mp4_25_closed_gop() {
    check(h264(Container::FragmentedMp4, Rate::PAL, CLOSED));
}

#[test]
fn fragmented_mp4_25_open_gop() {
    check(h264(Container::FragmentedMp4, Rate::PAL, OPEN));
}

#[test]
fn fragmented_mp4_ntsc_closed_gop() {
    check(h264(Container::FragmentedMp4, Rate::NTSC, CLOSED));
}

#[test]
fn fragmented_mp4_ntsc_open_gop() {
    check(h264(Container::FragmentedMp4, Rate::NTSC, OPEN));
}

#[test]
fn mkv_25_closed_gop() {
    check(h264(Container::Mkv, Rate::PAL, CLOSED));
}

#[test]
fn mkv_25_open_gop() {
    check(h264(Container::Mkv, Rate::PAL, OPEN));
}

#[test]
fn mkv_ntsc_closed_gop() {
    check(h264(Container::Mkv, Rate::NTSC, CLOSED));
}

#[test]
fn mkv_ntsc_open_gop() {
    check(h264(Container::Mkv, Rate::NTSC, OPEN));
}

#[test]
fn mpegts_25_closed_gop() {
    check(h264(Container::MpegTs, Rate::PAL, CLOSED));
}

#[test]
fn mpegts_25_open_gop() {
    check(h264(Container::MpegTs, Rate::PAL, OPEN));
}

#[test]
fn mpegts_ntsc_closed_gop() {
    check(h264(Container::MpegTs, Rate::NTSC, CLOSED));
}

#[test]
fn mpegts_ntsc_open_gop() {
    check(h264(Container::MpegTs, Rate::NTSC, OPEN));
}

#[test]
fn mp4_whose_start_time_is_above_zero() {
    check(ClipSpec { start_ms: 5_300, ..h264(Container::Mp4, Rate::PAL, CLOSED) });
}

#[test]
fn fragmented_mp4_whose_start_time_is_above_zero() {
    check(ClipSpec { start_ms: 5_300, ..h264(Container::FragmentedMp4, Rate::PAL, CLOSED) });
}

#[test]
fn mkv_whose_start_time_is_above_zero() {
    check(ClipSpec { start_ms: 5_300, ..h264(Container::Mkv, Rate::NTSC, OPEN) });
}

#[test]
fn mpegts_whose_start_time_is_hours() {
    check(ClipSpec { start_ms: 7_200_300, ..h264(Container::MpegTs, Rate::PAL, OPEN) });
}

/// The tone begins before the first frame and ends after the last.
const AROUND: Option<Audio> = Some(Audio { lead_ms: 400, length_ms: 12_032 });

#[test]
fn mp4_whose_audio_is_earlier_and_longer() {
    check(ClipSpec { audio: AROUND, ..h264(Container::Mp4, Rate::PAL, CLOSED) });
}

#[test]
fn mkv_whose_audio_is_earlier_and_longer() {
    check(ClipSpec { audio: AROUND, ..h264(Container::Mkv, Rate::PAL, CLOSED) });
}

#[test]
fn mpegts_whose_audio_is_earlier_and_longer() {
    check(ClipSpec { audio: AROUND, ..h264(Container::MpegTs, Rate::PAL, CLOSED) });
}

#[test]
fn mp4_whose_audio_is_shorter() {
    let audio = Some(Audio { lead_ms: 0, length_ms: 6_000 });
    check(ClipSpec { audio, ..h264(Container::Mp4, Rate::NTSC, OPEN) });
}

#[test]
fn mp4_with_variable_frame_rate() {
    check(ClipSpec { timing: Timing::Variable, ..h264(Container::Mp4, Rate::PAL, CLOSED) });
}

#[test]
fn mkv_with_variable_frame_rate() {
    check(ClipSpec { timing: Timing::Variable, ..h264(Container::Mkv, Rate::NTSC, OPEN) });
}

#[test]
fn mp4_hevc_open_gop() {
    check(ClipSpec { codec: Codec::Hevc, ..h264(Container::Mp4, Rate::PAL, OPEN) });
}

#[test]
fn mpegts_hevc_closed_gop() {
    check(ClipSpec { codec: Codec::Hevc, ..h264(Container::MpegTs, Rate::NTSC, CLOSED) });
}

#[test]
fn webm_vp9() {
    check(ClipSpec { codec: Codec::Vp9, ..h264(Container::Webm, Rate::PAL, CLOSED) });
}

#[test]
fn mpegts_mpeg2_open_gop() {
    check(ClipSpec { codec: Codec::Mpeg2, ..h264(Container::MpegTs, Rate::PAL, OPEN) });
}

#[test]
fn mpegts_mpeg2_closed_gop() {
    check(ClipSpec { codec: Codec::Mpeg2, ..h264(Container::MpegTs, Rate::PAL, CLOSED) });
}
