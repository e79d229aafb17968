//! What running some commands costs: wall clock, processor time of all their threads, peak memory.
//!
//! A process of this program runs them and asks the system what its children used. So each measurement
//! begins from nothing, and the peak is that of the largest child. (A child begins with the peak of the
//! process that made it; that process links no media library, and is smaller than every tool.)

use std::io;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

/// Commands that do one task together, one after another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Work {
    /// Programs with their arguments.
    pub commands: Vec<Vec<String>>,
    /// Whether the last line of standard output tells the wall clock in milliseconds, as the harness of
    /// the floor does, which counts decoding alone.
    pub tells_wall: bool,
}

impl Work {
    /// One command.
    pub fn one(command: Vec<String>) -> Self {
        Self::many(vec![command])
    }

    /// Several commands.
    pub fn many(commands: Vec<Vec<String>>) -> Self {
        Self { commands, tells_wall: false }
    }
}

/// What a run cost.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Cost {
    /// From start to end, in milliseconds.
    pub wall_ms: f64,
    /// User and system time of all threads and processes, in milliseconds.
    pub cpu_ms: f64,
    /// Resident memory of the largest process at its peak, in bytes.
    pub peak_bytes: u64,
}

/// Runs work once, in a process of its own.
///
/// # Errors
/// When a command cannot be run or fails.
pub fn measure(work: &Work) -> Result<Cost> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut child = Command::new(program)
        .arg("measure")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run this program again")?;
    let stdin = child.stdin.take().expect("stdin is piped");
    serde_json::to_writer(stdin, work).context("cannot hand over the commands")?;
    let output = child.wait_with_output().context("cannot wait for the measurement")?;
    if !output.status.success() {
        bail!("the measurement failed");
    }
    serde_json::from_slice(&output.stdout).context("the measurement told nothing")
}

/// The other side of [`measure()`].
///
/// # Errors
/// When a command cannot be run or fails.
pub fn serve() -> Result<()> {
    let work: Work = serde_json::from_reader(io::stdin().lock()).context("cannot read the commands")?;
    let start = Instant::now();
    let mut told_ms = None;
    for command in &work.commands {
        told_ms = run(command, work.tells_wall)?.or(told_ms);
    }
    let elapsed_ms = start.elapsed().as_secs_f64() * 1_000.0;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot ask what was used")?;
    let cpu_us = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let cost = Cost {
        wall_ms: told_ms.unwrap_or(elapsed_ms),
        cpu_ms: cpu_us as f64 / 1_000.0,
        peak_bytes: u64::try_from(usage.max_rss()).unwrap_or(0) * 1_024,
    };
    println!("{}", serde_json::to_string(&cost).context("cannot tell the costs")?);
    Ok(())
}

/// Runs one command; its own word on the wall clock if it is asked for.
fn run(command: &[String], tells_wall: bool) -> Result<Option<f64>> {
    let [program, arguments @ ..] = command else { bail!("an empty command") };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(if tells_wall { Stdio::piped() } else { Stdio::null() })
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed with {}:\n{said}", command.join(" "), output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().next_back().filter(|_| tells_wall);
    last.map(|line| line.trim().parse().with_context(|| format!("{program} told no time: {line}")))
        .transpose()
}
