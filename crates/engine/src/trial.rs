//! What the tests of plans share: real streams, and pictures decoded from all of it and by a plan.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use stillframe_domain::{
    ByteSource, Fit, FrameChoice, ImageFormat, MediaTime, Position, Product, Selection, SizeRule,
    SnapshotSpec,
};

use crate::av::{Decoder, DecoderOptions};
use crate::budget::Budget;
use crate::decode::{GroupDecoder, PacketSource};
use crate::limits::Limits;
use crate::media::{Depth, Media};
use crate::pick::Hands;
use crate::plan::{Cursor, Group, Planner, Step, Target, plan_output};

/// A moving drawing with grain, so that every frame differs from every other.
const DRAWING: &str = "testsrc2=size=256x144:rate=25:duration=8,noise=alls=12:allf=t";

struct Bytes(Vec<u8>);

impl ByteSource for Bytes {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn validator(&self) -> String {
        String::new()
    }
}

/// A clip of 200 frames, encoded with these arguments.
pub fn encode(arguments: &str, container: &str) -> Media {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("clip.{container}"));
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", DRAWING, "-pix_fmt", "yuv420p"])
        .args(arguments.split_ascii_whitespace())
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    open(&path)
}

/// Opens a clip.
pub fn open(path: &Path) -> Media {
    crate::av::listen();
    let source = Arc::new(Bytes(std::fs::read(path).unwrap()));
    Media::open(source, &Limits::default(), Depth::Header).unwrap()
}

/// The pixels of all frames by presentation time, of a decoding that leaves nothing out.
pub fn whole_decode(media: &mut Media) -> BTreeMap<i64, Vec<u8>> {
    let options = DecoderOptions { thread_count: 1, pixels_per_frame_max: 1 << 26 };
    let mut decoder = Decoder::open(&media.demuxer, &media.video, options).unwrap().unwrap();
    let mut cursor = Cursor::new(media);
    cursor.rewind().unwrap();
    let mut frames = BTreeMap::new();
    loop {
        let packet = cursor.next().unwrap();
        decoder.send(packet.as_ref()).unwrap();
        while let Some(frame) = decoder.receive().unwrap() {
            frames.insert(frame.pts().unwrap(), frame.pixels());
        }
        if packet.is_none() {
            return frames;
        }
    }
}

/// The group that leads to the frames at some times.
pub fn planned(media: &mut Media, times: &[MediaTime]) -> Vec<Group> {
    let spec = SnapshotSpec {
        selection: Selection::Offsets(times.iter().map(|&time| Position::At(time)).collect()),
        frame: FrameChoice::Exact,
        product: Product::Stills {
            size: SizeRule::default(),
            fit: Fit::Stretch,
            format: ImageFormat::Png,
            quality: 90,
        },
        has_vtt: false,
    };
    let wanted = plan_output((0, &spec), false, &mut Cursor::new(media)).unwrap().wanted;
    let mut planner = Planner::new(Cursor::new(media), wanted);
    let steps = std::iter::from_fn(|| planner.next());
    steps.map(|step| if let Step::Group(group) = step { group } else { panic!("a failed picture") }).collect()
}

/// The pixels of a group's targets by presentation time.
pub fn decoded(media: &Media, group: &Group, thread_count: u32) -> BTreeMap<i64, Vec<u8>> {
    let budget = Budget::new(&media.limits, media.deadline);
    let mut decoder = GroupDecoder::open(media, thread_count, budget).unwrap();
    let mut frames = BTreeMap::new();
    let mut hand_on = |target: &Target, pixels| {
        frames.insert(target.pts.unwrap(), pixels);
        ControlFlow::Continue(())
    };
    let mut hands = Hands { make: &mut |_, frame| frame.pixels(), hand_on: &mut hand_on };
    decoder.run(group, PacketSource::Kept, &mut hands);
    frames
}

/// Checks frames one by one, and all together, against the whole decode. Returns the part of the packets
/// that single frames needed.
pub fn check(media: &mut Media, step: usize, is_cut: bool) -> f64 {
    let frames = whole_decode(media);
    assert!(200 <= frames.len(), "{} frames", frames.len());
    let times: Vec<_> = frames.keys().step_by(step).map(|&pts| media.timeline.time_of(pts)).collect();
    let (mut needed, mut all) = (0, 0);
    for (number, time) in times.iter().enumerate() {
        let groups = planned(media, &[*time]);
        let [group] = &groups[..] else { panic!("one group for one frame") };
        assert_eq!(group.is_cut, is_cut, "at {time}");
        needed += group.entries.iter().filter(|entry| entry.is_needed).count();
        all += group.entries.len();
        let found = decoded(media, group, 1 + number as u32 % 2);
        let pts = group.targets[0].pts.unwrap();
        assert!(found.get(&pts) == frames.get(&pts), "frame at {time} differs");
    }
    for group in planned(media, &times) {
        let found = decoded(media, &group, 1);
        assert_eq!(found.len(), group.targets.len());
        assert!(found.iter().all(|(pts, pixels)| frames[pts] == *pixels), "a frame of a set differs");
    }
    needed as f64 / all as f64
}
