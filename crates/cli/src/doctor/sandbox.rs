//! The sandbox: a child is confined as the server's would be, and tries what it must not do.

use std::process::{Command, Stdio};

use anyhow::Context;
use stillframe_sandbox::{Checked, PoolConfig};

use super::Check;
use crate::sandbox::{SandboxConfig, SandboxMode, pool};

/// Confines a child and says what it still could do.
pub fn check(config: &SandboxConfig) -> Check {
    const NAME: &str = "sandbox";
    if config.mode == SandboxMode::Off {
        return Check::warning(NAME, "off: videos are decoded in the server's own process (sandbox.mode)");
    }
    let Checked { confinement, refused } = match checked(&pool(config)) {
        Ok(checked) => checked,
        Err(error) => return Check::failed(NAME, format!("a decoding child cannot be started: {error:#}")),
    };
    let in_force = confinement.in_force().join(", ");
    let missing = confinement.missing().join(", ");
    let open = refused.open().join(", ");
    if confinement.is_whole() && refused.open().is_empty() {
        return Check::ok(NAME, format!("{in_force}; a confined child reached nothing"));
    }
    let mut detail = format!("in force: {in_force}");
    if !missing.is_empty() {
        detail += &format!("; the kernel lacks {missing}");
    }
    if !open.is_empty() {
        detail += &format!("; a confined child could do this: {open}");
    }
    match config.mode {
        SandboxMode::Required => Check::failed(NAME, detail + " (sandbox.mode is required)"),
        SandboxMode::Auto | SandboxMode::Off => Check::warning(NAME, detail),
    }
}

fn checked(pool: &PoolConfig) -> anyhow::Result<Checked> {
    let output = Command::new(&pool.program)
        .args(&pool.arguments)
        .arg(pool.memory_bytes_max.to_string())
        .arg("--check")
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .context("it does not start")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).with_context(|| format!("it ended with {}: {said}", output.status))
}
