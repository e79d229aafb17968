//! Looks for the mark before a time: where it should lie if the bitrate were the same all along, and from
//! what is found there again.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use stillframe_domain::ByteSource;

use super::{Kind, LOOK_BYTES, Mark};
use crate::av::{AvError, Demuxer, Stream};

/// Looks for one time; then the nearest mark so far has to do.
const PROBES_MAX: usize = 10;
/// Marks nearer than this to a time need not be looked for: 96 KiB.
const NEAR_BYTES: u64 = 96 << 10;
/// Where the end is looked for: this far before it, or further by fours: 192 KiB.
const TAIL_BYTES: u64 = 192 << 10;

/// The marks of one video.
pub struct Track {
    source: Arc<dyn ByteSource>,
    kind: Kind,
    /// By time; positions ascend too.
    known: BTreeMap<i64, u64>,
    /// A second, and how near a mark should be, in the stream's units.
    near: i64,
}

impl Track {
    /// The marks of a container of which they are known; `None` for others, and where there is not even a
    /// first one.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn of(
        container: &str,
        source: &Arc<dyn ByteSource>,
        video: &Stream,
        near: i64,
    ) -> io::Result<Option<Self>> {
        let Some(kind) = Kind::of(container, source.as_ref(), video)? else { return Ok(None) };
        let Some(first) = kind.find(source.as_ref(), 0, source.len())? else { return Ok(None) };
        let known = BTreeMap::from([(first.time, first.position)]);
        Ok(Some(Self { source: Arc::clone(source), kind, known, near }))
    }

    /// The first mark.
    pub fn first(&self) -> Mark {
        let (&time, &position) = self.known.first_key_value().expect("there is a first mark");
        Mark { position, time }
    }

    /// Has a demuxer go on at a mark.
    pub fn go_to(&self, mark: Mark, demuxer: &mut Demuxer, stream: usize) -> Result<(), AvError> {
        match self.kind {
            // Its demuxer must be led to a cluster by its own index, to know that it is in none yet.
            Kind::Matroska => {
                demuxer.add_to_index(stream, mark.position, mark.time)?;
                if let Some((&time, &position)) = self.known.range(mark.time + 1..).next() {
                    demuxer.add_to_index(stream, position, time)?;
                }
                demuxer.seek(stream, mark.time)
            }
            Kind::MpegTs(_) | Kind::Flv => demuxer.seek_byte(mark.position),
        }
    }

    /// A mark shortly before the end of the bytes.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn near_end(&mut self) -> io::Result<Mark> {
        let len = self.source.len();
        let mut back = TAIL_BYTES;
        while back < len {
            self.source.prefetch(std::slice::from_ref(&(len - back..len)));
            if let Some(mark) = self.kind.find(self.source.as_ref(), len - back, len)? {
                self.note(mark);
                return Ok(mark);
            }
            back *= 4;
        }
        Ok(self.first())
    }

    /// A mark at or before a time, most often near; the first one when the time lies before it. `end` is
    /// when the video ends.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn locate(&mut self, at: i64, end: i64) -> io::Result<Mark> {
        for _ in 0..PROBES_MAX {
            let (low, high) = self.around(at, end);
            if at.saturating_sub(low.time) <= self.near || high.position - low.position <= NEAR_BYTES {
                break;
            }
            let guess = self.guess(low, high, at);
            match self.kind.find(self.source.as_ref(), guess, high.position)? {
                Some(mark) if low.time < mark.time && mark.time < high.time => self.note(mark),
                // No mark lies there, or times jump: what is known has to do.
                _ if guess <= low.position + LOOK_BYTES => break,
                _ => {
                    let middle = low.position + (guess - low.position) / 2;
                    match self.kind.find(self.source.as_ref(), middle, guess)? {
                        Some(mark) if low.time < mark.time && mark.time < high.time => self.note(mark),
                        _ => break,
                    }
                }
            }
        }
        Ok(self.around(at, end).0)
    }

    /// The marks around a time; the end of the bytes stands for the last one.
    fn around(&self, at: i64, end: i64) -> (Mark, Mark) {
        let mark = |(&time, &position): (&i64, &u64)| Mark { position, time };
        let low = self.known.range(..=at).next_back().map_or_else(|| self.first(), mark);
        let last = Mark { position: self.source.len(), time: end.max(at.saturating_add(1)) };
        let high = self.known.range(at.saturating_add(1)..).next().map_or(last, mark);
        (low, high)
    }

    /// Where a mark that is a little too early should lie.
    fn guess(&self, low: Mark, high: Mark, at: i64) -> u64 {
        let wanted = (at - self.near / 2).max(low.time);
        let share = (wanted - low.time) as f64 / (high.time - low.time).max(1) as f64;
        let span = high.position - low.position;
        let ahead = (span as f64 * share) as u64;
        low.position + ahead.clamp(span / 16, span - span / 16).max(1)
    }

    fn note(&mut self, mark: Mark) {
        let before = self.known.range(..=mark.time).next_back().is_none_or(|(_, &at)| at < mark.position);
        let after = self.known.range(mark.time + 1..).next().is_none_or(|(_, &at)| mark.position < at);
        if before && after {
            self.known.insert(mark.time, mark.position);
        }
    }
}
