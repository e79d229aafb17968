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
    /// The bound that we would like to reach; `None` where there is none.
    pub goal: Option<Bound>,
}

/// How a figure comes about from the costs of contenders, which are named.
pub enum Figure {
    /// The wall clock of the first over that of the second.
    WallRatio(String, String),
    /// The processor time of the first over that of the second.
    CpuRatio(String, String),
    /// Peak memory in megabytes.
    PeakMb(String),
}

impl Figure {
    /// Whether it is made of a contender's costs.
    pub fn is_of(&self, contender: &str) -> bool {
        match self {
            Self::WallRatio(of, by) | Self::CpuRatio(of, by) => of == contender || by == contender,
            Self::PeakMb(of) => of == contender,
        }
    }

    fn of(&self, rows: &[Row]) -> Option<f64> {
        let cost = |name: &str| rows.iter().find(|row| row.name == name).map(|row| row.cost);
        match self {
            Self::WallRatio(of, by) => Some(cost(of)?.wall_ms / cost(by)?.wall_ms),
            Self::CpuRatio(of, by) => Some(cost(of)?.cpu_ms / cost(by)?.cpu_ms),
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

/// How the figures of all tasks stand, in one table.
pub struct Judgement {
    text: String,
}

impl Judgement {
    /// A table without figures.
    pub fn new() -> Self {
        Self {
            text: "### All figures\n\n| task | figure | measured | must | goal |\n|---|---|--:|--:|--:|\n"
                .to_owned(),
        }
    }

    /// Adds the figures of a task.
    pub fn add(&mut self, title: &str, rows: &[Row], aims: &[Aim]) {
        for aim in aims {
            let Some(figure) = aim.figure.of(rows) else { continue };
            let told = |bound: Bound| {
                let mark = if bound.holds(figure) { "held" } else { "**missed**" };
                format!("{} {mark}", bound.text())
            };
            let [must, goal] = [aim.must, aim.goal].map(|bound| bound.map_or_else(|| "-".to_owned(), told));
            writeln!(self.text, "| {title} | {} | {figure:.2} | {must} | {goal} |", aim.what)
                .expect("writing to a String does not fail");
        }
    }

    /// The table.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Cost;

    fn row(name: &str, wall_ms: f64) -> Row {
        let cost = Cost { wall_ms, cpu_ms: 1.0, peak_bytes: 2_000_000 };
        Row { name: name.to_owned(), cost, run_count: 5 }
    }

    fn judged(rows: &[Row], figure: Figure, must: Option<Bound>, goal: Option<Bound>) -> String {
        let mut judgement = Judgement::new();
        judgement.add("T1", rows, &[Aim { what: "still".to_owned(), figure, must, goal }]);
        judgement.text().lines().last().expect("a line").to_owned()
    }

    #[test]
    fn a_ratio_says_whether_its_bounds_hold() {
        let rows = [row("theirs", 300.0), row("ours", 100.0)];
        let ratio = || Figure::WallRatio("theirs".to_owned(), "ours".to_owned());
        let text = judged(&rows, ratio(), Some(Bound::AtLeast(2.5)), Some(Bound::AtLeast(4.0)));
        assert_eq!(text, "| T1 | still | 3.00 | >= 2.5 held | >= 4 **missed** |");
        let text = judged(&rows, ratio(), None, Some(Bound::AtMost(1.0)));
        assert_eq!(text, "| T1 | still | 3.00 | - | <= 1 **missed** |");
        assert!(ratio().is_of("ours") && ratio().is_of("theirs") && !ratio().is_of("others"));
        let cpu = Figure::CpuRatio("theirs".to_owned(), "ours".to_owned());
        assert_eq!(judged(&rows, cpu, None, None), "| T1 | still | 1.00 | - | - |");
    }

    #[test]
    fn a_peak_is_told_in_megabytes() {
        let peak = Figure::PeakMb("ours".to_owned());
        let text = judged(&[row("ours", 1.0)], peak, Some(Bound::AtMost(2.0)), Some(Bound::AtMost(1.0)));
        assert_eq!(text, "| T1 | still | 2.00 | <= 2 held | <= 1 **missed** |");
    }

    #[test]
    fn costs_are_told_for_each_contender() {
        let text = costs("T1", &[row("ours", 12.4)]);
        assert!(text.ends_with("| ours | 12 | 1 | 2 | 5 |\n"), "{text}");
    }
}
