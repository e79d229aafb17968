//! Which bytes a plan is going to read, as far as the index of the container tells it beforehand.
//!
//! Nothing depends on it but how long a source that is far away lets us wait: what is not foreseen is read
//! all the same.

use std::io;
use std::ops::Range;

use super::cursor::Cursor;
use super::wanted::{Choice, Wanted};
use crate::fragments::Sought;
use crate::media::Media;

/// Frames that are decoded before one that is shown earlier lie within this time behind it, in milliseconds.
const REORDERED_MS: u64 = 200;
/// Bytes of other streams that may lie between two packets of one run.
const GAP_BYTES_MAX: u64 = 128 << 10;

/// Tells the source what will be read for these frames, in the order of time.
///
/// # Errors
/// When the source cannot be read.
pub fn foresee(cursor: &mut Cursor<'_>, wanted: &[Wanted]) -> io::Result<()> {
    let media = cursor.media();
    if media.source.file().is_some() {
        return Ok(());
    }
    if let Some(fragments) = &media.fragments {
        let start = media.video.start.unwrap_or(0);
        let sought = wanted
            .iter()
            .map(|wanted| Sought { at: wanted.at - start, is_key_alone: wanted.choice == Choice::Keyframe });
        return fragments.foresee(&sought.collect::<Vec<_>>());
    }
    if media.has_whole_index {
        foresee_by_index(cursor, wanted);
    } else if let Some(first) = wanted.first() {
        cursor.load_index(first.at)?;
        foresee_by_keyframes(cursor, wanted);
    }
    Ok(())
}

/// Where the index names keyframes alone, a frame between two lies about as far on in bytes as in time.
fn foresee_by_keyframes(cursor: &Cursor<'_>, wanted: &[Wanted]) {
    let media = cursor.media();
    let (demuxer, stream) = (&media.demuxer, media.video.index);
    let end = media.timeline.timestamp_at(media.timeline.duration);
    let reordered = media.timeline.units_of(REORDERED_MS);
    let range = |wanted: &Wanted| {
        let place = demuxer.index_place(stream, wanted.at)?;
        let (key, from) = (demuxer.index_timestamp(stream, place)?, demuxer.index_position(stream, place)?);
        let next = demuxer.index_timestamp(stream, place + 1).unwrap_or(end);
        let until = demuxer.index_position(stream, place + 1).unwrap_or(media.source.len());
        let is_sure = cursor.is_index_sure(wanted.at);
        if next <= key || until <= from || wanted.choice != Choice::Exact || !is_sure {
            return None;
        }
        let share = (wanted.at.saturating_add(reordered) - key) as f64 / (next - key) as f64;
        Some(from..from + ((until - from) as f64 * share.clamp(0.0, 1.0)) as u64)
    };
    media.source.prefetch(&wanted.iter().filter_map(range).collect::<Vec<_>>());
}

fn foresee_by_index(cursor: &Cursor<'_>, wanted: &[Wanted]) {
    let media = cursor.media();
    let len = media.demuxer.index_len(media.video.index);
    let index = Index { media, len, key_delay: cursor.key_delay() };
    let mut runs = Vec::new();
    let mut done = 0;
    for wanted in wanted {
        let Some(entries) = index.entries_for(wanted) else { continue };
        (done.max(entries.start)..entries.end).for_each(|entry| index.join(&mut runs, entry));
        done = done.max(entries.end);
        let looked_at = index.key_looked_at(wanted).filter(|&key| done <= key);
        looked_at.into_iter().for_each(|key| index.join(&mut runs, key));
    }
    media.source.prefetch(&runs);
}

/// An index that lists every packet in coding order, by decoding time.
struct Index<'m> {
    media: &'m Media,
    len: usize,
    key_delay: i64,
}

impl Index<'_> {
    /// The entries that are read for a frame: from its keyframe to the last that could be shown by then.
    fn entries_for(&self, wanted: &Wanted) -> Option<Range<usize>> {
        let stream = self.media.video.index;
        let key = self.media.demuxer.index_place(stream, wanted.at - self.key_delay).unwrap_or(0);
        let is_key_enough = match wanted.choice {
            Choice::Exact => false,
            Choice::Keyframe => true,
            Choice::Hybrid { not_before } => not_before <= self.media.demuxer.index_timestamp(stream, key)?,
        };
        if is_key_enough {
            return Some(key..(key + 1).min(self.len));
        }
        let last = self.media.demuxer.index_last(stream, wanted.at).unwrap_or(0);
        Some(key..(last.max(key) + 1).min(self.len))
    }

    /// The entry of a keyframe that may be shown too late, which is read to find out.
    fn key_looked_at(&self, wanted: &Wanted) -> Option<usize> {
        let may_be_key = wanted.choice != Choice::Exact;
        may_be_key.then(|| self.media.demuxer.index_place(self.media.video.index, wanted.at)).flatten()
    }

    /// Adds an entry's bytes to the run before it when they are near.
    fn join(&self, runs: &mut Vec<Range<u64>>, entry: usize) {
        let Some(span) = self.media.demuxer.index_span(self.media.video.index, entry) else { return };
        match runs.last_mut() {
            Some(last) if last.start <= span.start && span.end <= last.end => {}
            Some(last) if last.end <= span.start && span.start - last.end <= GAP_BYTES_MAX => {
                last.end = span.end
            }
            _ => runs.push(span),
        }
    }
}
