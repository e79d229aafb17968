//! Checks the rules of STYLE.md that the compiler and clippy do not know.
//!
//! Each rule reads the work tree and gives its violations. What must stand against a rule is listed in
//! `xtask/tidy-exceptions.toml` with a reason; an exception that fits no violation is one itself.

mod dependencies;
mod dialects;
mod drawings;
mod exceptions;
mod habits;
mod promises;
mod sizes;
mod sources;

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Something that a rule forbids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    /// Name of the rule.
    rule: &'static str,
    /// File, relative to the root of the repository.
    path: String,
    /// Line, from 1; 0 for the whole file.
    line: usize,
    /// What exceptions name: a function, a word, a crate.
    subject: String,
    /// What is wrong, and what would be right.
    message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, path, line, message, .. } = self;
        write!(f, "{path}:{line}: [{rule}] {message}")
    }
}

/// Checks the work tree at `root`.
///
/// # Errors
/// Fails when a rule is violated, after printing every violation, and when the tree cannot be read.
pub fn run(root: &Path) -> Result<()> {
    let violations = check(root)?;
    for violation in &violations {
        println!("{violation}");
    }
    match violations.len() {
        0 => Ok(()),
        count => bail!("{count} violations of STYLE.md"),
    }
}

fn check(root: &Path) -> Result<Vec<Violation>> {
    let sources = sources::load(root).context("cannot read the sources")?;
    let mut found = dependencies::check(root).context("cannot read the manifests")?;
    for source in &sources {
        found.extend(sizes::check(source));
        found.extend(habits::check(source));
        found.extend(dialects::check(source));
    }
    found.extend(drawings::check(root)?);
    found.extend(promises::check(root)?);
    let mut left = exceptions::apply(root, found)?;
    left.sort();
    Ok(left)
}
