//! Decodes a group once and picks its targets out by presentation time.
//!
//! **Invariant:** a frame is handed on only when it was decoded whole and nothing before it in coding order
//! was damaged. What the decoder shows last, or instead, is never taken for a target.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

use crate::av::{Decoder, DecoderOptions, Frame, Packet};
use crate::deadline::Deadline;
use crate::error::EngineError;
use crate::media::Media;
use crate::nonref::Role;
use crate::plan::{Cursor, Group, Target, identity};

/// Frames that a target waits for before it is handed on: damage of a frame that it refers to may come to
/// light only when that frame is shown, which is this much later at most.
const HELD_FRAMES: usize = 4;

/// A decoder with what it may still spend.
pub struct GroupDecoder {
    decoder: Decoder,
    frames_left: u64,
    frames_decoded_max: u64,
    /// Packets that are sent before an error of an earlier one comes to light.
    delay: usize,
    deadline: Deadline,
}

/// Receives each target's frame; breaking ends the decoding.
pub type OnFrame<'a> = &'a mut dyn FnMut(&Target, &Frame) -> ControlFlow<()>;

/// How the decoding of a group ended.
pub struct Outcome {
    /// Targets that did not come out.
    pub missing: Vec<Target>,
    /// Why it ended early, if it did.
    pub error: Option<EngineError>,
}

impl GroupDecoder {
    /// Opens the decoder for the video.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] when there is none for the codec.
    pub fn open(media: &mut Media, thread_count: u32) -> Result<Self, EngineError> {
        let options =
            DecoderOptions { thread_count, pixels_per_frame_max: media.limits.pixels_per_frame_max };
        let unsupported = || EngineError::Unsupported { what: format!("codec {}", media.video.codec_name) };
        match Decoder::open(&media.demuxer, &media.video, options) {
            Ok(Some(decoder)) => {
                let frames = media.limits.frames_decoded_max;
                let delay = thread_count.saturating_sub(1) as usize;
                let deadline = media.deadline;
                Ok(Self { decoder, frames_left: frames, frames_decoded_max: frames, delay, deadline })
            }
            Ok(None) => Err(unsupported()),
            // A decoder that refuses to open says that the parameters are not for it.
            Err(error) if error.call == "avcodec_open2" => Err(unsupported()),
            Err(error) => Err(EngineError::Backend { call: error.call, code: error.code }),
        }
    }

    /// Decodes a group and hands on each target's frame. `packets` reads a group's packets again when it
    /// did not keep them.
    pub fn run(
        &mut self,
        group: &Group,
        packets: &mut dyn FnMut() -> Result<Packet, EngineError>,
        on_frame: OnFrame<'_>,
    ) -> Outcome {
        self.decoder.flush();
        let is_fast = group.targets.iter().flat_map(|target| &target.wanted).all(|wanted| wanted.is_fast);
        self.decoder.skip_loop_filter(is_fast);
        let mut pick = Pick::new(group, on_frame);
        let error = self.send_all(group, packets, &mut pick).err();
        // Draining may fail where the last packet was broken; what is missing then stays missing.
        if error.is_none() && self.decoder.send(None).is_ok() {
            self.receive_all(&mut pick);
        }
        Outcome { missing: pick.finish(), error }
    }

    fn send_all(
        &mut self,
        group: &Group,
        packets: &mut dyn FnMut() -> Result<Packet, EngineError>,
        pick: &mut Pick<'_, '_>,
    ) -> Result<(), EngineError> {
        for (place, entry) in group.entries.iter().enumerate() {
            self.deadline.check()?;
            let read_again;
            let packet = if group.has_data {
                &entry.packet
            } else {
                read_again = packets()?;
                &read_again
            };
            if pick.is_done() {
                break;
            }
            let is_superfluous = !group.needs_all && entry.role == Role::Disposable;
            if is_superfluous && !pick.is_target[place] {
                continue;
            }
            self.spend_frame()?;
            let sent = self.decoder.send(Some(packet));
            let is_broken = self.receive_all(pick) || sent.is_err();
            if is_broken && entry.role != Role::NoPicture {
                pick.note_damage(place.saturating_sub(self.delay));
            }
        }
        Ok(())
    }

    fn spend_frame(&mut self) -> Result<(), EngineError> {
        let most = self.frames_decoded_max;
        let error = EngineError::LimitExceeded { limit: "frames_decoded_max", most, actual: most + 1 };
        self.frames_left = self.frames_left.checked_sub(1).ok_or(error)?;
        Ok(())
    }

    /// Takes all frames that are ready; true when the decoder reported an error.
    fn receive_all(&mut self, pick: &mut Pick<'_, '_>) -> bool {
        loop {
            match self.decoder.receive() {
                Ok(Some(frame)) => pick.see(frame),
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }
}

/// Reads the packets of a group again, in order, for groups that were too large to keep.
pub fn read_again<'c>(
    group: &'c Group,
    cursor: &'c mut Cursor<'_>,
) -> impl FnMut() -> Result<Packet, EngineError> + 'c {
    let mut place = 0;
    move || {
        let planned = &group.entries[place].packet;
        let wanted = identity(planned);
        let mut next = if place == 0 { cursor.seek_key(group.seek_at)? } else { cursor.next()? };
        while place == 0 && next.as_ref().is_some_and(|packet| identity(packet) != wanted) {
            next = cursor.next()?;
        }
        place += 1;
        let mut packet = next.filter(|packet| identity(packet) == wanted).ok_or(EngineError::Truncated)?;
        if let Some(pts) = planned.pts() {
            packet.set_pts(pts);
        }
        Ok(packet)
    }
}

/// A target whose frame is here, waiting for the frames that it may refer to.
struct Held {
    target: usize,
    frame: Frame,
    /// Place of the frame's packet in the group.
    place: usize,
    /// How many frames must have been seen before it is handed on.
    ripe_at: usize,
}

/// Matches frames with targets.
struct Pick<'g, 'f> {
    group: &'g Group,
    places: BTreeMap<i64, usize>,
    is_target: Vec<bool>,
    pending: Vec<usize>,
    held: VecDeque<Held>,
    seen: usize,
    /// The last frame shown, for targets without a presentation time of their own.
    last: Option<Frame>,
    has_clockless: bool,
    first_damage: usize,
    missing: Vec<usize>,
    on_frame: OnFrame<'f>,
}

impl<'g, 'f> Pick<'g, 'f> {
    fn new(group: &'g Group, on_frame: OnFrame<'f>) -> Self {
        let times = group.entries.iter().enumerate();
        let places = times.filter_map(|(place, entry)| Some((entry.packet.pts()?, place))).collect();
        let mut is_target = vec![false; group.entries.len()];
        group.targets.iter().for_each(|target| is_target[target.entry] = true);
        let pending = (0..group.targets.len()).collect();
        Self {
            group,
            places,
            is_target,
            pending,
            held: VecDeque::new(),
            seen: 0,
            last: None,
            has_clockless: group.targets.iter().any(|target| target.pts.is_none()),
            first_damage: usize::MAX,
            missing: Vec::new(),
            on_frame,
        }
    }

    fn is_done(&self) -> bool {
        self.pending.is_empty() && self.held.is_empty()
    }

    fn note_damage(&mut self, place: usize) {
        self.first_damage = self.first_damage.min(place);
    }

    /// Looks at the next frame in presentation order.
    fn see(&mut self, frame: Frame) {
        let pts = frame.pts().unwrap_or(i64::MIN);
        let place = self.places.get(&pts).copied().unwrap_or(0);
        if frame.is_damaged() {
            self.note_damage(place);
        }
        self.seen += 1;
        let group = self.group;
        let mut waiting = std::mem::take(&mut self.pending);
        waiting.retain(|&index| {
            let target = &group.targets[index];
            match target.pts {
                Some(wanted) if wanted == pts || (target.or_later && wanted < pts) => {
                    self.hold(index, &frame, place);
                    false
                }
                Some(_) => true,
                // The frame before this one was the last at or before `at`.
                None if target.at < pts => {
                    let shown = self.last.take();
                    match shown.as_ref().or(target.or_later.then_some(&frame)) {
                        Some(shown) => self.hold(index, shown, place),
                        None => self.missing.push(index),
                    }
                    self.last = shown;
                    false
                }
                None => true,
            }
        });
        self.pending = waiting;
        self.last = self.has_clockless.then_some(frame);
        while self.held.front().is_some_and(|held| held.ripe_at <= self.seen) {
            self.release();
        }
    }

    fn hold(&mut self, target: usize, frame: &Frame, place: usize) {
        let ripe_at = self.seen + HELD_FRAMES;
        match frame.share() {
            Ok(frame) => self.held.push_back(Held { target, frame, place, ripe_at }),
            Err(_) => self.missing.push(target),
        }
    }

    fn release(&mut self) {
        if let Some(held) = self.held.pop_front() {
            if held.place < self.first_damage {
                if (self.on_frame)(&self.group.targets[held.target], &held.frame).is_break() {
                    self.pending.clear();
                    self.held.clear();
                }
            } else {
                self.missing.push(held.target);
            }
        }
    }

    /// Hands on what is held and names the targets that did not come out.
    fn finish(mut self) -> Vec<Target> {
        if let Some(last) = self.last.take() {
            let clockless = |&index: &usize| self.group.targets[index].pts.is_none();
            let (at_end, rest): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.pending).into_iter().partition(clockless);
            self.pending = rest;
            for index in at_end {
                self.hold(index, &last, 0);
            }
        }
        while !self.held.is_empty() {
            self.release();
        }
        self.missing.append(&mut self.pending);
        self.missing.iter().map(|&index| self.group.targets[index].clone()).collect()
    }
}
