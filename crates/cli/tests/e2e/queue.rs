//! The pull queue over HTTP: hidden events, handles that expire, the long poll, retention.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::clips;
use crate::server::Server;

/// Slack of what a loaded machine takes longer.
const SLACK: Duration = Duration::from_secs(4);

/// A server whose first app pulls, with these queue settings, and a probed video.
async fn stage(settings: &[(&str, &str)]) -> (Server, Client, String) {
    let env: Vec<(&str, &str)> =
        [("STILLFRAME__APP__TENCENT_MODE", "pull")].iter().chain(settings).copied().collect();
    let server = Server::start_with(&env);
    let client = server.client();
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let media = client.add_clip(&clips::film()).await;
    let id = media["id"].as_str().expect("an id").to_owned();
    client.settled_media(&id).await;
    (server, client, id)
}

/// Asks for pictures and waits until their event is queued.
async fn tell(client: &Client, file_id: &str) -> String {
    let task = ask(client, file_id).await;
    client.finished_job(task.split('-').next_back().expect("an id")).await;
    task
}

async fn ask(client: &Client, file_id: &str) -> String {
    let params = [("fileId", file_id), ("definition", "10"), ("timeOffset.0", "0")];
    let answer = client.tencent(Method::POST, "CreateSnapshotByTimeOffset", &params).await;
    answer["vodTaskId"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The task and the handle of each pulled event.
async fn pull(client: &Client) -> Vec<(String, String)> {
    let answer = client.tencent(Method::GET, "PullEvent", &[]).await;
    assert_eq!(answer["code"], 0, "{answer}");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let item = |one: &Value| (text(&one["eventContent"]["data"]["vodTaskId"]), text(&one["msgHandle"]));
    answer["eventList"].as_array().expect("a list").iter().map(item).collect()
}

async fn confirm(client: &Client, handles: &[&str]) -> Value {
    let names: Vec<String> = (0..handles.len()).map(|k| format!("msgHandle.{k}")).collect();
    let params: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(handles.iter().copied()).collect();
    client.tencent(Method::POST, "ConfirmEvent", &params).await["code"].clone()
}

/// Pulls until there is an event.
async fn pull_some(client: &Client, patience: Duration) -> Vec<(String, String)> {
    let start = Instant::now();
    loop {
        let pulled = pull(client).await;
        if !pulled.is_empty() {
            return pulled;
        }
        assert!(start.elapsed() < patience, "no event came");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pulled_event_comes_again_after_30_seconds_and_its_first_handle_is_dead() {
    let (_server, client, file_id) = stage(&[]).await;
    let task = tell(&client, &file_id).await;
    let [(found, first)] = pull(&client).await.try_into().expect("one event");
    let start = Instant::now();
    assert_eq!(found, task);
    assert_eq!(pull(&client).await, [], "it is hidden");
    let waited = start.elapsed();
    assert!((Duration::from_secs(5)..Duration::from_secs(5) + SLACK).contains(&waited), "{waited:?}");
    let [(again, second)] =
        pull_some(&client, Duration::from_secs(60)).await.try_into().expect("the same event");
    let hidden = start.elapsed();
    assert!((Duration::from_secs(29)..Duration::from_secs(30) + SLACK).contains(&hidden), "{hidden:?}");
    assert!(again == task && second != first);
    assert_eq!(confirm(&client, &[&first]).await, 4000, "superseded");
    assert_eq!(confirm(&client, &[&second]).await, 0);
    assert_eq!(confirm(&client, &[&second]).await, 4000, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_expires_with_the_visibility_timeout_that_is_set() {
    let settings =
        [("STILLFRAME__QUEUE__VISIBILITY_TIMEOUT_MS", "300"), ("STILLFRAME__QUEUE__LONG_POLL_MS", "100")];
    let (_server, client, file_id) = stage(&settings).await;
    let task = tell(&client, &file_id).await;
    let [(_, first)] = pull(&client).await.try_into().expect("one event");
    let [(again, second)] = pull_some(&client, SLACK).await.try_into().expect("the same event");
    assert_eq!(again, task);
    assert_eq!(confirm(&client, &[&first]).await, 4000, "expired and superseded");
    // Of several handles, the valid ones count.
    assert_eq!(confirm(&client, &[&first, &second]).await, 4000);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(pull(&client).await, [], "the second one was confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_pull_waits_as_long_as_is_set() {
    let (_server, client, _) = stage(&[("STILLFRAME__QUEUE__LONG_POLL_MS", "700")]).await;
    let start = Instant::now();
    assert_eq!(pull(&client).await, []);
    let waited = start.elapsed();
    assert!((Duration::from_millis(700)..Duration::from_millis(700) + SLACK).contains(&waited), "{waited:?}");
    let start = Instant::now();
    let pulled = client.tencent_2018("PullEvents", &[]).await;
    assert_eq!(pulled["EventSet"], json!([]));
    assert!(Duration::from_millis(700) <= start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_pull_gets_an_event_at_once() {
    let (_server, client, file_id) = stage(&[("STILLFRAME__QUEUE__LONG_POLL_MS", "20000")]).await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { (pull(&client).await, Instant::now()) }
    });
    let task = tell(&client, &file_id).await;
    let told = Instant::now();
    let (pulled, woken) = waiting.await.expect("no panic");
    assert_eq!(pulled.into_iter().map(|(task, _)| task).collect::<Vec<_>>(), [task]);
    let late = woken.saturating_duration_since(told);
    assert!(late < Duration::from_secs(1), "the pull was answered {late:?} after the event");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_16_events_are_pulled_and_confirmed_at_a_time() {
    let (_server, client, file_id) = stage(&[("STILLFRAME__QUEUE__LONG_POLL_MS", "100")]).await;
    for _ in 0..18 {
        tell(&client, &file_id).await;
    }
    let first = pull(&client).await;
    let rest = pull(&client).await;
    assert_eq!((first.len(), rest.len()), (16, 2));
    let handles: Vec<&str> = first.iter().chain(&rest).map(|(_, handle)| handle.as_str()).collect();
    assert_eq!(confirm(&client, &handles[..17]).await, 4000);
    assert_eq!(confirm(&client, &handles[..16]).await, 0);
    assert_eq!(confirm(&client, &handles[16..]).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_pulls_is_dropped_after_the_retention_that_is_set() {
    let settings = [("STILLFRAME__QUEUE__RETENTION_MS", "1000"), ("STILLFRAME__QUEUE__LONG_POLL_MS", "0")];
    let (_server, client, file_id) = stage(&settings).await;
    tell(&client, &file_id).await;
    let waits = async |count: u64| {
        client.tencent_2018("DescribeEventsState", &[]).await["CountOfEventsToPull"] == count
    };
    let start = Instant::now();
    while !waits(0).await {
        assert!(start.elapsed() < SLACK, "it is never dropped");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(pull(&client).await, []);
    // A younger one is not.
    tell(&client, &file_id).await;
    assert!(!pull(&client).await.is_empty());
}
