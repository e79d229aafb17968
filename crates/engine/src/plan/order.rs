//! The order in which times are planned: where the index tells what the groups will cost, the costliest come
//! first, so that the last ones to be decoded are small and all cores end at about the same time.

use super::cursor::Cursor;
use super::wanted::{Choice, Wanted};

/// Only so many of the last groups are put in another order. More would gain nothing, and sheets would wait
/// half filled in memory for cells from all over the video.
const REORDERED_GROUPS_MAX: usize = 128;

/// Sorts by time; then the last groups by what they cost, if the index tells. A source that is far away is
/// read in the order of time, in which it was told what will be read.
pub fn ordered(cursor: &Cursor<'_>, mut wanted: Vec<Wanted>) -> Vec<Wanted> {
    wanted.sort_by_key(|wanted| wanted.at);
    if cursor.media().source.file().is_none() {
        return wanted;
    }
    let runs: Vec<_> = wanted.chunk_by(|one, next| !cursor.is_far(one.at, next.at)).collect();
    let (early, late) = runs.split_at(runs.len().saturating_sub(REORDERED_GROUPS_MAX));
    let costs: Option<Vec<_>> = late.iter().map(|run| cost(cursor, run)).collect();
    let Some(costs) = costs else { return wanted };
    let mut late: Vec<_> = costs.into_iter().zip(late).collect();
    late.sort_by_key(|&(cost, _)| std::cmp::Reverse(cost));
    let late = late.into_iter().map(|(_, run)| run);
    early.iter().chain(late).flat_map(|run| run.iter().copied()).collect()
}

/// What it costs about to decode a run of times that one keyframe leads to.
fn cost(cursor: &Cursor<'_>, run: &[Wanted]) -> Option<u64> {
    let (first, last) = (run.first()?, run.last()?);
    let is_key_alone = run.iter().all(|wanted| wanted.choice == Choice::Keyframe);
    cursor.indexed_cost(first.at, if is_key_alone { first.at } else { last.at }, is_key_alone)
}
