//! Videos that stay where they are, at a URL.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use stillframe_testkit::remote::{Nginx, Proxy};

use crate::clips;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_video_can_stay_where_it_is() {
    let film = clips::film();
    let nginx = Nginx::start(film.parent().expect("a folder"));
    let proxy = Proxy::start(&nginx, Duration::ZERO);
    let url = proxy.url(&format!("/{}", film.file_name().expect("a name").to_string_lossy()));
    let server = Server::start();
    let client = server.client();
    let (status, media) = client.post("/v1/media", &json!({ "url": url, "fetch": false })).await;
    assert_eq!((status, &media["state"]), (StatusCode::CREATED, &json!("stored")), "{media}");
    let id = media["id"].as_str().expect("an id");
    let media = client.settled_media(id).await;
    assert_eq!((&media["state"], &media["source"]), (&json!("ready"), &json!({ "kind": "url", "url": url })));
    let before = proxy.log();
    let (_, job) = client.post(&format!("/v1/media/{id}/snapshots"), &json!({ "offsets_ms": [1000] })).await;
    let job = client.finished_job(job["id"].as_str().expect("an id")).await;
    assert_eq!(job["state"], "completed", "{job}");
    let requests = job["traffic"]["requests"].as_u64().expect("a number");
    let bytes = job["traffic"]["bytes"].as_u64().expect("a number");
    // Others may have read at the same time: the job of the automatic covers.
    assert!(0 < requests && requests <= proxy.log().requests() - before.requests(), "{job}");
    assert!(0 < bytes && bytes <= proxy.log().bytes() - before.bytes(), "{job}");
    let sources =
        server.data_dir().join("objects").join(media["video_id"].as_str().expect("an id")).join("source");
    assert!(!sources.exists(), "nothing was copied");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_behind_the_guard_is_not_read_either() {
    let server = Server::start();
    let client = server.client();
    let (_, media) =
        client.post("/v1/media", &json!({ "url": "http://10.0.0.1/film.mp4", "fetch": false })).await;
    let media = client.settled_media(media["id"].as_str().expect("an id")).await;
    assert_eq!((&media["state"], &media["failure"]["code"]), (&json!("failed"), &json!("source-forbidden")));
    let (status, _) = client.post("/v1/media", &json!({ "path": "/films/a.mp4", "fetch": false })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
