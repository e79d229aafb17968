//! `stillframe migrate`: brings the database's schema up to date.

use std::process::ExitCode;

use crate::config::{Config, ConfigFlags};
use crate::wiring;

/// Brings the database's schema up to date. `serve` does this by itself at its start.
#[derive(Debug, clap::Args)]
pub struct MigrateArgs {}

/// Runs the command.
///
/// # Errors
/// When the database cannot be opened or migrated.
pub async fn run(_args: &MigrateArgs, flags: &ConfigFlags) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags, None)?;
    wiring::open_database(&config).await?;
    println!("the database {} is up to date", config.database.url);
    Ok(ExitCode::SUCCESS)
}
