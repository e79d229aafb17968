//! The suites, one module each.

pub mod engine;
pub mod queue;

use std::path::PathBuf;

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
