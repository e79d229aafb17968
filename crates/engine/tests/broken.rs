//! Files that are cut, encrypted, absurd or without a keyframe: what can be had is had, and the rest is
//! named by its code.

#[path = "support/memory.rs"]
mod memory;
#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use stillframe_domain::ErrorCode;
use stillframe_engine::{Limits, probe};
use stillframe_testkit::clips::{ClipSpec, Codec, Container, Expectation, Oracle, cached, read_frame_number};

use memory::Memory;
use support::{at, decoded, source, stills, take_all};

/// Every container, with a codec that it carries.
const CONTAINERS: [(Container, Codec); 10] = [
    (Container::Mp4, Codec::H264),
    (Container::Mp4IndexLast, Codec::H264),
    (Container::FragmentedMp4, Codec::H264),
    (Container::IndexedFragmentedMp4, Codec::H264),
    (Container::Mov, Codec::H264),
    (Container::Mkv, Codec::H264),
    (Container::Webm, Codec::Vp8),
    (Container::MpegTs, Codec::H264),
    (Container::Flv, Codec::H264),
    (Container::Avi, Codec::Mpeg4),
];

/// What may be said of a frame that is not there any more.
const GONE: [ErrorCode; 3] = [ErrorCode::Truncated, ErrorCode::OffsetOutOfRange, ErrorCode::DecodeFailed];
/// Frames are reordered by less than this, in milliseconds.
const NEAR_CUT_MS: i64 = 500;

#[test]
fn a_file_cut_at_any_tenth_gives_right_pictures_or_says_that_they_are_gone() {
    for (container, codec) in CONTAINERS {
        let path = cached(&ClipSpec { container, codec, ..ClipSpec::numbered() });
        let oracle = Oracle::of(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let mut had = Vec::new();
        for tenth in 1..10 {
            let cut = &bytes[..bytes.len() * tenth / 10];
            had.push(check_cut(cut, &oracle, &format!("{container:?} of {codec:?}, {tenth}0 % kept")));
        }
        // An index behind the frames is lost with them; without, nothing can be found.
        let needs_end = matches!(container, Container::Mp4IndexLast | Container::Mov);
        let least = if needs_end { 0 } else { 7 };
        assert!(had[8] == 0 && needs_end || least <= had[8], "{container:?}: {had:?} of 10 pictures");
        assert!(had.is_sorted(), "{container:?}: more bytes give fewer pictures, {had:?}");
    }
}

/// How many of ten pictures were had, once all are known to be right.
fn check_cut(cut: &[u8], oracle: &Oracle, what: &str) -> usize {
    let times: Vec<i64> = (0..10).map(|k| 1_000 * k + 20).collect();
    let taken = match take_all(Arc::new(Memory(cut.to_vec())), vec![stills(at(&times))]) {
        Ok(taken) => taken,
        Err(error) => {
            assert_eq!(error.failure().code, ErrorCode::Truncated, "{what}");
            return 0;
        }
    };
    let pictures = &taken.pictures[0];
    let last_ms = pictures.iter().rfind(|p| p.result.is_ok()).map_or(0, |p| p.offset.as_millis());
    let mut had = 0;
    for (picture, &time) in pictures.iter().zip(&times) {
        let Expectation::Frame(frame) = oracle.expected(time) else { panic!("{time} lies within") };
        match &picture.result {
            Ok(picture) => {
                had += 1;
                let shown = read_frame_number(&decoded(picture));
                let shown = shown.unwrap_or_else(|| panic!("no whole picture at {time} ms: {what}"));
                // The last frame that is left stands for what followed it, as in any video.
                let is_last = time == last_ms && shown < frame.number && frame.number - shown < 15;
                assert!(shown == frame.number || is_last, "frame {shown} at {time} ms: {what}");
            }
            Err(failure) => {
                assert!(GONE.contains(&failure.code), "{failure:?} at {time} ms: {what}");
                assert!(last_ms - NEAR_CUT_MS < time, "{failure:?} at {time} ms, before the cut: {what}");
            }
        }
    }
    had
}

#[test]
fn encrypted_video_is_called_unsupported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("encrypted.mp4");
    let key = "76a6c65c5ea762046bd749a2e632ccbb";
    let scheme = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key];
    remux(&["-c", "copy"], &scheme, &path);
    for code in codes(&path) {
        assert_eq!(code, ErrorCode::UnsupportedCodec);
    }
}

#[test]
fn a_video_without_any_keyframe_has_no_picture() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["keyless.mkv", "keyless.mp4", "keyless.flv"] {
        let path = folder.path().join(name);
        remux(&["-c", "copy", "-bsf:v", "noise=drop=key"], &[], &path);
        for code in codes(&path) {
            assert_eq!(code, ErrorCode::DecodeFailed, "{name}");
        }
    }
}

#[test]
fn absurd_dimensions_are_refused_before_they_are_allocated() {
    let header = b"YUV4MPEG2 W16000 H16000 F25:1 Ip A1:1 C420jpeg\nFRAME\n";
    let bytes = || Arc::new(Memory([&header[..], &[128; 4_096]].concat()));
    let taken = take_all(bytes(), vec![stills(at(&[0]))]).unwrap_err().failure();
    let probed = probe(bytes(), &Limits::default()).unwrap_err().failure();
    assert_eq!(taken, probed);
    assert_eq!(taken.code, ErrorCode::LimitExceeded, "{taken:?}");
    assert!(taken.message.contains("pixels_per_frame_max"), "{taken:?}");
}

/// The usual clip written again by `ffmpeg`.
fn remux(first: &[&str], second: &[&str], path: &Path) {
    let clip = cached(&ClipSpec::numbered());
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-i"])
        .arg(clip)
        .args(first)
        .args(second)
        .arg(path)
        .status()
        .unwrap();
    assert!(status.success(), "{}", path.display());
}

/// Why three pictures cannot be had: the code of each, or of the whole call.
fn codes(path: &Path) -> Vec<ErrorCode> {
    match take_all(source(path), vec![stills(at(&[0, 3_000, 9_000]))]) {
        Ok(taken) => taken.pictures[0].iter().map(|p| p.result.as_ref().unwrap_err().code).collect(),
        Err(error) => vec![error.failure().code],
    }
}
