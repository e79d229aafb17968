//! Every limit is kept: each is set too low for a clip that is fine otherwise, and has to be named.

#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use stillframe_domain::{ErrorCode, Failure, MediaTime, Selection, SnapshotSpec};
use stillframe_engine::{EngineError, Limits, PictureProduced, Produced, TakeRequest, probe, take};
use stillframe_testkit::clips::{Audio, ClipSpec, Container, cached};

use support::{at, ok, source, stills, take_one};

fn clip() -> PathBuf {
    cached(&ClipSpec { audio: Some(Audio { lead_ms: 0, length_ms: 10_000 }), ..ClipSpec::numbered() })
}

fn transport_stream() -> PathBuf {
    cached(&ClipSpec { container: Container::MpegTs, ..ClipSpec::numbered() })
}

/// The pictures of a call, in the order asked.
fn run(path: &Path, outputs: Vec<SnapshotSpec>, limits: Limits) -> Result<Vec<PictureProduced>, EngineError> {
    let mut pictures = Vec::new();
    take(&TakeRequest { outputs, limits }, source(path), &mut |produced| {
        if let Produced::Picture(picture) = produced {
            pictures.push(picture);
        }
        ControlFlow::Continue(())
    })?;
    pictures.sort_by_key(|picture| picture.index);
    Ok(pictures)
}

/// The failure of a call that gives nothing, by both entry points.
fn refusal(limits: &Limits) -> Failure {
    let taken = run(&clip(), vec![stills(at(&[0]))], limits.clone()).unwrap_err().failure();
    let probed = probe(source(&clip()), limits).unwrap_err().failure();
    assert_eq!(taken, probed);
    taken
}

fn assert_names(failure: &Failure, limit: &str) {
    assert_eq!(failure.code, ErrorCode::LimitExceeded, "{failure:?}");
    assert!(failure.message.contains(limit), "{failure:?}");
}

#[test]
fn a_source_that_is_too_large_is_refused() {
    let limits = Limits { source_size_bytes_max: 1_000, ..Limits::default() };
    assert_eq!(refusal(&limits).code, ErrorCode::SourceTooLarge);
}

#[test]
fn frames_of_too_many_pixels_are_refused() {
    let limits = Limits { pixels_per_frame_max: 320 * 180 - 1, ..Limits::default() };
    assert_names(&refusal(&limits), "pixels_per_frame_max");
    let enough = Limits { pixels_per_frame_max: 320 * 180, ..Limits::default() };
    // What the decoder allocates is rounded up to whole blocks, which is not the caller's concern.
    let pictures = run(&clip(), vec![stills(at(&[0]))], enough).unwrap();
    assert_eq!(ok(&pictures[0]).size.width_px, 320);
}

#[test]
fn videos_that_last_too_long_are_refused() {
    let limits = Limits { duration_ms_max: 9_999, ..Limits::default() };
    assert_names(&refusal(&limits), "duration_ms_max");
}

#[test]
fn containers_of_too_many_streams_are_refused() {
    let limits = Limits { streams_max: 1, ..Limits::default() };
    assert_names(&refusal(&limits), "streams_max");
}

#[test]
fn requests_of_too_many_outputs_are_refused() {
    let limits = Limits { outputs_max: 1, ..Limits::default() };
    let outputs = vec![stills(at(&[0])), stills(at(&[1]))];
    assert_names(&run(&clip(), outputs, limits).unwrap_err().failure(), "outputs_max");
}

#[test]
fn a_frame_too_far_from_its_keyframe_fails_alone() {
    let limits = Limits { packets_per_target_max: 30, ..Limits::default() };
    let pictures = run(&clip(), vec![stills(at(&[0, 1_900, 4_000]))], limits).unwrap();
    assert_names(pictures[1].result.as_ref().unwrap_err(), "packets_per_target_max");
    assert_eq!(
        (ok(&pictures[0]).pts, ok(&pictures[2]).pts),
        (MediaTime::ZERO, MediaTime::from_millis(4_000))
    );
}

#[test]
fn a_listing_of_too_many_packets_is_refused() {
    let limits = Limits { packets_per_scan_max: 150, ..Limits::default() };
    let keyframes = stills(Selection::Keyframes { count: 3, start: MediaTime::ZERO, names_best: false });
    let path = transport_stream();
    assert_eq!(run(&path, vec![stills(at(&[0]))], limits.clone()).unwrap().len(), 1, "nothing is listed");
    assert_names(&run(&path, vec![keyframes], limits).unwrap_err().failure(), "packets_per_scan_max");
}

#[test]
fn groups_that_are_not_kept_are_read_again_and_give_the_same_pictures() {
    let times = [0, 40, 1_960, 5_000, 5_040, 9_999];
    for path in [clip(), transport_stream()] {
        let limits = Limits { packet_bytes_kept_max: 1, ..Limits::default() };
        let again = run(&path, vec![stills(at(&times))], limits).unwrap();
        assert_eq!(again, take_one(&path, stills(at(&times))).pictures[0]);
    }
}

#[test]
fn the_frames_decoded_are_counted_over_the_whole_call() {
    let limits = Limits { frames_decoded_max: 3, ..Limits::default() };
    // Keyframes, so that each costs one frame; in which order they are decoded is not promised.
    let pictures = run(&clip(), vec![stills(at(&[0, 2_000, 4_000, 6_000, 8_000]))], limits).unwrap();
    let failures: Vec<_> = pictures.iter().filter_map(|picture| picture.result.as_ref().err()).collect();
    assert_eq!(failures.len(), 2);
    failures.iter().for_each(|failure| assert_names(failure, "frames_decoded_max"));
}

#[test]
fn a_call_whose_time_is_over_ends() {
    let limits = Limits { wall_clock_ms_max: 0, ..Limits::default() };
    assert_eq!(refusal(&limits).code, ErrorCode::TimedOut);
}
