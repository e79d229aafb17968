//! Decoding in confined children, as an operator meets it.

use std::process::Command;

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
