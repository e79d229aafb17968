//! Walks the packets of the video stream from a keyframe that is known to be early enough.
//!
//! **Invariant:** no seek is believed. The index of MP4 is ordered by decoding time, that of MPEG-TS is a
//! guess; so the first keyframe after a seek is looked at, and when it is shown too late the search goes
//! further back, in the last resort to the first byte.

use std::io;

use crate::av::{AvError, Packet};
use crate::error::EngineError;
use crate::media::{Media, check_limit};
use crate::nonref::Roles;

/// Seeks that are tried before the first byte.
const SEEKS_MAX: u32 = 12;
/// Broken packets in a row after which the rest counts as unreadable.
const BROKEN_PACKETS_MAX: u32 = 16;
/// Neighbours in an index that are further apart than this may have keyframes between them that it does
/// not name, in milliseconds.
const INDEX_GAP_MS_MAX: u64 = 10_000;

/// Beyond this a mark is looked for rather than all bytes between two times read, in milliseconds.
const MARKED_GAP_MS_MAX: u64 = 4_000;

/// Where the tags of FLV begin: behind its header.
const FLV_HEADER_BYTES: u64 = 9;

/// A frame costs about as much as so many of its pixels, for each byte that it is coded in: measured with
/// H.264 at 1080p.
const PIXELS_PER_BYTE: u64 = 20;

/// What the container's index is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IndexKind {
    /// It names every keyframe.
    Whole,
    /// It names keyframes, maybe not all.
    Sparse,
    /// It names those of the fragments that were read, and there may be any number between two of them.
    Partial,
    /// There is none, or its entries are not keyframes.
    None,
}

/// The reading position in a video.
pub struct Cursor<'m> {
    media: &'m mut Media,
    index: IndexKind,
    gap_max: i64,
    roles: Roles,
    /// How much a seek falls short at least: libav takes the time for one of presentation and goes back by
    /// what decoding is ahead of that.
    seek_lead: i64,
    /// The keyframe that was looked at last, by its timestamp in the index, and when it is shown.
    looked_at: Option<(i64, i64)>,
}

impl<'m> Cursor<'m> {
    /// A cursor that has to seek before it reads.
    pub fn new(media: &'m mut Media) -> Self {
        let container = &media.facts.container;
        let names_keyframes = ["matroska", "avi", "flv", "asf"];
        let index = if media.has_whole_index {
            IndexKind::Whole
        } else if media.marks.is_some() {
            IndexKind::None
        } else if container.split(',').any(|name| name == "mov") {
            IndexKind::Partial
        } else if container.split(',').any(|name| names_keyframes.contains(&name)) {
            IndexKind::Sparse
        } else {
            IndexKind::None
        };
        let gap_ms_max = if media.marks.is_some() { MARKED_GAP_MS_MAX } else { INDEX_GAP_MS_MAX };
        let gap_max = media.timeline.units_of(gap_ms_max);
        let roles = Roles::of(&media.video);
        Self { media, index, gap_max, roles, seek_lead: 0, looked_at: None }
    }

    /// The video.
    pub fn media(&self) -> &Media {
        self.media
    }

    /// What the packets of the video are for.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// Whether the bytes end well before the declared end. Moves the position.
    pub fn is_cut_off(&mut self) -> Result<bool, EngineError> {
        self.media.is_cut_off()
    }

    /// Has the container read its index, which some do with the first seek.
    pub fn load_index(&mut self, at: i64) -> Result<(), io::Error> {
        if self.index != IndexKind::Sparse {
            return Ok(());
        }
        let stream = self.media.video.index;
        // What cannot be found is looked for when it is read.
        let _ = self.media.demuxer.seek(stream, at);
        self.media.demuxer.take_source_error().map_or(Ok(()), Err)
    }

    /// The keyframe that the index names for a time; `None` without an index.
    pub fn indexed_key(&self, at: i64) -> Option<i64> {
        match self.index {
            IndexKind::None => None,
            _ => self.media.demuxer.index_lookup(self.media.video.index, at, false),
        }
    }

    /// The same, but for one that is known to be shown only later: then the one before it.
    pub fn known_key(&self, at: i64) -> Option<i64> {
        let named = self.indexed_key(at)?;
        match self.looked_at {
            Some((key, shown)) if key == named && at < shown => self.indexed_key(named.saturating_sub(1)),
            _ => Some(named),
        }
    }

    /// Looks whether the keyframe that the index names for a time is shown by then, where that is not likely: an
    /// index of decoding times names it a little early, and to find out by reading on would cost all
    /// frames before it. Moves the position.
    pub fn look_at_key(&mut self, at: i64) -> Result<(), EngineError> {
        let likely = self.indexed_key(at.saturating_sub(self.key_delay()));
        let Some(key) = self.indexed_key(at).filter(|&key| Some(key) != likely) else { return Ok(()) };
        if self.index == IndexKind::Whole && self.known_key(at) == Some(key) {
            let found = self.seek_indexed(key, self.next_indexed_key(key))?;
            self.looked_at = found.as_ref().and_then(Packet::pts).map(|shown| (key, shown));
        }
        Ok(())
    }

    /// Whether no keyframe lies between [`Self::indexed_key`] and `at`.
    pub fn is_index_sure(&self, at: i64) -> bool {
        let (Some(key), stream) = (self.indexed_key(at), self.media.video.index) else { return false };
        match self.index {
            IndexKind::Whole => true,
            IndexKind::None | IndexKind::Partial => false,
            IndexKind::Sparse => {
                let next = self.media.demuxer.index_lookup(stream, at.saturating_add(1), true);
                let end = self.media.timeline.timestamp_at(self.media.timeline.duration);
                next.unwrap_or(end).saturating_sub(key) <= self.gap_max
            }
        }
    }

    /// Whether two times, the first not later, are so far apart that a seek is better than reading on.
    pub fn is_far(&self, from: i64, to: i64) -> bool {
        let video = &self.media.video;
        if let (Some(fragments), Some(start)) = (&self.media.fragments, video.start) {
            let second = self.media.timeline.units_of(1_000);
            return second < to.saturating_sub(from) && fragments.are_apart(from - start, to - start);
        }
        match (self.indexed_key(from), self.indexed_key(to)) {
            (None, None) => self.gap_max < to.saturating_sub(from),
            (from, to) => from != to,
        }
    }

    /// What a frame costs to decode besides its bytes, in bytes.
    pub fn frame_cost(&self) -> u64 {
        let video = &self.media.video;
        u64::from(video.width_px) * u64::from(video.height_px) / PIXELS_PER_BYTE
    }

    /// About what it costs to decode from the keyframe for `from` to the frame at `to`, or only that
    /// keyframe, in coded bytes; `None` when the index does not name all frames.
    pub fn indexed_cost(&self, from: i64, to: i64, is_key_alone: bool) -> Option<u64> {
        if self.index != IndexKind::Whole {
            return None;
        }
        let (demuxer, stream) = (&self.media.demuxer, self.media.video.index);
        let first = demuxer.index_place(stream, from).unwrap_or(0);
        let last = demuxer.index_last(stream, to).filter(|_| !is_key_alone).unwrap_or(first);
        let size_bytes = |entry| demuxer.index_span(stream, entry).map_or(0, |span| span.end - span.start);
        Some((first..=last.max(first)).map(|entry| size_bytes(entry) + self.frame_cost()).sum())
    }

    /// Timestamps of the keyframes in the index, when it names all of them. Moves the position.
    pub fn indexed_keys(&mut self) -> Result<Option<Vec<i64>>, EngineError> {
        if matches!(self.index, IndexKind::None | IndexKind::Partial) {
            return Ok(None);
        }
        // Matroska's index is read with the first seek.
        self.rewind()?;
        let (demuxer, stream) = (&self.media.demuxer, self.media.video.index);
        let keys: Vec<_> = (0..demuxer.index_len(stream))
            .filter_map(|entry| demuxer.index_keyframe(stream, entry))
            .collect();
        let Some(&last) = keys.last() else { return Ok(None) };
        let end = self.media.timeline.timestamp_at(self.media.timeline.duration);
        let is_dense = keys.windows(2).all(|pair| pair[1].saturating_sub(pair[0]) <= self.gap_max)
            && end.saturating_sub(last) <= self.gap_max;
        Ok((self.index == IndexKind::Whole || is_dense).then_some(keys))
    }

    /// Goes to a keyframe that is shown at or before `at`, or to the first keyframe when none is. The
    /// nearest is found where there is an index, a near one elsewhere.
    ///
    /// `None` when no keyframe can be read at all.
    pub fn seek_key(&mut self, at: i64) -> Result<Option<Packet>, EngineError> {
        if self.index == IndexKind::Whole {
            let named = self.indexed_key(at);
            let key = match self.looked_at {
                Some((key, _)) if Some(key) == named => self.known_key(at),
                _ => self.indexed_key(at.saturating_sub(self.key_delay())),
            };
            let found = key.map_or(Ok(None), |key| self.seek_indexed(key, self.next_indexed_key(key)))?;
            if found.as_ref().and_then(time_of).is_some_and(|time| time <= at) {
                return Ok(found);
            }
        }
        if self.media.marks.is_some() {
            return self.seek_marked(at);
        }
        let second = self.media.timeline.units_of(1_000);
        let mut seek_at = at;
        let mut step = 0;
        for _ in 0..SEEKS_MAX {
            let stream = self.media.video.index;
            if let Err(error) = self.media.demuxer.seek(stream, seek_at) {
                self.check_cause(error)?;
                break;
            }
            let found = self.next_key()?;
            // In fragments a seek may rightly end before the keyframe that the index names.
            let entry = if self.index == IndexKind::Sparse { self.indexed_key(seek_at) } else { None };
            let earlier = match &found {
                // Between the place that the index names and this keyframe times jump back.
                Some(packet) if packet.dts().max(packet.pts()) < entry => entry.unwrap_or(seek_at),
                Some(packet) if time_of(packet).is_some_and(|time| time <= at) => return Ok(found),
                // In an index the entry before is found by the smallest step.
                Some(packet) if self.index != IndexKind::None => {
                    packet.dts().or(packet.pts()).unwrap_or(seek_at).min(seek_at)
                }
                Some(_) | None => {
                    step = (2 * step).max(second);
                    seek_at
                }
            };
            seek_at = earlier.saturating_sub(1).saturating_sub(step);
            if self.media.video.start.is_some_and(|start| seek_at < start.saturating_sub(second)) {
                break;
            }
        }
        self.rewind()?;
        self.next_key()
    }

    /// As [`Self::seek_key`], by marks: from the one before the time, and as long as no keyframe lies
    /// between that and the time, from ones further back.
    fn seek_marked(&mut self, at: i64) -> Result<Option<Packet>, EngineError> {
        let stream = self.media.video.index;
        let end = self.media.timeline.timestamp_at(self.media.timeline.duration);
        let mut step = self.media.timeline.units_of(1_000);
        let mut before = at;
        for _ in 0..SEEKS_MAX {
            let Media { marks: Some(marks), demuxer, .. } = &mut *self.media else { break };
            let mark = marks.locate(before, end).map_err(EngineError::Source)?;
            let is_first = mark == marks.first();
            if let Err(error) = marks.go_to(mark, demuxer, stream) {
                self.check_cause(error)?;
                break;
            }
            if let Some(packet) = self.next_key_by(at)? {
                return Ok(Some(packet));
            }
            if is_first {
                break;
            }
            before = mark.time.min(before).saturating_sub(step);
            step *= 2;
        }
        self.rewind()?;
        self.next_key()
    }

    /// The next keyframe that is shown by a time; `None` once what is decoded later is reached.
    fn next_key_by(&mut self, at: i64) -> Result<Option<Packet>, EngineError> {
        let most = u64::from(self.media.limits.packets_per_target_max);
        let mut count = 0;
        while let Some(packet) = self.next()? {
            if packet.dts().is_some_and(|dts| at < dts) {
                break;
            }
            let is_shown = time_of(&packet).is_some_and(|time| time <= at);
            if packet.is_key() && is_shown && self.roles.can_begin(packet.data()) {
                return Ok(Some(packet));
            }
            count += 1;
            check_limit("packets_per_target_max", most, count)?;
        }
        Ok(None)
    }

    /// How much later than it is decoded the first keyframe is shown, and with it most often every one.
    pub fn key_delay(&self) -> i64 {
        let (demuxer, video) = (&self.media.demuxer, &self.media.video);
        let first = demuxer.index_timestamp(video.index, 0);
        video.start.zip(first).map_or(0, |(shown, decoded)| shown.saturating_sub(decoded).max(0))
    }

    /// Timestamp of the keyframe that follows one in the index.
    fn next_indexed_key(&self, key: i64) -> i64 {
        let stream = self.media.video.index;
        let next = self.media.demuxer.index_lookup(stream, key.saturating_add(1), true);
        next.unwrap_or(i64::MAX / 4)
    }

    /// Whether no packet after this one can be shown at or before a time, as the index tells: packets come in
    /// the order of decoding, and none is shown before it is decoded.
    pub fn is_last_before(&self, packet: &Packet, at: i64) -> bool {
        let (demuxer, stream) = (&self.media.demuxer, self.media.video.index);
        if self.index != IndexKind::Whole {
            return false;
        }
        let place = demuxer.index_last(stream, at).and_then(|place| demuxer.index_span(stream, place));
        place.is_some_and(|span| packet.position() == Some(span.start))
    }

    /// Goes to the keyframe that the index names with this timestamp, the last before `next`.
    ///
    /// A seek to a decoding time may end a keyframe earlier, since that keyframe is not shown yet.
    pub fn seek_indexed(&mut self, key: i64, next: i64) -> Result<Option<Packet>, EngineError> {
        let stream = self.media.video.index;
        for seek_at in [next.saturating_sub(1).saturating_add(self.seek_lead), key] {
            if let Err(error) = self.media.demuxer.seek(stream, seek_at) {
                self.check_cause(error)?;
                continue;
            }
            let mut found = self.next_key()?;
            if self.index == IndexKind::Whole && found.as_ref().is_some_and(|packet| packet.dts() < Some(key))
            {
                self.seek_lead = self.seek_lead.max(seek_at.saturating_sub(key).saturating_add(1));
            }
            while found.as_ref().is_some_and(|packet| packet.dts().max(packet.pts()) < Some(key)) {
                found = self.next_key()?;
            }
            if found.as_ref().is_some_and(|packet| [packet.dts(), packet.pts()].contains(&Some(key))) {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Goes to the first packet.
    pub fn rewind(&mut self) -> Result<(), EngineError> {
        let stream = self.media.video.index;
        if let Media { marks: Some(marks), demuxer, .. } = &mut *self.media
            && marks.go_to(marks.first(), demuxer, stream).is_ok()
        {
            return Ok(());
        }
        // In its index a last tag without a frame takes the place of a frame at the same time.
        if self.media.facts.container == "flv" && self.media.demuxer.seek_byte(FLV_HEADER_BYTES).is_ok() {
            return Ok(());
        }
        let first = match self.index {
            IndexKind::None => None,
            _ => self.media.demuxer.index_keyframe(stream, 0).or(self.media.video.start),
        };
        let gone = match first {
            Some(first) => self.media.demuxer.seek(stream, first),
            None => self.media.demuxer.rewind(),
        };
        let Err(_) = gone else { return Ok(()) };
        match self.media.demuxer.seek(stream, i64::MIN / 4) {
            Err(error) => self.check_cause(error),
            Ok(()) => Ok(()),
        }
    }

    /// The next packet of the video stream; `None` at the end, or where nothing more can be read.
    pub fn next(&mut self) -> Result<Option<Packet>, EngineError> {
        let mut broken = 0;
        loop {
            self.media.deadline.check()?;
            match self.media.demuxer.read() {
                Ok(Some(mut packet)) if packet.stream_index() == self.media.video.index => {
                    self.check_sum(&mut packet)?;
                    if packet.is_encrypted() {
                        return Err(EngineError::Unsupported { what: "encrypted video".to_owned() });
                    }
                    return Ok(Some(packet));
                }
                Ok(Some(_)) => {}
                Ok(None) => {
                    // Some demuxers report a failing source as the end.
                    return match self.media.demuxer.take_source_error() {
                        Some(cause) => Err(EngineError::Source(cause)),
                        None => Ok(None),
                    };
                }
                Err(error) => {
                    self.check_cause(error)?;
                    broken += 1;
                    if BROKEN_PACKETS_MAX < broken {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Marks a packet whose bytes are not those that were written, where there are checksums.
    fn check_sum(&mut self, packet: &mut Packet) -> Result<(), EngineError> {
        let Media { clusters: Some(clusters), demuxer, video, .. } = &mut *self.media else { return Ok(()) };
        let Some(position) = packet.position() else { return Ok(()) };
        let place = time_of(packet).and_then(|time| demuxer.index_place(video.index, time));
        let near = place.and_then(|place| demuxer.index_position(video.index, place));
        if clusters.is_spoilt(position, near).map_err(EngineError::Source)? {
            packet.note_corrupt();
        }
        Ok(())
    }

    /// The next packet at which decoding can begin.
    pub fn next_key(&mut self) -> Result<Option<Packet>, EngineError> {
        let most = u64::from(self.media.limits.packets_per_target_max);
        let mut count = 0;
        while let Some(packet) = self.next()? {
            if packet.is_key() && self.roles.can_begin(packet.data()) {
                return Ok(Some(packet));
            }
            count += 1;
            check_limit("packets_per_target_max", most, count)?;
        }
        Ok(None)
    }

    /// Passes over errors that only say that the bytes are bad.
    fn check_cause(&mut self, error: AvError) -> Result<(), EngineError> {
        match self.media.call_error(error) {
            EngineError::Backend { .. } => Ok(()),
            cause => Err(cause),
        }
    }
}

/// When a packet is shown, or decoded where nothing else is known.
pub fn time_of(packet: &Packet) -> Option<i64> {
    packet.pts().or(packet.dts())
}
