//! Damaged, foreign and failing sources: a clear error or right pictures, never a wrong picture.

#[path = "support/memory.rs"]
mod memory;
#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stillframe_domain::{ByteSource, ErrorCode};
use stillframe_engine::{Limits, probe};
use stillframe_testkit::clips::{ClipSpec, Container, Expectation, Gop, Oracle, cached, read_frame_number};
use stillframe_testkit::damage;

use memory::Memory;
use support::{at, decoded, ok, source, stills, take_all, take_one};

/// The code that both entry points give for a source of which nothing can be had.
fn refusal(bytes: &[u8]) -> ErrorCode {
    let memory = || Arc::new(Memory(bytes.to_vec()));
    let probed = probe(memory(), &Limits::default()).unwrap_err().failure().code;
    let taken = take_all(memory(), vec![stills(at(&[0, 1_000]))]).unwrap_err().failure().code;
    assert_eq!(probed, taken, "probe and take agree");
    taken
}

#[test]
fn an_empty_file_is_called_empty() {
    assert_eq!(refusal(b""), ErrorCode::SourceEmpty);
}

#[test]
fn what_is_no_video_is_called_so() {
    assert_eq!(refusal(b"a"), ErrorCode::NotAVideo);
    assert_eq!(refusal(&b"This is a letter, not a video.\n".repeat(500)), ErrorCode::NotAVideo);
    assert_eq!(refusal(b"<!DOCTYPE html><html><body>404</body></html>"), ErrorCode::NotAVideo);
    let noise: Vec<u8> = (0..100_000_u32).map(|k| (k.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_eq!(refusal(&noise), ErrorCode::NotAVideo);
    assert_eq!(refusal(&[0; 100_000]), ErrorCode::NotAVideo);
}

#[test]
fn streams_that_cannot_be_told_are_no_failure_of_the_service() {
    let is_meant = |name: &str| {
        ["codec-private-size", "-height-", "-head-512.ts", "-flip8-0.mkv"]
            .iter()
            .any(|part| name.contains(part))
    };
    let mut codes = BTreeMap::new();
    for file in damage::corpus().into_iter().filter(|file| is_meant(&file.name)) {
        if let Err(error) = probe(Arc::new(Memory(file.bytes)), &Limits::default()) {
            codes.insert(file.name, error.failure().code);
        }
    }
    assert!(codes.values().all(|&code| code != ErrorCode::Internal), "{codes:#?}");
    for (name, code) in [
        ("mkv-h264-codec-private-size-none.mkv", ErrorCode::NotAVideo),
        ("mkv-hevc-height-max.mkv", ErrorCode::NotAVideo),
        ("mpegts-h264-head-512.ts", ErrorCode::Truncated),
        ("mpegts-mpeg2-head-512.ts", ErrorCode::Truncated),
    ] {
        assert_eq!(codes.get(name), Some(&code), "{name}");
    }
}

#[test]
fn an_index_that_is_cut_off_is_called_truncated() {
    let bytes = std::fs::read(cached(&ClipSpec::numbered())).unwrap();
    for kept in [100, 1_000] {
        assert_eq!(refusal(&bytes[..kept]), ErrorCode::Truncated, "{kept} bytes kept");
    }
    // With the index at the end nothing at all can be found.
    let late = with_index_at_end();
    for part in [1, 5, 9] {
        assert_eq!(refusal(&late[..late.len() * part / 10]), ErrorCode::Truncated, "{part}0 % kept");
    }
}

/// The bytes of the usual clip with its index behind the frames.
fn with_index_at_end() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late.mp4");
    ffmpeg(&["-i", cached(&ClipSpec::numbered()).to_str().unwrap(), "-c", "copy"], &path);
    let bytes = std::fs::read(path).unwrap();
    let place = |name: &[u8]| bytes.windows(4).position(|word| word == name).unwrap();
    assert!(place(b"mdat") < place(b"moov"));
    bytes
}

#[test]
fn a_cut_mp4_gives_what_it_holds_and_calls_the_rest_truncated() {
    check_cut(Container::Mp4, &[ErrorCode::Truncated]);
}

#[test]
fn a_cut_mkv_gives_what_it_holds_and_calls_the_rest_truncated() {
    check_cut(Container::Mkv, &[ErrorCode::Truncated, ErrorCode::OffsetOutOfRange]);
}

#[test]
fn a_cut_fragmented_mp4_gives_what_it_holds() {
    check_cut(Container::FragmentedMp4, &[ErrorCode::Truncated, ErrorCode::OffsetOutOfRange]);
}

#[test]
fn a_cut_transport_stream_is_a_shorter_video() {
    check_cut(Container::MpegTs, &[ErrorCode::Truncated, ErrorCode::OffsetOutOfRange]);
}

/// Cuts a clip at several places. Pictures well before the cut are right, those well behind it fail
/// with one of `codes`, and none is wrong.
///
/// Half a second around the cut may go either way: where frames are reordered, a container without an
/// index does not tell that the last ones are missing.
fn check_cut(container: Container, codes: &[ErrorCode]) {
    let spec = ClipSpec { container, ..ClipSpec::numbered() };
    let path = cached(&spec);
    let oracle = Oracle::of(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let times: Vec<i64> = (0..50).map(|k| 200 * k).collect();
    for (part, is_file) in [30, 61, 87].into_iter().flat_map(|part| [(part, false), (part, true)]) {
        let cut = &bytes[..bytes.len() * part / 100];
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), cut).unwrap();
        // Groups come in another order from a file.
        let cut = if is_file { source(file.path()) } else { Arc::new(Memory(cut.to_vec())) };
        let taken = take_all(cut, vec![stills(at(&times))]).unwrap();
        let last_ms = taken.pictures[0].iter().rfind(|p| p.result.is_ok()).unwrap().offset.as_millis();
        // Frames cost about the same all along, so the cut lies near that part of the time.
        let near = 100 * part as i64;
        assert!(
            (near - 1_500..near + 1_500).contains(&last_ms),
            "last picture at {last_ms} ms, {part} % kept"
        );
        for (picture, &time) in taken.pictures[0].iter().zip(&times) {
            let Expectation::Frame(frame) = oracle.expected(time) else { panic!("{time} lies within") };
            match &picture.result {
                Ok(picture) if time < last_ms - 500 => {
                    let shown = read_frame_number(&decoded(picture));
                    assert_eq!(shown, Some(frame.number), "at {time} ms, {part} % kept");
                }
                Ok(_) => {}
                Err(failure) if time < last_ms + 500 => {
                    // The frame at the cut may be there in part.
                    let is_cut = failure.code == ErrorCode::DecodeFailed || codes.contains(&failure.code);
                    assert!(is_cut && last_ms - 500 < time, "{failure:?} at {time} ms, {part} % kept");
                }
                Err(failure) => {
                    assert!(codes.contains(&failure.code), "{failure:?} at {time} ms, {part} % kept");
                }
            }
        }
    }
}

#[test]
fn damage_in_one_group_leaves_the_others_right() {
    for container in [Container::Mp4, Container::Mkv, Container::MpegTs] {
        let spec =
            ClipSpec { container, gop: Gop { frame_count: 25, is_open: false }, ..ClipSpec::numbered() };
        let path = cached(&spec);
        let oracle = Oracle::of(&path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        for (k, byte) in bytes[middle..middle + 3_000].iter_mut().enumerate() {
            *byte ^= (k * 37 % 251) as u8;
        }
        let times: Vec<i64> = (0..50).map(|k| 200 * k).collect();
        let taken = take_all(Arc::new(Memory(bytes)), vec![stills(at(&times))]).unwrap();
        let mut right = 0;
        for (picture, &time) in taken.pictures[0].iter().zip(&times) {
            let Expectation::Frame(frame) = oracle.expected(time) else { panic!("{time} lies within") };
            let Ok(taken) = &picture.result else { continue };
            let shown = read_frame_number(&decoded(taken));
            assert_eq!(shown, Some(frame.number), "at {time} ms of {container:?}");
            right += 1;
        }
        assert!((35..50).contains(&right), "{right} right pictures of 50 in {container:?}");
    }
}

#[test]
fn audio_alone_is_told_of_and_has_no_picture() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["tone.m4a", "tone.wav", "tone.ts"] {
        let path = folder.path().join(name);
        ffmpeg(&["-f", "lavfi", "-i", TONE], &path);
        let facts = probe(source(&path), &Limits::default()).unwrap();
        assert!(facts.video.is_none() && facts.audio.is_some(), "{name}: {facts:?}");
        assert!((2_900..3_200).contains(&facts.duration.as_millis()), "{name}: {facts:?}");
        let refused = take_all(source(&path), vec![stills(at(&[0, 1_000]))]).unwrap_err();
        assert_eq!(refused.failure().code, ErrorCode::NoVideoStream, "{name}");
    }
}

#[test]
fn cover_art_is_the_picture_of_an_audio_file() {
    let folder = tempfile::tempdir().unwrap();
    let cover = cover_picture(folder.path());
    for name in ["tone.mp3", "tone.m4a"] {
        let path = folder.path().join(name);
        let maps = ["-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v:0", "attached_pic"];
        let inputs = ["-f", "lavfi", "-i", TONE, "-i", cover.to_str().unwrap()];
        ffmpeg(&[inputs.as_slice(), &maps].concat(), &path);
        let taken = take_one(&path, stills(at(&[0, 1_500, 60_000])));
        assert!(taken.facts.video.as_ref().unwrap().is_cover_art, "{name}");
        assert!((3_000..3_100).contains(&taken.facts.duration.as_millis()), "{name}");
        for picture in &taken.pictures[0][..2] {
            assert_eq!(read_frame_number(&decoded(ok(picture))), Some(42), "{name}");
        }
        let late = taken.pictures[0][2].result.as_ref().unwrap_err();
        assert_eq!(late.code, ErrorCode::OffsetOutOfRange, "{name}");
    }
}

#[test]
fn cover_art_does_not_stand_in_for_a_video() {
    let folder = tempfile::tempdir().unwrap();
    let cover = cover_picture(folder.path());
    let path = folder.path().join("both.mp4");
    let video = cached(&ClipSpec::numbered());
    let inputs = ["-i", cover.to_str().unwrap(), "-i", video.to_str().unwrap()];
    let maps = ["-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic"];
    ffmpeg(&[inputs.as_slice(), &maps].concat(), &path);
    let taken = take_one(&path, stills(at(&[4_000])));
    assert!(!taken.facts.video.unwrap().is_cover_art);
    assert_eq!(read_frame_number(&decoded(ok(&taken.pictures[0][0]))), Some(100));
}

const TONE: &str = "sine=frequency=440:duration=3";

/// Frame 42 of the usual clip as a JPEG file.
fn cover_picture(folder: &Path) -> PathBuf {
    let path = folder.join("cover.jpg");
    let filter = "select=eq(n\\,42)";
    let clip = cached(&ClipSpec::numbered());
    ffmpeg(&["-i", clip.to_str().unwrap(), "-vf", filter, "-frames:v", "1"], &path);
    path
}

fn ffmpeg(arguments: &[&str], path: &Path) {
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments)
        .arg(path)
        .status()
        .unwrap();
    assert!(status.success(), "ffmpeg {arguments:?}");
}

/// A disk that fails after a number of reads.
struct Failing {
    inner: Arc<dyn ByteSource>,
    reads_left: AtomicU64,
}

impl ByteSource for Failing {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.reads_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        left.map_err(|_| io::Error::other("the disk is on fire"))?;
        // Small reads, so that the failure comes at many places of the work.
        let count = buf.len().min(4_096);
        self.inner.read_at(offset, &mut buf[..count])
    }

    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn validator(&self) -> String {
        String::new()
    }
}

#[test]
fn a_source_that_fails_is_called_unreadable_at_whatever_read() {
    for container in [Container::Mp4, Container::Mkv, Container::MpegTs, Container::FragmentedMp4] {
        let path = cached(&ClipSpec { container, ..ClipSpec::numbered() });
        let oracle = Oracle::of(&path).unwrap();
        let times = [9_000, 400, 5_000];
        let mut whole = 0;
        for reads in [0, 1, 2, 5, 10, 20, 40, 60, 80, 120, 100_000] {
            let failing = Failing { inner: source(&path), reads_left: AtomicU64::new(reads) };
            let taken = match take_all(Arc::new(failing), vec![stills(at(&times))]) {
                Ok(taken) => taken,
                Err(error) => {
                    let code = error.failure().code;
                    assert_eq!(code, ErrorCode::SourceUnreadable, "{container:?} after {reads} reads");
                    continue;
                }
            };
            let mut right = 0;
            for (picture, time) in taken.pictures[0].iter().zip(times) {
                match &picture.result {
                    Ok(picture) => {
                        let Expectation::Frame(frame) = oracle.expected(time) else { panic!("within") };
                        assert_eq!(read_frame_number(&decoded(picture)), Some(frame.number));
                        right += 1;
                    }
                    Err(failure) => {
                        let code = failure.code;
                        assert_eq!(code, ErrorCode::SourceUnreadable, "{container:?} after {reads} reads");
                    }
                }
            }
            whole += usize::from(right == times.len());
        }
        assert!(0 < whole, "{container:?} was read whole at least once");
    }
}
