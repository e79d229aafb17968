//! `cargo xtask simulate`: runs seeds, and prints those that break a promise.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use stillframe_simulation::{Break, Report, Stage};

/// Seeds that are tried to find one deliberate break.
const SEEDS_PER_BREAK: u64 = 400;
/// Failing seeds that are printed.
const FAILURES_SHOWN_MAX: usize = 10;

/// Runs the real jobs, events and service on a simulated clock with injected faults.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Seeds at a time; 0 means one a processor.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Breaks this on purpose; it is right then that seeds fail.
    #[arg(long = "break", value_name = "NAME")]
    broken: Option<Break>,
    /// Looks for a seed that finds each deliberate break.
    #[arg(long, conflicts_with = "broken")]
    breaks: bool,
    /// Prints every step of the first seed.
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match (arguments.breaks, arguments.trace) {
        (true, _) => find_breaks(arguments.seed),
        (_, true) => show(arguments.seed, arguments.broken),
        _ => simulate(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("simulate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn simulate(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let threads = match arguments.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let next = AtomicU64::new(arguments.seed);
    let end = arguments.seed.saturating_add(arguments.seeds);
    let reports: Mutex<Vec<Report>> = Mutex::default();
    std::thread::scope(|scope| {
        let work = || -> anyhow::Result<()> {
            let stage = Stage::new()?;
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if end <= seed {
                    return Ok(());
                }
                let report =
                    stage.run(seed, arguments.broken, false).with_context(|| format!("seed {seed}"))?;
                reports.lock().expect("no thread panicked").push(report);
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(outcome) => outcome,
            Err(_panic) => bail!("a run broke down; its seed is near {}", next.load(Ordering::Relaxed)),
        })
    })?;
    Ok(summary(&mut reports.into_inner().expect("no thread panicked")))
}

fn summary(reports: &mut [Report]) -> ExitCode {
    reports.sort_unstable_by_key(|report| report.seed);
    let failed: Vec<&Report> = reports.iter().filter(|report| !report.violations.is_empty()).collect();
    for report in failed.iter().take(FAILURES_SHOWN_MAX) {
        println!("seed {} breaks a promise:", report.seed);
        report.violations.iter().for_each(|what| println!("    {what}"));
        println!("    see it step by step: cargo xtask simulate --seed {} --trace", report.seed);
    }
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    println!(
        "{} seeds, {} failed; {} processes died, {} jobs ended, {} events told, in {} steps",
        reports.len(),
        failed.len(),
        sum(|report| report.lives.saturating_sub(1)),
        sum(|report| report.jobs as u64),
        sum(|report| report.events as u64),
        sum(|report| report.steps),
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn show(seed: u64, broken: Option<Break>) -> anyhow::Result<ExitCode> {
    let mut report = Stage::new()?.run(seed, broken, true)?;
    report.lines.iter().for_each(|line| println!("{line}"));
    Ok(summary(std::slice::from_mut(&mut report)))
}

fn find_breaks(first: u64) -> anyhow::Result<ExitCode> {
    let stage = Stage::new()?;
    let mut is_all_found = true;
    for &broken in Break::value_variants() {
        let name = broken.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        match stage.find(broken, first..first + SEEDS_PER_BREAK)? {
            Some(report) => println!("{name}: seed {}: {}", report.seed, report.violations[0]),
            None => {
                is_all_found = false;
                println!("{name}: no seed of {SEEDS_PER_BREAK} finds it");
            }
        }
    }
    Ok(if is_all_found { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
