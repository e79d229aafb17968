//! Dependency directions, read from the manifests.
//!
//! Cargo forbids circles only; this says which way each crate may look. The table is that of
//! ARCHITECTURE.md.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::Violation;

/// Crates from the lowest to the highest, each with the crates that it may use.
const MAY_USE: [(&str, &[&str]); 17] = [
    ("domain", &[]),
    ("signing", &[]),
    ("testkit", &["domain"]),
    ("engine", &["domain"]),
    ("ranges", &["domain"]),
    ("outbound", &["domain", "ranges"]),
    ("storage", &["domain", "ranges"]),
    ("database", &["domain"]),
    ("sandbox", &["domain", "engine"]),
    ("jobs", &["domain", "engine", "storage", "database", "outbound", "sandbox"]),
    ("events", &["domain", "database", "signing", "outbound"]),
    ("service", &["domain", "database", "storage", "outbound"]),
    // The renderers of each dialect implement a trait of `events`.
    ("api", &["domain", "service", "signing", "events"]),
    (
        "cli",
        &[
            "domain", "signing", "engine", "outbound", "storage", "database", "jobs", "events", "service",
            "api", "sandbox",
        ],
    ),
    ("bench", &["domain", "signing", "engine", "sandbox", "storage", "testkit"]),
    ("fuzzing", &["domain", "signing", "engine", "storage", "database", "sandbox", "service", "api"]),
    (
        "simulation",
        &[
            "domain", "testkit", "engine", "outbound", "storage", "database", "sandbox", "jobs", "events",
            "service",
        ],
    ),
];
/// Outside crates with their only homes.
const HOMES: [(&str, &[&str]); 7] = [
    ("sqlx", &["database"]),
    ("ffmpeg-sys-next", &["engine"]),
    ("turbojpeg-sys", &["engine"]),
    ("axum", &["api", "cli", "fuzzing", "testkit"]),
    ("reqwest", &["bench", "outbound", "xtask"]),
    ("anyhow", &["bench", "cli", "simulation", "xtask"]),
    (
        "tokio",
        &[
            "ranges",
            "outbound",
            "storage",
            "database",
            "jobs",
            "events",
            "service",
            "api",
            "cli",
            "testkit",
            "bench",
            "fuzzing",
            "simulation",
            "xtask",
        ],
    ),
];
/// Outside crates that tests of any crate may use beside their homes.
const FREE_IN_TESTS: [&str; 3] = ["axum", "reqwest", "tokio"];
/// The only crate without the workspace's lints: it needs `unsafe`.
const OWN_LINTS: &str = "engine";

/// Checks all manifests of the workspace.
///
/// # Errors
/// Fails when a manifest cannot be read.
pub fn check(root: &Path) -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    let crates = root.join("crates");
    for entry in fs::read_dir(&crates).with_context(|| format!("cannot list {}", crates.display()))? {
        let folder = entry?.file_name().to_string_lossy().into_owned();
        check_manifest(&read(root, &format!("crates/{folder}"))?, &folder, &mut found);
    }
    check_manifest(&read(root, "xtask")?, "xtask", &mut found);
    Ok(found)
}

fn read(root: &Path, folder: &str) -> Result<Table> {
    let path = root.join(folder).join("Cargo.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("cannot parse {}", path.display()))
}

fn check_manifest(manifest: &Table, folder: &str, found: &mut Vec<Violation>) {
    let mut report = |subject: &str, message: String| {
        let path = if folder == "xtask" { folder.to_owned() } else { format!("crates/{folder}") };
        found.push(Violation {
            rule: "dependency",
            path: format!("{path}/Cargo.toml"),
            line: 0,
            subject: subject.to_owned(),
            message,
        });
    };
    for name in names(manifest, "dependencies").chain(names(manifest, "build-dependencies")) {
        if let Some(message) = forbidden(folder, name) {
            report(name, message);
        }
    }
    for name in names(manifest, "dev-dependencies") {
        if let Some(message) = forbidden_in_tests(folder, name) {
            report(name, message);
        }
    }
    let inherits_lints =
        manifest.get("lints").and_then(|lints| lints.get("workspace")) == Some(&Value::Boolean(true));
    if !inherits_lints && folder != OWN_LINTS {
        report("lints", "needs `[lints] workspace = true`, which forbids `unsafe`".to_owned());
    }
}

fn names<'a>(manifest: &'a Table, section: &str) -> impl Iterator<Item = &'a str> {
    let table = manifest.get(section).and_then(Value::as_table);
    table.into_iter().flat_map(|table| table.keys().map(String::as_str))
}

fn forbidden(folder: &str, name: &str) -> Option<String> {
    if let Some(other) = sibling(name) {
        let rule = MAY_USE.iter().find(|(of, _)| *of == folder).map(|(_, may_use)| *may_use);
        return match rule {
            // Tasks are no part of the product: nothing depends on them, and they may use anything.
            None if folder == "xtask" => None,
            None => Some(format!("`{folder}` is not in the table of crates: add it with what it may use")),
            Some(may_use) if may_use.contains(&other) => None,
            Some(may_use) => Some(format!("`{folder}` may use [{}], not `{other}`", may_use.join(", "))),
        };
    }
    let homes = HOMES.iter().find(|(of, _)| *of == name).map(|(_, homes)| *homes)?;
    (!homes.contains(&folder)).then(|| format!("`{name}` belongs to [{}] alone", homes.join(", ")))
}

/// Tests may use the kit and whatever stands lower.
fn forbidden_in_tests(folder: &str, name: &str) -> Option<String> {
    let Some(other) = sibling(name) else {
        return if FREE_IN_TESTS.contains(&name) { None } else { forbidden(folder, name) };
    };
    let rank = |of: &str| MAY_USE.iter().position(|(name, _)| *name == of).unwrap_or(MAY_USE.len());
    (rank(folder) <= rank(other)).then(|| format!("tests of `{folder}` may use lower crates, not `{other}`"))
}

/// The folder of one of our own crates.
fn sibling(name: &str) -> Option<&str> {
    name.strip_prefix("stillframe-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &str, sections: &str) -> Vec<String> {
        let manifest = format!("[lints]\nworkspace = true\n{sections}").parse().expect("TOML");
        let mut found = Vec::new();
        check_manifest(&manifest, folder, &mut found);
        found.into_iter().map(|found| found.subject).collect()
    }

    #[test]
    fn a_crate_may_use_what_its_row_says_and_no_more() {
        assert_eq!(found("jobs", "[dependencies]\nstillframe-engine.workspace = true"), [""; 0]);
        assert_eq!(found("jobs", "[dependencies]\nstillframe-api = {}"), ["stillframe-api"]);
        assert_eq!(found("storage", "[dependencies]\nstillframe-database = {}"), ["stillframe-database"]);
        assert_eq!(found("cli", "[dependencies]\nstillframe-testkit = {}"), ["stillframe-testkit"]);
        assert_eq!(found("new", "[dependencies]\nstillframe-domain = {}"), ["stillframe-domain"]);
    }

    #[test]
    fn outside_crates_stay_at_home() {
        assert_eq!(found("service", "[dependencies]\nsqlx = {}\naxum = {}\nreqwest = {}").len(), 3);
        assert_eq!(found("engine", "[build-dependencies]\ntokio = {}"), ["tokio"]);
        assert_eq!(found("engine", "[dev-dependencies]\ntokio = {}"), [""; 0]);
        assert_eq!(found("service", "[dev-dependencies]\nsqlx = {}"), ["sqlx"]);
    }

    #[test]
    fn tests_may_look_down_but_not_up() {
        assert_eq!(found("events", "[dev-dependencies]\nstillframe-testkit = {}"), [""; 0]);
        assert_eq!(found("events", "[dev-dependencies]\nstillframe-jobs = {}"), [""; 0]);
        assert_eq!(found("events", "[dev-dependencies]\nstillframe-api = {}"), ["stillframe-api"]);
        assert_eq!(found("domain", "[dev-dependencies]\nstillframe-testkit = {}"), ["stillframe-testkit"]);
    }

    #[test]
    fn every_crate_but_the_engine_has_the_workspaces_lints() {
        let mut violations = Vec::new();
        check_manifest(&Table::new(), "storage", &mut violations);
        check_manifest(&Table::new(), "engine", &mut violations);
        assert_eq!(
            violations.into_iter().map(|found| found.path).collect::<Vec<_>>(),
            ["crates/storage/Cargo.toml"]
        );
    }

    #[test]
    fn manifests_of_a_tree_are_read_from_its_folders() {
        let root = tempfile::tempdir().expect("a folder");
        for (folder, dependency) in [("crates/domain", "tokio"), ("crates/api", "axum"), ("xtask", "anyhow")]
        {
            fs::create_dir_all(root.path().join(folder)).expect("a folder");
            let text = format!("[lints]\nworkspace = true\n[dependencies]\n{dependency} = \"1\"\n");
            fs::write(root.path().join(folder).join("Cargo.toml"), text).expect("a file");
        }
        let paths: Vec<_> =
            check(root.path()).expect("manifests").into_iter().map(|found| found.path).collect();
        assert_eq!(paths, ["crates/domain/Cargo.toml"]);
    }
}
