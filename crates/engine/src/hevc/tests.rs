//! Plans over real streams: what is left must decode to the same pixels as everything.

use proptest::prelude::*;
use stillframe_domain::Rng;
use stillframe_testkit::SeededRng;
use stillframe_testkit::clips::{ClipSpec, Codec, Container::*, cached};

use super::pictures::{Pictures, SLICES_MAX};
use super::*;
use crate::cut::Part;
use crate::fuzzing;
use crate::media::Media;
use crate::nal::Framing;
use crate::plan::Cursor;
use crate::trial::{check, decoded, encode, open, planned, whole_decode};

/// A clip by x265, with a hash of every picture in the stream, by which the decoder checks it.
fn x265(preset: &str, parameters: &str, container: &str) -> Media {
    let parameters = format!("log-level=error:hash=1:keyint=100{parameters}");
    encode(&format!("-c:v libx265 -preset {preset} -x265-params {parameters}"), container)
}

#[test]
fn streams_with_one_reference_need_few_pictures_and_give_the_same_pixels() {
    for preset in ["ultrafast", "superfast"] {
        let part = check(&mut x265(preset, "", "mp4"), 7, true);
        println!("preset {preset}: {part:.2} of the packets");
        assert!(part < 0.5, "{part} of the packets of preset {preset}");
    }
}

#[test]
fn other_presets_and_structures_give_the_same_pixels() {
    for (preset, parameters, container) in [
        ("veryfast", "", "mkv"),
        ("medium", ":weightb=1", "mp4"),
        ("superfast", ":open-gop=0:bframes=8:b-adapt=0", "ts"),
        ("superfast", ":slices=2:repeat-headers=1", "ts"),
        ("superfast", ":temporal-layers=1:bframes=7", "mp4"),
        ("superfast", ":bframes=0:ref=3:keyint=50", "mp4"),
    ] {
        let part = check(&mut x265(preset, parameters, container), 13, true);
        println!("{preset}{parameters}: {part:.2} of the packets");
    }
}

#[test]
fn every_file_of_the_matrix_gives_the_same_pixels() {
    for container in [Mp4, Mp4IndexLast, FragmentedMp4, IndexedFragmentedMp4, Mov, Mkv, MpegTs] {
        let clip = ClipSpec { codec: Codec::Hevc, container, ..ClipSpec::numbered() };
        println!("{container:?}: {:.2} of the packets", check(&mut open(&cached(&clip)), 29, true));
    }
}

#[test]
fn a_plan_that_lacks_one_needed_picture_never_gives_the_right_pixels() {
    let mut media = x265("superfast", "", "mp4");
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

/// The packets from the first keyframe on.
fn packets(media: &mut Media) -> Vec<Vec<u8>> {
    let mut cursor = Cursor::new(media);
    cursor.rewind().unwrap();
    std::iter::from_fn(|| cursor.next().unwrap()).map(|packet| packet.data().to_vec()).collect()
}

#[test]
fn the_assertion_notices_a_missing_picture_and_a_lost_count() {
    let mut media = x265("superfast", ":keyint=400:no-scenecut=1", "mp4");
    let parameters = Parameters::of_configuration(&media.video.extradata);
    let packets = packets(&mut media);
    let data: Vec<_> = packets.iter().map(Vec::as_slice).collect();
    let pictures = Pictures::read(&data, Framing::Lengths(4), &parameters).unwrap();
    let last = pictures.all.len() - 1;
    let kept = closure::closure(&pictures.all, &[last]);
    assert!(closure::holds(&pictures.all, &kept));
    let others = || (0..last).filter(|&picture| kept[picture]);
    for missing in others() {
        let mut spoilt = kept.clone();
        spoilt[missing] = false;
        assert!(!closure::holds(&pictures.all, &spoilt), "without picture {missing}");
    }
    // Order counts are told by so few bits that too wide a gap makes them another number.
    let mut pictures = pictures;
    pictures.all[last].reads.clear();
    pictures.all[last].slices.iter_mut().for_each(|slice| slice.header.active = [0; 2]);
    let alone = closure::closure(&pictures.all, &[last]);
    assert_eq!(alone.iter().filter(|is_kept| **is_kept).count(), 2);
    assert!(!closure::holds(&pictures.all, &alone), "a gap of {last} pictures");
}

#[test]
fn pictures_of_more_slices_than_may_be_are_not_planned_with() {
    let mut media = x265("superfast", ":slices=2", "mp4");
    let parameters = Parameters::of_configuration(&media.video.extradata);
    let first = packets(&mut media).remove(0);
    let slices = Framing::Lengths(4).units(&first).filter(|unit| first[unit.range.start] >> 1 < 32);
    let slices: Vec<_> = slices.map(|unit| &first[unit.framed]).collect();
    assert!(1 < slices.len(), "several slices");
    let last = slices[slices.len() - 1];
    let is_read = |slice_count: usize| {
        let packet = [&first[..], &last.repeat(slice_count - slices.len())].concat();
        Pictures::read(&[&packet], Framing::Lengths(4), &parameters).is_some()
    };
    assert!(is_read(slices.len()) && is_read(SLICES_MAX) && !is_read(SLICES_MAX + 1));
}

#[test]
fn spoilt_packets_are_read_without_harm() {
    let mut media = x265("superfast", ":wpp=0", "mp4");
    let parameters = Parameters::of_configuration(&media.video.extradata);
    let packets: Vec<_> = packets(&mut media).into_iter().take(40).collect();
    let rng = SeededRng::new(1);
    let mut planned_count = 0;
    for _ in 0..1_500 {
        let mut spoilt = packets.clone();
        for _ in 0..1 + rng.next_u64() % 4 {
            let packet = rng.next_u64() as usize % spoilt.len();
            // Headers stand at the front.
            let at = rng.next_u64() as usize % spoilt[packet].len().min(60);
            spoilt[packet][at] ^= 1 << (rng.next_u64() % 8);
        }
        let data: Vec<_> = spoilt.iter().map(Vec::as_slice).collect();
        fuzzing::plan_hevc(&fuzzing::input(&media.video.extradata, &data));
        let left = cut(&data, &[data.len() - 1], Framing::Lengths(4), &parameters);
        planned_count += usize::from(left.is_some());
    }
    assert!(100 < planned_count, "{planned_count} were planned all the same");
}

#[test]
fn spoilt_parameters_are_read_without_harm() {
    let mut media = x265("superfast", "", "mp4");
    let record = media.video.extradata.clone();
    let packets: Vec<_> = packets(&mut media).into_iter().take(10).collect();
    let data: Vec<_> = packets.iter().map(Vec::as_slice).collect();
    let rng = SeededRng::new(2);
    for _ in 0..1_500 {
        let mut spoilt = record.clone();
        for _ in 0..1 + rng.next_u64() % 4 {
            let at = 22 + rng.next_u64() as usize % (spoilt.len() - 22);
            spoilt[at] ^= 1 << (rng.next_u64() % 8);
        }
        fuzzing::plan_hevc(&fuzzing::input(&spoilt, &data));
    }
}

#[test]
fn slices_are_written_anew_only_where_pictures_are_left_out() {
    let mut media = x265("superfast", "", "mp4");
    let whole = media.video.extradata.clone();
    let packets = packets(&mut media);
    let data: Vec<_> = packets.iter().take(60).map(Vec::as_slice).collect();
    let parameters = Parameters::of_configuration(&whole);
    let all: Vec<_> = (0..data.len()).collect();
    let left = cut(&data, &all, Framing::Lengths(4), &parameters).unwrap();
    assert!(left.iter().zip(&data).all(|(parts, data)| Part::are_whole(parts, data.len())));
    let left = cut(&data, &[59], Framing::Lengths(4), &parameters).unwrap();
    let written = |parts: &&Vec<Part>| parts.iter().any(|part| matches!(part, Part::Written(_)));
    assert!(4 < left.iter().filter(written).count());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..6),
        record in prop::collection::vec(any::<u8>(), 0..120),
        has_lengths in any::<bool>(),
    ) {
        let parameters = Parameters::of_configuration(&record);
        let data: Vec<_> = packets.iter().map(Vec::as_slice).collect();
        let framing = if has_lengths { Framing::Lengths(4) } else { Framing::StartCodes };
        let _ = cut(&data, &[data.len() - 1], framing, &parameters);
    }
}
