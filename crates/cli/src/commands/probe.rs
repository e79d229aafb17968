//! `stillframe probe`: prints what a video is made of.
//!
//! Exit codes: 0 printed, 2 bad usage, 4 nothing could be found out.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use stillframe_domain::{Failure, MediaFacts};
use stillframe_engine::Limits;

use super::snap::refuse;
use crate::snap::input::{self, InputError, engine_failure};
use crate::snap::media::{self, MediaDocument};
use crate::snap::report::EXIT_NONE;

/// Arguments of `stillframe probe`.
#[derive(Debug, clap::Args)]
pub struct ProbeArgs {
    /// Video: a path, an http:// or https:// URL, s3://BUCKET/KEY, or - for standard input
    #[arg(value_name = "INPUT")]
    input: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Prints the facts of the input.
///
/// # Errors
/// When they could not be printed.
pub fn run(args: ProbeArgs) -> anyhow::Result<ExitCode> {
    let (text, code) = match facts(&args.input) {
        Ok(facts) if args.json => (pretty(&MediaDocument::from(&facts))?, ExitCode::SUCCESS),
        Ok(facts) => (media::lines(&facts), ExitCode::SUCCESS),
        Err(InputError::Usage(message)) => return Ok(refuse(&message)),
        Err(InputError::Failure(Failure { code, message })) => {
            eprintln!("stillframe: {message}");
            let document = json!({ "error": { "code": code.name(), "message": message } });
            let text = if args.json { pretty(&document)? } else { String::new() };
            (text, ExitCode::from(EXIT_NONE))
        }
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(code)
}

fn facts(name: &str) -> Result<MediaFacts, InputError> {
    let input = input::open(name)?;
    stillframe_engine::probe(Arc::clone(&input.source), &Limits::default())
        .map_err(|error| InputError::Failure(engine_failure(name, &error)))
}

fn pretty(document: &impl serde::Serialize) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}
