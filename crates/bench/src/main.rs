//! `./dev bench`: measures Stillframe beside other tools, on the same files in the same run.
//!
//! Each suite is a module of `suites/` and a subcommand here; they share how a run is measured
//! (`measure.rs`), how medians of runs that take turns are formed (`rounds.rs`) and how tables are printed
//! (`table.rs`). What is measured and how to read it: `docs/benchmarks.md`.
//!
//! **Invariant:** ratios compare figures of one run of this program alone.

mod files;
mod machine;
mod measure;
mod rounds;
mod suites;
mod table;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

/// Benchmarks of Stillframe.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    workshop: suites::Workshop,
    #[command(subcommand)]
    suite: Suite,
}

/// To add a suite: a module in `suites/` with `Options` and `run`, a line here and in `main`.
#[derive(Subcommand)]
enum Suite {
    /// The engine: single stills, sets, sprites; against other tools and the decoder's floor.
    Engine(suites::engine::Options),
    /// The queues: how fast requests are accepted, and events pulled and confirmed, on one core.
    Queue(suites::queue::Options),
    /// Videos behind a slow network: requests, bytes and waits, beside ffmpeg; of two hours in MP4, and of ten
    /// minutes in every container.
    Remote(suites::remote::Options),
    /// Ten thousand calls with whole and damaged files: what they leave in memory.
    Soak(suites::soak::Options),
    /// The sandbox: what a job costs more in a confined child than in process.
    Sandbox(suites::sandbox::Options),
    /// Decodes for the sandbox's suite, as a confined child.
    #[command(hide = true)]
    DecodeChild {
        /// Largest address space in bytes
        memory_bytes_max: u64,
    },
    /// Decodes for the sandbox's suite, as a process that nothing confines.
    #[command(hide = true)]
    DecodePeer(suites::sandbox::peer::Options),
    /// Runs the commands given on standard input and prints what they cost; used by the suites.
    #[command(hide = true)]
    Measure,
}

fn main() -> ExitCode {
    let Arguments { workshop, suite } = Arguments::parse();
    let outcome = match suite {
        Suite::Engine(options) => suites::engine::run(&workshop, &options),
        Suite::Queue(options) => suites::queue::run(&workshop, &options),
        Suite::Remote(options) => suites::remote::run(&workshop, &options),
        Suite::Soak(options) => suites::soak::run(&workshop, &options),
        Suite::Sandbox(options) => suites::sandbox::run(&workshop, &options),
        Suite::DecodeChild { memory_bytes_max } => {
            stillframe_sandbox::serve(memory_bytes_max).context("no bench started this")
        }
        Suite::DecodePeer(options) => suites::sandbox::peer::serve(&options),
        Suite::Measure => measure::serve(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
