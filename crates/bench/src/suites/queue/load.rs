//! Puts load on a server: a number of requests under way at all times.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::server::Server;

/// What a load did.
pub struct Measured {
    /// What was counted.
    pub name: &'static str,
    /// How many of it in a second we mean to reach, if that was said.
    pub goal_per_s: Option<f64>,
    count: u64,
    time: Duration,
    latencies_ms: Vec<f64>,
    server_cpu: Duration,
}

impl Measured {
    /// How many in all.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many in a second.
    pub fn per_s(&self) -> f64 {
        self.count as f64 / self.time.as_secs_f64()
    }

    /// The latency that so many of a hundred requests kept below.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let last = self.latencies_ms.len().saturating_sub(1);
        self.latencies_ms.get(last * percent / 100).copied().unwrap_or_default()
    }

    /// How much of the time the server computed.
    pub fn busy_percent(&self) -> f64 {
        100.0 * self.server_cpu.as_secs_f64() / self.time.as_secs_f64()
    }
}

/// When a load ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// After a time.
    After(Duration),
    /// When so many were done in all.
    Reached(u64),
}

/// What one task did. A step that had nothing to do, since it waited in vain, counts for no time.
#[derive(Default)]
struct Task {
    latencies_ms: Vec<f64>,
    last_done: Duration,
}

/// Repeats a step in so many tasks at once until the end. A step says how many of what is counted it did.
///
/// # Errors
/// The first error of a step.
pub async fn put<F, S>(
    server: &Server,
    (name, goal_per_s): (&'static str, Option<f64>),
    connections: usize,
    end: End,
    step: S,
) -> Result<Measured>
where
    S: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = Result<u64>> + Send,
{
    let count = Arc::new(AtomicU64::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let cpu_before = server.cpu_time()?;
    let start = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (step, count, is_over) = (step.clone(), Arc::clone(&count), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut task = Task::default();
                while !is_over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    let done = step().await?;
                    let count = count.fetch_add(done, Ordering::Relaxed) + done;
                    if 0 < done {
                        task.latencies_ms.push(begun.elapsed().as_secs_f64() * 1e3);
                        task.last_done = start.elapsed();
                    }
                    let is_enough = match end {
                        End::After(time) => time <= start.elapsed(),
                        End::Reached(wanted) => wanted <= count,
                    };
                    is_over.fetch_or(is_enough, Ordering::Relaxed);
                }
                Ok::<_, anyhow::Error>(task)
            })
        })
        .collect();
    let mut latencies_ms = Vec::new();
    let mut time = Duration::ZERO;
    for task in tasks {
        let task = task.await??;
        latencies_ms.extend(task.latencies_ms);
        time = time.max(task.last_done);
    }
    latencies_ms.sort_by(f64::total_cmp);
    let server_cpu = server.cpu_time()?.saturating_sub(cpu_before);
    let count = count.load(Ordering::Relaxed);
    Ok(Measured { name, goal_per_s, count, time, latencies_ms, server_cpu })
}
