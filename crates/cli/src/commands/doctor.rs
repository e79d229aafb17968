//! `stillframe doctor`: looks whether this machine has what the service needs.

use std::process::ExitCode;

use serde_json::json;

use crate::config::ConfigFlags;
use crate::doctor::{self, Check, Status};

/// Looks whether settings, data, libraries, sandbox, disk and clock are as they should be; exits with 0
/// unless something would keep the service from working. Changes nothing, also beside a running server.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// None: what cannot be checked has failed.
pub async fn run(args: &DoctorArgs, flags: &ConfigFlags) -> anyhow::Result<ExitCode> {
    let checks = doctor::examine(flags).await;
    let is_ok = checks.iter().all(|check| check.status != Status::Failed);
    if args.json {
        println!("{:#}", json!({ "ok": is_ok, "checks": checks }));
    } else {
        checks.iter().for_each(|check| println!("{}", line(check)));
    }
    Ok(if is_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(check: &Check) -> String {
    format!("{:<8} {:<10} {}", check.status.name(), check.name, check.detail)
}
