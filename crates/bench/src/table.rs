//! Tables in Markdown: what each contender cost, and how the ratios stand against what is aimed at.

use std::fmt::Write as _;

use crate::rounds::Row;

/// A ratio that is aimed at.
pub struct Aim {
    /// What is compared.
    pub what: String,
    /// The contender whose wall clock is divided.
    pub of: String,
    /// The contender whose wall clock it is divided by.
    pub by: String,
    /// The bound that must hold.
    pub must: Bound,
    /// The bound that we would like to reach.
    pub goal: Bound,
}

/// A bound of a ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// At least so many times.
    AtLeast(f64),
    /// At most so many times.
    AtMost(f64),
}

impl Bound {
    fn holds(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(least) => least <= ratio,
            Self::AtMost(most) => ratio <= most,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!(">= {least}"),
            Self::AtMost(most) => format!("<= {most}"),
        }
    }
}

/// The costs of a task.
pub fn costs(title: &str, rows: &[Row]) -> String {
    let mut text = format!("### {title}\n\n| | wall ms | CPU ms | peak MB | runs |\n|---|--:|--:|--:|--:|\n");
    for Row { name, cost, run_count } in rows {
        let peak_mb = cost.peak_bytes as f64 / 1e6;
        writeln!(text, "| {name} | {:.0} | {:.0} | {peak_mb:.0} | {run_count} |", cost.wall_ms, cost.cpu_ms)
            .expect("writing to a String does not fail");
    }
    text
}

/// How the ratios of a task stand.
pub fn ratios(rows: &[Row], aims: &[Aim]) -> String {
    let mut text = "| ratio of wall clocks | measured | must | goal |\n|---|--:|--:|--:|\n".to_owned();
    for aim in aims {
        let wall = |name: &str| rows.iter().find(|row| row.name == name).map(|row| row.cost.wall_ms);
        let (Some(of), Some(by)) = (wall(&aim.of), wall(&aim.by)) else { continue };
        let ratio = of / by;
        let mark = |bound: Bound| if bound.holds(ratio) { "held" } else { "**missed**" };
        let (must, goal) = (aim.must, aim.goal);
        writeln!(
            text,
            "| {} | {ratio:.2} | {} {} | {} {} |",
            aim.what,
            must.text(),
            mark(must),
            goal.text(),
            mark(goal)
        )
        .expect("writing to a String does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Cost;

    fn row(name: &str, wall_ms: f64) -> Row {
        let cost = Cost { wall_ms, cpu_ms: 1.0, peak_bytes: 2_000_000 };
        Row { name: name.to_owned(), cost, run_count: 5 }
    }

    #[test]
    fn a_ratio_says_whether_its_bounds_hold() {
        let rows = [row("theirs", 300.0), row("ours", 100.0)];
        let aim = |must, goal| Aim {
            what: "still".to_owned(),
            of: "theirs".to_owned(),
            by: "ours".to_owned(),
            must,
            goal,
        };
        let text = ratios(&rows, &[aim(Bound::AtLeast(2.5), Bound::AtLeast(4.0))]);
        assert!(text.ends_with("| still | 3.00 | >= 2.5 held | >= 4 **missed** |\n"), "{text}");
        let text = ratios(&rows, &[aim(Bound::AtMost(3.0), Bound::AtMost(1.0))]);
        assert!(text.ends_with("| still | 3.00 | <= 3 held | <= 1 **missed** |\n"), "{text}");
    }

    #[test]
    fn costs_are_told_for_each_contender() {
        let text = costs("T1", &[row("ours", 12.4)]);
        assert!(text.ends_with("| ours | 12 | 1 | 2 | 5 |\n"), "{text}");
    }
}
