//! Clips whose frames or timestamps lie in unusual ways.

use stillframe_testkit::clips::{ClipSpec, Codec, Container, Gop, Rate};

use super::check;

const fn of(codec: Codec, container: Container) -> ClipSpec {
    ClipSpec { codec, container, frame_count: 100, ..ClipSpec::numbered() }
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
