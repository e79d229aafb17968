//! `stillframe healthcheck`: asks a running server, for container health checks.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::config::{Config, ConfigFlags};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks a running server whether it is ready; exits with 0 when it is.
#[derive(Debug, clap::Args)]
pub struct HealthcheckArgs {
    /// Address of the admin listener; that of the settings by default.
    #[arg(value_name = "ADDRESS")]
    address: Option<SocketAddr>,
}

/// Runs the command. Asks its own server over loopback, hence past the address guard.
///
/// # Errors
/// When the server cannot be reached or is not ready.
pub fn run(args: &HealthcheckArgs, flags: &ConfigFlags) -> anyhow::Result<ExitCode> {
    let address = match args.address {
        Some(address) => address,
        None => Config::load(flags, None)?.admin.listen,
    };
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)
        .with_context(|| format!("no server answers at {address}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET /readyz HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(65_536).read_to_string(&mut answer).context("the server does not answer in time")?;
    let status = answer.split_whitespace().nth(1).unwrap_or("none");
    if status != "200" {
        bail!("the server at {address} is not ready (status {status})");
    }
    println!("ready");
    Ok(ExitCode::SUCCESS)
}
