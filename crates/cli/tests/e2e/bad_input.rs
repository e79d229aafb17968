//! What goes wrong gets a clear answer in its dialect's shape, within bounded time, and harms nothing else.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stillframe_testkit::receiver::{Reply, WebhookReceiver};

use crate::client::{Client, answer, now_s};
use crate::clips;
use crate::server::{PATIENCE, Server};

/// Adds bytes as a video, asks for two pictures, and gives the settled video and the finished job.
async fn ask_of_bytes(client: &Client, bytes: Vec<u8>) -> (Value, Value) {
    let (status, media) = client.upload_bytes("clip.mp4", bytes).await;
    assert_eq!(status, StatusCode::CREATED, "{media}");
    let id = media["id"].as_str().expect("an id").to_owned();
    let (status, job) =
        client.post(&format!("/v1/media/{id}/snapshots"), &json!({ "offsets_ms": [0, 11_000] })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = client.finished_job(job["id"].as_str().expect("an id")).await;
    (client.settled_media(&id).await, job)
}

/// The server still takes pictures.
async fn still_works(client: &Client) {
    let media = client.add_clip(&clips::film()).await;
    let path = format!("/v1/media/{}/snapshots", media["id"].as_str().expect("an id"));
    let (_, job) = client.post(&path, &json!({ "offsets_ms": [500] })).await;
    let job = client.finished_job(job["id"].as_str().expect("an id")).await;
    assert_eq!(job["state"], "completed", "{job:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_video_fails_by_name() {
    let server = Server::start();
    let client = server.client();
    let (media, job) = ask_of_bytes(&client, b"Dear diary, this is text.\n".repeat(1_000)).await;
    assert_eq!((&media["state"], &media["failure"]["code"]), (&json!("failed"), &json!("not-a-video")));
    assert_eq!((&job["state"], &job["failure"]["code"]), (&json!("discarded"), &json!("not-a-video")));
    for picture in job["outputs"][0]["pictures"].as_array().expect("each asked picture") {
        assert_eq!(
            (&picture["status"], &picture["error"]["code"]),
            (&json!("failed"), &json!("not-a-video"))
        );
    }
    assert_eq!(job["outputs"][0]["pictures"].as_array().map(Vec::len), Some(2));
    still_works(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_upload_is_refused_at_once() {
    let server = Server::start();
    let (status, body) = server.client().upload_bytes("empty.mp4", Vec::new()).await;
    assert_eq!((status, &body["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("source-empty")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_video_gives_what_can_be_had_and_names_the_rest() {
    let server = Server::start();
    let client = server.client();
    let whole = std::fs::read(clips::film()).expect("the clip");
    let (_, job) = ask_of_bytes(&client, whole[..whole.len() / 2].to_vec()).await;
    let pictures = job["outputs"][0]["pictures"].as_array().expect("pictures").clone();
    assert_eq!(pictures[0]["status"], "ok", "{job:#}");
    assert_eq!(pictures[1]["status"], "failed", "{job:#}");
    client.picture(pictures[0]["url"].as_str().expect("a URL")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn audio_alone_has_no_picture() {
    let server = Server::start();
    let client = server.client();
    let (media, job) = ask_of_bytes(&client, std::fs::read(clips::audio_only()).expect("the clip")).await;
    assert_eq!(media["state"], "ready", "audio is a media file: {media:#}");
    assert_eq!((&job["state"], &job["failure"]["code"]), (&json!("discarded"), &json!("no-video-stream")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_gone_fails_by_name() {
    let server = Server::start();
    let client = server.client();
    let path = clips::dir().join(format!("gone-{}.mp4", std::process::id()));
    std::fs::copy(clips::film(), &path).expect("a copy");
    let media = client.add_clip(&path).await;
    let id = media["id"].as_str().expect("an id");
    client.settled_media(id).await;
    std::fs::remove_file(&path).expect("removed");
    let (_, job) = client.post(&format!("/v1/media/{id}/snapshots"), &json!({ "offsets_ms": [0] })).await;
    let job = client.finished_job(job["id"].as_str().expect("an id")).await;
    assert_eq!((&job["state"], &job["failure"]["code"]), (&json!("discarded"), &json!("source-missing")));
}

#[tokio::test(flavor = "multi_thread")]
async fn local_paths_outside_of_the_roots_are_forbidden_alike_whether_they_exist_or_not() {
    let server = Server::start();
    for path in ["/etc/passwd", "/no/such/file.mp4", "relative.mp4"] {
        let (status, body) = server.client().post("/v1/media", &json!({ "path": path })).await;
        assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("source-forbidden")), "{path}");
    }
    let climbing = clips::dir().join("../../../../../../../../etc/passwd");
    let (status, _) = server.client().post("/v1/media", &json!({ "path": climbing })).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_past_the_end_fails_alone() {
    let server = Server::start();
    let client = server.client();
    let media = client.add_clip(&clips::film()).await;
    let path = format!("/v1/media/{}/snapshots", media["id"].as_str().expect("an id"));
    let (_, job) = client.post(&path, &json!({ "offsets_ms": [900_000, 1_000, -1] })).await;
    let job = client.finished_job(job["id"].as_str().expect("an id")).await;
    let pictures = job["outputs"][0]["pictures"].as_array().expect("pictures");
    assert_eq!(job["state"], "completed");
    assert_eq!(pictures[0]["error"]["code"], "offset-out-of-range");
    assert_eq!(pictures[1]["status"], "ok");
    assert_eq!(pictures[2]["error"]["code"], "offset-out-of-range");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_signatures_and_parameters_get_each_dialects_own_shape() {
    let server = Server::start();
    let client = server.client();
    let thief = client.with_secret("guessed");
    let media = client.add_clip(&clips::film()).await;
    let file_id = media["id"].as_str().expect("an id");
    let video_id = media["video_id"].as_str().expect("an id");

    assert_eq!(thief.tencent(Method::GET, "PullEvent", &[]).await["code"], 4100);
    let unknown = client.tencent(Method::GET, "NoSuchAction", &[]).await;
    assert!(unknown["code"].as_i64().is_some_and(|code| code != 0), "{unknown}");
    let definition = [("fileId", file_id), ("definition", "77"), ("timeOffset.0", "0")];
    let refused = client.tencent(Method::GET, "CreateSnapshotByTimeOffset", &definition).await;
    assert!(refused["code"].as_i64().is_some_and(|code| code != 0), "{refused}");
    assert!(refused["message"].as_str().is_some_and(|text| !text.is_empty()), "{refused}");
    let old = client.tencent_request(Method::GET, "PullEvent", &[], now_s() - 3 * 3_600);
    assert!([4200, 4500].contains(&answer(old).await.1["code"].as_i64().expect("a code")));

    let (status, refused) = thief.alibaba("GetVideoInfo", &[("VideoId", video_id)]).await;
    assert_eq!((status, &refused["Code"]), (StatusCode::BAD_REQUEST, &json!("SignatureDoesNotMatch")));
    assert!(refused["Message"].as_str().is_some_and(|text| text.contains("server string to sign is:")));
    let (status, refused) = client.alibaba("NoSuchAction", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{refused}");
    let (status, refused) =
        client.alibaba("SubmitSnapshotJob", &[("VideoId", video_id), ("Count", "many")]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    let in_xml =
        client.alibaba_request(Method::GET, "NoSuchAction", &[], "XML").send().await.expect("an answer");
    assert!(in_xml.text().await.expect("a body").contains("<Code>"));

    let (status, problem) = thief.get("/v1/app").await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("signature-mismatch")));
    let (status, problem) = client.get("/v1/nothing").await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("unknown-operation")));
    let bad = json!({ "offsets_ms": [0], "keyframes": { "count": 2 } });
    let (status, problem) = client.post(&format!("/v1/media/{file_id}/snapshots"), &bad).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("invalid-parameter")));
}

/// One job told to one endpoint; gives its attempts once there are `count`.
async fn attempts(server: &Server, url: &str, count: usize) -> Vec<Value> {
    let client = server.client();
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let policy = json!({ "timeout_ms": 500, "retry": [100, 100] });
    let endpoint = json!({ "url": url, "event_kinds": ["snapshot.completed"], "policy": policy });
    let (status, body) = client.post("/v1/endpoints", &endpoint).await;
    assert!(status.is_success(), "{body}");
    let media = client.add_clip(&clips::film()).await;
    let path = format!("/v1/media/{}/snapshots", media["id"].as_str().expect("an id"));
    let (_, job) = client.post(&path, &json!({ "offsets_ms": [0] })).await;
    let id = job["id"].as_str().expect("an id");
    assert_eq!(client.finished_job(id).await["state"], "completed", "a deaf receiver harms no job");
    let told = client
        .get_until(&format!("/v1/jobs/{id}/events"), |told| {
            let attempts = told["items"][0]["deliveries"][0]["attempts"].as_array();
            attempts.is_some_and(|attempts| attempts.len() >= count)
        })
        .await;
    told["items"][0]["deliveries"][0]["attempts"].as_array().expect("attempts").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_answers_500_is_tried_again_and_ends_as_a_dead_letter() {
    let server = Server::start();
    let receiver = WebhookReceiver::start().await;
    receiver.answer("/e", Reply::status(500));
    let tried = attempts(&server, &receiver.url("/e"), 3).await;
    assert!(tried.iter().all(|attempt| attempt["status"] == 500 && attempt["is_success"] == false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_hangs_is_given_up_within_its_timeout() {
    let server = Server::start();
    let receiver = WebhookReceiver::start().await;
    receiver.answer("/e", Reply::Hang);
    let tried = attempts(&server, &receiver.url("/e"), 3).await;
    for attempt in tried {
        assert!(attempt["status"].is_null() && attempt["is_success"] == false, "{attempt}");
        assert!(attempt["duration_ms"].as_u64().is_some_and(|ms| (400..5_000).contains(&ms)), "{attempt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_refuses_is_tried_again() {
    let server = Server::start();
    // A port that was free a moment ago.
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let tried = attempts(&server, &format!("http://127.0.0.1:{port}/e"), 3).await;
    assert!(tried.iter().all(|attempt| attempt["status"].is_null() && attempt["answer"] != ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_the_address_guard_refuses_is_never_connected_to() {
    let server = Server::start_with(&[("STILLFRAME__OUTBOUND__ALLOW", "")]);
    let receiver = WebhookReceiver::start().await;
    let tried = attempts(&server, &receiver.url("/e"), 3).await;
    assert!(tried.iter().all(|attempt| attempt["is_success"] == false), "{tried:?}");
    assert!(receiver.received().is_empty(), "nothing may reach a loopback address");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_the_address_guard_refuses_fails_the_video() {
    let server = Server::start_with(&[("STILLFRAME__OUTBOUND__ALLOW", "")]);
    let client = server.client();
    let start = Instant::now();
    let (status, media) = client.post("/v1/media", &json!({ "url": "http://127.0.0.1:7400/x.mp4" })).await;
    assert_eq!(status, StatusCode::CREATED, "{media}");
    let media = client.settled_media(media["id"].as_str().expect("an id")).await;
    assert_eq!((&media["state"], &media["failure"]["code"]), (&json!("failed"), &json!("source-forbidden")));
    assert!(start.elapsed() < PATIENCE + Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_comes_by_url_from_an_allowed_address() {
    let server = Server::start();
    let client = server.client();
    // The server's own picture store stands in for an origin: it serves the uploaded source.
    let (_, origin) = client.upload(&clips::film()).await;
    let url = origin["source"]["url"].as_str().expect("a URL").to_owned();
    let (status, media) = client.post("/v1/media", &json!({ "url": url })).await;
    assert_eq!(status, StatusCode::CREATED, "{media}");
    let media = client.settled_media(media["id"].as_str().expect("an id")).await;
    assert_eq!((&media["state"], &media["source"]["kind"]), (&json!("ready"), &json!("object")), "{media:#}");
}
