//! Does the demo and the tests on a machine that has nothing: a bare Debian in a folder.
//!
//! The folder gets a clone of HEAD, the Rust toolchain of this machine (but no registry cache), and what
//! this machine needs to reach its package registries: mirror, trust, names, proxies. Each run has
//! namespaces of its own, so that mounts and processes end with it, whatever happens.

mod root;
mod run;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use self::root::Root;

/// The Debian release that is promised to work.
const SUITE: &str = "bookworm";
/// What is run, in this order.
const RUNS: [&str; 4] = ["demo", "test", "demo", "test"];

/// How to run.
#[derive(clap::Args)]
pub struct Options {
    /// Leaves the bare Debian in place, and says where.
    #[arg(long)]
    keep: bool,
}

/// Makes a bare Debian and runs everything in it, twice.
///
/// # Errors
/// When the Debian cannot be made, or a run fails.
pub fn run(repository: &Path, options: &Options) -> Result<()> {
    ensure!(is_root()?, "fresh needs root: it makes a root file system and enters it");
    install_debootstrap()?;
    let folder = tempfile::Builder::new().prefix("stillframe-fresh-").tempdir()?;
    let root = Root { path: folder.path().join("root") };
    let start = Instant::now();
    root.make(repository)?;
    println!("fresh: made a bare Debian in {:.0} s", start.elapsed().as_secs_f64());

    let mut done: Vec<(&str, Duration, bool)> = Vec::new();
    for command in RUNS {
        println!("\nfresh: ./dev {command}");
        let start = Instant::now();
        let is_success = run::dev(&root, command)?;
        done.push((command, start.elapsed(), is_success));
        if !is_success {
            break;
        }
    }
    println!("\nfresh: Debian {SUITE}, nothing but a clone and the Rust toolchain");
    for (command, took, is_success) in &done {
        let outcome = if *is_success { "ok" } else { "FAILED" };
        println!("{:8.0} s  ./dev {command}  {outcome}", took.as_secs_f64());
    }
    if options.keep {
        println!("fresh: left in {}", folder.keep().display());
    } else {
        folder.close().context("cannot remove the bare Debian")?;
    }
    match done.last() {
        Some((command, _, false)) => bail!("./dev {command} failed in the bare Debian"),
        _ => Ok(()),
    }
}

fn install_debootstrap() -> Result<()> {
    if Command::new("debootstrap").arg("--version").output().is_ok() {
        return Ok(());
    }
    println!("fresh: installing debootstrap with apt-get");
    call(Command::new("apt-get").args(["install", "-q", "-y", "--no-install-recommends", "debootstrap"]))
}

fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output().context("cannot run id")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// Runs a command that must succeed.
fn call(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    if status.success() { Ok(()) } else { bail!("{command:?} ended with {status}") }
}
