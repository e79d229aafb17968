//! Plans over real streams: what is left must decode to the same pixels as everything.

use proptest::prelude::*;
use stillframe_domain::{MediaTime, Rng};
use stillframe_testkit::SeededRng;
use stillframe_testkit::clips::{ClipSpec, Codec, Container::*, cached};

use super::pictures::Pictures;
use super::*;
use crate::fuzzing;
use crate::plan::Cursor;
use crate::trial::{check, decoded, encode, open, planned, whole_decode};

#[test]
fn fast_presets_of_svt_need_few_frames_and_give_the_same_pixels() {
    for preset in [8, 10] {
        let mut media = encode(&format!("-c:v libsvtav1 -preset {preset} -crf 40 -g 100"), "mp4");
        let part = check(&mut media, 7, true);
        println!("preset {preset}: {part:.2} of the packets");
        assert!(part < 0.5, "{part} of the packets of preset {preset}");
    }
}

#[test]
fn slow_presets_of_svt_give_the_same_pixels() {
    for preset in [5, 7] {
        let mut media = encode(&format!("-c:v libsvtav1 -preset {preset} -crf 40 -g 100"), "mkv");
        println!("preset {preset}: {:.2} of the packets", check(&mut media, 13, true));
    }
}

#[test]
fn every_file_of_the_matrix_gives_the_same_pixels() {
    for container in [Mp4, Mp4IndexLast, FragmentedMp4, IndexedFragmentedMp4, Mkv, Webm] {
        let clip = ClipSpec { codec: Codec::Av1, container, ..ClipSpec::numbered() };
        println!("{container:?}: {:.2} of the packets", check(&mut open(&cached(&clip)), 29, true));
    }
}

#[test]
fn film_grain_is_the_same() {
    let arguments = "-c:v libsvtav1 -preset 8 -crf 40 -g 100 -svtav1-params film-grain=12";
    check(&mut encode(arguments, "mp4"), 9, true);
}

#[test]
fn streams_of_libaom_give_the_same_pixels() {
    for (arguments, container) in [
        ("-c:v libaom-av1 -cpu-used 8 -crf 40 -b:v 0 -g 100 -lag-in-frames 25", "webm"),
        ("-c:v libaom-av1 -cpu-used 8 -usage realtime -b:v 200k -g 100", "mp4"),
    ] {
        let mut media = encode(arguments, container);
        println!("{arguments}: {:.2} of the packets", check(&mut media, 13, true));
    }
}

#[test]
fn frames_that_are_kept_and_shown_later_are_found() {
    let mut media = encode("-c:v libaom-av1 -cpu-used 6 -crf 40 -b:v 0 -g 100 -lag-in-frames 25", "mkv");
    let frames = whole_decode(&mut media);
    let mut shown_again = 0;
    for &pts in frames.keys() {
        let time = media.timeline.time_of(pts);
        let group = planned(&mut media, &[time]).remove(0);
        // A packet that only shows a kept frame is a few bytes.
        if group.entries[group.targets[0].entry].size_bytes < 8 {
            shown_again += 1;
            assert!(decoded(&media, &group, 1).get(&pts) == frames.get(&pts), "frame at {time} differs");
        }
    }
    assert!(4 < shown_again, "{shown_again} frames are shown again");
}

#[test]
fn a_plan_that_lacks_one_needed_frame_never_gives_the_right_pixels() {
    let mut media = encode("-c:v libsvtav1 -preset 8 -crf 40 -g 100", "mp4");
    let frames = whole_decode(&mut media);
    let rng = SeededRng::new(7);
    let mut tried = 0;
    for &pts in frames.keys().step_by(5) {
        let time = media.timeline.time_of(pts);
        let mut group = planned(&mut media, &[time]).remove(0);
        let target = group.targets[0].entry;
        let others: Vec<_> =
            (1..target).filter(|&place| place != target && group.entries[place].is_needed).collect();
        if others.is_empty() {
            continue;
        }
        let removed = others[rng.next_u64() as usize % others.len()];
        group.entries[removed].is_needed = false;
        let found = decoded(&media, &group, 1);
        assert!(found.get(&pts) != frames.get(&pts), "frame at {time} without packet {removed}");
        tried += 1;
    }
    assert!(20 < tried, "{tried} plans were spoilt");
}

#[test]
fn the_assertion_notices_a_missing_frame() {
    let mut media = encode("-c:v libsvtav1 -preset 8 -crf 40 -g 100", "mp4");
    let group = planned(&mut media, &[MediaTime::from_millis(3_800)]).remove(0);
    let packets: Vec<_> = group.entries.iter().map(|entry| entry.packet.data()).collect();
    let sequence = Sequence::of_configuration(&media.video.extradata);
    let pictures = Pictures::read(&packets, sequence.as_ref()).unwrap();
    let kept = closure::closure(&pictures.all, &[pictures.shown(packets.len() - 1).unwrap()]);
    assert!(closure::holds(&pictures.all, &kept));
    for missing in (0..kept.len() - 1).filter(|&picture| kept[picture]) {
        let mut spoilt = kept.clone();
        spoilt[missing] = false;
        assert!(!closure::holds(&pictures.all, &spoilt), "without picture {missing}");
    }
}

/// A packet of a real stream with its sequence header, to be spoilt.
fn real_packets() -> Vec<Vec<u8>> {
    let mut media = encode("-c:v libsvtav1 -preset 10 -crf 50 -g 40 -frames:v 40", "mkv");
    let mut cursor = Cursor::new(&mut media);
    cursor.rewind().unwrap();
    std::iter::from_fn(|| cursor.next().unwrap()).map(|packet| packet.data().to_vec()).collect()
}

#[test]
fn spoilt_packets_are_read_without_harm() {
    let packets = real_packets();
    let rng = SeededRng::new(1);
    for _ in 0..10_000 {
        let mut spoilt = packets.clone();
        for _ in 0..1 + rng.next_u64() % 4 {
            let packet = rng.next_u64() as usize % spoilt.len();
            // Headers stand at the front.
            let at = rng.next_u64() as usize % spoilt[packet].len().min(40);
            spoilt[packet][at] ^= 1 << (rng.next_u64() % 8);
        }
        let data: Vec<_> = spoilt.iter().map(Vec::as_slice).collect();
        fuzzing::plan_av1(&fuzzing::input(&[], &data));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..6),
        record in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let sequence = Sequence::of_configuration(&record);
        let data: Vec<_> = packets.iter().map(Vec::as_slice).collect();
        let _ = cut(&data, &[data.len() - 1], sequence.as_ref());
        let _ = is_disposable(data[0], sequence.as_ref());
    }
}
