//! Chooses keyframes that are evenly spread over all keyframes of a video.

use super::cursor::{Cursor, time_of};
use crate::error::EngineError;
use crate::media::check_limit;

/// Timestamps of up to `count` keyframes, evenly spread over those shown at or after `start`; the last
/// keyframe when there is none.
pub fn spread_keyframes(cursor: &mut Cursor<'_>, count: usize, start: i64) -> Result<Vec<i64>, EngineError> {
    if cursor.media().video.is_attached_picture {
        return Ok(vec![0; count.min(1)]);
    }
    let indexed = cursor.indexed_keys()?;
    let Some(keys) = indexed else {
        let mut shown = scan_keys(cursor)?;
        let first = shown.partition_point(|&key| key < start).min(shown.len().saturating_sub(1));
        return Ok(spread(&shown.split_off(first), count));
    };
    // The index may tell decoding times, so that keyframes near `start` have to be looked at.
    let mut first = keys.partition_point(|&key| key < start).min(keys.len() - 1);
    while 0 < first && shown_at(cursor, &keys, first - 1)?.is_some_and(|shown| start <= shown) {
        first -= 1;
    }
    let places: Vec<_> = (first..keys.len()).collect();
    let mut chosen = Vec::new();
    for place in spread(&places, count) {
        chosen.extend(shown_at(cursor, &keys, place)?);
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}

/// When the keyframe at a place of the index is shown.
fn shown_at(cursor: &mut Cursor<'_>, keys: &[i64], place: usize) -> Result<Option<i64>, EngineError> {
    let next = keys.get(place + 1).copied().unwrap_or(i64::MAX / 4);
    let found = cursor.seek_indexed(keys[place], next)?;
    Ok(found.filter(|packet| !packet.is_hidden()).as_ref().and_then(time_of))
}

/// All keyframes, by reading every packet.
fn scan_keys(cursor: &mut Cursor<'_>) -> Result<Vec<i64>, EngineError> {
    let most = cursor.media().limits.packets_per_scan_max;
    cursor.rewind()?;
    let mut keys = Vec::new();
    let mut count = 0;
    while let Some(packet) = cursor.next()? {
        count += 1;
        check_limit("packets_per_scan_max", most, count)?;
        if packet.is_key() && !packet.is_hidden() && cursor.roles().can_begin(packet.data()) {
            keys.extend(time_of(&packet));
        }
    }
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

/// `count` items, evenly spread, beginning with the first.
fn spread<T: Copy>(items: &[T], count: usize) -> Vec<T> {
    let count = count.min(items.len());
    (0..count).map(|k| items[k * items.len() / count]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_spread_and_never_repeated() {
        assert_eq!(spread(&[0, 1, 2, 3, 4, 5, 6, 7], 3), [0, 2, 5]);
        assert_eq!(spread(&[4, 9], 5), [4, 9]);
        assert!(spread::<i64>(&[], 3).is_empty());
        assert!(spread(&[1], 0).is_empty());
    }
}
