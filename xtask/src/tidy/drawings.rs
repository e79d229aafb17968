//! The state machines drawn in `docs/design/job-states.md` are those of the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use stillframe_domain::{DeliveryState, JobState};

use super::Violation;

/// The drawings, relative to the root of the repository.
const PATH: &str = "docs/design/job-states.md";
/// Mermaid's sign for the start and the end.
const OUTSIDE: &str = "[*]";

/// An arrow from a state to a state.
type Arrow = (String, String);

/// Compares both drawings with the code.
///
/// # Errors
/// Fails when the file cannot be read.
pub fn check(root: &Path) -> Result<Vec<Violation>> {
    let text = fs::read_to_string(root.join(PATH)).with_context(|| format!("cannot read {PATH}"))?;
    let mut found = compare("job", &drawn(&text, "job"), &job_arrows());
    found.extend(compare("delivery", &drawn(&text, "delivery"), &delivery_arrows()));
    Ok(found)
}

/// Arrows of the drawing whose title is `name`, without those from and to the outside.
fn drawn(text: &str, name: &str) -> BTreeSet<Arrow> {
    let title = format!("title: {name}");
    let drawing = text.split("```mermaid").find(|part| part.lines().any(|line| line.trim() == title));
    let lines = drawing.and_then(|part| part.split("```").next()).unwrap_or_default().lines();
    lines
        .filter_map(|line| {
            let (from, rest) = line.split_once("-->")?;
            let to = rest.split(':').next()?;
            Some((from.trim().to_owned(), to.trim().to_owned()))
        })
        .filter(|(from, _)| from != OUTSIDE)
        .collect()
}

/// What the code allows; an end is an arrow to the outside.
fn job_arrows() -> BTreeSet<Arrow> {
    let arrows_from = |from: JobState| {
        let next = JobState::ALL.into_iter().filter(move |next| from.may_become(*next));
        let end = from.is_terminal().then_some(OUTSIDE);
        next.map(JobState::name).chain(end).map(move |to| (from.name().to_owned(), to.to_owned()))
    };
    JobState::ALL.into_iter().flat_map(arrows_from).collect()
}

fn delivery_arrows() -> BTreeSet<Arrow> {
    // The match stops compiling when a state is added, so that this list is looked at again.
    let arrows = |state: DeliveryState| -> (&str, &[&str]) {
        match state {
            DeliveryState::Pending => ("pending", &["pending", "delivered", "dead"]),
            DeliveryState::Delivered => ("delivered", &[OUTSIDE]),
            DeliveryState::Dead => ("dead", &[OUTSIDE]),
        }
    };
    [DeliveryState::Pending, DeliveryState::Delivered, DeliveryState::Dead]
        .into_iter()
        .flat_map(|state| {
            let (from, next) = arrows(state);
            next.iter().map(move |to| (from.to_owned(), (*to).to_owned()))
        })
        .collect()
}

fn compare(name: &str, drawn: &BTreeSet<Arrow>, coded: &BTreeSet<Arrow>) -> Vec<Violation> {
    let violation = |(from, to): &Arrow, what: &str| Violation {
        rule: "drawing",
        path: PATH.to_owned(),
        line: 0,
        subject: format!("{from} -> {to}"),
        message: format!("{name}: {from} --> {to} {what}"),
    };
    let missing =
        coded.difference(drawn).map(|arrow| violation(arrow, "is allowed by the code but not drawn"));
    let extra = drawn.difference(coded).map(|arrow| violation(arrow, "is drawn but not allowed by the code"));
    missing.chain(extra).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = include_str!("../../../docs/design/job-states.md");

    fn subjects(text: &str) -> Vec<String> {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(root.path().join("docs/design")).expect("a folder");
        fs::write(root.path().join(PATH), text).expect("a file");
        check(root.path()).expect("a drawing").into_iter().map(|found| found.subject).collect()
    }

    #[test]
    fn the_drawings_in_the_repository_are_those_of_the_code() {
        assert_eq!(subjects(JOB), [""; 0]);
    }

    #[test]
    fn an_arrow_that_is_missing_or_too_much_is_found() {
        let without: String =
            JOB.lines().filter(|line| !line.contains("running --> retryable")).collect::<Vec<_>>().join("\n");
        assert_eq!(subjects(&without), ["running -> retryable"]);
        let with = JOB.replace(
            "title: delivery\n---\nstateDiagram-v2\n",
            "title: delivery\n---\nstateDiagram-v2\ndead --> pending\n",
        );
        assert_eq!(subjects(&with), ["dead -> pending"]);
    }
}
