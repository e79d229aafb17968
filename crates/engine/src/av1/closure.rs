//! Plans which bytes of a run of packets some targets need.

use super::frame::SLOTS;
use super::pictures::{Picture, Pictures, Piece};
use super::sequence::Sequence;
use crate::cut::Part;

/// What has to be decoded of each packet so that the pictures shown by the packets at `targets` come out as
/// they would of all: nothing, or these bytes. `None` when that cannot be told, and everything is needed.
///
/// The first packet has to be a keyframe's.
pub fn cut(packets: &[&[u8]], targets: &[usize], configured: Option<&Sequence>) -> Option<Vec<Vec<Part>>> {
    let pictures = Pictures::read(packets, configured)?;
    let wanted: Vec<_> = targets.iter().map(|&packet| pictures.shown(packet)).collect::<Option<_>>()?;
    let kept = closure(&pictures.all, &wanted);
    holds(&pictures.all, &kept).then(|| parts(&pictures, &kept))
}

/// The wanted pictures and all that they refer to, directly or not.
pub(super) fn closure(pictures: &[Picture], wanted: &[usize]) -> Vec<bool> {
    let mut kept = vec![false; pictures.len()];
    wanted.iter().for_each(|&picture| kept[picture] = true);
    // What a picture refers to stands before it, so that one pass from the end finds everything.
    for (id, picture) in pictures.iter().enumerate().rev() {
        if kept[id] {
            picture.reads.iter().for_each(|&(_, read)| kept[read] = true);
        }
    }
    kept
}

/// Whether every kept picture finds the pictures that it refers to in their slots when the others are left
/// out: the plan played through, as an assertion.
pub(super) fn holds(pictures: &[Picture], kept: &[bool]) -> bool {
    let mut slots = [None; SLOTS];
    pictures.iter().enumerate().filter(|(id, _)| kept[*id]).all(|(id, picture)| {
        let finds_all = picture.reads.iter().all(|&(slot, read)| slots[slot] == Some(read));
        for slot in (0..SLOTS).filter(|&slot| picture.refreshes(slot)) {
            slots[slot] = Some(id);
        }
        finds_all
    })
}

/// The bytes of each packet that belong to kept pictures, with those that belong to all pictures.
fn parts(pictures: &Pictures, kept: &[bool]) -> Vec<Vec<Part>> {
    let of_packet = |pieces: &Vec<Piece>| {
        if !pieces.iter().filter_map(|piece| piece.picture).any(|picture| kept[picture]) {
            return Vec::new();
        }
        let mut parts = Vec::new();
        for piece in pieces.iter().filter(|piece| piece.picture.is_none_or(|picture| kept[picture])) {
            Part::keep(&mut parts, piece.range.clone());
        }
        parts
    };
    pictures.pieces.iter().map(of_packet).collect()
}
