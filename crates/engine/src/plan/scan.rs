//! Packets in coding order from a keyframe on, looked up by presentation time.

use std::collections::BTreeMap;

use super::cursor::time_of;
use super::spill::{KEPT_BYTES, Spilled};
use crate::av::{AvError, Packet};
use crate::cut::Part;
use crate::h264::Count;
use crate::nonref::{PictureType, Role, Roles};

/// A packet and what it is for.
pub struct Entry {
    /// The packet; its bytes may have been dropped.
    pub packet: Packet,
    /// Whether others need it.
    pub role: Role,
    /// Whether it has to be decoded for the targets of its group; true until those are known.
    pub is_needed: bool,
    /// Bytes of the packet, also of a dropped one.
    pub size_bytes: u64,
    /// Where its bytes are to be had again, when they were given up on purpose.
    pub spilled: Option<Spilled>,
    /// Whether decoding can begin with it.
    is_key: bool,
}

/// What of the bytes is kept.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// More than these, and none are.
    pub bytes_max: u64,
    /// Whether they can be given up and read again one by one.
    pub can_spill: bool,
}

impl Entry {
    /// The packet that holds only these parts of this one; `None` when there are none.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn with_parts(&self, parts: &[Part]) -> Result<Option<Packet>, AvError> {
        if parts.is_empty() {
            return Ok(None);
        }
        let is_whole = Part::are_whole(parts, self.packet.data().len());
        if is_whole { self.packet.share() } else { self.packet.with_parts(parts) }.map(Some)
    }

    /// Puts another packet in place of this one; without one, it need not be decoded.
    pub fn replace(&mut self, packet: Option<Packet>) {
        self.is_needed = packet.is_some();
        if let Some(packet) = packet {
            self.size_bytes = packet.data().len() as u64;
            self.packet = packet;
        }
    }
}

/// A run of packets without gaps. Places are counted from the first packet that was ever pushed, so that
/// they stay the same when the front is dropped.
pub struct Scan {
    entries: Vec<Entry>,
    first_place: usize,
    shown: BTreeMap<i64, usize>,
    keys: BTreeMap<i64, usize>,
    size_bytes: u64,
    /// Place of the last reference picture, while it is not known when it is shown.
    unsettled: Option<usize>,
    /// The numbers of the pictures, to notice missing ones.
    count: Count,
    /// Whether no packet follows.
    pub is_ended: bool,
    /// Whether all packets hold their bytes.
    pub has_data: bool,
    /// Whether keyframes carry no presentation time, so that only the decoder knows the order.
    pub is_clockless: bool,
    /// Whether temporal layers forbid to leave packets out by their roles.
    pub is_layered: bool,
    /// Whether nothing may be left out.
    pub needs_all: bool,
}

impl Scan {
    /// A scan that begins with a keyframe.
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            first_place: 0,
            shown: BTreeMap::new(),
            keys: BTreeMap::new(),
            size_bytes: 0,
            unsettled: None,
            count: Count::default(),
            is_ended: false,
            has_data: true,
            is_clockless: false,
            is_layered: false,
            needs_all: false,
        }
    }

    /// Adds the next packet; drops all bytes when they come to more than there is room for.
    pub fn push(&mut self, mut packet: Packet, roles: &Roles, can_reorder: bool, room: Room) {
        let place = self.first_place + self.entries.len();
        let role = roles.role(packet.data());
        if packet.is_key() {
            self.count.begin();
        }
        if roles.lacks_pictures_before(packet.data(), &mut self.count) {
            packet.note_corrupt();
        }
        self.is_layered |= roles.forbids_skipping(packet.data());
        match roles.picture_type(packet.data()) {
            Some(PictureType::I | PictureType::P) => {
                self.settle_reference(packet.dts());
                self.unsettled = (packet.pts().is_none() && packet.dts().is_some()).then_some(place);
            }
            Some(PictureType::B) => {}
            None => self.is_clockless |= packet.is_key() && packet.pts().is_none() && can_reorder,
        }
        let is_key = packet.is_key() && roles.can_begin(packet.data());
        let size_bytes = packet.data().len() as u64;
        let is_full = room.can_spill && KEPT_BYTES <= self.size_bytes;
        let spilled = if is_full { Spilled::give_up(&mut packet) } else { None };
        self.size_bytes += packet.data().len() as u64;
        self.entries.push(Entry { packet, role, is_needed: true, size_bytes, spilled, is_key });
        self.note_time(place);
        self.has_data &= self.size_bytes <= room.bytes_max;
        if !self.has_data {
            let full = self.entries.iter_mut().rev().take_while(|entry| !entry.packet.data().is_empty());
            full.for_each(|entry| entry.packet.drop_data());
        }
    }

    /// Whether it is not known yet when the last reference picture is shown.
    pub fn is_unsettled(&self) -> bool {
        self.unsettled.is_some()
    }

    /// Notes that no packet follows. `start` is when the video begins.
    pub fn end(&mut self, start: Option<i64>) {
        self.is_ended = true;
        let last = self.entries.last().map(|entry| &entry.packet);
        // A video of one frame begins with it.
        let is_all = self.entries.len() == 1 && start.is_some() && self.first().dts() == start;
        let next = last.and_then(|packet| Some(packet.dts()? + packet.duration().max(1)));
        self.settle_reference(if is_all { start } else { next });
    }

    /// Fills in when the last reference picture without a presentation time is shown: when the decoder
    /// takes the next one.
    fn settle_reference(&mut self, next_dts: Option<i64>) {
        if let (Some(place), Some(pts)) = (self.unsettled.take(), next_dts) {
            self.entries[place - self.first_place].packet.set_pts(pts);
            self.note_time(place);
        }
    }

    fn note_time(&mut self, place: usize) {
        let entry = &self.entries[place - self.first_place];
        if let Some(time) = self.visible_time(&entry.packet) {
            self.shown.entry(time).or_insert(place);
            if entry.is_key {
                self.keys.entry(time).or_insert(place);
            }
        }
    }

    /// The first packet.
    pub fn first(&self) -> &Packet {
        &self.entries.first().expect("a scan begins with a keyframe").packet
    }

    /// The last packet that was pushed.
    pub fn last(&self) -> &Packet {
        &self.entries.last().expect("a scan begins with a keyframe").packet
    }

    /// How many packets there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Place of the first packet.
    pub fn first_place(&self) -> usize {
        self.first_place
    }

    /// The packet at a place.
    pub fn packet(&self, place: usize) -> &Packet {
        &self.entries[place - self.first_place].packet
    }

    /// Place of the last visible packet shown at or before a time.
    pub fn shown_at(&self, at: i64) -> Option<usize> {
        self.shown.range(..=at).next_back().map(|(_, &place)| place)
    }

    /// Place of the packet shown first of all, or first after a time.
    pub fn first_shown_after(&self, at: i64) -> Option<usize> {
        self.shown.range(at.saturating_add(1)..).next().map(|(_, &place)| place)
    }

    /// Place of the last visible keyframe shown at or before a time.
    pub fn key_at(&self, at: i64) -> Option<usize> {
        self.keys.range(..=at).next_back().map(|(_, &place)| place)
    }

    /// Place of the first visible keyframe.
    pub fn first_key(&self) -> Option<usize> {
        self.keys.first_key_value().map(|(_, &place)| place)
    }

    /// Whether at least `count` packets are shown after a time.
    pub fn has_after(&self, at: i64, count: usize) -> bool {
        self.shown.range(at.saturating_add(1)..).nth(count.saturating_sub(1)).is_some()
    }

    /// Whether bytes are missing in a packet from a place on, or before it.
    pub fn has_corrupt_from(&self, place: usize) -> bool {
        self.entries[place - self.first_place..].iter().any(|entry| entry.packet.is_corrupt())
    }

    /// Drops the packets before a place.
    pub fn keep_from(&mut self, place: usize) {
        self.entries.drain(..place - self.first_place);
        self.settle(place);
    }

    /// Splits at a place: this scan keeps what is before it.
    pub fn split_off(&mut self, place: usize) -> Self {
        let mut rest = Self { entries: self.entries.split_off(place - self.first_place), ..Self::new() };
        rest.unsettled = self.unsettled.take();
        rest.count = self.count;
        rest.is_ended = self.is_ended;
        rest.has_data = self.has_data;
        rest.is_clockless = self.is_clockless;
        rest.is_layered = self.is_layered;
        rest.needs_all = self.needs_all;
        (rest.shown, rest.keys) = (std::mem::take(&mut self.shown), std::mem::take(&mut self.keys));
        rest.settle(place);
        rest
    }

    /// The packets up to a place, with those that belong to the same frame or field pair.
    pub fn into_entries(mut self, last: usize, has_field_pairs: bool) -> Vec<Entry> {
        let mut end = last - self.first_place + 1;
        while self.entries.get(end).is_some_and(|entry| entry.packet.pts().is_none()) {
            end += 1;
        }
        end += usize::from(has_field_pairs);
        self.entries.truncate(end);
        self.entries
    }

    fn settle(&mut self, place: usize) {
        self.first_place = place;
        self.shown.retain(|_, shown| place <= *shown);
        self.keys.retain(|_, key| place <= *key);
        self.unsettled = self.unsettled.filter(|&unsettled| place <= unsettled);
        self.size_bytes = self.entries.iter().map(|entry| entry.packet.data().len() as u64).sum();
    }

    /// When a packet is shown; `None` when it is never shown or belongs to the packet before.
    fn visible_time(&self, packet: &Packet) -> Option<i64> {
        if packet.is_hidden() {
            return None;
        }
        if self.is_clockless { time_of(packet) } else { packet.pts() }
    }
}
