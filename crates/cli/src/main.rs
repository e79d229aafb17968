//! `stillframe`: video snapshots, as a service and as a tool.
//!
//! Every command lives in a file of its own under `commands/` and answers with the process's exit code.
//!
//! **Invariant:** nothing but a command's result goes to stdout; errors are one line on stderr.

mod admin;
mod cleaner;
mod commands;
mod config;
mod doctor;
#[cfg(debug_assertions)]
mod halt;
mod listener;
mod metrics;
mod open_files;
mod relay;
mod sandbox;
mod snap;
mod tls;
mod upload_cleaner;
mod wiring;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{
    app, config as config_command, decode_child, doctor as doctor_command, documents, healthcheck, key,
    migrate, openapi, probe, serve, snap as snap_command,
};
use crate::config::ConfigFlags;

/// Exit code of a command that could not do anything for a reason that it has no code of its own for.
const EXIT_FAILURE: u8 = 1;

/// Takes still pictures from videos.
#[derive(Debug, Parser)]
#[command(name = "stillframe", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: ConfigFlags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take pictures, sprite sheets and WebVTT files from a video
    Snap(snap_command::SnapArgs),
    /// Print what a video is made of
    Probe(probe::ProbeArgs),
    /// Run the service: API, workers and event relay in one process
    Serve(serve::ServeArgs),
    /// Bring the database's schema up to date
    Migrate(migrate::MigrateArgs),
    /// Make, list and change apps (tenants)
    App(app::AppArgs),
    /// Make, list and remove access keys
    Key(key::KeyArgs),
    /// Print every setting with its default
    Config(config_command::ConfigArgs),
    /// Look whether this machine has what the service needs
    Doctor(doctor_command::DoctorArgs),
    /// Ask a running server whether it is ready
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Print the OpenAPI document of the native API
    Openapi(openapi::OpenapiArgs),
    /// Print completions for a shell
    Completions(documents::CompletionsArgs),
    /// Print the manual page
    Man,
    /// Decode for the server that started it
    #[command(hide = true)]
    DecodeChild(decode_child::DecodeChildArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    run(cli).unwrap_or_else(|error| {
        eprintln!("stillframe: {error:#}");
        ExitCode::from(EXIT_FAILURE)
    })
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let flags = &cli.flags;
    match cli.command {
        Command::Snap(args) => snap_command::run(args),
        Command::Probe(args) => probe::run(args),
        Command::Serve(args) => block_on(serve::run(&args, flags)),
        Command::Migrate(args) => block_on(migrate::run(&args, flags)),
        Command::App(args) => block_on(app::run(&args, flags)),
        Command::Key(args) => block_on(key::run(&args, flags)),
        Command::Config(args) => config_command::run(&args),
        Command::Doctor(args) => block_on(doctor_command::run(&args, flags)),
        Command::Healthcheck(args) => healthcheck::run(&args, flags),
        Command::Openapi(args) => openapi::run(&args),
        Command::Completions(args) => documents::completions(&args, Cli::command()),
        Command::Man => documents::man(Cli::command()),
        Command::DecodeChild(args) => decode_child::run(&args),
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let answer = runtime.block_on(work);
    // Blocking work that a second signal abandoned must not hold the process.
    runtime.shutdown_background();
    answer
}
