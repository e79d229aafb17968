//! How much an app may store, as `stillframe app set` says.

use reqwest::{Method, StatusCode};
use serde_json::json;
use stillframe_testkit::receiver::{Reply, WebhookReceiver};

use crate::clips;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_full_takes_no_video_in_over_any_api_until_it_has_room() {
    let server = Server::start();
    let client = server.client();
    server.command(&["app", "set", "1", "--videos-max", "1"]);
    let (status, video) = client.upload(&clips::film()).await;
    assert_eq!(status, StatusCode::CREATED, "{video}");
    let url = "http://127.0.0.1:9/film.mp4";
    for (status, problem) in [
        client.upload(&clips::film()).await,
        client.post("/v1/media", &json!({ "url": url })).await,
        client.post("/v1/media", &json!({ "path": clips::film() })).await,
    ] {
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::FORBIDDEN, &json!("quota-exceeded")),
            "{problem}"
        );
    }
    let newer = client.tencent_2018("PullUpload", &[("MediaUrl", url)]).await;
    assert_eq!(newer["Error"]["Code"], "LimitExceeded", "{newer}");
    let apply = client.tencent_2018("ApplyUpload", &[("MediaType", "mp4")]).await;
    assert_eq!(apply["Error"]["Code"], "LimitExceeded", "{apply}");
    let more = [("Title", "t"), ("FileName", "a.mp4")];
    let (status, alibaba) = client.alibaba("CreateUploadVideo", &more).await;
    assert_eq!((status, &alibaba["Code"]), (StatusCode::FORBIDDEN, &json!("OperationDenied")), "{alibaba}");
    let asked = [("pullset.1.url", url), ("pullset.1.fileName", "a.mp4")];
    let legacy = client.tencent(Method::GET, "MultiPullVodFile", &asked).await;
    assert!(legacy["code"] != json!(0) || legacy["data"][0]["fileId"].is_null(), "{legacy}");

    assert_eq!(
        server.another_app(&[]).upload(&clips::film()).await.0,
        StatusCode::CREATED,
        "another has room"
    );
    client.settled_media(video["id"].as_str().expect("an id")).await;
    let path = format!("/v1/media/{}", video["id"].as_str().expect("an id"));
    assert_eq!(client.delete(&path).await, StatusCode::NO_CONTENT);
    assert_eq!(client.upload(&clips::film()).await.0, StatusCode::CREATED, "there is room again");
    server.command(&["app", "set", "1", "--videos-max", "none"]);
    assert_eq!(client.upload(&clips::film()).await.0, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_counted_as_they_come_and_when_they_are_fetched() {
    let server = Server::start();
    let client = server.client();
    server.command(&["app", "set", "1", "--bytes-max", "3000000"]);
    assert_eq!(client.upload_bytes("two.bin", vec![7; 2_000_000]).await.0, StatusCode::CREATED);
    let (status, problem) = client.upload_bytes("more.bin", vec![7; 1_000_001]).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("quota-exceeded")), "{problem}");
    assert_eq!(
        client.upload_bytes("rest.bin", vec![7; 1_000_000]).await.0,
        StatusCode::CREATED,
        "to the byte"
    );
    let (status, problem) = client.upload_bytes("one.bin", vec![7; 1]).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("quota-exceeded")), "{problem}");

    // A video that is fetched is counted when it comes.
    let other = server.another_app(&["--bytes-max", "100000"]);
    let source = WebhookReceiver::start().await;
    source.answer("/film.bin", Reply::Answer { status: 200, headers: Vec::new(), body: vec![7; 100_001] });
    let (status, media) = other.post("/v1/media", &json!({ "url": source.url("/film.bin") })).await;
    assert_eq!(status, StatusCode::CREATED, "{media}");
    let settled = other.settled_media(media["id"].as_str().expect("an id")).await;
    assert_eq!(settled["failure"]["code"], "quota-exceeded", "{settled}");
}
