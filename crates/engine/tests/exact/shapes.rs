//! Clips whose frames or timestamps lie in unusual ways.

use stillframe_testkit::clips::{ClipSpec, Codec, Container, Gop, Rate, Timing, cached};

use super::{check, check_from_afar};

const GOP: Gop = Gop { frame_count: 25, is_open: false };

const fn of(codec: Codec, container: Container) -> ClipSpec {
    ClipSpec { codec, container, frame_count: 60, gop: GOP, ..ClipSpec::numbered() }
}

#[test]
fn one_keyframe_in_ten_minutes() {
    let long = |codec, container| ClipSpec {
        width_px: 96,
        height_px: 54,
        rate: Rate { num: 2, den: 1 },
        frame_count: 1_200,
        gop: Gop { frame_count: 100_000, is_open: false },
        ..of(codec, container)
    };
    check(long(Codec::H264, Container::Mp4));
    check(long(Codec::H264, Container::MpegTs));
    check(long(Codec::Vp9, Container::Webm));
}

#[test]
fn one_frame_in_all() {
    for (codec, container) in [
        (Codec::H264, Container::Mp4),
        (Codec::Hevc, Container::Mp4),
        (Codec::H264, Container::Mkv),
        (Codec::H264, Container::MpegTs),
        (Codec::Mpeg2, Container::MpegTs),
        (Codec::H264, Container::Flv),
        (Codec::Vp9, Container::Webm),
        (Codec::Av1, Container::Mkv),
        (Codec::Mpeg4, Container::Avi),
        (Codec::Mjpeg, Container::Mov),
    ] {
        println!("{codec:?} in {container:?}");
        check(ClipSpec { frame_count: 1, ..of(codec, container) });
    }
}

#[test]
fn every_frame_a_keyframe() {
    let gop = Gop { frame_count: 1, is_open: false };
    for (codec, container) in [
        (Codec::H264, Container::Mp4),
        (Codec::Hevc, Container::FragmentedMp4),
        (Codec::Vp9, Container::Webm),
        (Codec::Mpeg2, Container::MpegTs),
        (Codec::Mpeg4, Container::Avi),
    ] {
        println!("{codec:?} in {container:?}");
        check(ClipSpec { gop, ..of(codec, container) });
    }
}

#[test]
fn variable_frame_rate_in_every_kind_of_container() {
    for (codec, container) in [
        (Codec::Hevc, Container::FragmentedMp4),
        (Codec::H264, Container::Mov),
        (Codec::H264, Container::MpegTs),
        (Codec::H264, Container::Flv),
        (Codec::Vp9, Container::Webm),
        (Codec::Av1, Container::Mp4),
    ] {
        println!("{codec:?} in {container:?}");
        check(ClipSpec { timing: Timing::Variable, ..of(codec, container) });
    }
}

#[test]
fn timestamps_that_jump_ahead() {
    for (codec, container) in [
        (Codec::H264, Container::Mp4),
        (Codec::H264, Container::FragmentedMp4),
        (Codec::H264, Container::Mkv),
        (Codec::H264, Container::MpegTs),
        (Codec::Hevc, Container::MpegTs),
        (Codec::Vp9, Container::Webm),
        (Codec::H264, Container::Flv),
    ] {
        println!("{codec:?} in {container:?}");
        let spec = ClipSpec { timing: Timing::Pause, ..of(codec, container) };
        let oracle = check(spec.clone());
        check_from_afar(&cached(&spec), &oracle);
    }
}

/// A transport stream counts to 2^33 units of 1/90,000 s, 26.5 hours, and then from 0 again.
#[test]
fn timestamps_that_wrap() {
    const WRAP_MS: i64 = (1 << 33) / 90;
    for codec in [Codec::H264, Codec::Mpeg2] {
        println!("{codec:?}");
        let spec = ClipSpec { start_ms: WRAP_MS - 2_500, ..of(codec, Container::MpegTs) };
        let oracle = check(spec.clone());
        check_from_afar(&cached(&spec), &oracle);
    }
}

#[test]
fn edit_lists_that_begin_within_a_group() {
    for (codec, container) in [
        (Codec::H264, Container::Mp4),
        (Codec::Hevc, Container::Mp4),
        (Codec::H264, Container::Mov),
        (Codec::Mpeg4, Container::Mp4),
    ] {
        println!("{codec:?} in {container:?}");
        check(ClipSpec { cut_ms: 2_500, frame_count: 150, ..of(codec, container) });
    }
}

#[test]
fn timestamps_below_zero() {
    for (codec, container) in [
        (Codec::H264, Container::Mp4),
        (Codec::H264, Container::Mov),
        (Codec::H264, Container::FragmentedMp4),
        (Codec::Hevc, Container::IndexedFragmentedMp4),
    ] {
        println!("{codec:?} in {container:?}");
        check(ClipSpec { start_ms: -420, ..of(codec, container) });
    }
}

#[test]
fn streams_that_start_late() {
    for (codec, container) in [
        (Codec::Hevc, Container::MpegTs),
        (Codec::H264, Container::Mov),
        (Codec::H264, Container::Flv),
        (Codec::Vp9, Container::Webm),
        (Codec::Av1, Container::IndexedFragmentedMp4),
    ] {
        println!("{codec:?} in {container:?}");
        check(ClipSpec { start_ms: 5_300, ..of(codec, container) });
    }
}

#[test]
fn open_groups_in_more_codecs_and_containers() {
    let gop = Gop { frame_count: 24, is_open: true };
    for (codec, container) in [
        (Codec::Hevc, Container::MpegTs),
        (Codec::Hevc, Container::Mkv),
        (Codec::Hevc, Container::FragmentedMp4),
        (Codec::Mpeg2, Container::Mp4),
        (Codec::H264, Container::Flv),
    ] {
        println!("{codec:?} in {container:?}");
        check(ClipSpec { gop, ..of(codec, container) });
    }
}
