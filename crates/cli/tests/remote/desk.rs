//! Clips on a server, and what clients took of them.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use stillframe_testkit::remote::{Log, Nginx, Proxy};
use tempfile::TempDir;

/// Delay of each answer.
pub const LATENCY: Duration = Duration::from_millis(30);

/// What `stillframe snap` made of a URL.
pub struct Snapped {
    pub code: Option<i32>,
    pub document: Value,
    pub log: Log,
}

/// Runs `stillframe snap URL ARGUMENTS --json` against a proxy of its own.
pub fn snap(nginx: &Nginx, path: &str, arguments: &str) -> Snapped {
    let proxy = Proxy::start(nginx, LATENCY);
    snap_at(&proxy, path, arguments)
}

/// The same through a proxy that is there.
pub fn snap_at(proxy: &Proxy, path: &str, arguments: &str) -> Snapped {
    let out = TempDir::new().unwrap();
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_stillframe"))
        .args(["snap", &proxy.url(path), "--json"])
        .args(arguments.split_whitespace())
        .arg("-o")
        .arg(out.path())
        .output()
        .unwrap();
    let document = serde_json::from_slice(&stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&stderr)));
    Snapped { code: status.code(), document, log: proxy.log() }
}

/// What `ffmpeg -ss T -i URL` takes from the server for one still.
pub fn ffmpeg(nginx: &Nginx, path: &str, seconds: f64) -> Log {
    let proxy = Proxy::start(nginx, LATENCY);
    let out = TempDir::new().unwrap();
    let picture = out.path().join("still.jpg");
    let ran = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-ss", &seconds.to_string(), "-i", &proxy.url(path)])
        .args(["-frames:v", "1"])
        .arg(&picture)
        .status()
        .unwrap();
    assert!(ran.success() && Path::new(&picture).exists());
    proxy.log()
}
