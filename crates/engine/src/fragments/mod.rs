//! The fragments of an MP4 file that lies far away: where they are, so that one is reached at once, and
//! which bytes of them a plan will read.
//!
//! ```text
//! index.rs    where fragments begin: sidx in front, mfra behind, or by going from one to the next
//! spliced.rs  hands libav the file with that index in it
//! moof.rs     the samples that one fragment holds
//! ```
//!
//! What is irregular is left to libav, which then reads as it does from a disk: an index of a part, offsets
//! that count from the file's beginning, a file that was cut off.

mod index;
mod moof;
mod spliced;

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use stillframe_domain::ByteSource;

use crate::boxes::{box_at, find};
use index::Places;
use moof::{Defaults, Reader, Run, children};

/// Bytes that are asked for where the head of a fragment begins, and where an index may end: 16 KiB.
const HEAD_BYTES: u64 = 16 << 10;
/// Longest head of a fragment, and longest header of a file: 64 MiB.
const BOX_BYTES_MAX: u64 = 64 << 20;
/// Boxes that are looked through for the heads of one fragment.
const BOXES_MAX: usize = 64;

/// The fragments of one file.
pub struct Fragments {
    source: Arc<dyn ByteSource>,
    defaults: BTreeMap<u32, Defaults>,
    starts: Vec<(u64, Option<i64>)>,
    end: u64,
    track: u32,
}

/// A source for libav, with what is known of its fragments.
pub struct Mapped {
    /// The source, maybe with an index put in.
    pub source: Arc<dyn ByteSource>,
    /// What it consists of.
    pub fragments: Fragments,
}

/// The head of a fragment.
struct Moof {
    start: u64,
    body: Vec<u8>,
}

/// A wanted frame as bytes of a fragment.
#[derive(Debug, Clone, Copy)]
pub struct Sought {
    /// When it is shown, from the first sample on, in the stream's units.
    pub at: i64,
    /// Whether the keyframe before it is all that is read.
    pub is_key_alone: bool,
}

impl Fragments {
    /// Finds the fragments of a fragmented file; `None` where libav has to read its way.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn map(source: &Arc<dyn ByteSource>) -> io::Result<Option<Mapped>> {
        let bytes = source.as_ref();
        let Some(moov) = find(bytes, *b"moov", 0, bytes.len())? else { return Ok(None) };
        if BOX_BYTES_MAX < moov.end - moov.body {
            return Ok(None);
        }
        let header = read(bytes, moov.body, moov.end - moov.body)?;
        let Some((track, timescale)) = video_track(&header) else { return Ok(None) };
        let Some(first) = find(bytes, *b"moof", moov.end, bytes.len())? else { return Ok(None) };
        let defaults = moof::defaults(&header);
        let Some(places) = places(bytes, (moov.end, first.start), (track, timescale))? else {
            return Ok(None);
        };
        let fragments = Self {
            source: Arc::clone(source),
            defaults,
            starts: places.starts.into_iter().collect(),
            end: places.end,
            track,
        };
        let Some(runs) = fragments.runs_from(first.start, first.end)? else { return Ok(None) };
        let source = if places.is_known_to_all {
            Some(Arc::clone(source))
        } else if runs.iter().any(|run| run.has_file_offset) {
            None
        } else {
            fragments.spliced(timescale).map(|spliced| Arc::new(spliced) as Arc<dyn ByteSource>)
        };
        Ok(source.map(|source| Mapped { source, fragments }))
    }

    /// The fragments of a file that was cut off in the head of one, without that: libav would take none.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn whole_part(source: &Arc<dyn ByteSource>) -> io::Result<Option<Arc<dyn ByteSource>>> {
        let bytes = source.as_ref();
        let Some(moov) = find(bytes, *b"moov", 0, bytes.len())? else { return Ok(None) };
        let Some(first) = find(bytes, *b"moof", moov.end, bytes.len())? else { return Ok(None) };
        let places = index::by_walking(bytes, first.start, 0)?.filter(|places| places.end < bytes.len());
        let part = |Places { end, .. }| spliced::Spliced {
            source: Arc::clone(source),
            at: end,
            bytes: Vec::new(),
            end,
        };
        Ok(places.map(|places| Arc::new(part(places)) as Arc<dyn ByteSource>))
    }

    /// The file with its index put in before the first fragment.
    fn spliced(&self, timescale: u32) -> Option<spliced::Spliced> {
        let mut list = Vec::with_capacity(self.starts.len());
        let mut last = 0;
        for (place, &(start, time)) in self.starts.iter().enumerate() {
            last = time.unwrap_or(last);
            list.push((self.end_of(place) - start, last));
        }
        let &(at, _) = self.starts.first()?;
        let bytes = spliced::sidx(self.track, timescale, &list)?;
        Some(spliced::Spliced { source: Arc::clone(&self.source), at, bytes, end: self.end })
    }

    fn end_of(&self, place: usize) -> u64 {
        self.starts.get(place + 1).map_or(self.end, |&(start, _)| start)
    }

    /// When the first sample of a track is shown, and when its last one ends, in its units.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn span(&self, track: u32) -> io::Result<Option<(i64, i64)>> {
        let first = self.runs_of(0, track)?.and_then(|run| run.samples.first().map(|sample| sample.pts));
        let mut end = None;
        // A track may end some fragments earlier than another.
        for place in (self.starts.len().saturating_sub(4)..self.starts.len()).rev() {
            if let Some(run) = self.runs_of(place, track)? {
                end = run.samples.iter().map(|sample| sample.pts + i64::from(sample.duration)).max();
                break;
            }
        }
        Ok(first.zip(end))
    }

    /// Whether two times of the video, from the first sample on, lie in different fragments; `None` where
    /// that is not known.
    pub fn are_apart(&self, from: i64, to: i64) -> bool {
        let origin = self.starts.first().and_then(|&(_, time)| time).unwrap_or(0);
        self.place_at(origin + from) != self.place_at(origin + to)
    }

    /// Tells the source which bytes will be read for some frames of the video: first the heads of their
    /// fragments, together, then the samples.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn foresee(&self, sought: &[Sought]) -> io::Result<()> {
        let Some(run) = self.runs_of(0, self.track)? else { return Ok(()) };
        let Some(origin) = run.samples.first().map(|sample| sample.pts) else { return Ok(()) };
        let sought: Vec<_> =
            sought.iter().map(|sought| (self.place_at(origin + sought.at), *sought)).collect();
        let head = |&(place, _): &(usize, Sought)| {
            let start = self.starts[place].0;
            start..self.end_of(place).min(start + HEAD_BYTES)
        };
        self.source.prefetch(&sought.iter().map(head).collect::<Vec<_>>());
        let mut ranges = Vec::new();
        for (place, sought) in sought {
            let run = self.runs_of(place, self.track)?;
            ranges.extend(run.and_then(|run| bytes_for(&run, origin + sought.at, sought.is_key_alone)));
        }
        self.source.prefetch(&ranges);
        Ok(())
    }

    /// The fragment that holds what is decoded at a time.
    fn place_at(&self, time: i64) -> usize {
        let is_before = |&(_, start): &(u64, Option<i64>)| start.is_none_or(|start| start <= time);
        self.starts.partition_point(is_before).saturating_sub(1)
    }

    fn runs_of(&self, place: usize, track: u32) -> io::Result<Option<Run>> {
        let runs = self.runs_from(self.starts[place].0, self.end_of(place))?;
        Ok(runs.and_then(|runs| runs.into_iter().find(|run| run.track == track && !run.samples.is_empty())))
    }

    /// The samples of the heads between two places; `None` when one cannot be read.
    fn runs_from(&self, start: u64, end: u64) -> io::Result<Option<Vec<Run>>> {
        let (mut at, mut all) = (start, Vec::new());
        for _ in 0..BOXES_MAX {
            if end <= at {
                break;
            }
            let Some(header) = box_at(self.source.as_ref(), at)? else { break };
            if header.kind == *b"moof" {
                let Some(moof) = read_moof(self.source.as_ref(), at, HEAD_BYTES)? else { return Ok(None) };
                let Some(runs) = moof::runs(&moof.body, moof.start, &self.defaults) else { return Ok(None) };
                all.extend(runs);
            }
            // The frames of the only fragment need not be passed.
            if header.kind == *b"mdat" && end <= header.end {
                break;
            }
            at = header.end;
        }
        Ok(Some(all))
    }
}

fn places(
    source: &dyn ByteSource,
    (after_moov, first): (u64, u64),
    (track, timescale): (u32, u32),
) -> io::Result<Option<Places>> {
    match index::by_sidx(source, (after_moov, first), (track, timescale))? {
        Err(()) => return Ok(None),
        Ok(Some(places)) => return Ok(Some(places)),
        Ok(None) => {}
    }
    if let Some(places) = index::by_mfra(source, first, track)? {
        return Ok(Some(places));
    }
    index::by_walking(source, first, track)
}

/// When the first sample of a track is decoded.
fn first_time(moof: &[u8], track: u32) -> Option<i64> {
    let of_track = children(moof, b"traf").into_iter().find(|traf| {
        let header = children(traf, b"tfhd").into_iter().next();
        header.is_some_and(|header| header.get(4..8) == Some(&track.to_be_bytes()[..]))
    })?;
    let mut time = Reader(children(of_track, b"tfdt").into_iter().next()?);
    let wide = time.u32()? >> 24 != 0;
    i64::try_from(time.number(if wide { 8 } else { 4 })?).ok()
}

/// From the keyframe to the last sample that is decoded by a time.
fn bytes_for(run: &Run, at: i64, is_key_alone: bool) -> Option<Range<u64>> {
    let key = run.samples.iter().rposition(|sample| sample.is_key && sample.pts <= at).unwrap_or(0);
    let last = run.samples.iter().rposition(|sample| sample.dts <= at).unwrap_or(0).max(key);
    // The first that is decoded later tells that no further one is needed.
    let last = (last + 1).min(run.samples.len() - 1);
    let last = if is_key_alone { key } else { last };
    let samples = &run.samples[key..=last];
    let start = samples.iter().map(|sample| sample.offset).min()?;
    let end = samples.iter().map(|sample| sample.offset + u64::from(sample.size_bytes)).max()?;
    Some(start..end)
}

/// The first track with pictures: its number and how many units a second has.
///
/// Source: ISO/IEC 14496-12, 8.3.2, 8.4.2 and 8.4.3.
fn video_track(moov: &[u8]) -> Option<(u32, u32)> {
    children(moov, b"trak").into_iter().find_map(|trak| {
        let media = children(trak, b"mdia").into_iter().next()?;
        let handler = children(media, b"hdlr").into_iter().next()?;
        if handler.get(8..12)? != b"vide" {
            return None;
        }
        // Two times come before either number, of 4 or of 8 bytes.
        let after_times = |body: &[u8]| {
            let mut reader = Reader(body);
            let wide = reader.u32()? >> 24 != 0;
            reader.bytes(if wide { 16 } else { 8 })?;
            reader.u32()
        };
        let track = after_times(children(trak, b"tkhd").into_iter().next()?)?;
        let timescale = after_times(children(media, b"mdhd").into_iter().next()?)?;
        Some((track, timescale))
    })
}

/// The `moof` that begins at a place; `None` when there is none, or a part of it is missing.
fn read_moof(source: &dyn ByteSource, start: u64, asked: u64) -> io::Result<Option<Moof>> {
    source.prefetch(std::slice::from_ref(&(start..start + asked)));
    let Some(header) = box_at(source, start)? else { return Ok(None) };
    let size = header.end - header.body;
    if header.kind != *b"moof" || BOX_BYTES_MAX < size || source.len() < header.end {
        return Ok(None);
    }
    let body = read(source, header.body, size)?;
    Ok((body.len() as u64 == size).then_some(Moof { start, body }))
}

/// Up to `count` bytes.
fn read(source: &dyn ByteSource, from: u64, count: u64) -> io::Result<Vec<u8>> {
    let end = source.len().min(from.saturating_add(count));
    if end <= from {
        return Ok(Vec::new());
    }
    source.prefetch(std::slice::from_ref(&(from..end)));
    let mut bytes = vec![0; (end - from) as usize];
    let mut filled = 0;
    while filled < bytes.len() {
        match source.read_at(from + filled as u64, &mut bytes[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
