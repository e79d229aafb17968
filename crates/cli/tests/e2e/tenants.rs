//! Nothing of one app is visible to another, in any dialect.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::clips;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn another_apps_key_reaches_nothing_over_the_native_api() {
    let server = Server::start();
    let (owner, other) = (server.client(), server.another_app(&[]));
    let media = owner.add_clip(&clips::film()).await;
    let id = media["id"].as_str().expect("an id");
    let video_id = media["video_id"].as_str().expect("an id");
    let (_, job) = owner.post(&format!("/v1/media/{id}/snapshots"), &json!({ "offsets_ms": [0] })).await;
    let job_id = job["id"].as_str().expect("an id");
    let endpoint = json!({ "url": "http://127.0.0.1:9/" });
    let (_, endpoint) = owner.post("/v1/endpoints", &endpoint).await;
    let endpoint_id = endpoint["id"].as_str().expect("an id");
    owner.finished_job(job_id).await;

    for path in [
        format!("/v1/media/{id}"),
        format!("/v1/media/{video_id}"),
        format!("/v1/media/{id}/snapshots"),
        format!("/v1/jobs/{job_id}"),
        format!("/v1/jobs/{job_id}/events"),
        format!("/v1/endpoints/{endpoint_id}"),
    ] {
        let (status, body) = other.get(&path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {body}");
        assert!(owner.get(&path).await.0.is_success(), "{path}");
    }
    for list in ["/v1/media", "/v1/jobs", "/v1/endpoints"] {
        let (_, page) = other.get(list).await;
        assert_eq!(page["items"], json!([]), "{list}");
    }
    let (status, _) = other.post(&format!("/v1/media/{id}/snapshots"), &json!({ "offsets_ms": [0] })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(other.delete(&format!("/v1/media/{id}")).await, StatusCode::NOT_FOUND);
    assert_eq!(other.delete(&format!("/v1/endpoints/{endpoint_id}")).await, StatusCode::NOT_FOUND);
    assert!(owner.get(&format!("/v1/media/{id}")).await.0.is_success(), "nothing was removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_apps_key_reaches_nothing_over_tencents_api() {
    let server = Server::start();
    let (owner, other) = (server.client(), server.another_app(&["--tencent-mode", "pull"]));
    owner.patch("/v1/app", &json!({ "tencent_mode": "pull" })).await;
    let media = owner.add_clip(&clips::film()).await;
    let file_id = media["id"].as_str().expect("an id");
    let ask = [("fileId", file_id), ("definition", "10"), ("timeOffset.0", "1000")];

    let refused = other.tencent(Method::GET, "CreateSnapshotByTimeOffset", &ask).await;
    assert_eq!(refused["code"], 10008, "{refused}");
    let refused = other.tencent(Method::GET, "GetVideoInfo", &[("fileId", file_id)]).await;
    assert_eq!(refused["code"], 10008, "{refused}");

    assert_eq!(owner.tencent(Method::GET, "CreateSnapshotByTimeOffset", &ask).await["code"], 0);
    let pulled = owner.tencent(Method::GET, "PullEvent", &[]).await;
    let handle = pulled["eventList"][0]["msgHandle"].as_str().expect("a handle");
    let nothing = other.tencent(Method::GET, "PullEvent", &[]).await;
    assert_eq!(nothing["eventList"], json!([]), "another app's queue is its own");
    let refused = other.tencent(Method::GET, "ConfirmEvent", &[("msgHandle.1", handle)]).await;
    assert_ne!(refused["code"], 0, "{refused}");
    let confirmed = owner.tencent(Method::GET, "ConfirmEvent", &[("msgHandle.1", handle)]).await;
    assert_eq!(confirmed["code"], 0, "the other app's attempt changed nothing: {confirmed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_apps_key_reaches_nothing_over_alibabas_api() {
    let server = Server::start();
    let (owner, other) = (server.client(), server.another_app(&[]));
    let media = owner.add_clip(&clips::film()).await;
    let video_id = media["video_id"].as_str().expect("an id");
    for action in ["SubmitSnapshotJob", "ListSnapshots", "GetVideoInfo"] {
        let (status, refused) = other.alibaba(action, &[("VideoId", video_id)]).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{action}: {refused}");
        assert_eq!(refused["Code"], "InvalidVideo.NotFound", "{action}");
    }
    let (status, _) = owner.alibaba("GetVideoInfo", &[("VideoId", video_id)]).await;
    assert!(status.is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_key_and_a_wrong_secret_are_refused() {
    let server = Server::start();
    let other = server.another_app(&[]);
    assert!(other.get("/v1/app").await.0.is_success());
    assert_eq!(other.with_secret("wrong").get("/v1/app").await.0, StatusCode::UNAUTHORIZED);
    let app_id = other.get("/v1/app").await.1["id"].to_string();
    server.command(&["key", "delete", &app_id, other.key_id()]);
    assert_eq!(other.get("/v1/app").await.0, StatusCode::UNAUTHORIZED);
    let refused = other.tencent(Method::GET, "PullEvent", &[]).await;
    assert_ne!(refused["code"], 0);
}
