//! A full disk and a folder that cannot be written: clear errors, nothing lost, and no hand needed when the
//! room is back.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use stillframe_testkit::receiver::WebhookReceiver;

use crate::client::Client;
use crate::clips;
use crate::disk::{ReadOnly, SmallDisk, is_root};
use crate::server::{PATIENCE, Server};

/// How long the trouble lasts in a test: longer than all attempts of a job would take, if each counted.
const TROUBLE: Duration = Duration::from_secs(8);

/// A probed film, and an endpoint that hears of pictures.
async fn prepare(server: &Server, receiver: &WebhookReceiver) -> String {
    let client = server.client();
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let kinds = json!(["snapshot.completed", "snapshot.failed"]);
    let (status, body) =
        client.post("/v1/endpoints", &json!({ "url": receiver.url("/e"), "event_kinds": kinds })).await;
    assert!(status.is_success(), "{body}");
    let media = client.add_clip(&clips::film()).await;
    let id = media["id"].as_str().expect("an id").to_owned();
    client.settled_media(&id).await;
    id
}

/// Asks for pictures for a while; gives the jobs that were promised.
async fn ask_in_trouble(client: &Client, media: &str) -> Vec<String> {
    let (mut jobs, begun) = (Vec::new(), Instant::now());
    while begun.elapsed() < TROUBLE {
        let path = format!("/v1/media/{media}/snapshots");
        let (status, body) = client.post(&path, &json!({ "offsets_ms": [jobs.len() * 100] })).await;
        match status {
            StatusCode::ACCEPTED => jobs.push(body["id"].as_str().expect("an id").to_owned()),
            refused => {
                assert_eq!((refused, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable")))
            }
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    jobs
}

/// What was promised is done and told, and nothing else was done.
async fn all_is_done(server: &Server, receiver: &WebhookReceiver, jobs: &[String]) {
    let client = server.client();
    for id in jobs {
        let job = client.finished_job(id).await;
        assert_eq!(job["state"], "completed", "{job:#}");
        client.picture(job["outputs"][0]["pictures"][0]["url"].as_str().expect("a URL")).await;
    }
    let told = receiver.wait_for(jobs.len(), PATIENCE).await.expect("each job is told of");
    let mut named: Vec<Value> =
        told.iter().map(|one| one.json().expect("JSON")["data"]["job_id"].clone()).collect();
    named.sort_by_key(Value::to_string);
    named.dedup();
    assert_eq!(named.len(), jobs.len(), "no other job is told of");
    let (_, page) = client.get("/v1/jobs?limit=100").await;
    let found =
        page["items"].as_array().expect("items").iter().filter(|job| job["kind"] == "snapshot").count();
    assert_eq!(found, jobs.len(), "a job that was refused is not there");
}

async fn readiness(server: &Server) -> (StatusCode, String) {
    let answer = server.client().fetch(&format!("{}/readyz", server.admin_url)).await;
    (answer.status(), answer.text().await.expect("text"))
}

async fn is_ready_again(server: &Server) {
    let begun = Instant::now();
    while readiness(server).await.0 != StatusCode::OK {
        assert!(begun.elapsed() < PATIENCE, "not ready: {:?}", readiness(server).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_clearly_loses_nothing_and_recovers_by_itself() {
    if !is_root() {
        // Without the right to mount, the limit of a file's size is what fails writes as a disk does.
        return a_file_size_limit_refuses_clearly().await;
    }
    let disk = SmallDisk::mount();
    let receiver = WebhookReceiver::start().await;
    let server = Server::start_in(disk.folder(), &[]);
    let client = server.client();
    let media = prepare(&server, &receiver).await;
    disk.fill();
    let (status, text) = readiness(&server).await;
    assert_eq!((status, text.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "the disk is full\n"));
    let (status, body) = client.upload(&clips::film()).await;
    assert_eq!((status, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable")), "{body}");
    let jobs = ask_in_trouble(&client, &media).await;
    disk.empty();
    is_ready_again(&server).await;
    let (status, job) =
        client.post(&format!("/v1/media/{media}/snapshots"), &json!({ "offsets_ms": [0] })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let jobs: Vec<String> = jobs.into_iter().chain(job["id"].as_str().map(str::to_owned)).collect();
    all_is_done(&server, &receiver, &jobs).await;
    let (status, uploaded) = client.upload(&clips::film()).await;
    assert_eq!(status, StatusCode::CREATED, "{uploaded}");
    drop(server);
}

/// An upload beyond the limit is refused as one to a full disk is, and the server goes on.
async fn a_file_size_limit_refuses_clearly() {
    let server = Server::start_with(&[]);
    // Half of the clip, in bytes.
    let limit = std::fs::metadata(clips::film()).expect("the clip").len() / 2;
    let limited =
        Command::new("prlimit").args(["--pid", &server.pid(), &format!("--fsize={limit}")]).status();
    assert!(limited.expect("prlimit runs").success());
    let (status, body) = server.client().upload(&clips::film()).await;
    assert_eq!((status, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable")), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_written_holds_jobs_up_and_loses_none() {
    let receiver = WebhookReceiver::start().await;
    let server = Server::start();
    let client = server.client();
    let media = prepare(&server, &receiver).await;
    let read_only = ReadOnly::make(&server.data_dir().join("objects"));
    let (status, body) = client.upload(&clips::film()).await;
    assert_eq!((status, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable")), "{body}");
    let jobs = ask_in_trouble(&client, &media).await;
    assert!(!jobs.is_empty(), "the database can be written all the while");
    for id in &jobs {
        let (_, job) = client.get(&format!("/v1/jobs/{id}")).await;
        assert!(
            ["available", "running", "retryable"].contains(&job["state"].as_str().expect("a state")),
            "{job:#}"
        );
    }
    drop(read_only);
    all_is_done(&server, &receiver, &jobs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_cannot_be_written_is_named_at_the_start() {
    let receiver = WebhookReceiver::start().await;
    let mut server = Server::start();
    let media = prepare(&server, &receiver).await;
    assert!(server.stop());
    let read_only = ReadOnly::make(&server.data_dir());
    let output = serve(&server.data_dir());
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("stillframe: cannot open") && said.contains(&server.data_dir().display().to_string()),
        "{said}"
    );
    drop(read_only);
    server.restart(&[]);
    let path = format!("/v1/media/{media}/snapshots");
    let (status, job) = server.client().post(&path, &json!({ "offsets_ms": [0] })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    all_is_done(&server, &receiver, &[job["id"].as_str().expect("an id").to_owned()]).await;
}

/// Runs a server that is not expected to come up.
fn serve(data_dir: &Path) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_stillframe"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
        .env("STILLFRAME__ADMIN__LISTEN", "127.0.0.1:0")
        .output()
        .expect("the binary runs")
}
