//! `stillframe config`: the reference of all settings.

use std::process::ExitCode;

use crate::config;

/// Prints every setting with its default, as a file to start from.
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {}

/// Runs the command.
///
/// # Errors
/// None so far.
pub fn run(_args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    print!("{}", config::DEFAULT);
    Ok(ExitCode::SUCCESS)
}
