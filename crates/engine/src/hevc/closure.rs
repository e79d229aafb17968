//! Plans which bytes of a run of packets some targets need.

use super::parameters::Parameters;
use super::pictures::{OrderCount, Picture, Pictures};
use super::ref_set::{Member, RefSet};
use super::rewrite::with_set;
use crate::cut::Part;
use crate::nal::Framing;

/// What has to be decoded of each packet so that the pictures in the packets at `targets` come out as they
/// would of all: nothing, or these bytes. `None` when that cannot be told, and everything is needed.
///
/// The first packet has to be a keyframe's.
pub fn cut(
    packets: &[&[u8]],
    targets: &[usize],
    framing: Framing,
    parameters: &Parameters,
) -> Option<Vec<Vec<Part>>> {
    let pictures = Pictures::read(packets, framing, parameters)?;
    let wanted: Vec<_> = targets.iter().map(|&packet| pictures.in_packet(packet)).collect::<Option<_>>()?;
    let kept = closure(&pictures.all, &wanted);
    if !holds(&pictures.all, &kept) {
        return None;
    }
    let mut parts = vec![Vec::new(); packets.len()];
    for (picture, _) in pictures.all.iter().zip(&kept).filter(|(_, is_kept)| **is_kept) {
        parts[picture.packet] = remains(picture, packets[picture.packet], &kept, framing)?;
    }
    Some(parts)
}

/// The wanted pictures and all that they refer to, directly or not, with the keyframe that begins.
pub(super) fn closure(pictures: &[Picture], wanted: &[usize]) -> Vec<bool> {
    let mut kept = vec![false; pictures.len()];
    // The decoder has to begin there, whatever is wanted.
    kept.iter_mut().take(1).for_each(|first| *first = true);
    wanted.iter().for_each(|&picture| kept[picture] = true);
    // What a picture refers to stands before it, so that one pass from the end finds everything.
    for (id, picture) in pictures.iter().enumerate().rev() {
        if kept[id] {
            picture.reads.iter().for_each(|&read| kept[read] = true);
        }
    }
    kept
}

/// The set of a picture when the pictures that are not kept are left out.
fn set_left(picture: &Picture, kept: &[bool]) -> RefSet {
    picture.set().without(|member| !picture.member(member.delta).is_some_and(|read| kept[read]))
}

/// Whether every kept picture gets its own order count, and finds in its lists the pictures that it refers to,
/// when the others are left out: the plan played through as a decoder would, as an assertion.
pub(super) fn holds(pictures: &[Picture], kept: &[bool]) -> bool {
    let mut counter = OrderCount::default();
    let mut buffer: Vec<usize> = Vec::new();
    pictures.iter().enumerate().filter(|(id, _)| kept[*id]).all(|(id, picture)| {
        let set = set_left(picture, kept);
        let found = |delta: i32| {
            let wanted = picture.order.checked_add(delta)?;
            buffer.iter().copied().find(|&in_buffer| pictures[in_buffer].order == wanted)
        };
        let finds_all = picture.slices.iter().all(|slice| {
            let pictures_of = |set: &RefSet, find: &dyn Fn(i32) -> Option<usize>| {
                let deltas = set.lists(slice.header.active)?.concat();
                deltas.into_iter().map(find).collect::<Option<Vec<_>>>()
            };
            let true_ones = pictures_of(picture.set(), &|delta| picture.member(delta));
            true_ones.is_some() && pictures_of(&set, &found) == true_ones
        });
        let in_buffer: Option<Vec<_>> = set.members().map(|&Member { delta, .. }| found(delta)).collect();
        let is_counted = picture
            .slices
            .first()
            .and_then(|slice| counter.next(&slice.header, picture.is_start, picture.is_anchor))
            == Some(picture.order);
        let is_whole = in_buffer.is_some();
        buffer = in_buffer.unwrap_or_default();
        buffer.push(id);
        finds_all && is_counted && is_whole
    })
}

/// What is left of a packet whose picture is kept: its slices without the pictures that are not.
fn remains(picture: &Picture, data: &[u8], kept: &[bool], framing: Framing) -> Option<Vec<Part>> {
    let set = set_left(picture, kept);
    let mut parts = Vec::new();
    let mut done = 0;
    if set != *picture.set() {
        for slice in &picture.slices {
            let unit = with_set(&data[slice.unit.range.clone()], &slice.payload, &slice.header, &set)?;
            if done < slice.unit.framed.start {
                Part::keep(&mut parts, done..slice.unit.framed.start);
            }
            parts.push(Part::Written(framing.framed(&unit)?));
            done = slice.unit.framed.end;
        }
    }
    if done < data.len() {
        Part::keep(&mut parts, done..data.len());
    }
    Some(parts)
}
