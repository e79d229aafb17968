//! How much memory the server and its children take, looked at ten times a second.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

/// Looks from now on.
pub struct Watch {
    pid: String,
    peak: Arc<Peaks>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Peaks {
    server_bytes: AtomicU64,
    child_bytes: AtomicU64,
}

/// The most that was seen.
pub struct Peak {
    pub server_bytes: u64,
    pub child_bytes: u64,
    is_alive: bool,
}

impl Watch {
    pub fn start(pid: &str) -> Self {
        let peak = Arc::new(Peaks::default());
        let (pid, seen) = (pid.to_owned(), Arc::clone(&peak));
        let watched = pid.clone();
        let task = tokio::spawn(async move {
            loop {
                seen.server_bytes.fetch_max(resident_bytes(&watched).unwrap_or(0), Ordering::Relaxed);
                for child in children(&watched) {
                    seen.child_bytes.fetch_max(resident_bytes(&child).unwrap_or(0), Ordering::Relaxed);
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Self { pid, peak, task }
    }

    pub fn stop(self) -> Peak {
        self.task.abort();
        Peak {
            server_bytes: self.peak.server_bytes.load(Ordering::Relaxed),
            child_bytes: self.peak.child_bytes.load(Ordering::Relaxed),
            is_alive: resident_bytes(&self.pid).is_some(),
        }
    }
}

impl Peak {
    /// What exceeded its limit, or is not there any more.
    pub fn faults(&self, server_bytes_max: u64, child_bytes_max: u64) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.is_alive {
            faults.push("the server is gone".to_owned());
        }
        if self.server_bytes == 0 || server_bytes_max < self.server_bytes {
            faults.push(format!("the server took {} bytes", self.server_bytes));
        }
        if self.child_bytes == 0 || child_bytes_max < self.child_bytes {
            faults.push(format!("a decoder took {} bytes", self.child_bytes));
        }
        faults
    }
}

/// Resident memory of a process; nothing when it is gone.
fn resident_bytes(pid: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

/// Process ids of a process's children, whichever thread started them.
fn children(pid: &str) -> Vec<String> {
    let tasks = fs::read_dir(Path::new("/proc").join(pid).join("task"));
    let lists = tasks
        .into_iter()
        .flatten()
        .flatten()
        .map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default());
    lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}
