//! The queue's suite: how fast requests are accepted, and events pulled and confirmed, by a server that
//! has one core and commits durably.
//!
//! The requests are signed and sent by this program from the other cores. Each figure stands beside the
//! server's own CPU time and the disk's, which say what limits it.

mod client;
mod disk;
mod load;
mod mns;
mod server;
mod tencent;

use std::time::Duration;

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::machine;
use crate::suites::Workshop;
use load::Measured;

/// The core that the server has for itself.
const SERVER_CORE: usize = 0;

/// What `./dev bench queue` takes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A second for each figure: shows that the suite works, not how fast anything is
    #[arg(long)]
    quick: bool,
    /// Requests under way at a time
    #[arg(long, value_name = "COUNT", default_value_t = 64)]
    connections: usize,
}

impl Options {
    fn time(&self) -> Duration {
        Duration::from_secs(if self.quick { 1 } else { 10 })
    }
}

/// Runs the suite and prints its table.
///
/// # Errors
/// When the server cannot be started or refuses a request.
pub fn run(workshop: &Workshop, options: &Options) -> Result<()> {
    let files = workshop.files.as_path();
    std::fs::create_dir_all(files).context("cannot make the folder for the data")?;
    // Asked first: afterwards this program sees fewer cores.
    let (machine, cores) = (machine::describe(&server::program()?.display().to_string()), machine::threads());
    leave_core_to_server(cores)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the clients")?;
    let sync_ms = disk::sync_ms(files)?;
    let mut measured = runtime.block_on(tencent::run(files, options))?;
    let mns::Outcome { rates, wake_ups_ms } = runtime.block_on(mns::run(files, options))?;
    measured.extend(rates);
    println!("{machine}");
    println!("- disk: fdatasync of 4 KiB takes {sync_ms:.2} ms (median)");
    println!("- server: one core of {cores}, {} requests at a time\n", options.connections);
    println!("{}", table(&measured));
    let at = |percent: usize| wake_ups_ms[(wake_ups_ms.len() - 1) * percent / 100];
    let count = wake_ups_ms.len();
    println!(
        "MNS, send to receive by a waiting receiver, {count} times: p50 {:.1} ms, p99 {:.1} ms (goal 20)",
        at(50),
        at(99)
    );
    Ok(())
}

/// Takes this program, and all that it starts, off the server's core, unless there is no other.
fn leave_core_to_server(cores: usize) -> Result<()> {
    let mut own = CpuSet::new();
    for core in (0..cores).filter(|&core| core != SERVER_CORE) {
        own.set(core)?;
    }
    if cores == 1 {
        return Ok(());
    }
    sched_setaffinity(Pid::from_raw(0), &own).context("cannot choose this program's cores")
}

fn table(rows: &[Measured]) -> String {
    let head = "| | per second | goal | p50 ms | p99 ms | server's core busy |\n|---|--:|--:|--:|--:|--:|\n";
    let line = |row: &Measured| {
        let goal = row.goal_per_s.map_or_else(String::new, |goal| {
            format!("{goal:.0} {}", if goal <= row.per_s() { "held" } else { "**missed**" })
        });
        format!(
            "| {} | {:.0} | {goal} | {:.1} | {:.1} | {:.0} % |\n",
            row.name,
            row.per_s(),
            row.percentile_ms(50),
            row.percentile_ms(99),
            row.busy_percent(),
        )
    };
    head.to_owned() + &rows.iter().map(line).collect::<String>()
}
