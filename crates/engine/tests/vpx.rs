//! Frames of VP9 that would take gigabytes: libvpx asks nobody before it makes room for them.

#[path = "support/memory.rs"]
mod memory;
#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::process::Command;
use std::sync::Arc;

use image::RgbImage;
use stillframe_domain::ErrorCode;
use stillframe_testkit::clips::{ClipSpec, Codec, Container, Gop, cached};

use memory::Memory;
use support::{at, decoded, stills, take_all};

/// Most memory that this process may come to need: a tenth of what the frames would.
const PEAK_MB_MAX: u64 = 400;
/// The largest side that libvpx takes.
const SIDE_PX: u64 = 16_384;
/// How a keyframe of profile 0 begins: its mark and the sync code.
const KEYFRAME: [u8; 4] = [0x82, 0x49, 0x83, 0x42];
/// Bytes before the first frame, and before each.
///
/// Source: the IVF container of libvpx, `ivfdec.c`.
const FILE_HEAD_BYTES: usize = 32;
const FRAME_HEAD_BYTES: usize = 12;

/// The packets of two groups of VP9, each with the head that IVF gives it.
fn packets() -> (Vec<u8>, Vec<Vec<u8>>) {
    let gop = Gop { frame_count: 25, is_open: false };
    let spec = ClipSpec { codec: Codec::Vp9, container: Container::Webm, gop, ..ClipSpec::numbered() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.ivf");
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-t", "2", "-i"])
        .arg(cached(&spec))
        .args(["-c", "copy"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    let bytes = std::fs::read(path).unwrap();
    let (head, mut rest) = bytes.split_at(FILE_HEAD_BYTES);
    let mut packets = Vec::new();
    while let Some(size) = rest.first_chunk().map(|size| u32::from_le_bytes(*size) as usize) {
        let (packet, behind) = rest.split_at(FRAME_HEAD_BYTES + size);
        packets.push(packet.to_vec());
        rest = behind;
    }
    (head.to_vec(), packets)
}

fn file((head, packets): (Vec<u8>, Vec<Vec<u8>>)) -> Vec<u8> {
    head.into_iter().chain(packets.into_iter().flatten()).collect()
}

/// Makes a keyframe say that it is as large as can be.
fn enlarge(packet: &mut [u8]) {
    const SIZE_AT_BIT: usize = 36;
    let frame = &mut packet[FRAME_HEAD_BYTES..];
    let (whole, bits) = (SIZE_AT_BIT / 8, SIZE_AT_BIT % 8);
    let size = ((SIDE_PX - 1) << 16 | (SIDE_PX - 1)) << (40 - bits - 32);
    let mask = 0xffff_ffff_u64 << (40 - bits - 32);
    let field: [u8; 5] = frame[whole..whole + 5].try_into().unwrap();
    let old = field.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
    frame[whole..whole + 5].copy_from_slice(&(old & !mask | size).to_be_bytes()[3..]);
}

fn is_keyframe(packet: &[u8]) -> bool {
    packet[FRAME_HEAD_BYTES..].starts_with(&KEYFRAME)
}

/// The pictures in the middle of both groups.
fn pictures(bytes: Vec<u8>) -> [Result<RgbImage, ErrorCode>; 2] {
    let taken = take_all(Arc::new(Memory(bytes)), vec![stills(at(&[400, 1_400]))]).unwrap();
    let picture = |index: usize| {
        let picture = &taken.pictures[0][index];
        picture.result.as_ref().map(decoded).map_err(|failure| failure.code)
    };
    [picture(0), picture(1)]
}

fn assert_little_memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb / 1_000 < PEAK_MB_MAX, "{peak_kb} kB");
}

#[test]
fn a_keyframe_of_too_many_pixels_fails_and_costs_nothing() {
    let right = pictures(file(packets()));
    let (head, mut packets) = packets();
    let second = packets.iter().rposition(|packet| is_keyframe(packet)).expect("a second group");
    assert!(0 < second);
    enlarge(&mut packets[second]);
    let [first, second] = pictures(file((head, packets)));
    assert_eq!((first == right[0], second), (true, Err(ErrorCode::DecodeFailed)));
    assert_little_memory();
}

#[test]
fn a_frame_that_hides_behind_another_is_not_decoded() {
    let right = pictures(file(packets()));
    let (head, mut packets) = packets();
    let mut hidden = packets.iter().find(|packet| is_keyframe(packet)).unwrap().clone();
    enlarge(&mut hidden);
    let hidden = hidden.split_off(FRAME_HEAD_BYTES);
    let shown = &mut packets[0];
    let has_list = shown.last().is_some_and(|&last| last >> 5 == 0b110);
    assert!(!has_list, "nothing can hide behind a list");
    shown.extend_from_slice(&hidden);
    let size = (shown.len() - FRAME_HEAD_BYTES) as u32;
    shown[..4].copy_from_slice(&size.to_le_bytes());
    assert!(pictures(file((head, packets))) == right);
    assert_little_memory();
}
