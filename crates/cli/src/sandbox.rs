//! Where the server decodes: in confined children, or, if its operator says so, by itself.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use stillframe_sandbox::{Decoder, InProcess, Pool, PoolConfig};

/// Settings of decoding children.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxConfig {
    /// Whether there are any, and whether every layer has to be there.
    pub mode: SandboxMode,
    /// Largest address space of a child, in bytes.
    pub memory_bytes_max: u64,
    /// Most processor time of one call, in seconds.
    pub cpu_s_max: u64,
    /// Calls after which a child is replaced.
    pub calls_per_child: u32,
    /// Longest time in which a child neither reads nor says anything, in milliseconds.
    pub no_progress_ms: u64,
}

/// How much of a sandbox there has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SandboxMode {
    /// Every layer, or the server does not start.
    Required,
    /// What the kernel has.
    Auto,
    /// None: decoding runs in the server's own process.
    Off,
}

/// The decoder that the settings want, and a line for people on what confines it. `idle_max` children are
/// kept while they have no work.
///
/// # Errors
/// When a child cannot be started, or a layer is missing that is required.
pub fn decoder(config: &SandboxConfig, idle_max: usize) -> anyhow::Result<(Arc<dyn Decoder>, String)> {
    if config.mode == SandboxMode::Off {
        tracing::warn!("videos are decoded in this process: sandbox.mode is off");
        return Ok((Arc::new(InProcess), "off".to_owned()));
    }
    let pool = PoolConfig { idle_max, ..pool(config) };
    let (pool, confinement) = Pool::start(pool).context("cannot start a decoding child (sandbox.mode)")?;
    let missing = confinement.missing();
    if missing.is_empty() {
        return Ok((Arc::new(pool), confinement.in_force().join(", ")));
    }
    let missing = missing.join(", ");
    tracing::warn!(missing, "the kernel lacks layers of the sandbox; the others are in force");
    Ok((Arc::new(pool), format!("without {missing}")))
}

/// How children are started, by the settings.
pub fn pool(config: &SandboxConfig) -> PoolConfig {
    PoolConfig {
        calls_per_child: config.calls_per_child,
        memory_bytes_max: config.memory_bytes_max,
        cpu_s_max: config.cpu_s_max,
        no_progress: Duration::from_millis(config.no_progress_ms),
        is_partial_allowed: config.mode == SandboxMode::Auto,
        ..PoolConfig::of_this_program(["decode-child"])
    }
}
