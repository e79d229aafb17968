//! Picks the frames that are wanted out of what a decoder gives, by presentation time.
//!
//! **Invariant:** a frame is handed on only when it was decoded whole and nothing before it in coding order
//! was damaged. What the decoder shows last, or instead, is never taken for a target.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

use crate::av::Frame;
use crate::plan::{Entry, Target};

/// Frames that a target waits for before it is handed on: damage of a frame that it refers to may come to
/// light only when that frame is shown, which is this much later at most.
const HELD_FRAMES: usize = 4;

/// What becomes of the frames of targets. It is made at once and waits in place of the frame, which is many
/// times larger.
pub struct Hands<'h, T> {
    /// Makes something of a target's frame.
    pub make: &'h mut dyn FnMut(&Target, &Frame) -> T,
    /// Receives what was made of a frame that proved to be whole; breaking ends the decoding.
    pub hand_on: &'h mut dyn FnMut(&Target, T) -> ControlFlow<()>,
}

/// A target whose frame was here, waiting for the frames that it may refer to.
struct Held<T> {
    target: usize,
    made: T,
    /// Place of the frame's packet in the group.
    place: usize,
    /// How many frames must have been seen before it is handed on.
    ripe_at: usize,
}

/// Matches frames with targets.
pub struct Pick<'g, 'h, T> {
    targets: &'g [Target],
    places: BTreeMap<i64, usize>,
    pending: Vec<usize>,
    held: VecDeque<Held<T>>,
    seen: usize,
    /// The last frame shown, for targets without a presentation time of their own.
    last: Option<Frame>,
    has_clockless: bool,
    first_damage: usize,
    missing: Vec<usize>,
    hands: &'g mut Hands<'h, T>,
}

impl<'g, 'h, T> Pick<'g, 'h, T> {
    /// Waits for the frames of `targets`, which lie among `entries`.
    pub fn new(entries: &[Entry], targets: &'g [Target], hands: &'g mut Hands<'h, T>) -> Self {
        let times = entries.iter().enumerate();
        let places = times.filter_map(|(place, entry)| Some((entry.packet.pts()?, place))).collect();
        let pending = (0..targets.len()).collect();
        Self {
            targets,
            places,
            pending,
            held: VecDeque::new(),
            seen: 0,
            last: None,
            has_clockless: targets.iter().any(|target| target.pts.is_none()),
            first_damage: usize::MAX,
            missing: Vec::new(),
            hands,
        }
    }

    /// Whether every target was handed on or is missing.
    pub fn is_done(&self) -> bool {
        self.pending.is_empty() && self.held.is_empty()
    }

    /// Notes that the packet at a place of the group was damaged.
    pub fn note_damage(&mut self, place: usize) {
        self.first_damage = self.first_damage.min(place);
    }

    /// Looks at the next frame in presentation order.
    pub fn see(&mut self, frame: Frame) {
        let pts = frame.pts().unwrap_or(i64::MIN);
        let place = self.places.get(&pts).copied().unwrap_or(0);
        if frame.is_damaged() {
            self.note_damage(place);
        }
        self.seen += 1;
        let targets = self.targets;
        let mut waiting = std::mem::take(&mut self.pending);
        waiting.retain(|&index| {
            let target = &targets[index];
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
        if self.first_damage <= place {
            self.missing.push(target);
            return;
        }
        let made = (self.hands.make)(&self.targets[target], frame);
        self.held.push_back(Held { target, made, place, ripe_at });
    }

    fn release(&mut self) {
        if let Some(held) = self.held.pop_front() {
            if held.place < self.first_damage {
                if (self.hands.hand_on)(&self.targets[held.target], held.made).is_break() {
                    self.pending.clear();
                    self.held.clear();
                }
            } else {
                self.missing.push(held.target);
            }
        }
    }

    /// Hands on what is held and names the targets that did not come out.
    pub fn finish(mut self) -> Vec<Target> {
        if let Some(last) = self.last.take() {
            let clockless = |&index: &usize| self.targets[index].pts.is_none();
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
        self.missing.iter().map(|&index| self.targets[index].clone()).collect()
    }
}
