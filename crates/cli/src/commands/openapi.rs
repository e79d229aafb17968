//! `stillframe openapi`: the native API's OpenAPI document.

use std::process::ExitCode;

use anyhow::Context as _;

/// Prints the OpenAPI 3.1 document of the native API, as a running server gives it at /v1/openapi.json.
#[derive(Debug, clap::Args)]
pub struct OpenapiArgs {}

/// Runs the command.
///
/// # Errors
/// When the document cannot be written as JSON.
pub fn run(_: &OpenapiArgs) -> anyhow::Result<ExitCode> {
    let text = stillframe_api::native::document().to_pretty_json().context("the document is no JSON")?;
    println!("{text}");
    Ok(ExitCode::SUCCESS)
}
