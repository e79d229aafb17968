//! The list of what stands against a rule, each with its reason.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Violation;

/// The list, relative to the root of the repository.
const PATH: &str = "xtask/tidy-exceptions.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    exception: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    rule: String,
    path: String,
    /// The function, word or crate; without it the exception holds for the whole file.
    subject: Option<String>,
    reason: String,
}

impl Exception {
    fn covers(&self, violation: &Violation) -> bool {
        self.rule == violation.rule
            && self.path == violation.path
            && self.subject.as_ref().is_none_or(|subject| *subject == violation.subject)
    }

    /// What is wrong with the exception itself.
    fn objection(&self, found: &[Violation]) -> Option<&'static str> {
        if self.reason.trim().is_empty() {
            Some("needs a reason")
        } else if !found.iter().any(|violation| self.covers(violation)) {
            Some("no longer applies: delete it")
        } else {
            None
        }
    }
}

/// Takes away what is excepted, and adds the exceptions that have no reason or no longer apply.
///
/// # Errors
/// Fails when the list cannot be read.
pub fn apply(root: &Path, found: Vec<Violation>) -> Result<Vec<Violation>> {
    let text = match fs::read_to_string(root.join(PATH)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {PATH}")),
    };
    let list: List = toml::from_str(&text).with_context(|| format!("cannot parse {PATH}"))?;
    let objections = list.exception.iter().filter_map(|exception| {
        let objection = exception.objection(&found)?;
        let subject = exception.subject.as_deref().unwrap_or("the whole file");
        Some(Violation {
            rule: "exception",
            path: PATH.to_owned(),
            line: 0,
            subject: exception.path.clone(),
            message: format!("{} in {} ({subject}) {objection}", exception.rule, exception.path),
        })
    });
    let mut left: Vec<_> = objections.collect();
    let is_excepted =
        |violation: &Violation| list.exception.iter().any(|exception| exception.covers(violation));
    left.extend(found.into_iter().filter(|violation| !is_excepted(violation)));
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(path: &str, subject: &str) -> Violation {
        let (path, subject) = (path.to_owned(), subject.to_owned());
        Violation { rule: "parameters", path, line: 1, subject, message: "six".to_owned() }
    }

    fn left(list: &str, found: Vec<Violation>) -> Vec<(&'static str, String)> {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("xtask")).expect("a folder");
        fs::write(root.path().join(PATH), list).expect("a file");
        let left = apply(root.path(), found).expect("a list");
        left.into_iter().map(|violation| (violation.rule, violation.subject)).collect()
    }

    #[test]
    fn an_exception_covers_its_subject_alone() {
        let list = "[[exception]]\nrule = \"parameters\"\npath = \"a.rs\"\nsubject = \"f\"\nreason = \"set by libav\"";
        let found = vec![violation("a.rs", "f"), violation("a.rs", "g"), violation("b.rs", "f")];
        let expected = [("parameters", "g".to_owned()), ("parameters", "f".to_owned())];
        assert_eq!(left(list, found), expected);
    }

    #[test]
    fn an_exception_that_no_longer_applies_or_has_no_reason_is_a_violation() {
        let list = "[[exception]]\nrule = \"parameters\"\npath = \"a.rs\"\nreason = \"\"
                    [[exception]]\nrule = \"parameters\"\npath = \"gone.rs\"\nreason = \"it was so\"";
        let expected = [("exception", "a.rs".to_owned()), ("exception", "gone.rs".to_owned())];
        assert_eq!(left(list, vec![violation("a.rs", "f")]), expected);
    }

    #[test]
    fn without_a_list_nothing_is_excepted() {
        let root = tempfile::tempdir().expect("a folder");
        let left = apply(root.path(), vec![violation("a.rs", "f")]).expect("no list");
        assert_eq!(left.len(), 1);
    }
}
