//! The engine's suite: tasks T1 to T4, each done by Stillframe, by other tools, and as bare decoding; and the
//! memory of one worker.

mod contenders;
mod tasks;

use std::time::Instant;

use anyhow::{Context, Result};

use crate::files::Files;
use crate::machine;
use crate::rounds::{Runs, compete};
use crate::suites::{Workshop, clips};
use crate::table;
use contenders::Tools;

/// Runs of a slow contender.
const RUNS_OF_SLOW: usize = 2;

/// What `./dev bench engine` takes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Small files, one run: shows that the suite works, not how fast anything is
    #[arg(long)]
    quick: bool,
    /// Only the tasks whose name contains this, such as T2
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Runs that each figure is the median of; fewer of what is slow, and of what no figure is made of
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    runs: u8,
}

/// Runs the suite and prints its tables.
///
/// # Errors
/// When a tool is missing or fails.
pub fn run(workshop: &Workshop, options: &Options) -> Result<()> {
    let begun = Instant::now();
    let files = Files::new(workshop.files.clone(), clips(&workshop.python)?, options.quick);
    let pictures = tempfile::tempdir().context("cannot make a folder for the pictures")?;
    let tools = Tools::find(&workshop.python, pictures.path())?;
    println!("{}\n", machine::describe(&tools.stillframe));
    let runs = Runs { most: if options.quick { 1 } else { options.runs.into() }, of_slow: RUNS_OF_SLOW };
    let mut judgement = table::Judgement::new();
    let wanted = options.only.as_deref().unwrap_or_default();
    for task in tasks::all().into_iter().filter(|task| task.title.contains(wanted)) {
        eprintln!("{}", task.title);
        let video = files.make(&task.recipe)?;
        let (contenders, aims) = (task.compose)(&tools, &video)?;
        let runs = Runs { most: task.runs_max.unwrap_or(runs.most).min(runs.most), ..runs };
        let is_judged = |name: &str| aims.iter().any(|aim| aim.figure.is_of(name));
        let rows = compete(&contenders, runs, is_judged)?;
        println!("{}", table::costs(&task.title, &rows));
        judgement.add(&task.title, &rows, &aims);
    }
    println!("{}", judgement.text());
    eprintln!("took {} s", begun.elapsed().as_secs());
    Ok(())
}
