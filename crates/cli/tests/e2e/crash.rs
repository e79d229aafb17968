//! `kill -9` at each point that a promise is about: no accepted job and no event is lost, and each job
//! comes to exactly one end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use stillframe_domain::Checkpoint;
use stillframe_testkit::receiver::{Received, WebhookReceiver};

use crate::client::Client;
use crate::clips;
use crate::server::{PATIENCE, Server};

const ROUNDS: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_killed_after_a_request_was_accepted() {
    survive(Checkpoint::RequestAccepted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_killed_in_the_middle_of_decoding() {
    survive(Checkpoint::MidDecode).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_killed_after_the_objects_were_put() {
    survive(Checkpoint::ObjectsPut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_killed_after_the_result_was_committed() {
    survive(Checkpoint::ResultCommitted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_killed_between_a_callback_and_its_record() {
    survive(Checkpoint::CallbackSent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_killed_while_it_starts() {
    let receiver = WebhookReceiver::start().await;
    let mut server = Server::start();
    let client = server.client();
    let media = prepare(&client, &receiver).await;
    ask_tencent(client.clone(), media.clone()).await;
    server.kill();
    for after_ms in [0, 5, 20, 40, 80, 120, 160] {
        server.kill_at_start(Duration::from_millis(after_ms));
    }
    server.restart(&[]);
    assert_eq!(snapshot_jobs(&client).await.len(), 1, "the accepted job, once");
    check_ends(&client, &receiver).await;
}

/// Kills the server at `point` in five rounds on the same data, and looks at everything after each.
async fn survive(point: Checkpoint) {
    let receiver = WebhookReceiver::start().await;
    let mut server = Server::start();
    let client = server.client();
    let media = prepare(&client, &receiver).await;
    for round in 1..=ROUNDS {
        assert!(server.stop(), "a graceful stop succeeds");
        let marker = server.path().join(format!("halted-{round}"));
        let halt = format!("{}={}", point.name(), marker.display());
        server.restart(&[("STILLFRAME_TEST_HALT_AT", &halt)]);
        // Their answers may never come.
        let requests = [
            tokio::spawn(ask_tencent(client.clone(), media.clone())),
            tokio::spawn(ask_alibaba(client.clone(), media.clone())),
        ];
        wait_for_file(&marker).await;
        server.kill();
        requests.iter().for_each(tokio::task::JoinHandle::abort);
        server.restart(&[]);
        // A request that was cut off before it was accepted is asked again, as its caller would.
        let jobs = snapshot_jobs(&client).await;
        assert!(!jobs.is_empty(), "the accepted request is there after the kill");
        ask_tencent(client.clone(), media.clone()).await;
        check_ends(&client, &receiver).await;
    }
}

/// Endpoints of three formats and a probed video; all that this tells of has been delivered.
async fn prepare(client: &Client, receiver: &WebhookReceiver) -> Value {
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    for (format, origin) in [("native", None), ("tencent-4.0", Some("tencent")), ("alibaba", Some("alibaba"))]
    {
        let origins: Vec<_> = origin.into_iter().collect();
        let retry = vec![200; 20];
        let endpoint = json!({
            "url": receiver.url(&format!("/{format}")),
            "format": format,
            "origins": origins,
            "policy": { "retry": retry },
        });
        let (status, body) = client.post("/v1/endpoints", &endpoint).await;
        assert!(status.is_success(), "{body}");
    }
    let media = client.add_clip(&clips::film()).await;
    client.settled_media(media["id"].as_str().expect("an id")).await;
    let told = receiver.wait_for(2, PATIENCE).await.expect("created and ready are told");
    assert_eq!(told.len(), 2);
    media
}

async fn ask_tencent(client: Client, media: Value) {
    let offsets = [
        ("timeOffset.0", "1000"),
        ("timeOffset.1", "9000"),
        ("timeOffset.2", "5000"),
        ("timeOffset.3", "99000"),
    ];
    let mut params = vec![("fileId", media["id"].as_str().expect("an id")), ("definition", "10")];
    params.extend(offsets);
    let answer = client.tencent(Method::POST, "CreateSnapshotByTimeOffset", &params).await;
    assert_eq!(answer["code"], 0, "{answer}");
}

async fn ask_alibaba(client: Client, media: Value) {
    let video_id = media["video_id"].as_str().expect("an id");
    let params =
        [("VideoId", video_id), ("Count", "4"), ("Interval", "2"), ("UserData", r#"{"Extend":"crash"}"#)];
    let (status, answer) = client.alibaba("SubmitSnapshotJob", &params).await;
    assert!(status.is_success(), "{answer}");
}

async fn wait_for_file(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < PATIENCE, "the point was never reached");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn snapshot_jobs(client: &Client) -> Vec<Value> {
    let (status, page) = client.get("/v1/jobs?limit=100").await;
    assert!(status.is_success() && page["next"].is_null(), "{page}");
    let jobs = page["items"].as_array().expect("items").iter();
    jobs.filter(|job| job["kind"] == "snapshot").cloned().collect()
}

/// Every job ends once, tells once, and what was told came to each endpoint, always with the same body.
async fn check_ends(client: &Client, receiver: &WebhookReceiver) {
    let mut wanted = BTreeSet::new();
    for job in snapshot_jobs(client).await {
        let id = job["id"].as_str().expect("an id");
        let ended = client.finished_job(id).await;
        assert_eq!(ended["state"], "completed", "{ended:#}");
        let told = client
            .get_until(&format!("/v1/jobs/{id}/events"), |told| {
                let items = told["items"].as_array().cloned().unwrap_or_default();
                let deliveries =
                    items.iter().flat_map(|item| item["deliveries"].as_array().cloned().unwrap_or_default());
                let states: Vec<Value> = deliveries.map(|delivery| delivery["state"].clone()).collect();
                states.len() == 2 && states.iter().all(|state| state == "delivered")
            })
            .await;
        let events = told["items"].as_array().expect("items");
        assert_eq!(events.len(), 1, "a job is told of once: {told:#}");
        wanted.insert(events[0]["event"]["id"].as_str().expect("an id").to_owned());
        check_pictures(client, &ended).await;
    }
    let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for received in receiver.received() {
        let first = bodies.entry(key_of(&received)).or_insert_with(|| received.body.clone());
        assert_eq!(*first, received.body, "a repeated delivery has the same body");
    }
    let missing: Vec<_> = wanted.iter().filter(|id| !bodies.contains_key(*id)).collect();
    assert!(missing.is_empty(), "events that never came: {missing:?}");
}

/// The event that a request tells of: by its id natively, by its job in the clouds' formats.
fn key_of(received: &Received) -> String {
    if let Some(id) = received.header("webhook-id") {
        return id.to_owned();
    }
    let body = received.json().expect("JSON");
    let tencent = body["data"]["vodTaskId"].as_str();
    let alibaba = body["SnapshotInfos"][0]["JobId"].as_str();
    tencent.or(alibaba).expect("a job").to_owned()
}

async fn check_pictures(client: &Client, job: &Value) {
    let pictures = job["outputs"][0]["pictures"].as_array().expect("pictures");
    let taken: Vec<_> = pictures.iter().filter(|picture| picture["status"] == "ok").collect();
    assert!(taken.len() >= 3, "{job:#}");
    for picture in taken {
        client.picture(picture["url"].as_str().expect("a URL")).await;
    }
}
