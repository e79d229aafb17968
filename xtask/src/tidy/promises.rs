//! SECURITY.md names only tests, commands and files that there are: a promise without its test is none.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Violation;

/// The document, relative to the root of the repository.
const PATH: &str = "SECURITY.md";
/// The package of the binary, which stands in the folder `cli`.
const BINARY: &str = "stillframe";

/// Checks everything that the document has in code marks.
///
/// # Errors
/// Fails when a file cannot be read.
pub fn check(root: &Path) -> Result<Vec<Violation>> {
    let text = fs::read_to_string(root.join(PATH)).with_context(|| format!("cannot read {PATH}"))?;
    let developer = fs::read_to_string(root.join("dev")).context("cannot read dev")?;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        // What stands between the first and the second mark, the third and the fourth, and so on.
        for code in line.split('`').skip(1).step_by(2) {
            if let Some(missing) = missing(root, &developer, code) {
                found.push(violation(number + 1, code, &missing));
            }
        }
    }
    Ok(found)
}

/// What of a piece of code there is not.
fn missing(root: &Path, developer: &str, code: &str) -> Option<String> {
    if let Some(arguments) = code.strip_prefix("cargo test ") {
        return missing_test(root, arguments);
    }
    if let Some(command) = code.strip_prefix("./dev ") {
        let name = command.split(' ').next().unwrap_or_default();
        let is_command = developer.lines().any(|line| line.trim_start().starts_with(&format!("{name})")));
        return (!is_command).then(|| format!("./dev has no command {name}"));
    }
    let is_path = code.starts_with("crates/") || code.starts_with("docs/") || code.starts_with("xtask/");
    (is_path && !root.join(code).exists()).then(|| format!("there is no {code}"))
}

/// What of `-p PACKAGE [--test TARGET] [FILTER]` there is not.
fn missing_test(root: &Path, arguments: &str) -> Option<String> {
    let mut words = arguments.split(' ').filter(|word| *word != "--lib");
    let (mut package, mut target, mut filter) = (None, None, None);
    while let Some(word) = words.next() {
        match word {
            "-p" => package = words.next(),
            "--test" => target = words.next(),
            other => filter = Some(other),
        }
    }
    let name = package?;
    let folder = match name.strip_prefix("stillframe-") {
        Some(folder) => root.join("crates").join(folder),
        None if name == BINARY => root.join("crates/cli"),
        None => return Some(format!("there is no package {name}")),
    };
    if !folder.exists() {
        return Some(format!("there is no package {name}"));
    }
    let target = target?;
    let (alone, with_modules) = (format!("tests/{target}.rs"), format!("tests/{target}/main.rs"));
    let Some(file) =
        [alone, with_modules].map(|path| folder.join(path)).into_iter().find(|file| file.exists())
    else {
        return Some(format!("{name} has no test {target}"));
    };
    let filter = filter?;
    (!has_test(&file, filter)).then(|| format!("the test {target} of {name} has nothing named {filter}"))
}

/// Whether a module of that name belongs to a test, or a function of it has it in its name.
fn has_test(file: &Path, filter: &str) -> bool {
    let module = file.with_file_name(format!("{filter}.rs"));
    let is_module = file.ends_with("main.rs") && module.exists();
    is_module || names_function(file.to_owned(), filter)
}

fn names_function(file: PathBuf, filter: &str) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().any(|line| line.contains("fn ") && line.contains(filter))
}

fn violation(line: usize, code: &str, message: &str) -> Violation {
    Violation {
        rule: "promises",
        path: PATH.to_owned(),
        line,
        subject: code.to_owned(),
        message: format!("{message} (named as `{code}`)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_has_to_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let make = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        make("crates/cli/tests/e2e/main.rs", "mod quota;");
        make("crates/cli/tests/e2e/quota.rs", "");
        make("crates/sandbox/tests/sandbox.rs", "fn a_child_ends() {}");
        let missing = |code: &str| missing(root, "    audit) audit ;;\n", code);
        for there in [
            "cargo test -p stillframe --test e2e quota",
            "cargo test -p stillframe-sandbox --test sandbox a_child",
            "cargo test -p stillframe-sandbox --lib",
            "./dev audit",
            "crates/cli/tests/e2e/quota.rs",
            "limits.head_bytes_max",
        ] {
            assert_eq!(missing(there), None, "{there}");
        }
        for gone in [
            "cargo test -p stillframe --test e2e quotas",
            "cargo test -p stillframe --test sdk quota",
            "cargo test -p stillframe-none",
            "cargo test -p stillframe-sandbox --test sandbox a_parent",
            "./dev fuzz",
            "docs/none.md",
        ] {
            assert!(missing(gone).is_some(), "{gone}");
        }
    }
}
