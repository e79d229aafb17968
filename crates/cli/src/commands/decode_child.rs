//! `stillframe decode-child`: the sandboxed side of decoding. Not for people: `serve` starts it.

use std::process::ExitCode;

use anyhow::Context;

/// Decodes for the process that started it, which speaks over the standard input.
#[derive(Debug, clap::Args)]
pub struct DecodeChildArgs {
    /// Largest address space in bytes.
    memory_bytes_max: u64,
    /// Decode nothing: try what a confined child must not do, and print what came of it.
    #[arg(long)]
    check: bool,
}

/// Serves until the parent closes the socket.
///
/// # Errors
/// When the standard input is no socket.
pub fn run(args: &DecodeChildArgs) -> anyhow::Result<ExitCode> {
    if args.check {
        println!("{}", serde_json::to_string(&stillframe_sandbox::check(args.memory_bytes_max))?);
        return Ok(ExitCode::SUCCESS);
    }
    stillframe_sandbox::serve(args.memory_bytes_max).context("this command is started by `serve` alone")?;
    Ok(ExitCode::SUCCESS)
}
