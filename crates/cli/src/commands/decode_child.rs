//! `stillframe decode-child`: the sandboxed side of decoding. Not for people: `serve` starts it.

use std::process::ExitCode;

use anyhow::Context;

/// Decodes for the process that started it, which speaks over the standard input.
#[derive(Debug, clap::Args)]
pub struct DecodeChildArgs {
    /// Largest address space in bytes.
    memory_bytes_max: u64,
}

/// Serves until the parent closes the socket.
///
/// # Errors
/// When the standard input is no socket.
pub fn run(args: &DecodeChildArgs) -> anyhow::Result<ExitCode> {
    stillframe_sandbox::serve(args.memory_bytes_max).context("this command is started by `serve` alone")?;
    Ok(ExitCode::SUCCESS)
}
