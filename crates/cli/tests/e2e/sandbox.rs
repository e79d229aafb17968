//! Decoding in confined children, as an operator meets it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::clips;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn readiness_tells_what_confines_decoding() {
    for (mode, is_confined) in [("auto", true), ("off", false)] {
        let server = Server::start_with(&[("STILLFRAME__SANDBOX__MODE", mode)]);
        let answer = server.client().fetch(&format!("{}/readyz", server.admin_url)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let text = answer.text().await.expect("text");
        assert!(text.starts_with("ready\nsandbox: "), "{text}");
        assert_eq!(text.contains("sandbox: off"), !is_confined, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_survives_the_loss_of_every_decoder() {
    let server = Server::start();
    let client = server.client();
    let media = client.add_clip(&clips::film()).await;
    let id = media["id"].as_str().expect("an id");
    client.settled_media(id).await;
    let killed = Command::new("pkill").args(["-9", "-f", "decode-child", "-P", &server.pid()]).status();
    assert!(killed.expect("pkill runs").success(), "there is a child to kill");
    let (_, job) = client.post(&format!("/v1/media/{id}/snapshots"), &json!({ "offsets_ms": [1000] })).await;
    let job = client.finished_job(job["id"].as_str().expect("an id")).await;
    assert_eq!(job["state"], "completed", "{job}");
}

/// The decoder that holds the film open, and no other, is killed whenever it is found.
#[tokio::test(flavor = "multi_thread")]
async fn a_video_that_ends_two_decoders_is_given_up_with_its_code() {
    let server = Server::start();
    let client = server.client();
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let media = client.add_clip(&clips::film()).await;
    let id = media["id"].as_str().expect("an id");
    client.settled_media(id).await;
    let (pid, is_over) = (server.pid(), Arc::new(AtomicBool::new(false)));
    let killer = std::thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || kill_decoders_of(&pid, &clips::film(), &is_over)
    });
    // Long enough to be met in the middle of it.
    let asked = json!({ "series": { "start_ms": 0, "interval_ms": 2, "count": 5_000 }, "width_px": 1_920 });
    let (_, job) = client.post(&format!("/v1/media/{id}/snapshots"), &asked).await;
    let job = client.finished_job(job["id"].as_str().expect("an id")).await;
    is_over.store(true, Ordering::Relaxed);
    let killed_count = killer.join().expect("no panic");
    assert_eq!((&job["state"], &job["attempt"]), (&json!("discarded"), &json!(2)), "{}", job["failure"]);
    assert_eq!(job["failure"]["code"], "decoder-crashed");
    assert!(2 <= killed_count, "{killed_count}");
    let (_, other) = client.post(&format!("/v1/media/{id}/snapshots"), &json!({ "offsets_ms": [0] })).await;
    let other = client.finished_job(other["id"].as_str().expect("an id")).await;
    assert_eq!(other["state"], "completed", "the server goes on: {other:#}");
}

fn kill_decoders_of(server: &str, film: &Path, is_over: &AtomicBool) -> u32 {
    let mut killed_count = 0;
    while !is_over.load(Ordering::Relaxed) {
        for child in children(server) {
            let files = std::fs::read_dir(format!("/proc/{child}/fd")).into_iter().flatten().flatten();
            let has_film =
                files.into_iter().any(|file| std::fs::read_link(file.path()).is_ok_and(|path| path == film));
            if has_film {
                let killed = Command::new("kill").args(["-9", &child]).status().expect("kill runs");
                killed_count += u32::from(killed.success());
            }
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    killed_count
}

/// Process ids of a process's children, whichever thread started them.
fn children(pid: &str) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
    lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}
