//! Runs the binary in a folder of its own, with an environment that holds nothing of the developer's stores.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::server::{KEY_ID, ObjectServer, SECRET};

/// What is heeded of the environment.
const VARIABLES: [&str; 10] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT",
    "AWS_SKIP_SIGNATURE",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
];

/// Variables and their values.
pub type Environment = Vec<(&'static str, String)>;

/// The environment of someone who has the server's access key.
pub fn with_key(server: &ObjectServer) -> Environment {
    vec![
        ("AWS_ENDPOINT_URL", server.endpoint()),
        ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
    ]
}

/// The environment of someone who has none.
pub fn as_nobody(server: &ObjectServer) -> Environment {
    vec![("AWS_ENDPOINT_URL", server.endpoint()), ("AWS_SKIP_SIGNATURE", "true".to_owned())]
}

/// How a run ended.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {:?}", self.stdout))
    }
}

/// A folder to work in.
pub struct Desk {
    folder: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the binary. Whatever comes of it, nothing secret may be in what it prints.
    pub fn run(&self, command: &[&str], more: &[&str], environment: &[(&'static str, String)]) -> Ran {
        let mut stillframe = Command::new(env!("CARGO_BIN_EXE_stillframe"));
        stillframe.args(command).args(more).current_dir(self.folder.path()).stdin(Stdio::null());
        for name in VARIABLES {
            stillframe.env_remove(name);
        }
        let output = stillframe.envs(environment.iter().cloned()).env("RUST_LOG", "trace").output().unwrap();
        let ran = Ran {
            code: output.status.code().expect("an exit code"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        let is_secret = |name: &str| name.contains("SECRET") || name.contains("TOKEN");
        let secrets = environment.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value.as_str());
        for secret in secrets.chain(["X-Amz", "Signature="]) {
            let told = [&ran.stdout, &ran.stderr].into_iter().any(|text| text.contains(secret));
            assert!(!told, "{secret} in {} {}", ran.stdout, ran.stderr);
        }
        ran
    }

    /// Names and bytes of the files in a folder, which is removed.
    pub fn take_files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let folder = self.path(folder);
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
        let files =
            entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
        let files = files.collect();
        fs::remove_dir_all(&folder).unwrap();
        files
    }
}
