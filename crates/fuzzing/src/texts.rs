//! Times as people and players write them.

use stillframe_domain::{MediaTime, Position};
use stillframe_engine::vtt::{cues_for, write};

use crate::time::{clock, parse_position, parse_time};

/// A time of the command line: what is read is written and read again as the same.
pub fn times(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(Position::Percent(percent)) = parse_position(&text) {
        assert!((0.0..=100.0).contains(&percent), "{percent} %");
    }
    if let Ok(time) = parse_time(&text) {
        let again = parse_time(&clock(time));
        assert_eq!(again, Ok(time), "{text:?} was read as {time:?}");
    }
}

/// Times and targets, eight bytes and a line each: a WebVTT file of them has only whole cues, in order, one
/// behind the other.
pub fn vtt(data: &[u8]) {
    let (duration, rest) = number(data);
    let mut pictures = Vec::new();
    let mut rest = rest;
    while !rest.is_empty() {
        let (at, after) = number(rest);
        let (target, after) = crate::pieces::line(after);
        // Targets are keys of ours; a player splits the file at lines.
        let target: String = target.chars().filter(|letter| letter.is_ascii_graphic()).collect();
        pictures.push((MediaTime::from_millis(at), format!("{target}.jpg")));
        rest = after;
    }
    let text = write(&cues_for(pictures, MediaTime::from_millis(duration)));
    let mut blocks = text.split("\n\n");
    assert_eq!(blocks.next(), Some("WEBVTT"));
    let mut end_of_last = None;
    for block in blocks.filter(|block| !block.is_empty()) {
        let (times, target) = block.split_once('\n').expect("a time and a target");
        let (start, end) = times.split_once(" --> ").expect("two times");
        assert!(target.ends_with(".jpg") && !target.contains('\n'), "{block:?}");
        assert!(end_of_last.is_none_or(|last| last == start), "{block:?} does not follow {end_of_last:?}");
        end_of_last = Some(end);
    }
}

/// A number of milliseconds from the first bytes, within what a video can have.
fn number(data: &[u8]) -> (i64, &[u8]) {
    const MS_MAX: i64 = 48 * 3_600_000;
    let (head, rest) = data.split_at(data.len().min(4));
    let mut bytes = [0; 4];
    bytes[..head.len()].copy_from_slice(head);
    (i64::from(i32::from_be_bytes(bytes)) % MS_MAX, rest)
}
