//! The pictures of a run of packets, and which of them refer to which.

use super::parameters::{PPS, Parameters, SPS, VPS};
use super::ref_set::{Member, RefSet};
use super::slice::{Kind, Parsed, SliceHeader};
use crate::nal::{Framing, Payload, Unit};

/// Bytes of a slice that its header is looked for in; it is longer only with a hostile extension.
const HEADER_BYTES_MAX: usize = 2_048;

/// Slices of a picture that are told apart (table A.8, at the highest level).
pub(super) const SLICES_MAX: usize = 600;

/// A slice of a picture.
#[derive(Debug)]
pub struct Slice {
    /// Its unit in the packet.
    pub unit: Unit,
    /// The front of it.
    pub payload: Payload,
    /// Its header.
    pub header: SliceHeader,
}

/// A picture, which is all that a packet holds.
#[derive(Debug)]
pub struct Picture {
    /// Its packet.
    pub packet: usize,
    /// The picture order count, counted from some keyframe before.
    pub order: i32,
    /// Its reference picture set, with the picture of each member; pictures that decoding passes over are
    /// none.
    pub members: Vec<(Member, Option<usize>)>,
    /// The pictures in the active lists of its slices, each once.
    pub reads: Vec<usize>,
    /// Its slices that have a header.
    pub slices: Vec<Slice>,
    /// Whether later order counts are told by their distance to it.
    pub is_anchor: bool,
    /// Whether it begins anew to count.
    pub is_start: bool,
}

impl Picture {
    /// The set that all of its slices have.
    pub fn set(&self) -> &RefSet {
        &self.slices[0].header.set
    }

    /// The picture at a distance.
    pub fn member(&self, delta: i32) -> Option<usize> {
        self.members.iter().find(|(member, _)| member.delta == delta)?.1
    }
}

/// Works out order counts (8.3.1).
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderCount {
    anchor: i32,
}

impl OrderCount {
    /// The count of the next picture.
    pub fn next(&mut self, header: &SliceHeader, is_start: bool, is_anchor: bool) -> Option<i32> {
        let (order, range) = (header.order as i32, header.order_range as i32);
        let count = if is_start {
            order
        } else {
            let high = self.anchor & !(range - 1);
            let step = order - (self.anchor & (range - 1));
            let high = if step <= -range / 2 {
                high.checked_add(range)?
            } else if range / 2 < step {
                high.checked_sub(range)?
            } else {
                high
            };
            high.checked_add(order)?
        };
        if is_anchor {
            self.anchor = count;
        }
        Some(count)
    }
}

/// The pictures of a run of packets that begins with a keyframe.
#[derive(Debug, Default)]
pub struct Pictures {
    /// In coding order.
    pub all: Vec<Picture>,
    /// The pictures that are kept for others.
    buffer: Vec<usize>,
    counter: OrderCount,
    /// Whether another keyframe than the first was seen.
    has_second_key: bool,
}

impl Pictures {
    /// Reads the headers in packets. `None` when they cannot be read, or a picture may depend on more than
    /// the pictures that it refers to.
    pub fn read(packets: &[&[u8]], framing: Framing, parameters: &Parameters) -> Option<Self> {
        let mut parameters = parameters.clone();
        let mut pictures = Self::default();
        for (place, data) in packets.iter().enumerate() {
            let read = read_packet(data, framing, &mut parameters, place == 0)?;
            if read.slices.is_empty() && 0 < place {
                continue;
            }
            pictures.add(place, read)?;
        }
        Some(pictures)
    }

    /// The picture in a packet; `None` when decoding passes over it.
    pub fn in_packet(&self, packet: usize) -> Option<usize> {
        self.all.binary_search_by_key(&packet, |picture| picture.packet).ok()
    }

    fn add(&mut self, place: usize, Packet { kind, temporal_id, slices }: Packet) -> Option<()> {
        let (id, is_start) = (self.all.len(), self.all.is_empty());
        if is_start && !kind.is_irap() {
            return None;
        }
        // What comes after a keyframe that forgets everything belongs to another group.
        if !is_start && (kind.is_idr() || kind.is_bla()) {
            return None;
        }
        self.has_second_key |= !is_start && kind.is_irap();
        if kind.is_skipped_leading() && !self.has_second_key {
            return Some(());
        }
        let header = &slices.first()?.header;
        let is_anchor = kind.is_anchor() && temporal_id == 0;
        let order = self.counter.next(header, is_start, is_anchor)?;
        let find = |member: &Member| {
            let wanted = order.checked_add(member.delta)?;
            self.buffer.iter().copied().find(|&picture| self.all[picture].order == wanted)
        };
        let members: Vec<_> = header.set.members().map(|member| (*member, find(member))).collect();
        // Nothing is there before the first; later, nothing may be absent.
        if !is_start && members.iter().any(|(_, picture)| picture.is_none()) {
            return None;
        }
        self.buffer = members.iter().filter_map(|(_, picture)| *picture).chain([id]).collect();
        let mut picture =
            Picture { packet: place, order, members, reads: Vec::new(), slices, is_anchor, is_start };
        picture.reads = reads(&picture)?;
        self.all.push(picture);
        Some(())
    }
}

/// The pictures in the active lists, each once.
fn reads(picture: &Picture) -> Option<Vec<usize>> {
    let mut reads = Vec::new();
    for slice in &picture.slices {
        for delta in slice.header.set.lists(slice.header.active)?.into_iter().flatten() {
            let read = picture.member(delta)?;
            if !reads.contains(&read) {
                reads.push(read);
            }
        }
    }
    Some(reads)
}

/// What a packet holds.
#[derive(Default)]
struct Packet {
    kind: Kind,
    temporal_id: u8,
    slices: Vec<Slice>,
}

/// Reads the headers of one packet, which may hold one picture or none.
fn read_packet(data: &[u8], framing: Framing, parameters: &mut Parameters, is_first: bool) -> Option<Packet> {
    let mut packet = Packet::default();
    let mut units = framing.units(data);
    for unit in units.by_ref() {
        let bytes = &data[unit.range.clone()];
        let [first, second, ..] = bytes else { return None };
        let (layer, temporal_id) = ((first & 1) << 5 | second >> 3, (second & 7).checked_sub(1)?);
        if 0x80 <= *first || layer != 0 {
            return None;
        }
        match (Kind::of_slice(bytes), first >> 1 & 63) {
            (Some(kind), _) => {
                packet.take_slice(Packet { kind, temporal_id, slices: vec![] }, (unit, bytes), parameters)?
            }
            // Parameters that change within a group may be in a packet that is left out.
            (None, VPS | SPS | PPS) if parameters.take(bytes) || is_first => {}
            // The end of a sequence, after which counting begins anew.
            (None, VPS | SPS | PPS | 36 | 37) => return None,
            (None, _) => {}
        }
    }
    (!units.is_broken()).then_some(packet)
}

impl Packet {
    /// Takes the next slice, which must belong to the same picture.
    fn take_slice(
        &mut self,
        Packet { kind, temporal_id, .. }: Packet,
        (unit, bytes): (Unit, &[u8]),
        parameters: &Parameters,
    ) -> Option<()> {
        if !kind.is_known() || SLICES_MAX <= self.slices.len() {
            return None;
        }
        let payload = Payload::of(bytes, HEADER_BYTES_MAX);
        let parsed = SliceHeader::parse(&payload, kind, parameters)?;
        match (parsed, self.slices.first()) {
            (Parsed::Header(header), None) if header.is_first => {
                (self.kind, self.temporal_id) = (kind, temporal_id);
                self.slices.push(Slice { unit, payload, header: *header });
            }
            (Parsed::Header(header), Some(first)) => {
                let is_same = !header.is_first
                    && (self.kind, self.temporal_id) == (kind, temporal_id)
                    && (header.order, &header.set) == (first.header.order, &first.header.set);
                is_same.then(|| self.slices.push(Slice { unit, payload, header: *header }))?;
            }
            (Parsed::Dependent, Some(_)) if self.kind == kind => {}
            _ => return None,
        }
        Some(())
    }
}
