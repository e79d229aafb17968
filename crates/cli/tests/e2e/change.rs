//! Procedures whose caller asked to hear of each task: `TasksNotifyMode=Change`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stillframe_domain::Checkpoint;

use crate::client::Client;
use crate::clips;
use crate::server::{PATIENCE, Server};

/// An app that pulls, and the id of its probed video.
async fn stage() -> (Server, Client, String) {
    let env = [("STILLFRAME__APP__TENCENT_MODE", "pull"), ("STILLFRAME__QUEUE__LONG_POLL_MS", "100")];
    let server = Server::start_with(&env);
    let client = server.client();
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let media = client.add_clip(&clips::film()).await;
    let id = media["id"].as_str().expect("an id").to_owned();
    client.settled_media(&id).await;
    (server, client, id)
}

/// Asks for a picture, one outside of the video, and a sprite.
async fn ask(client: &Client, file_id: &str) -> Value {
    let offsets = "MediaProcessTask.SnapshotByTimeOffsetTaskSet";
    let names: Vec<String> = ["0.Definition", "0.ExtTimeOffsetSet.0", "1.Definition", "1.ExtTimeOffsetSet.0"]
        .map(|name| format!("{offsets}.{name}"))
        .into();
    let mut params = vec![("FileId", file_id), ("TasksNotifyMode", "Change")];
    params.extend(names.iter().map(String::as_str).zip(["10", "1s", "10", "900s"]));
    params.push(("MediaProcessTask.ImageSpriteTaskSet.0.Definition", "10"));
    client.tencent_2018("ProcessMedia", &params).await
}

/// The procedure's state and those of its tasks, of each event until its end, oldest first.
async fn told(client: &Client) -> Vec<(String, Vec<String>)> {
    let mut told = Vec::new();
    let start = Instant::now();
    while told.last().is_none_or(|(state, _)| state != "FINISH") {
        assert!(start.elapsed() < PATIENCE, "it never ended: {told:?}");
        let pulled = client.tencent_2018("PullEvents", &[]).await;
        for event in pulled["EventSet"].as_array().expect("a list") {
            assert_eq!(event["EventType"], "ProcedureStateChanged");
            told.push(states(&event["ProcedureStateChangeEvent"]));
        }
    }
    told
}

fn states(task: &Value) -> (String, Vec<String>) {
    let text = |value: &Value| value.as_str().expect("a state").to_owned();
    let results = task["MediaProcessResultSet"].as_array().expect("a list");
    let of_task = |result: &Value| {
        let member = result.as_object().expect("an object").values().find(|value| value.is_object());
        text(&member.expect("the task")["Status"])
    };
    (text(&task["Status"]), results.iter().map(of_task).collect())
}

fn wanted() -> Vec<(String, Vec<String>)> {
    let state = |whole: &str, tasks: [&str; 3]| (whole.to_owned(), tasks.map(str::to_owned).into());
    vec![
        state("PROCESSING", ["SUCCESS", "PROCESSING", "PROCESSING"]),
        state("PROCESSING", ["SUCCESS", "FAIL", "PROCESSING"]),
        state("FINISH", ["SUCCESS", "FAIL", "SUCCESS"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_task_is_told_as_it_ends_and_the_last_one_with_the_whole() {
    let (_server, client, file_id) = stage().await;
    let asked = ask(&client, &file_id).await;
    assert!(asked["TaskId"].is_string(), "{asked}");
    assert_eq!(told(&client).await, wanted());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_two_tasks_and_the_end_loses_and_repeats_nothing() {
    let (mut server, client, file_id) = stage().await;
    assert!(server.stop());
    let marker = server.path().join("halted");
    let halt = format!("{}={}", Checkpoint::ObjectsPut.name(), marker.display());
    server.restart(&[("STILLFRAME_TEST_HALT_AT", &halt)]);
    ask(&client, &file_id).await;
    let start = Instant::now();
    while !marker.exists() {
        assert!(start.elapsed() < PATIENCE, "the server never came to its checkpoint");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.kill();
    server.restart(&[]);
    assert_eq!(told(&client).await, wanted());
}
