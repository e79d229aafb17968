//! The service in a process of its own.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::client::Client;
use super::{binaries, text};

/// Key of the default app; the service listens on loopback only and ends with the demo.
const KEY_ID: &str = "AKSFDemoDemoDemoDemo0001";
const SECRET: &str = "demo-secret-demo-secret-demo-secret-demo";
/// Longest wait for the first answer.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// Wait between looks for it.
const POLL: Duration = Duration::from_millis(50);

/// A running `stillframe serve`; ends when it is dropped.
pub struct Server {
    /// Base URL without a trailing slash.
    pub url: String,
    process: Option<Child>,
    data_dir: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Starts it on a fresh directory below `folder`, and waits until it listens.
    ///
    /// # Errors
    /// When the binary is missing, ends, or does not listen in time.
    pub async fn start(folder: &Path, local_root: Option<&Path>) -> Result<Self> {
        let (data_dir, log) = (folder.join("data"), log_in(folder));
        let output = File::create(&log).context("cannot write the log")?;
        let mut command = Command::new(binary()?);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&data_dir)
            .current_dir(folder)
            .env("STILLFRAME_BOOTSTRAP_KEY_ID", KEY_ID)
            .env("STILLFRAME_BOOTSTRAP_KEY_SECRET", SECRET)
            .env("STILLFRAME__ADMIN__LISTEN", "127.0.0.1:0")
            .env("STILLFRAME__OUTBOUND__ALLOW", "127.0.0.0/8")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            // A service that is left running must not hear the Ctrl-C that ends what started it.
            .process_group(0);
        if let Some(root) = local_root {
            command.env("STILLFRAME__INGEST__LOCAL_ROOTS", root);
        }
        let process = command.spawn().context("cannot start the service")?;
        let mut server = Self { url: String::new(), process: Some(process), data_dir, log };
        server.url = server.wait_for_url().await?;
        Ok(server)
    }

    /// The service says where it listens once it does.
    async fn wait_for_url(&mut self) -> Result<String> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let log = fs::read_to_string(&self.log).context("cannot read the log")?;
            let said = log.lines().find_map(|line| line.strip_prefix("listening on "));
            // Only a whole line counts.
            if let Some(url) = said.filter(|_| log.ends_with('\n')).and_then(|rest| rest.split(' ').next()) {
                return Ok(url.to_owned());
            }
            if let Some(status) = self.process.as_mut().and_then(|process| process.try_wait().transpose()) {
                bail!("the service ended with {}:\n{log}", status?);
            }
            if deadline < Instant::now() {
                bail!("the service does not listen after {START_TIMEOUT:?}:\n{log}");
            }
            sleep(POLL).await;
        }
    }

    /// A client with the key of the default app.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn default_app(&self) -> Result<Client> {
        Client::new(&self.url, KEY_ID, SECRET)
    }

    /// Makes an app in Tencent's pull mode by the command line, beside the running service.
    ///
    /// # Errors
    /// When the command fails.
    pub fn create_pulling_app(&self) -> Result<Client> {
        let output = Command::new(binary()?)
            .args(["app", "create", "pulling", "--tencent-mode", "pull", "--json", "--data-dir"])
            .arg(&self.data_dir)
            .output()
            .context("cannot run stillframe app create")?;
        if !output.status.success() {
            bail!("stillframe app create failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        let app: Value = serde_json::from_slice(&output.stdout).context("app create printed no JSON")?;
        Client::new(&self.url, text(&app, "/key_id")?, text(&app, "/secret")?)
    }

    /// Prints how to reach and stop the service, and lets go of it.
    pub fn leave_running(mut self) {
        if let Some(process) = self.process.take() {
            println!("the service still runs at {} (stop it with: kill {})", self.url, process.id());
            println!("key id {KEY_ID}\nsecret {SECRET}");
            println!("data   {}\nlog    {}", self.data_dir.display(), self.log.display());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself; then there is nothing to do.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Where the service's log stands.
pub fn log_in(folder: &Path) -> PathBuf {
    folder.join("service.log")
}

fn binary() -> Result<PathBuf> {
    let path = binaries()?.join("stillframe");
    if path.is_file() { Ok(path) } else { bail!("{} is not built: run ./dev demo", path.display()) }
}
