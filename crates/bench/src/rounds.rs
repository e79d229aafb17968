//! Medians over rounds: in each, every contender has its turn, so that a change of the machine's load
//! meets them all.

use anyhow::{Context, Result};

use crate::measure::{Cost, Work, measure};

/// From here on a run is slow.
const SLOW_MS: f64 = 20_000.0;
/// From here on a run takes minutes, over which the machine's moods even out.
const VERY_SLOW_MS: f64 = 120_000.0;

/// How often contenders run.
#[derive(Debug, Clone, Copy)]
pub struct Runs {
    /// Those that a figure is made of.
    pub most: usize,
    /// The same where a run is slow, and those that only stand beside.
    pub of_slow: usize,
}

impl Runs {
    /// How often a contender runs whose first run took so long.
    fn of(self, is_judged: bool, first_ms: f64) -> usize {
        let most = if is_judged && first_ms < SLOW_MS { self.most } else { self.of_slow };
        let is_once = VERY_SLOW_MS <= first_ms || !is_judged && SLOW_MS <= first_ms;
        if is_once { 1 } else { most.min(self.most) }
    }
}

/// Somebody who does a task.
pub struct Contender {
    /// What it is called in the table.
    pub name: String,
    /// What it runs.
    pub work: Work,
}

impl Contender {
    /// The same on the first core alone.
    pub fn on_one_core(mut self) -> Self {
        for command in &mut self.work.commands {
            command.splice(0..0, ["taskset", "-c", "0"].map(str::to_owned));
        }
        self
    }
}

/// What a contender's runs cost.
pub struct Row {
    /// As in [`Contender`].
    pub name: String,
    /// The median of each figure.
    pub cost: Cost,
    /// How many runs it stands for.
    pub run_count: usize,
}

/// Lets all contenders run in turns. Those that no figure is made of, as `is_judged` tells, run less often.
///
/// # Errors
/// When one of them fails: then the comparison would be unfair.
pub fn compete(contenders: &[Contender], runs: Runs, is_judged: impl Fn(&str) -> bool) -> Result<Vec<Row>> {
    let mut costs: Vec<Vec<Cost>> = contenders.iter().map(|_| Vec::new()).collect();
    for round in 0..runs.most {
        for (contender, costs) in contenders.iter().zip(&mut costs) {
            let judged = is_judged(&contender.name);
            if costs.first().is_some_and(|first: &Cost| runs.of(judged, first.wall_ms) <= round) {
                continue;
            }
            let cost = measure(&contender.work).with_context(|| contender.name.clone())?;
            eprintln!("  round {}: {:9.0} ms  {}", round + 1, cost.wall_ms, contender.name);
            costs.push(cost);
        }
    }
    let rows = contenders.iter().zip(costs).map(|(contender, costs)| Row {
        name: contender.name.clone(),
        cost: medians(&costs),
        run_count: costs.len(),
    });
    Ok(rows.collect())
}

fn medians(costs: &[Cost]) -> Cost {
    Cost {
        wall_ms: median(costs.iter().map(|cost| cost.wall_ms)),
        cpu_ms: median(costs.iter().map(|cost| cost.cpu_ms)),
        peak_bytes: median(costs.iter().map(|cost| cost.peak_bytes as f64)) as u64,
    }
}

/// The middle value; the mean of both middle ones of an even number.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_runs_and_those_that_only_stand_beside_are_fewer() {
        let runs = Runs { most: 5, of_slow: 2 };
        let of = |is_judged| [100.0, 20_000.0, 120_000.0].map(|first_ms| runs.of(is_judged, first_ms));
        assert_eq!((of(true), of(false)), ([5, 2, 1], [2, 1, 1]));
        assert_eq!(Runs { most: 1, of_slow: 2 }.of(false, 100.0), 1);
    }

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        assert_eq!(median([9.0, 1.0, 4.0].into_iter()), 4.0);
        assert_eq!(median([3.0, 1.0].into_iter()), 2.0);
    }
}
