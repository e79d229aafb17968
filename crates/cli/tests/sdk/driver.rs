//! Runs a driver: a program in Python or for Node.js with the SDKs, in a process of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::coverage::Row;
use crate::scope::Dialect;
use crate::stage::Stage;

/// Names the Python that has the SDKs; `./dev test` sets it.
const PYTHON: &str = "STILLFRAME_SDK_PYTHON";
/// Names the folder into which the SDKs for Node.js are installed; `./dev test` sets it.
const NODE: &str = "STILLFRAME_SDK_NODE";

/// Proxies that SDKs would send requests to loopback through.
pub const PROXIES: [&str; 6] =
    ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/// Sets a stage, runs the dialect's driver on it, and gives what the driver asserted.
///
/// # Errors
/// What the driver said when a claim of it did not hold.
pub async fn run(dialect: &'static Dialect) -> Result<(&'static str, Vec<Row>), String> {
    let mut command = program(dialect.driver);
    let stage = Stage::set(dialect).await;
    command.arg(stage.argument());
    if let Some(certificate) = &stage.certificate {
        command.env("SSL_CERT_FILE", certificate);
    }
    let lines = output(command).await.map_err(|failure| format!("{}: {failure}", dialect.driver))?;
    let row = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    Ok((dialect.name, lines.lines().map(row).collect()))
}

/// The command that runs a program: `.py` below `py`, `.mjs` below `node`.
pub fn program(name: &str) -> Command {
    let mut command = if name.ends_with(".mjs") { node(name) } else { python(name) };
    for name in PROXIES {
        command.env_remove(name);
    }
    command
}

/// Runs a program and gives what it wrote.
///
/// # Errors
/// What it said when it did not end with success.
pub async fn output(mut command: Command) -> Result<String, String> {
    let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("the task ends");
    let output = ended.expect("the interpreter runs");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8(output.stdout).expect("UTF-8"))
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk").join(name)
}

fn python(name: &str) -> Command {
    let python = setting(PYTHON).map_or_else(|| installed("sdk-venv").join("bin/python"), PathBuf::from);
    let venv = installed("sdk-venv");
    assert!(
        python.exists(),
        "the vendors' SDKs are not installed: run ./dev test, or: python3 -m venv {venv} && \
         {venv}/bin/pip install -r crates/cli/tests/sdk/py/requirements.txt",
        venv = venv.display(),
    );
    let mut command = Command::new(python);
    // No compiled modules are left in the source tree.
    command.arg("-B").arg(folder("py").join(name));
    command
}

fn node(name: &str) -> Command {
    let packages = setting(NODE).map_or_else(|| installed("sdk-node"), PathBuf::from);
    assert!(
        packages.join("node_modules").exists(),
        "the vendors' SDKs are not installed: run ./dev test, or: cp crates/cli/tests/sdk/node/package*.json \
         {packages} && npm ci --prefix {packages}",
        packages = packages.display(),
    );
    let mut command = Command::new("node");
    command.env(NODE, packages).arg(folder("node").join(name));
    command
}

/// Where `./dev test` installs SDKs: below Cargo's target folder, in which this test lies as well.
pub fn installed(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a file");
    let target = test.ancestors().nth(3).expect("target/<profile>/deps/<test>");
    target.join(name)
}

/// A variable of the environment.
#[expect(clippy::disallowed_methods, reason = "a test has no settings of the product's to read")]
pub fn setting(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
