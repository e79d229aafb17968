//! Files that were put together: sizes that change, and times that jump back.

use std::ops::Range;
use std::path::Path;

use stillframe_domain::{ErrorCode, FrameChoice, MediaTime, SnapshotSpec};
use stillframe_testkit::clips::{
    ClipSpec, Codec, Container, Content, FrameTime, Gop, Join, Oracle, Rational, cached_joined,
    read_frame_number,
};

use super::modes::{TOLERANCE_MS, expected};
use super::support::{at, decoded, source, stills, take_all};
use super::{check_file, check_from_afar, chosen_offsets, every_frame};

const SECOND_FROM: u32 = 1_000;
const PART_FRAMES: u32 = 50;
/// Frames that are coded together.
const NEAR_JOIN: u32 = 4;

/// Two seconds, and two seconds of other numbers.
fn parts(codec: Codec, container: Container) -> [ClipSpec; 2] {
    let gop = Gop { frame_count: 25, is_open: false };
    let first = ClipSpec { codec, container, gop, frame_count: PART_FRAMES, ..ClipSpec::numbered() };
    let second = ClipSpec { content: Content::NumberedFrom(SECOND_FROM), ..first.clone() };
    [first, second]
}

#[test]
fn a_size_that_changes_in_mid_stream_is_that_of_each_frame() {
    for (codec, container) in [
        (Codec::H264, Container::MpegTs),
        (Codec::Hevc, Container::MpegTs),
        (Codec::Vp8, Container::Webm),
        (Codec::Vp9, Container::Webm),
        (Codec::Av1, Container::Mkv),
        (Codec::Mjpeg, Container::Mkv),
    ] {
        println!("{codec:?} in {container:?}");
        let [first, second] = parts(codec, container);
        let second = ClipSpec { width_px: 240, height_px: 200, ..second };
        let path = cached_joined(&[first, second], Join::InTime);
        let oracle = Oracle::of(&path).expect("an oracle");
        let numbers = (0..PART_FRAMES).chain(SECOND_FROM..SECOND_FROM + PART_FRAMES);
        assert!(oracle.frames.iter().map(|frame| frame.number).eq(numbers), "each frame once");
        let is_second = |number| SECOND_FROM <= number;
        let size = |number| if is_second(number) { (240, 200) } else { (320, 180) };
        assert!(oracle.frames.iter().all(|frame| frame.size_px == size(frame.number)), "as they were made");
        check_file(&path, &oracle);
        check_from_afar(&path, &oracle);
    }
}

/// Where times jump back, more than one frame claims a time, and no player agrees with another. What is
/// promised: the picture is the one that its run of frames would show if it stood alone, and its time is told
/// as its own. Nothing is a mixture.
#[test]
fn where_times_jump_back_each_picture_is_that_of_one_run() {
    for (codec, container, join, starts_ms) in [
        // From the same time again.
        (Codec::H264, Container::MpegTs, Join::Spliced, [0, 0]),
        (Codec::Mpeg2, Container::MpegTs, Join::Spliced, [0, 0]),
        (Codec::Hevc, Container::MpegTs, Join::Bytes, [0, 0]),
        // By less than the first run lasts, and not by whole frames.
        (Codec::H264, Container::MpegTs, Join::Spliced, [10_000, 11_015]),
        // To before the first run.
        (Codec::H264, Container::MpegTs, Join::Spliced, [10_000, 3_000]),
        (Codec::H264, Container::Flv, Join::Bytes, [10_000, 3_000]),
        (Codec::H264, Container::Flv, Join::Bytes, [0, 1_015]),
    ] {
        println!("{codec:?} in {container:?} from {starts_ms:?} ms, {join:?}");
        let [first, second] = parts(codec, container);
        let parts =
            [ClipSpec { start_ms: starts_ms[0], ..first }, ClipSpec { start_ms: starts_ms[1], ..second }];
        // Where packets are not numbered on, the last frames before may have lost bytes.
        let is_numbered = join == Join::Spliced || container != Container::MpegTs;
        let lost = if is_numbered { PART_FRAMES } else { PART_FRAMES - NEAR_JOIN }..PART_FRAMES;
        check_jump(&cached_joined(&parts, join), lost);
    }
}

fn check_jump(path: &Path, lost: Range<u32>) {
    let oracle = Oracle::of(path).expect("an oracle");
    let runs = oracle.runs();
    assert_eq!(runs.len(), 2, "{:?}", oracle.frames);
    let offsets = [every_frame(&oracle), chosen_offsets(&oracle)].concat();
    let choices =
        [FrameChoice::Exact, FrameChoice::Keyframe, FrameChoice::Hybrid { tolerance_ms: TOLERANCE_MS }];
    let outputs = choices.map(|frame| SnapshotSpec { frame, ..stills(at(&offsets)) });
    let taken = take_all(source(path), outputs.to_vec()).unwrap();
    let duration = taken.facts.duration;
    let is_end = |run: &Oracle| run.duration.ceil_millis().abs_diff(duration.as_millis()) <= 1;
    assert!(runs.iter().any(is_end), "a duration of {duration:?} in {runs:?}");
    let mut wrong = Vec::new();
    for (choice, pictures) in choices.into_iter().zip(&taken.pictures) {
        for (&asked, picture) in offsets.iter().zip(pictures) {
            let is_within = 0 <= asked && asked < duration.as_millis();
            let may_be = may_be(&runs, asked, choice);
            let is_right = match &picture.result {
                Err(failure) if !is_within => failure.code == ErrorCode::OffsetOutOfRange,
                Err(failure) => {
                    let is_lost = may_be.iter().any(|frame| lost.contains(&frame.number));
                    failure.code == ErrorCode::DecodeFailed && is_lost
                }
                Ok(taken) => {
                    let shown = read_frame_number(&decoded(taken));
                    let is_this = |frame: &FrameTime| {
                        shown == Some(frame.number)
                            && taken.pts == MediaTime::from_millis(frame.pts.ceil_millis().max(0))
                    };
                    is_within && may_be.iter().any(is_this)
                }
            };
            if !is_right {
                let got = picture.result.as_ref().map(|t| (t.pts, read_frame_number(&decoded(t))));
                wrong.push(format!("{choice:?} at {asked} ms: {may_be:?}, got {got:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), 3 * offsets.len(), wrong.join("\n"));
}

/// What each run that lasts over a time shows then; between runs the last frame before that time.
fn may_be(runs: &[Oracle], asked_ms: i64, choice: FrameChoice) -> Vec<FrameTime> {
    let t = Rational::from_millis(asked_ms);
    let lasting = runs.iter().filter(|run| run.frames[0].pts <= t);
    let shown: Vec<_> = lasting.filter_map(|run| expected(run, asked_ms, choice)).collect();
    if !shown.is_empty() {
        return shown;
    }
    let ended = runs.iter().filter(|run| run.duration <= t);
    let latest = ended.max_by_key(|run| run.duration);
    latest.iter().filter_map(|run| expected(run, run.last_ms(), choice)).collect()
}
