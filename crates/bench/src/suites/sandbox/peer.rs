//! A process that decodes by itself, with nothing that confines it.
//!
//! It reads requests from standard input, a line of JSON each, and prints the milliseconds that each took.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use stillframe_engine::{TakeRequest, keep_memory_between_calls};
use stillframe_sandbox::{Call, InProcess};

use super::{source, timed_ms};

/// What a peer is told when it is started.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The video
    video: PathBuf,
    /// Not as a file, but as a remote video is read
    #[arg(long)]
    asked: bool,
}

/// Does what standard input asks for, until it ends.
///
/// # Errors
/// When the video cannot be read or a picture fails.
pub fn serve(options: &Options) -> Result<()> {
    // As a child does.
    keep_memory_between_calls();
    let source = source(&options.video, options.asked)?;
    let call = Call { source, version: None, is_abandoned: &|| false };
    for line in io::stdin().lines() {
        let request: TakeRequest = serde_json::from_str(&line?)?;
        println!("{}", timed_ms(&InProcess, &call, &request)?);
    }
    Ok(())
}

/// A peer as the suite sees it.
pub struct Peer {
    process: Child,
    requests: ChildStdin,
    times: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts one.
    ///
    /// # Errors
    /// When this program cannot be run again.
    pub fn start(video: &Path, is_asked: bool) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut process = Command::new(program)
            .arg("decode-peer")
            .arg(video)
            .args(is_asked.then_some("--asked"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run this program again")?;
        let requests = process.stdin.take().context("no way to ask a peer")?;
        let times = process.stdout.take().context("no way to hear a peer")?;
        Ok(Self { process, requests, times: BufReader::new(times) })
    }

    /// Gives the milliseconds that a request takes it.
    ///
    /// # Errors
    /// When it fails.
    pub fn take_ms(&mut self, request: &TakeRequest) -> Result<f64> {
        let line = format!("{}\n", serde_json::to_string(request)?);
        self.requests.write_all(line.as_bytes()).context("a peer is gone")?;
        let mut answer = String::new();
        if self.times.read_line(&mut answer)? == 0 {
            bail!("a peer failed");
        }
        answer.trim().parse().with_context(|| format!("a peer answers {answer}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
