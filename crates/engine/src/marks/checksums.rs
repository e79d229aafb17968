//! Checksums of Matroska's clusters, for codecs whose decoders hand out damaged pictures as sound.
//!
//! Of HEVC and VP8 a flipped bit most often gives another picture, and libav says nothing. Many writers put a
//! checksum before each cluster, which libav does not look at; this does. Where one does not fit, every frame
//! of that cluster counts as damaged: which of them is, nobody knows.
//!
//! Source: RFC 8794 (EBML), 11.3.1 (CRC-32), and RFC 9559 (Matroska), 5.1.3.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use stillframe_domain::ByteSource;

use super::matroska::{CLUSTER, CRC, number, segment_body};
use super::{MATROSKA_HEAD_BYTES, read};

/// Identifier and size of an element, and what a checksum takes.
const HEAD_BYTES: u64 = 4 + 8 + 6;
/// Bytes that are read at a time: 256 KiB.
const CHUNK_BYTES: u64 = 256 << 10;
/// A cluster that is larger is not checked: 64 MiB.
const CHECKED_BYTES_MAX: u64 = 64 << 20;
/// Elements that are passed over to find the one that holds a packet.
const PASSED_MAX: usize = 100_000;

/// The clusters of one file.
pub struct Clusters {
    source: Arc<dyn ByteSource>,
    /// Where the first element of the segment begins.
    first: u64,
    /// Elements of the segment by where they begin.
    seen: BTreeMap<u64, Element>,
}

#[derive(Debug, Clone, Copy)]
struct Element {
    end: u64,
    /// Where the checked bytes begin, and their checksum.
    sum: Option<(u64, u32)>,
    /// Whether the checksum does not fit, once that was looked at.
    is_spoilt: Option<bool>,
}

impl Clusters {
    /// The clusters of a Matroska file on a disk; `None` for others. From afar, all bytes of a cluster would
    /// have to be fetched for one picture.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn of(container: &str, source: &Arc<dyn ByteSource>) -> io::Result<Option<Self>> {
        if source.file().is_none() || !container.contains("matroska") {
            return Ok(None);
        }
        let first = segment_body(&read(source.as_ref(), 0, MATROSKA_HEAD_BYTES)?);
        Ok(first.map(|first| Self { source: Arc::clone(source), first, seen: BTreeMap::new() }))
    }

    /// Reads the same bytes from another source from now on.
    pub fn read_from(&mut self, source: Arc<dyn ByteSource>) {
        self.source = source;
    }

    /// Whether the packet at a place lies in a cluster whose bytes are not those that were written. `near` is
    /// the place of an element before it, if the container's index tells one.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn is_spoilt(&mut self, position: u64, near: Option<u64>) -> io::Result<bool> {
        let Some(start) = self.holding(position, near)? else { return Ok(false) };
        let element = self.seen[&start];
        if let Some(known) = element.is_spoilt {
            return Ok(known);
        }
        let is_spoilt = match element.sum {
            Some((from, sum)) if element.end - from <= CHECKED_BYTES_MAX => {
                self.sum(from, element.end)? != Some(sum)
            }
            _ => false,
        };
        self.seen.insert(start, Element { is_spoilt: Some(is_spoilt), ..element });
        Ok(is_spoilt)
    }

    /// Where the element begins that holds a place.
    fn holding(&mut self, position: u64, near: Option<u64>) -> io::Result<Option<u64>> {
        let known = self.seen.range(..=position).next_back().map(|(&start, element)| (start, element.end));
        let mut at = match known {
            Some((start, end)) if position < end => return Ok(Some(start)),
            Some((_, end)) => end,
            None => self.first,
        };
        at = near.filter(|&near| near <= position).map_or(at, |near| near.max(at));
        for _ in 0..PASSED_MAX {
            let Some(element) = self.element(at)? else { return Ok(None) };
            self.seen.insert(at, element);
            if position < element.end {
                return Ok(Some(at));
            }
            at = element.end;
        }
        Ok(None)
    }

    /// The element at a place; `None` where there is none, or none that is whole and tells its length.
    fn element(&self, at: u64) -> io::Result<Option<Element>> {
        let head = read(self.source.as_ref(), at, HEAD_BYTES)?;
        Ok(parse(&head, at).filter(|element| at < element.end && element.end <= self.source.len()))
    }

    /// The checksum of a span; `None` where it cannot be read whole.
    fn sum(&self, from: u64, end: u64) -> io::Result<Option<u32>> {
        let mut hasher = crc32fast::Hasher::new();
        let mut at = from;
        while at < end {
            let bytes = read(self.source.as_ref(), at, CHUNK_BYTES.min(end - at))?;
            if bytes.is_empty() {
                return Ok(None);
            }
            hasher.update(&bytes);
            at += bytes.len() as u64;
        }
        Ok(Some(hasher.finalize()))
    }
}

/// Reads the head of an element.
fn parse(head: &[u8], at: u64) -> Option<Element> {
    // An identifier tells its own length, as a size does.
    let id_bytes = number(head).filter(|id| id.length <= 4)?.length;
    let size = number(&head[id_bytes..])?;
    let body_at = id_bytes + size.length;
    let end = (at + body_at as u64).checked_add(size.value?)?;
    let sum = match head.get(body_at..body_at + 6) {
        Some(&[CRC, 0x84, a, b, c, d]) if head.starts_with(&CLUSTER) => {
            Some((at + body_at as u64 + 6, u32::from_le_bytes([a, b, c, d])))
        }
        _ => None,
    };
    Some(Element { end, sum: sum.filter(|(from, _)| *from <= end), is_spoilt: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_tells_its_end_and_a_cluster_its_checksum() {
        let head = [&CLUSTER[..], &[0x40, 20, CRC, 0x84, 1, 2, 3, 4], &[9; 6]].concat();
        let element = parse(&head, 100).unwrap();
        assert_eq!((element.end, element.sum), (126, Some((112, 0x0403_0201))));
        let void = parse(&[0xEC, 0x85, 0, 0, 0, 0, 0, 0], 7).unwrap();
        assert_eq!((void.end, void.sum), (14, None));
        let live = [&CLUSTER[..], &[0x01, 255, 255, 255, 255, 255, 255, 255]].concat();
        assert!(parse(&live, 0).is_none(), "a cluster without a length");
        assert!(parse(&[0x1F, 0x43], 0).is_none(), "not there");
        assert!(parse(&[], 0).is_none());
    }
}
