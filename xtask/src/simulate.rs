//! Runs the simulation, built for speed.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// What is passed on to the simulation; see `cargo xtask simulate --help`.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Options {
    /// `--seeds N --seed S --break NAME --breaks --trace`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds and runs it; it is a program of its own, so that other tasks do not wait for its build.
///
/// # Errors
/// When it cannot be built, or a seed breaks a promise.
pub fn run(repository: &Path, options: &Options) -> Result<()> {
    let status = Command::new("cargo")
        .args(["run", "--quiet", "--release", "--locked", "--package", "stillframe-simulation", "--"])
        .args(&options.arguments)
        .current_dir(repository)
        .status()
        .context("cannot run cargo")?;
    if status.success() { Ok(()) } else { bail!("the simulation did not succeed") }
}
