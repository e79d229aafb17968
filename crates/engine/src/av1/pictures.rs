//! The pictures of a run of packets, and which of them refer to which.

use std::ops::Range;

use super::frame::{FrameHeader, SLOTS};
use super::obu::{Kind, Obu, obus};
use super::sequence::Sequence;

/// A picture: a frame that is decoded, or a kept one that is shown.
#[derive(Debug)]
pub struct Picture {
    /// Slots that it reads, with the picture in each.
    pub reads: Vec<(usize, usize)>,
    /// Slots that it overwrites, a bit each.
    pub refreshes: u8,
    /// Whether it is seen.
    pub is_shown: bool,
    is_key: bool,
}

impl Picture {
    /// Whether it overwrites a slot.
    pub fn refreshes(&self, slot: usize) -> bool {
        self.refreshes >> slot & 1 == 1
    }
}

/// Some bytes of a packet.
#[derive(Debug)]
pub struct Piece {
    /// Where they are.
    pub range: Range<usize>,
    /// The picture that they belong to; `None` belongs to all.
    pub picture: Option<usize>,
}

/// The pictures of a run of packets that begins with a keyframe.
#[derive(Debug, Default)]
pub struct Pictures {
    /// In coding order.
    pub all: Vec<Picture>,
    /// The pieces of each packet.
    pub pieces: Vec<Vec<Piece>>,
    slots: [Option<usize>; SLOTS],
}

impl Pictures {
    /// Reads the headers in packets. `None` when they cannot be read, or a frame may depend on more than the
    /// pictures that it refers to.
    pub fn read(packets: &[&[u8]], configured: Option<&Sequence>) -> Option<Self> {
        let mut pictures = Self::default();
        let mut sequence = configured.cloned();
        let mut has_own_sequence = false;
        for data in packets {
            let mut pieces = Vec::new();
            for obu in obus(data)? {
                if obu.kind == Kind::Sequence {
                    let found = Some(Sequence::parse(&data[obu.payload.clone()])?);
                    if has_own_sequence && found != sequence {
                        return None;
                    }
                    (sequence, has_own_sequence) = (found, true);
                }
                let picture = pictures.owner(&obu, data, sequence.as_ref(), &pieces)?;
                pieces.push(Piece { range: obu.range, picture });
            }
            pictures.pieces.push(pieces);
        }
        Some(pictures)
    }

    /// The picture that an OBU belongs to, which may be a new one.
    fn owner(
        &mut self,
        obu: &Obu,
        data: &[u8],
        sequence: Option<&Sequence>,
        before: &[Piece],
    ) -> Option<Option<usize>> {
        match obu.kind {
            Kind::Sequence | Kind::Other => Some(None),
            Kind::TileList => None,
            _ if obu.is_layered => None,
            Kind::FrameRest => before.iter().rev().find_map(|piece| piece.picture).map(Some),
            Kind::Frame | Kind::FrameHeader => {
                let header = FrameHeader::parse(&data[obu.payload.clone()], sequence?)?;
                self.add(header).map(Some)
            }
        }
    }

    fn add(&mut self, header: FrameHeader) -> Option<usize> {
        if header.is_barrier {
            return None;
        }
        let reads = header.reads.iter().map(|&slot| Some((slot, self.slots[slot]?)));
        let reads: Vec<_> = reads.collect::<Option<_>>()?;
        let shows_key = header.is_existing && reads.iter().any(|&(_, picture)| self.all[picture].is_key);
        let picture = Picture {
            reads,
            refreshes: if shows_key { u8::MAX } else { header.refreshes },
            is_shown: header.is_shown,
            is_key: header.is_key || shows_key,
        };
        let id = self.all.len();
        for slot in (0..SLOTS).filter(|&slot| picture.refreshes(slot)) {
            self.slots[slot] = Some(id);
        }
        self.all.push(picture);
        Some(id)
    }

    /// The one picture that a packet shows.
    pub fn shown(&self, packet: usize) -> Option<usize> {
        let mut shown = self.pieces[packet].iter().filter_map(|piece| piece.picture).collect::<Vec<_>>();
        shown.dedup();
        shown.retain(|&picture| self.all[picture].is_shown);
        match shown[..] {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// Whether nothing refers to any picture of a packet.
pub fn is_disposable(data: &[u8], configured: Option<&Sequence>) -> bool {
    let (Some(obus), Some(sequence)) = (obus(data), configured) else { return false };
    let mut has_frame = false;
    obus.into_iter().all(|obu| match obu.kind {
        Kind::Other => true,
        Kind::Frame | Kind::FrameHeader => {
            has_frame = true;
            let header = FrameHeader::parse(&data[obu.payload], sequence);
            !obu.is_layered && header.is_some_and(|header| header.refreshes == 0 && !header.is_existing)
        }
        Kind::FrameRest => !obu.is_layered,
        Kind::Sequence | Kind::TileList => false,
    }) && has_frame
}
