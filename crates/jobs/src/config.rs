//! Settings of a runner.

use std::path::PathBuf;

use stillframe_engine::Limits;

/// Settings of a runner.
#[derive(Debug, Clone)]
pub struct RunnerConfig {
    /// Names this worker in the database, for people.
    pub worker_name: String,
    /// Most jobs at a time; 2 by default.
    pub concurrency: usize,
    /// How long a lease lasts without a heartbeat, in milliseconds; 30,000 by default.
    pub lease_ms: u64,
    /// Time between heartbeats, in milliseconds; 10,000 by default, and well below the lease.
    pub heartbeat_ms: u64,
    /// Longest time between two looks at the queue, in milliseconds; 1,000 by default.
    pub poll_ms: u64,
    /// How long a stop waits for running jobs before it gives them back, in milliseconds; 10,000 by default.
    pub stop_grace_ms: u64,
    /// Longest time of one attempt, in milliseconds; one hour by default.
    pub attempt_timeout_ms: u64,
    /// Base of picture URLs of apps that set none.
    pub media_base_url: String,
    /// Where pictures of a running job wait; its files have no name and go with the process.
    pub spool_dir: PathBuf,
    /// Largest video that is fetched, in bytes; 64 GiB by default.
    pub source_size_bytes_max: u64,
    /// Folders below which local videos may lie; none by default.
    pub local_roots: Vec<PathBuf>,
    /// Limits of one video.
    pub engine_limits: Limits,
}

impl Default for RunnerConfig {
    fn default() -> Self {
        Self {
            worker_name: "worker".to_owned(),
            concurrency: 2,
            lease_ms: 30_000,
            heartbeat_ms: 10_000,
            poll_ms: 1_000,
            stop_grace_ms: 10_000,
            attempt_timeout_ms: 3_600_000,
            media_base_url: "http://127.0.0.1:7400/media".to_owned(),
            spool_dir: std::env::temp_dir(),
            source_size_bytes_max: 64 << 30,
            local_roots: Vec::new(),
            engine_limits: Limits::default(),
        }
    }
}
