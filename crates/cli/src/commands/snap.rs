//! `stillframe snap`: takes pictures from one video.
//!
//! Exit codes: 0 all pictures were taken, 2 bad usage, 3 some failed, 4 none was taken.

use std::io::Write as _;
use std::process::ExitCode;

pub use crate::snap::args::SnapArgs;
use crate::snap::input::{self, InputError};
use crate::snap::report::{EXIT_USAGE, Report};
use crate::snap::run::{none_taken, shoot};
use crate::snap::writer::Writer;

/// Takes the pictures that the arguments ask for.
///
/// # Errors
/// When what was done could not be printed.
pub fn run(args: SnapArgs) -> anyhow::Result<ExitCode> {
    let report = match take(&args) {
        Ok(report) => report,
        Err(message) => return Ok(refuse(&message)),
    };
    for complaint in report.complaints() {
        eprintln!("stillframe: {complaint}");
    }
    let result = if args.json { report.json() } else { report.lines() };
    std::io::stdout().write_all(result.as_bytes())?;
    Ok(ExitCode::from(report.exit_code()))
}

/// Tells of bad usage.
pub(super) fn refuse(message: &str) -> ExitCode {
    eprintln!("stillframe: {message}");
    ExitCode::from(EXIT_USAGE)
}

/// What became of the call, or what is wrong with the arguments.
fn take(args: &SnapArgs) -> Result<Report, String> {
    let wanted = args.outputs()?;
    let writer = Writer::new(&args.output, &input::stem_of(&args.input), args.format())
        .map_err(|error| format!("cannot make the folder {}: {error}", args.output.display()))?;
    match input::open(&args.input) {
        Ok(input) => Ok(shoot(wanted, &input, writer)),
        Err(InputError::Usage(message)) => Err(message),
        Err(InputError::Failure(failure)) => Ok(none_taken(&wanted, failure)),
    }
}
