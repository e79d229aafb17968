//! The head of one fragment: which samples it holds, where, and when.
//!
//! Source: ISO/IEC 14496-12, 8.8 (movie fragments).

use std::collections::BTreeMap;

/// What samples are like where a fragment does not say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Defaults {
    pub(super) duration: u32,
    pub(super) size_bytes: u32,
    pub(super) flags: u32,
}

/// The samples of one track in one fragment.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) track: u32,
    /// Whether it tells where its samples are by the file's own offsets.
    pub(super) has_file_offset: bool,
    pub(super) samples: Vec<Sample>,
}

/// One sample; times are in its track's units.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) offset: u64,
    pub(super) size_bytes: u32,
    pub(super) dts: i64,
    pub(super) pts: i64,
    pub(super) duration: u32,
    pub(super) is_key: bool,
}

/// Most samples of one fragment.
const SAMPLES_MAX: u32 = 1 << 20;
/// Flags that forbid to begin with a sample: it is no sync sample, or depends on others.
const NO_START: u32 = 0x0001_0000 | 0x0100_0000;

/// Reads big-endian numbers from the front.
pub(super) struct Reader<'b>(pub(super) &'b [u8]);

impl<'b> Reader<'b> {
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'b [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn number(&mut self, count: usize) -> Option<u64> {
        Some(self.bytes(count)?.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.number(4).map(|value| value as u32)
    }

    /// The next box: its kind and its body.
    pub(super) fn next_box(&mut self) -> Option<([u8; 4], &'b [u8])> {
        let size = self.u32()?;
        let kind = self.bytes(4)?.try_into().ok()?;
        let body = match size {
            1 => usize::try_from(self.number(8)?).ok()?.checked_sub(16)?,
            size => (size as usize).checked_sub(8)?,
        };
        Some((kind, self.bytes(body)?))
    }
}

/// The bodies of all boxes of a kind.
pub(super) fn children<'b>(body: &'b [u8], kind: &[u8; 4]) -> Vec<&'b [u8]> {
    let mut reader = Reader(body);
    let boxes = std::iter::from_fn(|| reader.next_box());
    boxes.filter(|(found, _)| found == kind).map(|(_, body)| body).collect()
}

/// The defaults by track, from the body of `moov`.
pub(super) fn defaults(moov: &[u8]) -> BTreeMap<u32, Defaults> {
    let extends = children(moov, b"mvex").into_iter().flat_map(|mvex| children(mvex, b"trex"));
    let read = |body| {
        let mut reader = Reader(body);
        let (_, track, _) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let [duration, size_bytes, flags] = [reader.u32()?, reader.u32()?, reader.u32()?];
        Some((track, Defaults { duration, size_bytes, flags }))
    };
    extends.filter_map(read).collect()
}

/// The fragment's number, from the body of `moof`.
pub(super) fn sequence(moof: &[u8]) -> Option<u32> {
    let mut reader = Reader(children(moof, b"mfhd").into_iter().next()?);
    reader.u32()?;
    reader.u32()
}

/// The samples of all tracks, from the body of the `moof` that begins at `start`.
pub(super) fn runs(moof: &[u8], start: u64, defaults: &BTreeMap<u32, Defaults>) -> Option<Vec<Run>> {
    let mut implicit = start;
    let mut runs = Vec::new();
    for body in children(moof, b"traf") {
        let mut header = Reader(children(body, b"tfhd").into_iter().next()?);
        let (flags, track) = (header.u32()?, header.u32()?);
        let mut own = *defaults.get(&track)?;
        let has_file_offset = flags & 1 != 0;
        let base = match flags {
            _ if has_file_offset => header.number(8)?,
            _ if flags & 0x2_0000 != 0 => start,
            _ => implicit,
        };
        if flags & 2 != 0 {
            header.u32()?;
        }
        for (bit, field) in [(8, &mut own.duration), (16, &mut own.size_bytes), (32, &mut own.flags)] {
            if flags & bit != 0 {
                *field = header.u32()?;
            }
        }
        let mut time = Reader(children(body, b"tfdt").into_iter().next()?);
        let wide = time.u32()? >> 24 != 0;
        let mut dts = i64::try_from(time.number(if wide { 8 } else { 4 })?).ok()?;
        let mut samples = Vec::new();
        let mut next = base;
        for trun in children(body, b"trun") {
            read_trun(trun, own, (base, &mut next, &mut dts), &mut samples)?;
        }
        implicit = next;
        runs.push(Run { track, has_file_offset, samples });
    }
    Some(runs)
}

fn read_trun(
    body: &[u8],
    own: Defaults,
    (base, next, dts): (u64, &mut u64, &mut i64),
    samples: &mut Vec<Sample>,
) -> Option<()> {
    let mut reader = Reader(body);
    let flags = reader.u32()?;
    let count = reader.u32().filter(|&count| count <= SAMPLES_MAX)?;
    if flags & 1 != 0 {
        *next = base.checked_add_signed((reader.u32()? as i32).into())?;
    }
    let first_flags = if flags & 4 != 0 { Some(reader.u32()?) } else { None };
    for place in 0..count {
        let mut field = |bit: u32, otherwise| if flags & bit != 0 { reader.u32() } else { Some(otherwise) };
        let (duration, size_bytes) = (field(0x100, own.duration)?, field(0x200, own.size_bytes)?);
        let sample_flags = field(0x400, own.flags)?;
        // Version 0 has them unsigned, but is written with signed ones too.
        let delay = field(0x800, 0)? as i32;
        let sample_flags = first_flags.filter(|_| place == 0).unwrap_or(sample_flags);
        let is_key = sample_flags & NO_START == 0;
        let pts = *dts + i64::from(delay);
        samples.push(Sample { offset: *next, size_bytes, dts: *dts, pts, duration, is_key });
        *next = next.checked_add(size_bytes.into())?;
        *dts = dts.checked_add(duration.into())?;
    }
    Some(())
}
