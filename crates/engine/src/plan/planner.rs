//! Resolves the wanted times one after another and gathers them into groups.
//!
//! Times are taken in ascending order, but for whole groups (`order.rs`). A group begins at a keyframe and
//! grows until the next time is better reached from another keyframe; so packets are decoded once, whatever
//! the number of pictures.

use std::collections::VecDeque;

use stillframe_domain::{ErrorCode, Failure};

use super::cursor::{Cursor, time_of};
use super::foresee::foresee;
use super::group::{Group, Target};
use super::order::ordered;
use super::reorder::{REORDERED_FRAMES_MAX, has_decoding_times, is_decoded_after, reordered_frames};
use super::scan::{Entry, Room, Scan};
use super::spill::Spill;
use super::wanted::{Choice, Wanted};
use crate::av::Packet;
use crate::error::EngineError;
use crate::media::{Media, check_limit};
use crate::nonref::Role;

/// One step of the plan.
pub enum Step {
    /// Frames to decode.
    Group(Group),
    /// A picture that cannot be had.
    Failed(Wanted, Failure),
}

/// Yields the steps of a plan.
pub struct Planner<'m> {
    cursor: Cursor<'m>,
    queue: VecDeque<Wanted>,
    carried: Option<Scan>,
    failed: Vec<(Wanted, Failure)>,
    /// Whether all packets from a keyframe to a target are decoded, but the unreferenced.
    is_naive: bool,
    /// Reads packets again whose bytes are not kept.
    spill: Option<Spill>,
}

enum Resolved {
    /// The frame at this place.
    Frame { place: usize, or_later: bool },
    /// A frame that is better reached from the keyframe at this place.
    FromKey(usize),
    /// No frame, for this reason.
    Failed(Failure),
}

impl<'m> Planner<'m> {
    /// A plan for these frames.
    pub fn new(mut cursor: Cursor<'m>, wanted: Vec<Wanted>) -> Self {
        let wanted = ordered(&cursor, wanted);
        if let Err(error) = foresee(&mut cursor, &wanted) {
            // Whoever reads will hear of it.
            tracing::debug!(%error, "cannot foresee what will be read");
        }
        let queue = wanted.into();
        Self { cursor, queue, carried: None, failed: Vec::new(), is_naive: false, spill: None }
    }

    /// The same with fewer bytes of packets in memory, for those who decode by [`Group::restored`].
    pub fn spilling(mut self) -> Self {
        self.spill = Spill::of(self.cursor.media());
        self
    }

    /// The same without what the codec tells exactly, as a measure of what that saves.
    pub fn naive(cursor: Cursor<'m>, wanted: Vec<Wanted>) -> Self {
        Self { is_naive: true, ..Self::new(cursor, wanted) }
    }

    /// The video.
    pub fn media(&self) -> &Media {
        self.cursor.media()
    }

    /// Whether frames between keyframes may be wanted.
    pub fn has_exact(&self) -> bool {
        self.queue.iter().any(|wanted| wanted.choice != Choice::Keyframe)
    }

    /// About how many groups there will be, at least 1.
    pub fn group_count(&self) -> usize {
        let times = || self.queue.iter().map(|wanted| wanted.at);
        1 + times().zip(times().skip(1)).filter(|&(from, to)| self.cursor.is_far(from, to)).count()
    }

    /// The cursor, for reading a group's packets again. Moving it makes the plan seek afresh.
    pub fn cursor(&mut self) -> &mut Cursor<'m> {
        self.carried = None;
        &mut self.cursor
    }

    /// The next step; `None` when every frame was planned.
    pub fn next(&mut self) -> Option<Step> {
        loop {
            if let Some((wanted, failure)) = self.failed.pop() {
                return Some(Step::Failed(wanted, failure));
            }
            let first = *self.queue.front()?;
            if self.media().video.is_attached_picture {
                return Some(self.attached_picture(first));
            }
            let started = match self.carried.take() {
                Some(scan) => Ok(Some(scan)),
                None => self.start_for(first),
            };
            match started {
                Ok(Some(scan)) => {
                    if let Some(group) = self.gather(scan) {
                        return Some(Step::Group(group));
                    }
                }
                Ok(None) => self.fail_front(|planner| planner.unreachable()),
                Err(error) => self.fail_front(|_| error.failure()),
            }
        }
    }

    /// The same targets reached from one keyframe further back, or with all that was left out; `None` when
    /// that is no more.
    ///
    /// # Errors
    /// When the source fails or a limit is reached.
    pub fn widen(&mut self, group: &Group, targets: &[Target]) -> Result<Option<Group>, EngineError> {
        self.carried = None;
        let first = identity(&group.entries.first().expect("a group has packets").packet);
        let Some(before) = first else { return Ok(None) };
        let seek_at = if group.is_cut { before } else { before.saturating_sub(1) };
        let Some(mut scan) = self.start(seek_at)? else { return Ok(None) };
        if identity(scan.first()) == first && !group.is_cut {
            return Ok(None);
        }
        let most = u64::from(self.cursor.media().limits.packets_per_target_max);
        let mut left: Vec<_> = targets.iter().collect();
        let mut found = Vec::new();
        while !left.is_empty() && self.pull(&mut scan)? {
            check_limit("packets_per_target_max", most, scan.len() as u64)?;
            let entry = scan.len() - 1;
            let this = identity(scan.packet(scan.first_place() + entry));
            left.retain(|target| {
                let is_this = identity(&group.entries[target.entry].packet) == this;
                if is_this {
                    found.push(Target { entry, ..(*target).clone() });
                }
                !is_this
            });
        }
        if !left.is_empty() {
            return Ok(None);
        }
        for _ in 0..if scan.is_clockless { REORDERED_FRAMES_MAX } else { 0 } {
            self.pull(&mut scan)?;
        }
        scan.needs_all = true;
        Ok(Some(self.close(scan, found, seek_at)))
    }

    /// The one picture beside the sound, which stands for every time.
    fn attached_picture(&mut self, first: Wanted) -> Step {
        let media = self.cursor.media();
        let packet = match media.demuxer.attached_picture(media.video.index) {
            Ok(packet) => packet,
            Err(_) => {
                self.queue.pop_front();
                return Step::Failed(
                    first,
                    Failure::new(ErrorCode::DecodeFailed, "there is no cover picture"),
                );
            }
        };
        let mut scan = Scan::new();
        self.push(&mut scan, packet);
        let wanted = self.queue.drain(..).collect();
        let target = Target { entry: 0, pts: None, at: 0, or_later: false, wanted };
        Step::Group(Group { has_data: true, ..self.close(scan, vec![target], 0) })
    }

    fn fail_front(&mut self, reason: impl FnOnce(&mut Self) -> Failure) {
        if let Some(wanted) = self.queue.pop_front() {
            let failure = reason(self);
            self.failed.push((wanted, failure));
        }
    }

    /// Why there is not even a keyframe.
    fn unreachable(&mut self) -> Failure {
        match self.cursor.is_cut_off() {
            Ok(true) => truncated(),
            Ok(false) => Failure::new(ErrorCode::DecodeFailed, "no frame of the video can be decoded"),
            Err(error) => error.failure(),
        }
    }

    fn start_for(&mut self, wanted: Wanted) -> Result<Option<Scan>, EngineError> {
        if wanted.choice != Choice::Exact {
            self.cursor.look_at_key(wanted.at)?;
        }
        self.start(wanted.at)
    }

    /// A scan that begins with a keyframe shown at or before a time, or with the first.
    fn start(&mut self, at: i64) -> Result<Option<Scan>, EngineError> {
        let Some(mut scan) = self.start_near(at)? else { return Ok(None) };
        if time_of(scan.first()).is_some_and(|shown| at < shown) {
            // A keyframe without a presentation time was judged by when it is decoded.
            let earlier = identity(scan.first()).unwrap_or(at).saturating_sub(1);
            if let Some(before) = self.start_near(earlier)? {
                scan = before;
            }
        }
        Ok(Some(scan))
    }

    fn start_near(&mut self, at: i64) -> Result<Option<Scan>, EngineError> {
        let Some(packet) = self.cursor.seek_key(at)? else { return Ok(None) };
        let mut scan = Scan::new();
        self.push(&mut scan, packet);
        while scan.is_unsettled() && scan.len() < REORDERED_FRAMES_MAX && self.pull(&mut scan)? {}
        Ok(Some(scan))
    }

    fn push(&self, scan: &mut Scan, packet: Packet) {
        let media = self.cursor.media();
        let room = Room { bytes_max: media.limits.packet_bytes_kept_max, can_spill: self.spill.is_some() };
        scan.push(packet, self.cursor.roles(), media.video.can_reorder, room);
    }

    /// Reads one packet more; false at the end.
    fn pull(&mut self, scan: &mut Scan) -> Result<bool, EngineError> {
        match self.cursor.next()? {
            Some(packet) => {
                self.push(scan, packet);
                Ok(true)
            }
            None => {
                scan.end(self.cursor.media().video.start);
                Ok(false)
            }
        }
    }

    /// Takes wanted frames from the queue as long as they are best reached with this scan.
    fn gather(&mut self, mut scan: Scan) -> Option<Group> {
        let mut targets: Vec<(usize, Target)> = Vec::new();
        let mut seek_at = None;
        let mut used: Option<usize> = None;
        let mut tried: Option<i64> = None;
        while let Some(&wanted) = self.queue.front() {
            if tried.is_some_and(|at| wanted.at < at || self.cursor.is_far(at, wanted.at)) {
                break;
            }
            tried = Some(wanted.at);
            match self.resolve(&mut scan, wanted, used) {
                Ok(Resolved::Frame { place, or_later }) => {
                    self.queue.pop_front();
                    seek_at.get_or_insert(wanted.at);
                    used = used.max(Some(place));
                    add(&mut targets, &scan, place, wanted, or_later);
                }
                Ok(Resolved::FromKey(place)) => {
                    self.carried = Some(scan.split_off(place));
                    break;
                }
                Ok(Resolved::Failed(failure)) => self.fail_front(|_| failure),
                Err(error) => {
                    self.fail_front(|_| error.failure());
                    break;
                }
            }
        }
        let seek_at = seek_at?;
        let first_place = scan.first_place();
        let targets = targets
            .into_iter()
            .map(|(place, target)| Target { entry: place - first_place, ..target })
            .collect();
        Some(self.close(scan, targets, seek_at))
    }

    fn close(&self, scan: Scan, targets: Vec<Target>, seek_at: i64) -> Group {
        let last = targets.iter().map(|target| target.entry).max().unwrap_or(0) + scan.first_place();
        let (has_data, needs_all) = (scan.has_data, scan.needs_all || scan.is_clockless);
        let is_layered = scan.is_layered;
        let last = if scan.is_clockless { scan.first_place() + scan.len() - 1 } else { last };
        let whole = scan.len().saturating_sub(REORDERED_FRAMES_MAX);
        let cut_from = if scan.is_ended { whole } else { usize::MAX };
        let frame_cost = self.cursor.frame_cost();
        let mut entries = scan.into_entries(last, self.cursor.media().video.is_interlaced);
        for entry in &mut entries {
            entry.is_needed = needs_all || is_layered || entry.role != Role::Disposable;
        }
        targets.iter().for_each(|target| entries[target.entry].is_needed = true);
        let is_cut = has_data && !needs_all && !self.is_naive && self.cut(&mut entries, &targets);
        entries.iter_mut().filter(|entry| !entry.is_needed).for_each(|entry| entry.packet.drop_data());
        let needed = entries.iter().filter(|entry| entry.is_needed);
        let cost = needed.map(|entry| frame_cost + entry.size_bytes).sum();
        let spill = self.spill.clone();
        Group { entries, targets, has_data, spill, is_cut, cut_from, seek_at, cost }
    }

    /// Leaves out of the packets what the targets do not need, where the codec tells that; false where not.
    fn cut(&self, entries: &mut [Entry], targets: &[Target]) -> bool {
        let packets: Vec<_> = entries.iter().map(|entry| entry.packet.data()).collect();
        let targets: Vec<_> = targets.iter().map(|target| target.entry).collect();
        let Some(parts) = self.cursor.roles().cut(&packets, &targets) else { return false };
        let left = entries.iter().zip(&parts).map(|(entry, parts)| entry.with_parts(parts));
        // Without memory for copies everything is decoded.
        let Ok(left) = left.collect::<Result<Vec<_>, _>>() else { return false };
        entries.iter_mut().zip(left).for_each(|(entry, packet)| entry.replace(packet));
        true
    }

    /// Finds the frame for a wanted time, reading on as far as needed. `used` is the last place that the
    /// group already needs.
    fn resolve(
        &mut self,
        scan: &mut Scan,
        wanted: Wanted,
        used: Option<usize>,
    ) -> Result<Resolved, EngineError> {
        let at = wanted.at;
        if wanted.choice != Choice::Exact && self.is_key_known(scan, at) {
            let key = scan.key_at(at).filter(|&key| is_chosen(scan, key, wanted.choice));
            if let Some(place) = key {
                return Ok(Resolved::Frame { place, or_later: false });
            }
        }
        self.read_past(scan, at, used)?;
        let key = scan.key_at(at);
        let place = match wanted.choice {
            Choice::Exact => None,
            Choice::Hybrid { .. } => key.filter(|&key| is_chosen(scan, key, wanted.choice)),
            Choice::Keyframe => match key {
                Some(key) => Some(key),
                None => self.first_key(scan)?,
            },
        };
        let is_exact = place.is_none();
        let Some(place) = place.or_else(|| scan.shown_at(at)).or_else(|| scan.first_shown_after(at)) else {
            return Ok(Resolved::Failed(self.unreachable()));
        };
        if let Some(failure) = self.past_the_end(scan, at, place)? {
            return Ok(Resolved::Failed(failure));
        }
        if is_exact && has_lost_frames(scan, at, place) {
            let failure = Failure::new(ErrorCode::DecodeFailed, "the video lacks the bytes of this frame");
            return Ok(Resolved::Failed(failure));
        }
        // Everything before the last keyframe that leads to the frame is superfluous.
        let start = key.filter(|&key| key <= place && !scan.is_clockless);
        match (start, used) {
            (Some(start), Some(used)) if used < start => return Ok(Resolved::FromKey(start)),
            (Some(start), None) => scan.keep_from(start),
            _ => {}
        }
        let or_later = time_of(scan.first()).is_some_and(|first| at < first);
        Ok(Resolved::Frame { place, or_later })
    }

    /// Whether the keyframe for a time is known to be the scan's first packet.
    fn is_key_known(&self, scan: &Scan, at: i64) -> bool {
        let indexed = self.cursor.known_key(at);
        let is_first = indexed.is_some() && [scan.first().dts(), scan.first().pts()].contains(&indexed);
        is_first && self.cursor.is_index_sure(at)
    }

    /// Reads on until no frame shown at or before `at` can follow.
    fn read_past(&mut self, scan: &mut Scan, at: i64, used: Option<usize>) -> Result<(), EngineError> {
        let media = self.cursor.media();
        let most = u64::from(media.limits.packets_per_target_max);
        let reordered = reordered_frames(&media.video);
        let has_dts = has_decoding_times(&media.facts.container);
        let mut count = 0;
        while !scan.is_ended && !scan.has_after(at, reordered + 1) {
            if self.cursor.is_last_before(scan.last(), at) || (has_dts && is_decoded_after(scan, at)) {
                break;
            }
            if !self.pull(scan)? {
                break;
            }
            count += 1;
            check_limit("packets_per_target_max", most, count)?;
            let last = scan.first_place() + scan.len() - 1;
            if used.is_none() && scan.key_at(at) == Some(last) && !scan.is_clockless {
                scan.keep_from(last);
            }
        }
        Ok(())
    }

    /// The first visible keyframe, when none is shown by the time asked for.
    fn first_key(&mut self, scan: &mut Scan) -> Result<Option<usize>, EngineError> {
        let most = u64::from(self.cursor.media().limits.packets_per_target_max);
        let mut count = 0;
        while scan.first_key().is_none() && !scan.is_ended {
            self.pull(scan)?;
            count += 1;
            check_limit("packets_per_target_max", most, count)?;
        }
        Ok(scan.first_key())
    }

    /// Why the last frame that can be read is not the frame for a time: the file was cut off before it.
    fn past_the_end(&mut self, scan: &Scan, at: i64, place: usize) -> Result<Option<Failure>, EngineError> {
        let packet = scan.packet(place);
        let has_checksums = self.cursor.media().clusters.is_some();
        if packet.is_corrupt() && scan.is_ended && !has_checksums {
            return Ok(Some(truncated()));
        }
        if !scan.is_ended {
            return Ok(None);
        }
        // A frame between this one and `at` may have been cut off with what follows.
        let end = time_of(packet).map(|time| time.saturating_add(packet.duration()));
        if end.is_some_and(|end| at < end) {
            return Ok(None);
        }
        Ok(self.cursor.is_cut_off()?.then(truncated))
    }
}

/// Whether the frame for a time was lost with bytes that the demuxer misses, so that the frame before it
/// must not stand for it.
fn has_lost_frames(scan: &Scan, at: i64, place: usize) -> bool {
    let packet = scan.packet(place);
    let end = packet.pts().map(|pts| pts.saturating_add(packet.duration()));
    let is_long_over = 0 < packet.duration() && end.is_some_and(|end| end <= at);
    is_long_over && scan.has_corrupt_from(place)
}

/// What tells a packet from others when it is read again: its decoding time, which is never filled in.
pub fn identity(packet: &Packet) -> Option<i64> {
    packet.dts().or(packet.pts())
}

/// Whether a keyframe satisfies a choice that prefers keyframes.
fn is_chosen(scan: &Scan, key: usize, choice: Choice) -> bool {
    match choice {
        Choice::Exact => false,
        Choice::Keyframe => true,
        Choice::Hybrid { not_before } => time_of(scan.packet(key)).is_some_and(|time| not_before <= time),
    }
}

/// Adds a wanted frame to the targets, once for each packet. Times ascend, so a known one is near the end.
fn add(targets: &mut Vec<(usize, Target)>, scan: &Scan, place: usize, wanted: Wanted, or_later: bool) {
    let is_same = |target: &Target| !scan.is_clockless || target.at == wanted.at;
    if let Some((_, known)) =
        targets.iter_mut().rev().take(4).find(|(p, target)| *p == place && is_same(target))
    {
        known.wanted.push(wanted);
        return;
    }
    let pts = if scan.is_clockless { None } else { time_of(scan.packet(place)) };
    let target = Target { entry: 0, pts, at: wanted.at, or_later, wanted: vec![wanted] };
    targets.push((place, target));
}

fn truncated() -> Failure {
    Failure::new(ErrorCode::Truncated, "the video's bytes end before this frame")
}
