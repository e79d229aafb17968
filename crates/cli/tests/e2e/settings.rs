//! The first app's settings and callbacks, by the settings file and by `stillframe app`.

use reqwest::Method;
use serde_json::json;
use stillframe_testkit::receiver::WebhookReceiver;

use crate::clips;
use crate::server::{PATIENCE, Server};

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_file_sets_mode_picture_base_and_callbacks_of_the_first_app() {
    let receiver = WebhookReceiver::start().await;
    let mut server = Server::start();
    assert!(server.stop());
    let file = format!(
        "[app]\ntencent_mode = \"pull\"\ncover_choice = \"best\"\nmedia_base_url = \"https://img.example.com/p/\"\n\
         [[app.endpoints]]\nurl = \"{}\"\nformat = \"alibaba\"\norigins = [\"alibaba\"]\n",
        receiver.url("/e")
    );
    std::fs::write(server.path().join("stillframe.toml"), file).expect("the settings file");
    for _ in 0..2 {
        server.restart(&[]);
        let client = server.client();
        let app = client.get("/v1/app").await.1;
        assert_eq!((&app["tencent_mode"], &app["cover_choice"]), (&json!("pull"), &json!("best")));
        assert_eq!(app["media_base_url"], "https://img.example.com/p");
        let endpoints = client.get("/v1/endpoints").await.1;
        assert_eq!(endpoints["items"].as_array().map(Vec::len), Some(1), "made once: {endpoints}");
        assert!(server.stop());
    }
    server.restart(&[]);
    server.client().upload(&clips::film()).await;
    let told = receiver.wait_for(1, PATIENCE).await.expect("the callback of the file hears of covers");
    assert_eq!(told[0].json().expect("JSON")["EventType"], "SnapshotComplete");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_command_sets_mode_and_callbacks_beside_a_running_server() {
    let server = Server::start();
    let client = server.client();
    server.command(&["app", "set", "1", "--tencent-mode", "pull"]);
    assert_eq!(client.get("/v1/app").await.1["tencent_mode"], "pull");
    assert_eq!(client.tencent(Method::GET, "PullEvent", &[]).await["eventList"], json!([]));
    let url = "http://127.0.0.1:9/e";
    server.command(&[
        "app",
        "add-endpoint",
        "1",
        "--url",
        url,
        "--format",
        "tencent-4.0",
        "--origins",
        "tencent",
    ]);
    let endpoint = client.get("/v1/endpoints").await.1["items"][0].clone();
    assert_eq!((&endpoint["url"], &endpoint["format"]), (&json!(url), &json!("tencent-4.0")));
    let id = endpoint["id"].as_str().expect("an id");
    assert!(server.command(&["app", "endpoints", "1"]).contains(id));
    server.command(&["app", "remove-endpoint", "1", id]);
    assert_eq!(client.get("/v1/endpoints").await.1["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn callback_policies_are_chosen_by_name_in_every_way_that_makes_a_callback() {
    let mut server = Server::start();
    assert!(server.stop());
    let file = "[app]\ncallback_policy = \"tencent\"\n\
                [[app.endpoints]]\nurl = \"http://127.0.0.1:9/file\"\npolicy = \"alibaba\"\n";
    std::fs::write(server.path().join("stillframe.toml"), file).expect("the settings file");
    server.restart(&[]);
    let client = server.client();
    let by_command = ["app", "add-endpoint", "1", "--url", "http://127.0.0.1:9/command"];
    server.command(&[&by_command[..], &["--policy", "tencent"]].concat());
    let asked =
        json!({ "url": "http://127.0.0.1:9/api", "policy": { "name": "alibaba", "timeout_ms": 900 } });
    client.post("/v1/endpoints", &asked).await;
    let url = "http://127.0.0.1:9/vendor";
    client.tencent_2018("ModifyEventConfig", &[("Mode", "PUSH"), ("NotificationUrl", url)]).await;
    let policy = async |path: &str| {
        let all = client.get("/v1/endpoints").await.1;
        let items = all["items"].as_array().expect("a list").clone();
        let found = items.into_iter().find(|one| one["url"] == format!("http://127.0.0.1:9/{path}"));
        found.unwrap_or_else(|| panic!("{path}: {all}"))["policy"].clone()
    };
    let of = |ack: &str, timeout_ms: u64| {
        json!({
            "ack": ack, "timeout_ms": timeout_ms, "retry": [1000, 1000], "auto_disable": true,
            "concurrency_max": null, "per_minute_max": null, "handshake": true,
        })
    };
    assert_eq!(policy("file").await, of("200", 5_000));
    assert_eq!(policy("command").await, of("any", 5_000));
    assert_eq!(policy("api").await, of("200", 900));
    assert_eq!(policy("vendor").await, of("any", 5_000), "as the app is set");
    let (_, app) = client.patch("/v1/app", &json!({ "callback_policy": "alibaba" })).await;
    assert_eq!(app["callback_policy"], "alibaba");
    assert_eq!(policy("vendor").await, of("200", 5_000), "a change reaches it");
    assert_eq!(policy("command").await, of("any", 5_000), "and no other");
}
