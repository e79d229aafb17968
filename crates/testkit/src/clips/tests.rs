//! Clips are what their specs say: checked by reading every number back from a whole decode.

use super::*;

/// Every frame shows its own number, in order, at the spec's time to within the container's precision.
fn check(spec: &ClipSpec) -> Oracle {
    let oracle = Oracle::of(&cached(spec)).expect("an oracle");
    let shown = oracle.frames.iter().map(|frame| frame.number);
    assert!(shown.eq(0..spec.frame_count), "numbers of {spec:?}");
    let first = oracle.frames[0].pts;
    for frame in &oracle.frames {
        let (is, should) = (frame.pts - first, spec.frame_time(frame.number));
        let tolerance = Rational::from_millis(1);
        assert!(is < should + tolerance && should < is + tolerance, "{frame:?} of {spec:?}");
    }
    oracle
}

fn of(container: Container, codec: Codec) -> ClipSpec {
    ClipSpec { container, codec, ..ClipSpec::numbered() }
}

#[test]
fn every_codec_and_container_keeps_every_frame() {
    for spec in [
        of(Container::Mp4, Codec::H264),
        of(Container::FragmentedMp4, Codec::H264),
        of(Container::Mkv, Codec::H264),
        of(Container::MpegTs, Codec::H264),
        of(Container::Mp4, Codec::Hevc),
        of(Container::Webm, Codec::Vp9),
        of(Container::MpegTs, Codec::Mpeg2),
    ] {
        let oracle = check(&spec);
        assert_eq!(oracle.duration, Rational::new(10, 1), "{spec:?}");
        assert_eq!(oracle.frames[0].pts, Rational::ZERO, "{spec:?}");
        let keyframes = oracle.frames.iter().filter(|frame| frame.is_keyframe).count();
        assert!((5..10).contains(&keyframes), "{keyframes} keyframes in {spec:?}");
    }
}

#[test]
fn an_open_group_has_frames_before_its_keyframe() {
    let gop = Gop { frame_count: 48, is_open: true };
    check(&ClipSpec { gop, ..ClipSpec::numbered() });
}

#[test]
fn variable_timing_is_kept() {
    let oracle = check(&ClipSpec { timing: Timing::Variable, ..ClipSpec::numbered() });
    let steps = oracle.frames.windows(2).map(|pair| pair[1].pts - pair[0].pts);
    let distinct = steps.map(|step| step.floor_millis()).collect::<std::collections::BTreeSet<_>>();
    assert!(3 < distinct.len(), "steps of {distinct:?} ms");
}

#[test]
fn presentation_starts_with_the_earliest_stream_and_ends_with_the_latest() {
    let audio = Some(Audio { lead_ms: 400, length_ms: 12_032 });
    let oracle = check(&ClipSpec { audio, container: Container::Mkv, ..ClipSpec::numbered() });
    let first_ms = oracle.frames[0].pts.floor_millis();
    assert!((390..=430).contains(&first_ms), "first frame at {first_ms} ms");
    assert!((12_020..=12_080).contains(&oracle.last_ms()), "last ms {}", oracle.last_ms());
}

#[test]
fn what_is_shown_at_a_time_is_the_last_frame_at_or_before_it() {
    let oracle = check(&ClipSpec { rate: Rate::NTSC, frame_count: 300, ..ClipSpec::numbered() });
    let number_at = |t_ms| match oracle.expected(t_ms) {
        Expectation::Frame(frame) => Some(frame.number),
        Expectation::OutOfRange => None,
    };
    assert_eq!([-1, 0, 33, 34].map(number_at), [None, Some(0), Some(0), Some(1)]);
    assert_eq!(oracle.duration, Rational::new(1_001, 100));
    assert_eq!([10_009, 10_010, 99_999].map(number_at), [Some(299), None, None]);
}

#[test]
fn turned_clips_are_upright_when_decoded() {
    for rotation_degrees in [90, 180, 270] {
        check(&ClipSpec { rotation_degrees, frame_count: 25, ..ClipSpec::numbered() });
    }
}
