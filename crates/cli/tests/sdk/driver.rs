//! Runs a driver: a Python program with the SDKs, in a process of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::coverage::Row;
use crate::scope::Dialect;
use crate::stage::Stage;

/// Names the Python that has the SDKs; `./dev test` sets it.
const PYTHON: &str = "STILLFRAME_SDK_PYTHON";

/// Proxies that SDKs would send requests to loopback through.
const PROXIES: [&str; 6] =
    ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/// Sets a stage, runs the dialect's driver on it, and gives what the driver asserted.
///
/// # Errors
/// What the driver said when a claim of it did not hold.
pub async fn run(dialect: &'static Dialect) -> Result<(&'static str, Vec<Row>), String> {
    let python = python();
    let stage = Stage::set(dialect).await;
    let mut command = Command::new(python);
    // No compiled modules are left in the source tree.
    command.arg("-B").arg(folder().join(dialect.driver)).arg(stage.argument());
    for name in PROXIES {
        command.env_remove(name);
    }
    if let Some(certificate) = &stage.certificate {
        command.env("SSL_CERT_FILE", certificate);
    }
    let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("the task ends");
    let output = ended.expect("Python runs");
    if !output.status.success() {
        return Err(format!("{}: {}", dialect.driver, String::from_utf8_lossy(&output.stderr)));
    }
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let row = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    Ok((dialect.name, lines.lines().map(row).collect()))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/py")
}

fn python() -> PathBuf {
    let python = setting(PYTHON).map_or_else(|| venv().join("bin/python"), PathBuf::from);
    assert!(
        python.exists(),
        "the vendors' SDKs are not installed: run ./dev test, or: python3 -m venv {venv} && \
         {venv}/bin/pip install -r crates/cli/tests/sdk/py/requirements.txt",
        venv = venv().display(),
    );
    python
}

/// Where `./dev test` installs the SDKs: below Cargo's target folder, in which this test lies as well.
fn venv() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a file");
    let target = test.ancestors().nth(3).expect("target/<profile>/deps/<test>");
    target.join("sdk-venv")
}

/// A variable of the environment.
#[expect(clippy::disallowed_methods, reason = "a test has no settings of the product's to read")]
pub fn setting(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
