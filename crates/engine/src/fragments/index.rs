//! Where the fragments of a file lie: from the index in front (`sidx`), from the one behind (`mfra`), or
//! by going from one to the next.
//!
//! Source: ISO/IEC 14496-12, 8.8.9 to 8.8.11 (`mfra`) and 8.16.3 (`sidx`).

use std::collections::BTreeMap;
use std::io;

use stillframe_domain::ByteSource;

use super::moof::{Reader, children, sequence};
use super::{HEAD_BYTES, first_time, read, read_moof};
use crate::boxes::box_at;

/// Most fragments of a file: as many as one `sidx` can list.
pub(super) const FRAGMENTS_MAX: usize = 65_535;
/// Bytes that are asked for at each fragment at least, when going from one to the next: 2 KiB.
const WALK_BYTES: u64 = 2 << 10;
/// Longest index behind the fragments: 8 MiB.
const MFRA_BYTES_MAX: u64 = 8 << 20;

/// Where fragments begin, with the time of each in the track's units if it is told.
pub(super) struct Places {
    pub(super) starts: BTreeMap<u64, Option<i64>>,
    /// Where the last one ends.
    pub(super) end: u64,
    /// Whether libav finds them itself.
    pub(super) is_known_to_all: bool,
}

/// The `sidx` between the header and the first fragment, if it covers the whole file; `Err(())` when there
/// is one that does not.
pub(super) fn by_sidx(
    source: &dyn ByteSource,
    (mut at, first): (u64, u64),
    (track, timescale): (u32, u32),
) -> io::Result<Result<Option<Places>, ()>> {
    let mut found = Ok(None);
    while at < first {
        let Some(header) = box_at(source, at)? else { break };
        if header.kind == *b"sidx" {
            let body = read(source, header.body, header.end - header.body)?;
            if body.get(4..8) == Some(&track.to_be_bytes()[..]) {
                match read_sidx(&body, header.end, timescale) {
                    Some(places) if is_whole(source, places.end)? => found = Ok(Some(places)),
                    _ => return Ok(Err(())),
                }
            } else if !matches!(found, Ok(Some(_))) {
                // Of another track alone: libav goes by it.
                found = Err(());
            }
        }
        at = header.end;
    }
    Ok(found)
}

fn read_sidx(body: &[u8], behind: u64, timescale: u32) -> Option<Places> {
    let mut reader = Reader(body);
    let wide = reader.u32()? >> 24 != 0;
    let (_, own_scale) = (reader.u32()?, reader.u32()?);
    let bytes = if wide { 8 } else { 4 };
    let mut time = i64::try_from(reader.number(bytes)?).ok()?;
    let mut at = behind.checked_add(reader.number(bytes)?)?;
    reader.number(2)?;
    let mut starts = BTreeMap::new();
    for _ in 0..reader.number(2)? {
        let (reference, duration, _) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let is_nested = reference >> 31 != 0;
        if is_nested || own_scale != timescale {
            return None;
        }
        starts.insert(at, Some(time));
        time += i64::from(duration);
        at = at.checked_add(u64::from(reference & 0x7FFF_FFFF))?;
    }
    Some(Places { starts, end: at, is_known_to_all: true })
}

/// Whether nothing but an `mfra` follows.
fn is_whole(source: &dyn ByteSource, end: u64) -> io::Result<bool> {
    if end == source.len() {
        return Ok(true);
    }
    let next = if end < source.len() { box_at(source, end)? } else { None };
    Ok(next.is_some_and(|next| next.kind == *b"mfra" && next.end == source.len()))
}

/// The `mfra` at the end of the file; `None` when there is none, or when it does not name all fragments:
/// their numbers tell.
pub(super) fn by_mfra(source: &dyn ByteSource, first: u64, track: u32) -> io::Result<Option<Places>> {
    let len = source.len();
    let tail = len.saturating_sub(HEAD_BYTES).max(first);
    let tail = read(source, tail, len - tail)?;
    let Some(size) = tail.last_chunk().map(|&size| u64::from(u32::from_be_bytes(size))) else {
        return Ok(None);
    };
    if !(16..=MFRA_BYTES_MAX).contains(&size) || len < first + size {
        return Ok(None);
    }
    let body = read(source, len - size, size)?;
    let mut reader = Reader(&body);
    let Some((kind, mfra)) = reader.next_box() else { return Ok(None) };
    if kind != *b"mfra" {
        return Ok(None);
    }
    let mut starts = BTreeMap::new();
    for tfra in children(mfra, b"tfra") {
        if read_tfra(tfra, track, &mut starts).is_none() {
            return Ok(None);
        }
    }
    let last = starts.last_key_value().map(|(&at, _)| at);
    let Some(last) = last.filter(|_| starts.contains_key(&first) && starts.len() <= FRAGMENTS_MAX) else {
        return Ok(None);
    };
    let number =
        |at| io::Result::Ok(read_moof(source, at, HEAD_BYTES)?.and_then(|moof| sequence(&moof.body)));
    let (Some(from), Some(to)) = (number(first)?, number(last)?) else { return Ok(None) };
    let is_whole = u64::from(to.wrapping_sub(from)) + 1 == starts.len() as u64;
    Ok(is_whole.then_some(Places { starts, end: len - size, is_known_to_all: false }))
}

fn read_tfra(body: &[u8], wanted: u32, starts: &mut BTreeMap<u64, Option<i64>>) -> Option<()> {
    let mut reader = Reader(body);
    let wide = reader.u32()? >> 24 != 0;
    let (track, lengths, count) = (reader.u32()?, reader.u32()?, reader.u32()?);
    let numbers = [4, 2, 0].map(|shift| (lengths >> shift & 3) as usize + 1).iter().sum();
    for _ in 0..count {
        let bytes = if wide { 8 } else { 4 };
        let (time, at) = (reader.number(bytes)?, reader.number(bytes)?);
        reader.bytes(numbers)?;
        let known = starts.entry(at).or_insert(None);
        if track == wanted && known.is_none() {
            *known = i64::try_from(time).ok();
        }
    }
    Some(())
}

/// All fragments, one after another.
pub(super) fn by_walking(source: &dyn ByteSource, first: u64, track: u32) -> io::Result<Option<Places>> {
    let mut starts = BTreeMap::new();
    let (mut at, mut asked, mut is_head) = (first, WALK_BYTES, true);
    while at < source.len() {
        if is_head {
            source.prefetch(std::slice::from_ref(&(at..at + asked)));
        }
        let Some(header) = box_at(source, at)? else { return Ok(None) };
        match &header.kind {
            b"moof" => {
                // The head of the last one may be cut off; those before it are there.
                let Some(moof) = read_moof(source, at, asked)? else { break };
                starts.insert(at, first_time(&moof.body, track));
                // The next one is about as long.
                asked = (moof.body.len() as u64 + 256).clamp(WALK_BYTES, HEAD_BYTES);
            }
            b"mdat" | b"styp" | b"free" | b"skip" | b"prft" | b"emsg" | b"uuid" => {}
            b"mfra" => break,
            // An index of a part would be read by libav and lead it astray.
            _ => return Ok(None),
        }
        if source.len() < header.end || FRAGMENTS_MAX < starts.len() {
            return Ok(None);
        }
        // What follows the head of a fragment came with it.
        is_head = header.kind != *b"moof";
        at = header.end;
    }
    Ok((!starts.is_empty()).then_some(Places { starts, end: at, is_known_to_all: false }))
}
