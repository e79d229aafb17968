//! A real `stillframe serve` in a process of its own, on a directory of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;

pub const KEY_ID: &str = "AKIDE2E";
pub const SECRET: &str = "e2e-secret";

/// A server whose process can be killed and started again on the same data.
pub struct Server {
    process: Option<Child>,
    pub url: String,
    pub admin_url: String,
    dir: TempDir,
    env: Vec<(String, String)>,
    log: Option<PathBuf>,
}

impl Server {
    /// Starts on a fresh directory; callbacks to loopback are allowed and local clips may be added.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// As [`Self::start`], with more settings as environment variables.
    pub fn start_with(env: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary directory"), env)
    }

    /// As [`Self::start_with`], in a folder of the caller's.
    pub fn start_in(dir: TempDir, env: &[(&str, &str)]) -> Self {
        let clips = crate::clips::dir().display().to_string();
        let base = [
            ("STILLFRAME_BOOTSTRAP_KEY_ID", KEY_ID),
            ("STILLFRAME_BOOTSTRAP_KEY_SECRET", SECRET),
            ("STILLFRAME__ADMIN__LISTEN", "127.0.0.1:0"),
            ("STILLFRAME__OUTBOUND__ALLOW", "127.0.0.0/8"),
            ("STILLFRAME__INGEST__LOCAL_ROOTS", &clips),
            ("STILLFRAME__LOG__FILTER", "warn"),
        ];
        // Later ones win.
        let env = base.iter().chain(env).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let (url, admin_url) = (String::new(), String::new());
        let mut server = Self { process: None, url, admin_url, dir, env, log: None };
        server.restart(&[]);
        server
    }

    /// Ends the process and starts it again with its log in a file, which is read by [`Self::log`].
    pub fn log_to_file(&mut self) {
        assert!(self.stop(), "it ends with success");
        self.log = Some(self.dir.path().join("log.txt"));
        self.restart(&[]);
    }

    /// What was logged since [`Self::log_to_file`].
    pub fn log(&self) -> String {
        let path = self.log.as_ref().expect("the log goes to a file");
        String::from_utf8_lossy(&std::fs::read(path).expect("a log")).into_owned()
    }

    /// Starts the process again on the same data, with more settings for this run alone. The first
    /// start's port is kept, as a real server's would be.
    pub fn restart(&mut self, env: &[(&str, &str)]) {
        let mut process = self.spawn(env);
        let stdout = process.stdout.take().expect("stdout is piped");
        let line = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find(|line| line.starts_with("listening on "))
            .expect("the server says where it listens");
        let words: Vec<&str> = line.trim_end_matches(')').split_whitespace().collect();
        self.url = words[2].to_owned();
        self.admin_url = words[4].to_owned();
        self.process = Some(process);
    }

    /// Starts the process and kills it so soon that it may not have come up.
    pub fn kill_at_start(&mut self, after: Duration) {
        let mut process = self.spawn(&[]);
        std::thread::park_timeout(after);
        process.kill().expect("the process can be killed");
        process.wait().expect("the process ends");
    }

    fn spawn(&self, env: &[(&str, &str)]) -> Child {
        assert!(self.process.is_none(), "the process still runs");
        let listen = self.url.split_once("://").map_or("127.0.0.1:0", |(_, address)| address).to_owned();
        Command::new(env!("CARGO_BIN_EXE_stillframe"))
            .args(["serve", "--listen", &listen, "--data-dir"])
            .arg(self.data_dir())
            .current_dir(self.dir.path())
            .envs(self.env.iter().cloned())
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stderr(self.log_file())
            .spawn()
            .expect("the binary starts")
    }

    /// Where its log goes: shown by the test runner, unless the test reads it.
    fn log_file(&self) -> Stdio {
        let Some(path) = &self.log else { return Stdio::inherit() };
        let file = std::fs::File::options().create(true).append(true).open(path).expect("a log file");
        file.into()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("the process runs");
        process.kill().expect("the process can be killed");
        process.wait().expect("the process ends");
    }

    /// Asks it to stop and waits; gives whether it ended with success.
    pub fn stop(&mut self) -> bool {
        let mut process = self.process.take().expect("the process runs");
        let asked = Command::new("kill").arg(process.id().to_string()).status().expect("kill runs");
        assert!(asked.success());
        process.wait().expect("the process ends").success()
    }

    /// Its process, as commands name it.
    pub fn pid(&self) -> String {
        self.process.as_ref().expect("the process runs").id().to_string()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A client with the default app's key.
    pub fn client(&self) -> Client {
        Client::new(&self.url, KEY_ID, SECRET)
    }

    /// Runs a command of the binary on the same data and gives its stdout.
    pub fn command(&self, args: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_stillframe"))
            .args(args)
            .arg("--data-dir")
            .arg(self.data_dir())
            .current_dir(self.dir.path())
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Makes a second app and gives a client with its key.
    pub fn another_app(&self, more: &[&str]) -> Client {
        let made = self.command(&[&["app", "create", "another", "--json"], more].concat());
        let made: Value = serde_json::from_str(&made).expect("JSON");
        let text = |name: &str| made[name].as_str().expect(name).to_owned();
        Client::new(&self.url, &text("key_id"), &text("secret"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Longest wait for anything in these tests; reached only by a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);
