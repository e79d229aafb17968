//! Tables in Markdown: what each contender cost, and how the ratios stand against what is aimed at.

use std::fmt::Write as _;

use crate::rounds::Row;

/// A figure that is aimed at.
pub struct Aim {
    /// What it tells.
    pub what: String,
    /// How it comes about.
    pub figure: Figure,
    /// The bound that must hold; `None` where the figure is told but nothing has to hold.
    pub must: Option<Bound>,
    /// The bound that we would like to reach.
    pub goal: Bound,
}

/// How a figure comes about from the costs of contenders, which are named.
pub enum Figure {
    /// The wall clock of the first over that of the second.
    WallRatio(String, String),
    /// Peak memory in megabytes.
    PeakMb(String),
}

impl Figure {
    fn of(&self, rows: &[Row]) -> Option<f64> {
        let cost = |name: &str| rows.iter().find(|row| row.name == name).map(|row| row.cost);
        match self {
            Self::WallRatio(of, by) => Some(cost(of)?.wall_ms / cost(by)?.wall_ms),
            Self::PeakMb(of) => Some(cost(of)?.peak_bytes as f64 / 1e6),
        }
    }
}

/// A bound of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// At least so many times.
    AtLeast(f64),
    /// At most so many times.
    AtMost(f64),
}

impl Bound {
    fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(least) => least <= figure,
            Self::AtMost(most) => figure <= most,
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

/// How the figures of a task stand.
pub fn figures(rows: &[Row], aims: &[Aim]) -> String {
    let mut text = "| figure | measured | must | goal |\n|---|--:|--:|--:|\n".to_owned();
    for aim in aims {
        let Some(figure) = aim.figure.of(rows) else { continue };
        let told = |bound: Bound| {
            let mark = if bound.holds(figure) { "held" } else { "**missed**" };
            format!("{} {mark}", bound.text())
        };
        let must = aim.must.map_or_else(|| "-".to_owned(), told);
        writeln!(text, "| {} | {figure:.2} | {must} | {} |", aim.what, told(aim.goal))
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

    fn aim(figure: Figure, must: Option<Bound>, goal: Bound) -> Aim {
        Aim { what: "still".to_owned(), figure, must, goal }
    }

    #[test]
    fn a_ratio_says_whether_its_bounds_hold() {
        let rows = [row("theirs", 300.0), row("ours", 100.0)];
        let ratio = || Figure::WallRatio("theirs".to_owned(), "ours".to_owned());
        let bounds = (Some(Bound::AtLeast(2.5)), Bound::AtLeast(4.0));
        let text = figures(&rows, &[aim(ratio(), bounds.0, bounds.1)]);
        assert!(text.ends_with("| still | 3.00 | >= 2.5 held | >= 4 **missed** |\n"), "{text}");
        let text = figures(&rows, &[aim(ratio(), None, Bound::AtMost(1.0))]);
        assert!(text.ends_with("| still | 3.00 | - | <= 1 **missed** |\n"), "{text}");
    }

    #[test]
    fn a_peak_is_told_in_megabytes() {
        let peak = aim(Figure::PeakMb("ours".to_owned()), Some(Bound::AtMost(2.0)), Bound::AtMost(1.0));
        let text = figures(&[row("ours", 100.0)], &[peak]);
        assert!(text.ends_with("| still | 2.00 | <= 2 held | <= 1 **missed** |\n"), "{text}");
    }

    #[test]
    fn costs_are_told_for_each_contender() {
        let text = costs("T1", &[row("ours", 12.4)]);
        assert!(text.ends_with("| ours | 12 | 1 | 2 | 5 |\n"), "{text}");
    }
}
