//! Ranges that were told of and are not on their way yet.

use std::collections::VecDeque;
use std::ops::Range;

/// Bytes between two ranges that are rather fetched along than asked around.
const GAP_BYTES_MAX: u64 = 128 << 10;

/// In the order in which they will be asked for; disjoint.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    ranges: VecDeque<Range<u64>>,
}

impl Waiting {
    /// How many ranges wait.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Adds a range behind the others, cut into pieces of at most `bytes_max`.
    pub(crate) fn push(&mut self, range: Range<u64>, bytes_max: u64) {
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at.saturating_add(bytes_max.max(1)));
            self.ranges.push_back(at..end);
            at = end;
        }
    }

    /// The next range if `accept` takes it.
    pub(crate) fn pop_if(&mut self, accept: impl FnOnce(&Range<u64>) -> bool) -> Option<Range<u64>> {
        self.ranges.front().is_some_and(accept).then(|| self.ranges.pop_front()).flatten()
    }

    /// Takes out the range that holds an offset.
    pub(crate) fn take_at(&mut self, offset: u64) -> Option<Range<u64>> {
        let place = self.ranges.iter().position(|range| range.contains(&offset))?;
        self.ranges.remove(place)
    }

    /// Where the next range after an offset begins.
    pub(crate) fn next_start(&self, offset: u64) -> Option<u64> {
        self.ranges.iter().map(|range| range.start).filter(|&start| offset < start).min()
    }

    /// The parts of a range that no waiting one holds.
    pub(crate) fn missing(&self, range: Range<u64>) -> Vec<Range<u64>> {
        let mut known: Vec<_> = self.ranges.iter().cloned().collect();
        known.sort_by_key(|known| known.start);
        without(range, known)
    }
}

/// The parts of a range that none of `known` holds, which are sorted.
pub(crate) fn without(range: Range<u64>, known: impl IntoIterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut parts = Vec::new();
    let mut at = range.start;
    for known in known {
        if known.end <= at {
            continue;
        }
        if range.end <= known.start {
            break;
        }
        if at < known.start {
            parts.push(at..known.start);
        }
        at = known.end;
    }
    if at < range.end {
        parts.push(at..range.end);
    }
    parts
}

/// Joins ranges with small gaps between them; those beyond `size` are cut off.
pub(crate) fn coalesce(ranges: &[Range<u64>], size: u64) -> Vec<Range<u64>> {
    let within = ranges.iter().map(|range| range.start..range.end.min(size));
    let mut sorted: Vec<_> = within.filter(|range| range.start < range.end).collect();
    sorted.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP_BYTES_MAX) => {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1 << 10;

    #[test]
    fn near_ranges_are_joined_and_far_ones_are_not() {
        let ranges = [900 * KIB..910 * KIB, 0..10 * KIB, 100 * KIB..110 * KIB, 5 * KIB..20 * KIB, 7..7];
        assert_eq!(coalesce(&ranges, u64::MAX), [0..110 * KIB, 900 * KIB..910 * KIB]);
        assert_eq!(coalesce(&ranges, 905 * KIB), [0..110 * KIB, 900 * KIB..905 * KIB]);
        assert_eq!(coalesce(&ranges, 0), []);
    }

    #[test]
    fn a_waiting_range_can_be_taken_out_of_turn() {
        let mut waiting = Waiting::default();
        waiting.push(0..10, 4);
        waiting.push(50..60, 100);
        assert_eq!(waiting.take_at(5), Some(4..8));
        assert_eq!(waiting.take_at(5), None);
        assert_eq!(waiting.next_start(8), Some(50));
        assert_eq!(waiting.missing(2..70), [4..8, 10..50, 60..70]);
        assert_eq!(waiting.pop_if(|range| range.start == 0), Some(0..4));
        assert_eq!(waiting.pop_if(|_| false), None);
        assert_eq!(waiting.pop_if(|_| true), Some(8..10));
    }
}
