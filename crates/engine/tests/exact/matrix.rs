//! Every codec in every container that takes it.
//!
//! The pairs are this table; a clip that cannot be made fails the test. VP8 and the codecs of single
//! pictures have no B-frames; the others have, in pyramids where the encoder makes them.

use stillframe_testkit::clips::{ClipSpec, Codec, Container, Container::*};

use super::check;

const PAIRS: [(Codec, &[Container]); 9] = [
    (Codec::H264, &[Mp4, Mp4IndexLast, FragmentedMp4, IndexedFragmentedMp4, Mov, Mkv, MpegTs, Flv]),
    (Codec::Hevc, &[Mp4, Mp4IndexLast, FragmentedMp4, IndexedFragmentedMp4, Mov, Mkv, MpegTs]),
    (Codec::Av1, &[Mp4, Mp4IndexLast, FragmentedMp4, IndexedFragmentedMp4, Mkv, Webm]),
    (Codec::Vp8, &[Mkv, Webm, Avi]),
    (Codec::Vp9, &[Mp4, Mp4IndexLast, FragmentedMp4, IndexedFragmentedMp4, Mkv, Webm]),
    (Codec::Mpeg2, &[Mp4, Mkv, MpegTs]),
    (Codec::Mpeg4, &[Mp4, FragmentedMp4, Mov, Mkv, MpegTs, Avi]),
    (Codec::Mjpeg, &[Mov, Mkv, Avi]),
    (Codec::ProRes, &[Mov, Mkv]),
];

fn check_all(codec: Codec) {
    let (_, containers) = PAIRS.iter().find(|(of, _)| *of == codec).expect("a row of the table");
    for &container in *containers {
        println!("{codec:?} in {container:?}");
        check(ClipSpec { codec, container, ..ClipSpec::numbered() });
    }
}

#[test]
fn h264_in_every_container() {
    check_all(Codec::H264);
}

#[test]
fn hevc_in_every_container() {
    check_all(Codec::Hevc);
}

#[test]
fn av1_in_every_container() {
    check_all(Codec::Av1);
}

#[test]
fn vp8_in_every_container() {
    check_all(Codec::Vp8);
}

#[test]
fn vp9_in_every_container() {
    check_all(Codec::Vp9);
}

#[test]
fn mpeg2_in_every_container() {
    check_all(Codec::Mpeg2);
}

#[test]
fn mpeg4_in_every_container() {
    check_all(Codec::Mpeg4);
}

#[test]
fn mjpeg_in_every_container() {
    check_all(Codec::Mjpeg);
}

#[test]
fn prores_in_every_container() {
    check_all(Codec::ProRes);
}
