//! Tags of Flash video.
//!
//! Source: Adobe Flash Video File Format Specification 10.1, annex E.3 and E.4.

use super::{Look, Mark};

const HEADER_BYTES: usize = 11;
/// A tag that is longer is none: 4 MiB.
const TAG_BYTES_MAX: usize = 4 << 20;
const AUDIO: u8 = 8;
const VIDEO: u8 = 9;
const SCRIPT: u8 = 18;

/// The first tag of video that follows a tag which ends as tags do.
pub(super) fn look(bytes: &[u8]) -> Look {
    let mut at = 0;
    while at + HEADER_BYTES < bytes.len() {
        match Tag::at(bytes, at) {
            Some(tag) if tag.end() + 4 <= bytes.len() && !tag.is_closed(bytes) => at += 1,
            Some(tag) if tag.kind == VIDEO && tag.end() + 4 <= bytes.len() => {
                return Look::Mark(Mark { position: at as u64, time: tag.time_ms });
            }
            Some(tag) if tag.end() + 4 + HEADER_BYTES < bytes.len() => at = tag.end() + 4,
            // Its end lies beyond what is here.
            Some(_) => return Look::Nothing(at),
            None => at += 1,
        }
    }
    Look::Nothing(at)
}

struct Tag {
    at: usize,
    kind: u8,
    size: usize,
    time_ms: i64,
}

impl Tag {
    fn at(bytes: &[u8], at: usize) -> Option<Self> {
        let [kind, a, b, c, d, e, f, upper, 0, 0, 0] = *bytes.get(at..at + HEADER_BYTES)? else {
            return None;
        };
        let size = u32::from_be_bytes([0, a, b, c]) as usize;
        let time_ms = i64::from(i32::from_be_bytes([upper, d, e, f]));
        let is_tag = [AUDIO, VIDEO, SCRIPT].contains(&kind) && (1..=TAG_BYTES_MAX).contains(&size);
        is_tag.then_some(Self { at, kind, size, time_ms })
    }

    fn end(&self) -> usize {
        self.at + HEADER_BYTES + self.size
    }

    /// Whether its length stands behind it again.
    fn is_closed(&self, bytes: &[u8]) -> bool {
        let told = bytes.get(self.end()..self.end() + 4);
        told == Some(&((HEADER_BYTES + self.size) as u32).to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(kind: u8, time_ms: u32, body: &[u8]) -> Vec<u8> {
        let size = (body.len() as u32).to_be_bytes();
        let time = time_ms.to_be_bytes();
        let header = [kind, size[1], size[2], size[3], time[1], time[2], time[3], time[0], 0, 0, 0];
        [&header[..], body, &(body.len() as u32 + 11).to_be_bytes()].concat()
    }

    #[test]
    fn the_next_tag_of_video_is_found_from_anywhere() {
        let file = [tag(AUDIO, 10, &[7; 50]), tag(VIDEO, 0x0102_0304, &[1; 40]), tag(AUDIO, 30, &[2; 9])];
        let bytes = [&[9, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 5][..], &file.concat()].concat();
        let Look::Mark(mark) = look(&bytes) else { panic!("a mark") };
        assert_eq!((mark.position, mark.time), (16 + 65, 0x0102_0304));
        let Look::Nothing(passed) = look(&bytes[..100]) else { panic!("the tag is not whole") };
        assert_eq!(passed, 81);
        assert!(matches!(look(&[0; 64]), Look::Nothing(53)));
    }
}
