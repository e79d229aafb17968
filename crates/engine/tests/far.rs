//! What is read from afar is found in other ways than on a disk, and is the same.

#[path = "support/memory.rs"]
mod memory;
#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stillframe_domain::media::{AudioFacts, VideoFacts};
use stillframe_domain::{ByteSource, FrameChoice, MediaFacts, SnapshotSpec};
use stillframe_testkit::clips::{Audio, ClipSpec, Codec, Container, Gop, cached};

use memory::Memory;
use support::{at, source, stills, take_all};

/// A whole file of which the end is not looked at is believed about it.
const DIFFERENCE_MS_MAX: u64 = 50;

/// Takes the same pictures of a file, and of its bytes without a file: as those of a server.
fn check(path: &Path, what: &str) {
    let times: Vec<i64> = (0..24).map(|k| 417 * k).chain([12_000]).collect();
    let outputs = || {
        let keyframes = SnapshotSpec { frame: FrameChoice::Keyframe, ..stills(at(&times)) };
        vec![stills(at(&times)), keyframes]
    };
    let near = take_all(source(path), outputs()).unwrap();
    let far = take_all(Arc::new(Memory(std::fs::read(path).unwrap())), outputs()).unwrap();
    // Rates are told as far as was read, which is not the same.
    let told = |facts: &MediaFacts| {
        let video = facts.video.clone();
        let video = video.map(|video| VideoFacts { bitrate_bps: 0, frames_per_second: 0.0, ..video });
        let audio = facts.audio.clone().map(|audio| AudioFacts { bitrate_bps: 0, ..audio });
        (video, audio)
    };
    assert_eq!(told(&near.facts), told(&far.facts), "{what}");
    let durations = [&near.facts, &far.facts].map(|facts| facts.duration.as_millis());
    assert!(durations[0].abs_diff(durations[1]) <= DIFFERENCE_MS_MAX, "{what}: {durations:?} ms");
    for (near, far) in near.pictures.iter().flatten().zip(far.pictures.iter().flatten()) {
        assert_eq!(near, far, "{what}, at {}", near.offset);
    }
}

#[test]
fn the_same_pictures_come_from_afar_in_every_container() {
    for (container, codec) in [
        (Container::Mp4, Codec::H264),
        (Container::FragmentedMp4, Codec::H264),
        (Container::FragmentedMp4, Codec::Av1),
        (Container::IndexedFragmentedMp4, Codec::Hevc),
        (Container::Mkv, Codec::H264),
        (Container::Mkv, Codec::Hevc),
        (Container::Webm, Codec::Vp8),
        (Container::MpegTs, Codec::H264),
        (Container::MpegTs, Codec::Mpeg2),
        (Container::Flv, Codec::H264),
        (Container::Avi, Codec::Mpeg4),
    ] {
        for gop in
            [Gop { frame_count: 50, is_open: false }, Gop { frame_count: 120, is_open: codec == Codec::H264 }]
        {
            let audio = Some(Audio { lead_ms: 0, length_ms: 9_984 });
            let spec = ClipSpec { container, codec, gop, audio, ..ClipSpec::numbered() };
            check(&cached(&spec), &format!("{container:?} of {codec:?}, {gop:?}"));
        }
    }
}

#[test]
fn the_same_pictures_come_from_afar_where_there_is_no_index() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arguments) in [
        ("bare.mp4", "-movflags +frag_keyframe+empty_moov+default_base_moof+skip_trailer"),
        ("many.mp4", "-movflags +empty_moov+default_base_moof -frag_duration 200000"),
        ("absolute.mp4", "-movflags +frag_keyframe+empty_moov"),
        ("live.mkv", "-live 1"),
        ("late.ts", "-output_ts_offset 95400"),
        ("start.ts", "-muxdelay 0 -muxpreload 0"),
    ] {
        check(&remuxed(folder.path(), name, arguments), name);
    }
}

/// A clip with a tone, written again.
fn remuxed(folder: &Path, name: &str, arguments: &str) -> PathBuf {
    let path = folder.join(name);
    let audio = Some(Audio { lead_ms: 0, length_ms: 9_984 });
    let clip = cached(&ClipSpec { audio, container: Container::Mkv, ..ClipSpec::numbered() });
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-y", "-i"]).arg(clip).args(["-c", "copy"]);
    assert!(ffmpeg.args(arguments.split(' ')).arg(&path).status().unwrap().success(), "{name}");
    path
}

/// Its bytes, and how many of them are read.
struct Counted(Memory, AtomicU64);

impl ByteSource for Counted {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read_at(offset, buf)?;
        self.1.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn len(&self) -> u64 {
        self.0.len()
    }

    fn validator(&self) -> String {
        self.0.validator()
    }
}

/// An index of decoding times names the next keyframe a little before it is shown.
#[test]
fn a_keyframe_is_found_without_the_frames_up_to_the_next() {
    let gop = Gop { frame_count: 120, is_open: false };
    let spec = ClipSpec { gop, width_px: 1_280, height_px: 720, ..ClipSpec::numbered() };
    let bytes = std::fs::read(cached(&spec)).unwrap();
    let next_ms = 120 * 1_000 / 25;
    let read = |at_ms| {
        let counted = Arc::new(Counted(Memory(bytes.clone()), AtomicU64::new(0)));
        let spec = SnapshotSpec { frame: FrameChoice::Keyframe, ..stills(at(&[at_ms])) };
        let taken = take_all(counted.clone(), vec![spec]).unwrap();
        let pts_ms = taken.pictures[0][0].result.as_ref().unwrap().pts.as_millis();
        (pts_ms, counted.1.load(Ordering::Relaxed))
    };
    let (_, of_the_next) = read(next_ms);
    for early_ms in [1, 39, 79] {
        let (pts_ms, count) = read(next_ms - early_ms);
        assert_eq!(pts_ms, 0, "{early_ms} ms before the next");
        let bytes_max = 2 * of_the_next;
        assert!(count <= bytes_max, "{count} of {bytes_max} bytes, {early_ms} ms before the next");
    }
}
