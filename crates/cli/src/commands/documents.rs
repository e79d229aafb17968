//! `stillframe completions` and `stillframe man`: made from the command line's own definition.

use std::io;
use std::process::ExitCode;

use clap_complete::Shell;

/// Prints completions for a shell.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Prints the completions.
///
/// # Errors
/// None so far.
pub fn completions(args: &CompletionsArgs, mut command: clap::Command) -> anyhow::Result<ExitCode> {
    clap_complete::generate(args.shell, &mut command, "stillframe", &mut io::stdout());
    Ok(ExitCode::SUCCESS)
}

/// Prints the manual page.
///
/// # Errors
/// When stdout is closed.
pub fn man(command: clap::Command) -> anyhow::Result<ExitCode> {
    clap_mangen::Man::new(command).render(&mut io::stdout())?;
    Ok(ExitCode::SUCCESS)
}
