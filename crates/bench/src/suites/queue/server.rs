//! A real `stillframe serve` on a core of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::SERVER_CORE;

/// The access key of the server's app.
pub const KEY_ID: &str = "AKIDBENCH";
/// Its secret.
pub const SECRET: &str = "bench-secret";

/// A server; ends with this value.
pub struct Server {
    process: Child,
    /// Where it listens.
    pub url: String,
    _data: TempDir,
}

impl Server {
    /// Starts a server on fresh data below a folder.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(folder: &Path) -> Result<Self> {
        let data = tempfile::tempdir_in(folder).context("cannot make a folder for the data")?;
        let mut process = Command::new("taskset")
            .args(["--cpu-list", &SERVER_CORE.to_string()])
            .arg(program()?)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data.path())
            .env("STILLFRAME_BOOTSTRAP_KEY_ID", KEY_ID)
            .env("STILLFRAME_BOOTSTRAP_KEY_SECRET", SECRET)
            .env("STILLFRAME__ADMIN__LISTEN", "127.0.0.1:0")
            .env("STILLFRAME__WORKER__CONCURRENCY", "1")
            .env("STILLFRAME__LOG__FILTER", "error")
            // One key asks as fast as it can.
            .env("STILLFRAME__LIMITS__REQUESTS_PER_SECOND", "0")
            .env("STILLFRAME__APP__TENCENT_MODE", "pull")
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run taskset and stillframe")?;
        let stdout = process.stdout.take().context("the server has no output")?;
        let line = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find(|line| line.starts_with("listening on "))
            .context("the server ended before it listened")?;
        let url = line.split_whitespace().nth(2).context("the server does not say where it listens")?;
        Ok(Self { process, url: url.to_owned(), _data: data })
    }

    /// CPU time of the server so far, in user and in system mode.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn cpu_time(&self) -> Result<Duration> {
        const TICKS_PER_S: u64 = 100;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
        let ticks: u64 = fields.split(' ').skip(11).take(2).filter_map(|one| one.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_S))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The server's program, which stands beside this one.
///
/// # Errors
/// When this program's own place is not known.
pub fn program() -> Result<PathBuf> {
    let this = std::env::current_exe().context("cannot find this program")?;
    Ok(this.with_file_name("stillframe"))
}
