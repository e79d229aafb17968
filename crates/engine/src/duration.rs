//! How long a video is, and whether its end is missing.
//!
//! The duration reaches from the start of presentation to the end of the latest played stream. A whole MP4
//! declares it; elsewhere the last packets tell it, which costs one seek to the end.

use stillframe_domain::MediaTime;

use crate::av::{Packet, Rational, Stream};
use crate::boxes::Mp4Shape;
use crate::error::EngineError;
use crate::marks::is_whole_matroska;
use crate::media::{Media, check_limit};
use crate::plan::REORDERED_FRAMES_MAX;
use crate::timeline::Moment;

/// How far before the guessed end the real end is looked for, in milliseconds.
const TAIL_MS: i64 = 3_000;
/// The same where an index leads to every packet.
const INDEXED_TAIL_MS: i64 = 300;
/// Packets among which each stream begins.
const FIRST_PACKETS_MAX: usize = 2_000;
/// A file whose data ends this much before its declared end was cut off, in milliseconds.
const MISSING_MS_MIN: i64 = 500;
/// Broken packets after which the end counts as reached.
const BROKEN_PACKETS_MAX: u32 = 8;

impl Media {
    /// Whether the bytes end well before the end that the header declares.
    pub fn is_cut_off(&mut self) -> Result<bool, EngineError> {
        if let Some(known) = self.is_cut_off {
            return Ok(known);
        }
        let declared_ms = self.timeline.duration.as_millis();
        let missing_ms = declared_ms - self.measured_duration_ms(declared_ms)?.unwrap_or(0);
        self.demuxer.select(&[self.video.index]);
        self.is_cut_off = Some(MISSING_MS_MIN < missing_ms);
        Ok(MISSING_MS_MIN < missing_ms)
    }

    /// Finds the duration and enters it into timeline and facts.
    ///
    /// # Errors
    /// When the source fails or the video is longer than it may be.
    pub fn settle_duration(&mut self, shape: Mp4Shape) -> Result<(), EngineError> {
        let streams = self.demuxer.streams();
        let by_streams = self.played.iter().filter_map(|&index| {
            let stream = &streams[index];
            let end = stream.start.unwrap_or(0).checked_add(stream.duration?)?;
            Some(Moment { value: end, time_base: stream.time_base }.millis_since(self.timeline.origin))
        });
        let by_streams = by_streams.max();
        let by_header = self.demuxer.duration_us().map(|duration_us| {
            let micros = Rational { num: 1, den: 1_000_000 };
            Moment { value: duration_us, time_base: micros }.millis_since(Moment::ZERO)
        });
        let duration_ms = match by_streams.filter(|_| shape == Mp4Shape::Whole) {
            Some(declared_ms) if self.has_regular_end() => declared_ms,
            Some(declared_ms) => self.measured_duration_ms(declared_ms)?.unwrap_or(0).max(declared_ms),
            None => self.measured_or(by_header.or(by_streams).unwrap_or(0))?,
        };
        let actual = u64::try_from(duration_ms).unwrap_or(0);
        check_limit("duration_ms_max", self.limits.duration_ms_max, actual)?;
        self.timeline.duration = MediaTime::from_millis(duration_ms.max(0));
        self.facts.duration = self.timeline.duration;
        self.facts.bitrate_bps = match self.demuxer.bitrate_bps() {
            0 if 0 < actual => self.facts.size_bytes.saturating_mul(8_000) / actual,
            known => known,
        };
        Ok(())
    }

    /// Whether the last samples of the video come at regular intervals. If they do not, an MP4 header that
    /// counts decoding times may end before the last frame is even shown.
    fn has_regular_end(&self) -> bool {
        const SAMPLES: usize = 20;
        let (demuxer, stream) = (&self.demuxer, self.video.index);
        let count = demuxer.index_len(stream);
        let times: Vec<_> = (count.saturating_sub(SAMPLES)..count)
            .filter_map(|entry| demuxer.index_timestamp(stream, entry))
            .collect();
        let steps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        // Rounding of the time base makes steps differ by one unit.
        steps.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 1)
    }

    /// The measured duration, against what a Matroska header declares: it tells the end, which cuts the
    /// padding of a last audio packet, and which lies far behind the data of a file that was cut off.
    fn measured_or(&mut self, header_ms: i64) -> Result<i64, EngineError> {
        let start_ms = self.timeline.origin.millis_since(Moment::ZERO);
        let is_declared = self.facts.container.contains("matroska") && !self.demuxer.is_duration_guessed();
        if self.is_believable(is_declared && start_ms.abs() < MISSING_MS_MIN)? {
            self.is_cut_off = Some(false);
            return Ok(header_ms - start_ms);
        }
        if let Some(end_ms) = self.fragmented_end_ms()? {
            self.is_cut_off = Some(false);
            return Ok(end_ms);
        }
        let measured_ms = self.measured_duration_ms(header_ms)?.map(|ms| self.with_whole_tracks(ms));
        let declared_ms = if is_declared { header_ms - start_ms } else { header_ms };
        self.is_cut_off = Some(false);
        match measured_ms {
            None => Ok(declared_ms),
            Some(measured_ms) if !is_declared => Ok(measured_ms),
            Some(measured_ms) if measured_ms.abs_diff(declared_ms) <= MISSING_MS_MIN.unsigned_abs() => {
                Ok(measured_ms.min(declared_ms))
            }
            // Some writers declare the length instead of the end, which is the same from zero on only.
            Some(measured_ms) if start_ms == 0 && measured_ms < declared_ms => {
                self.is_cut_off = Some(true);
                Ok(declared_ms)
            }
            Some(measured_ms) => Ok(measured_ms),
        }
    }

    /// The end of the longest track of an MP4 in fragments, which was read to its end. Its samples last from one
    /// decoding time to the next: their sum is the length of the track, while none of them tells for how long
    /// its own frame is shown. What lies far behind the samples that are there was only declared.
    fn with_whole_tracks(&self, measured_ms: i64) -> i64 {
        if !self.facts.container.split(',').any(|name| name == "mov") {
            return measured_ms;
        }
        let streams = self.demuxer.streams();
        let ends_ms = self.played.iter().filter_map(|&index| {
            let stream = &streams[index];
            let first = self.demuxer.index_timestamp(index, 0)?;
            let value = stream.start?.checked_add(stream.duration?)?.checked_sub(first)?;
            Some(Moment { value, time_base: stream.time_base }.millis_since(self.timeline.origin))
        });
        let believable = measured_ms..=measured_ms.saturating_add(MISSING_MS_MIN);
        ends_ms.max().filter(|end_ms| believable.contains(end_ms)).unwrap_or(measured_ms)
    }

    /// Whether what a whole Matroska file declares is taken for true: its end is not looked at where that
    /// costs a request.
    fn is_believable(&self, is_declared: bool) -> Result<bool, EngineError> {
        if !is_declared || self.source.file().is_some() {
            return Ok(false);
        }
        is_whole_matroska(self.source.as_ref()).map_err(EngineError::Source)
    }

    /// The end of the last fragment, which its head tells.
    fn fragmented_end_ms(&mut self) -> Result<Option<i64>, EngineError> {
        let Some(fragments) = self.fragments.take() else { return Ok(None) };
        let starts = self.first_times()?;
        let streams = self.demuxer.streams();
        let mut end_ms = None;
        for (&index, start) in self.played.iter().zip(starts) {
            let stream = &streams[index];
            let track = u32::try_from(stream.id).unwrap_or(0);
            let span = fragments.span(track).map_err(EngineError::Source)?;
            let (Some(start), Some((first, last))) = (start, span) else {
                end_ms = None;
                break;
            };
            let end = Moment { value: start + (last - first), time_base: stream.time_base };
            end_ms = end_ms.max(Some(end.millis_since(self.timeline.origin)));
        }
        self.fragments = Some(fragments);
        Ok(end_ms)
    }

    /// Where libav does not tell when the video begins (of a transport stream with a single frame of a codec
    /// that reorders), takes the earliest of its first packets for that, and the origin from it.
    ///
    /// # Errors
    /// When the source fails.
    pub(crate) fn settle_origin(&mut self) -> Result<(), EngineError> {
        if self.video.start.is_some() || self.has_whole_index || self.fragments.is_some() {
            return Ok(());
        }
        let (stream, mut count) = (self.video.index, 0);
        self.demuxer.select(&[stream]);
        while count < REORDERED_FRAMES_MAX
            && let Ok(Some(packet)) = self.demuxer.read()
        {
            if packet.stream_index() == stream {
                count += 1;
                self.video.start = self.video.start.into_iter().chain(packet.pts()).min();
            }
        }
        if let Some(cause) = self.demuxer.take_source_error() {
            return Err(EngineError::Source(cause));
        }
        let start = self.video.start.map(|value| Moment { value, time_base: self.video.time_base });
        let has_others = 1 < self.played.len();
        if let Some(start) = start.filter(|start| !has_others || start.is_before(self.timeline.origin)) {
            self.timeline.origin = start;
        }
        Ok(())
    }

    /// When the first packet of each played stream is shown. Nothing may have been read before.
    fn first_times(&mut self) -> Result<Vec<Option<i64>>, EngineError> {
        let mut times = vec![None; self.played.len()];
        self.demuxer.select(&self.played.clone());
        for _ in 0..FIRST_PACKETS_MAX {
            if times.iter().all(Option::is_some) {
                break;
            }
            let Ok(Some(packet)) = self.demuxer.read() else { break };
            let place = self.played.iter().position(|&index| index == packet.stream_index());
            if let Some(time) = place.map(|place| &mut times[place]) {
                *time = time.or(packet.pts());
            }
        }
        match self.demuxer.take_source_error() {
            Some(cause) => Err(EngineError::Source(cause)),
            None => Ok(times),
        }
    }

    /// Goes so near to the end that all streams have packets behind.
    fn go_near_end(&mut self, guess_ms: i64) -> Result<bool, EngineError> {
        let stream = self.video.index;
        if let Some(marks) = &mut self.marks {
            let mark = marks.near_end().map_err(EngineError::Source)?;
            return Ok(marks.go_to(mark, &mut self.demuxer, stream).is_ok());
        }
        let before_end =
            |tail_ms: i64| self.timeline.timestamp_at(MediaTime::from_millis((guess_ms - tail_ms).max(0)));
        if self.source.file().is_none() && self.facts.container == "avi" {
            return Ok(self.demuxer.seek_any(stream, before_end(INDEXED_TAIL_MS)).is_ok());
        }
        Ok(self.demuxer.seek(stream, before_end(TAIL_MS)).is_ok())
    }

    /// The end of the last packet of the played streams, looked for near the guessed end.
    fn measured_duration_ms(&mut self, guess_ms: i64) -> Result<Option<i64>, EngineError> {
        self.demuxer.select(&self.played.clone());
        if !self.go_near_end(guess_ms)? && self.demuxer.rewind().is_err() {
            return Ok(None);
        }
        match self.last_end_ms()? {
            // Times jump back, to before the start: what lies before the jump is to be had nevertheless.
            Some(end_ms) if end_ms <= 0 && self.demuxer.rewind().is_ok() => self.last_end_ms(),
            measured => Ok(measured),
        }
    }

    /// The end of the latest packet that follows.
    fn last_end_ms(&mut self) -> Result<Option<i64>, EngineError> {
        let streams = self.demuxer.streams();
        let mut end_ms = None;
        let mut errors_left = BROKEN_PACKETS_MAX;
        let mut count = 0;
        loop {
            self.deadline.check()?;
            count += 1;
            check_limit("packets_per_scan_max", self.limits.packets_per_scan_max, count)?;
            let packet = match self.demuxer.read() {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                Err(error) => {
                    if let Some(cause) = self.demuxer.take_source_error() {
                        return Err(EngineError::Source(cause));
                    }
                    errors_left -= 1;
                    if errors_left == 0 || error.is_interrupted() {
                        break;
                    }
                    continue;
                }
            };
            let Some(stream) = streams.get(packet.stream_index()) else { continue };
            let is_whole = !packet.is_hidden() && !packet.is_corrupt();
            if let Some(pts) = packet.pts().or(packet.dts()).filter(|_| is_whole) {
                let end = pts.saturating_add(packet_duration(&packet, stream));
                let end = Moment { value: end, time_base: stream.time_base };
                end_ms = end_ms.max(Some(end.millis_since(self.timeline.origin)));
            }
        }
        Ok(end_ms)
    }
}

/// Duration of a packet, from the frame rate where the container does not tell.
fn packet_duration(packet: &Packet, stream: &Stream) -> i64 {
    match (packet.duration(), stream.frame_rate) {
        (0, Some(rate)) => {
            let seconds = rate.den as f64 / rate.num as f64;
            (seconds * stream.time_base.den as f64 / stream.time_base.num as f64).round() as i64
        }
        (duration, _) => duration,
    }
}
