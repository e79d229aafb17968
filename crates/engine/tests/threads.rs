//! The number of threads changes how long it takes, and nothing else.

#[path = "support/memory.rs"]
mod memory;
#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::ops::ControlFlow;
use std::sync::Arc;

use stillframe_domain::{ByteSource, ErrorCode, SnapshotSpec};
use stillframe_engine::{Limits, Produced, TakeRequest, take};
use stillframe_testkit::clips::{ClipSpec, Codec, Container, Gop, cached};

use memory::Memory;
use support::{at, stills};

/// What became of each picture: its file, or the code of its failure.
type Became = Vec<Result<Vec<u8>, ErrorCode>>;

fn run(bytes: &[u8], outputs: Vec<SnapshotSpec>, decoding_threads_max: u32) -> Became {
    let source: Arc<dyn ByteSource> = Arc::new(Memory(bytes.to_vec()));
    let request = TakeRequest { outputs, limits: Limits { decoding_threads_max, ..Limits::default() } };
    let mut pictures = Vec::new();
    take(&request, source, &mut |produced| {
        if let Produced::Picture(picture) = produced {
            let became = picture.result.map(|taken| taken.bytes).map_err(|failure| failure.code);
            pictures.push((picture.output, picture.index, became));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    pictures.sort_by_key(|&(output, index, _)| (output, index));
    pictures.into_iter().map(|(_, _, became)| became).collect()
}

fn clip(codec: Codec, container: Container) -> Vec<u8> {
    let gop = Gop { frame_count: 50, is_open: false };
    std::fs::read(cached(&ClipSpec { codec, container, gop, ..ClipSpec::numbered() })).unwrap()
}

/// Times all over the clip, out of order.
fn times() -> Vec<i64> {
    (0..40).map(|k| k * 7_919 % 10_000).collect()
}

#[test]
fn many_threads_take_the_same_pictures_as_one() {
    for (codec, container) in
        [(Codec::H264, Container::Mp4), (Codec::Av1, Container::Mkv), (Codec::Mpeg2, Container::MpegTs)]
    {
        let bytes = clip(codec, container);
        let one = run(&bytes, vec![stills(at(&times()))], 1);
        assert!(one.iter().all(Result::is_ok));
        assert!(one == run(&bytes, vec![stills(at(&times()))], 64), "{codec:?}");
    }
}

#[test]
fn a_single_still_is_the_same_with_threads_in_its_decoder() {
    for codec in [Codec::H264, Codec::Hevc, Codec::Av1, Codec::Vp9] {
        let bytes = clip(codec, Container::Mkv);
        let together = run(&bytes, vec![stills(at(&times()))], 1);
        for (&time, expected) in times().iter().zip(together).step_by(4) {
            assert!(run(&bytes, vec![stills(at(&[time]))], 64) == [expected], "{codec:?} at {time} ms");
        }
    }
}

#[test]
fn damage_is_noticed_whatever_the_threads() {
    let whole = clip(Codec::H264, Container::MpegTs);
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    for (k, byte) in bytes[middle..middle + 12_000].iter_mut().enumerate() {
        *byte ^= (k * 37 % 251) as u8;
    }
    let times: Vec<i64> = (0..40).map(|k| 250 * k).collect();
    let mut failed = 0;
    for &time in &times {
        let one = run(&bytes, vec![stills(at(&[time]))], 1);
        assert!(run(&bytes, vec![stills(at(&[time]))], 64) == one, "at {time} ms");
        let is_right = one == run(&whole, vec![stills(at(&[time]))], 1);
        assert!(is_right || one[0].is_err(), "a wrong picture at {time} ms");
        failed += usize::from(one[0].is_err());
    }
    assert!((1..times.len()).contains(&failed), "{failed} of {} failed", times.len());
}
