//! Which bytes a plan is going to read, as far as the index of the container tells it beforehand.
//!
//! Nothing depends on it but how long a source that is far away lets us wait: what is not foreseen is read
//! all the same.

use std::ops::Range;

use super::cursor::Cursor;
use super::wanted::{Choice, Wanted};
use crate::media::Media;

/// Bytes of other streams that may lie between two packets of one run.
const GAP_BYTES_MAX: u64 = 128 << 10;

/// Tells the source what will be read for these frames, in the order of time.
pub fn foresee(cursor: &Cursor<'_>, wanted: &[Wanted]) {
    let media = cursor.media();
    if !media.has_whole_index || media.source.file().is_some() {
        return;
    }
    let len = media.demuxer.index_len(media.video.index);
    let index = Index { media, len, key_delay: cursor.key_delay() };
    let mut runs = Vec::new();
    let mut done = 0;
    for wanted in wanted {
        let Some(entries) = index.entries_for(wanted) else { continue };
        (done.max(entries.start)..entries.end).for_each(|entry| index.join(&mut runs, entry));
        done = done.max(entries.end);
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

    /// Adds an entry's bytes to the run before it when they are near.
    fn join(&self, runs: &mut Vec<Range<u64>>, entry: usize) {
        let Some(span) = self.media.demuxer.index_span(self.media.video.index, entry) else { return };
        match runs.last_mut() {
            Some(last) if last.end <= span.start && span.start - last.end <= GAP_BYTES_MAX => {
                last.end = span.end
            }
            _ => runs.push(span),
        }
    }
}
