//! Developer tasks, run as `cargo xtask TASK` or through `./dev`.
//!
//! `tidy` checks the rules of STYLE.md that the compiler and clippy do not know, `demo` does the main
//! job as a newcomer sees it, `fresh` does all of that in a bare Debian, `simulate` runs seeds of the simulation.

mod demo;
mod fresh;
mod simulate;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer tasks of Stillframe.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Checks dependency directions, sizes, names, and the words of the clouds.
    Tidy,
    /// Runs the service and does the main job: both dialects, both events, pictures over HTTP.
    Demo(demo::Options),
    /// Runs `./dev demo` and `./dev test`, twice each, in a bare Debian made for it.
    Fresh(fresh::Options),
    /// Runs the real jobs, events and service on a simulated clock with injected faults.
    Simulate(simulate::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Tidy => tidy::run(&repository()),
        Task::Demo(options) => demo::run(&options),
        Task::Fresh(options) => fresh::run(&repository(), &options),
        Task::Simulate(options) => simulate::run(&repository(), &options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the work tree that this task was built from.
fn repository() -> PathBuf {
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().map_or_else(|| xtask.clone(), PathBuf::from)
}
