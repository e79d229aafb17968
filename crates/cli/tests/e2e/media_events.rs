//! Events about videos in each format, as receivers get them and as they are pulled.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use stillframe_testkit::receiver::{Reply, WebhookReceiver};

use crate::bodies::masked;
use crate::client::Client;
use crate::clips;
use crate::server::{PATIENCE, Server};

/// A server without automatic covers, and a receiver that also serves a film.
async fn stage() -> (Server, Client, WebhookReceiver) {
    let server = Server::start();
    let client = server.client();
    let receiver = WebhookReceiver::start().await;
    let body = std::fs::read(clips::film()).expect("the clip can be read");
    receiver.answer("/film.mp4", Reply::Answer { status: 200, headers: Vec::new(), body });
    receiver.answer("/gone.mp4", Reply::status(404));
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    (server, client, receiver)
}

async fn listen(client: &Client, receiver: &WebhookReceiver, format: &str) {
    let endpoint = json!({ "url": receiver.url("/events"), "format": format });
    let (status, body) = client.post("/v1/endpoints", &endpoint).await;
    assert!(status.is_success(), "{body}");
}

/// The bodies that came, by the field that names their type, once there are so many.
async fn bodies(receiver: &WebhookReceiver, count: usize, type_field: &str) -> BTreeMap<String, Value> {
    bodies_to(receiver, ("/events", count), type_field).await
}

async fn bodies_to(
    receiver: &WebhookReceiver,
    (path, count): (&str, usize),
    type_field: &str,
) -> BTreeMap<String, Value> {
    let told = || receiver.received().into_iter().filter(|one| one.path == path).collect::<Vec<_>>();
    let start = std::time::Instant::now();
    while told().len() < count {
        assert!(start.elapsed() < PATIENCE, "only {} events came", told().len());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let named = |body: Value| (body[type_field].as_str().expect("a type").to_owned(), body);
    told().iter().map(|one| named(one.json().expect("JSON"))).collect()
}

/// Without what differs from run to run, from machine to machine, or with the receiver's port.
fn steady(body: &Value, server: &Server, receiver: &WebhookReceiver) -> Value {
    let mut body = masked(body, server);
    blank(&mut body);
    let text = body.to_string().replace(receiver.url("").as_str(), "http://SOURCE");
    serde_json::from_str(&text).expect("JSON")
}

fn blank(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "Size" | "Bitrate" => *value = json!("NUMBER"),
                    "CreateTime" | "UpdateTime" => *value = json!("TIME"),
                    _ => blank(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

async fn add_url(client: &Client, url: &str) -> Value {
    let (status, media) = client.post("/v1/media", &json!({ "url": url })).await;
    assert!(status.is_success(), "{media}");
    client.settled_media(media["id"].as_str().expect("an id")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn alibabas_format_tells_the_whole_life_of_a_video() {
    let (server, client, receiver) = stage().await;
    listen(&client, &receiver, "alibaba").await;
    let media = add_url(&client, &receiver.url("/film.mp4")).await;
    let id = media["id"].as_str().expect("an id");
    let renamed = [("FileId", id), ("Name", "Another name")];
    client.tencent_2018("ModifyMediaInfo", &renamed).await;
    assert!(client.delete(&format!("/v1/media/{id}")).await.is_success());
    let told = bodies(&receiver, 5, "EventType").await;
    let types: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(
        types,
        [
            "DeleteMediaComplete",
            "FileUploadComplete",
            "MediaBaseChangeComplete",
            "UploadByURLComplete",
            "VideoAnalysisComplete",
        ]
    );
    for (event_type, body) in &told {
        insta::assert_json_snapshot!(format!("alibaba_{event_type}"), steady(body, &server, &receiver));
    }
    assert_eq!(told["FileUploadComplete"]["Size"], std::fs::metadata(clips::film()).expect("a file").len());
}

#[tokio::test(flavor = "multi_thread")]
async fn alibabas_format_tells_what_could_not_be_fetched_or_analysed() {
    let (server, client, receiver) = stage().await;
    listen(&client, &receiver, "alibaba").await;
    add_url(&client, &receiver.url("/gone.mp4")).await;
    let told = bodies(&receiver, 1, "EventType").await;
    assert_eq!(told.keys().collect::<Vec<_>>(), ["UploadByURLComplete"], "it was never analysed");
    let body = steady(&told["UploadByURLComplete"], &server, &receiver);
    insta::assert_json_snapshot!("alibaba_UploadByURLComplete_failed", body);
    client.upload_bytes("text.mp4", b"this is no video at all".repeat(40)).await;
    let told = bodies(&receiver, 3, "EventType").await;
    let body = steady(&told["VideoAnalysisComplete"], &server, &receiver);
    insta::assert_json_snapshot!("alibaba_VideoAnalysisComplete_failed", body);
}

#[tokio::test(flavor = "multi_thread")]
async fn tencents_formats_tell_of_uploads_fetches_and_deletions() {
    for (format, type_field) in [("tencent-4.0", "eventType"), ("tencent-2018", "EventType")] {
        let (server, client, receiver) = stage().await;
        listen(&client, &receiver, format).await;
        add_url(&client, &receiver.url("/film.mp4")).await;
        let film = std::fs::read(clips::film()).expect("the clip can be read");
        let (_, media) = client.upload_bytes("film.mp4", film).await;
        assert!(
            client.delete(&format!("/v1/media/{}", media["id"].as_str().expect("an id"))).await.is_success()
        );
        let told = bodies(&receiver, 3, type_field).await;
        let types: Vec<&str> = told.keys().map(String::as_str).collect();
        assert_eq!(types, ["FileDeleted", "NewFileUpload", "PullComplete"]);
        for (event_type, body) in &told {
            insta::assert_json_snapshot!(format!("{format}_{event_type}"), steady(body, &server, &receiver));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tencents_configuration_tells_of_its_own_videos_and_by_its_switches() {
    let (server, client, receiver) = stage().await;
    let url = receiver.url("/events");
    let switches = [("DeleteMediaCompleteEventSwitch", "ON"), ("UploadMediaCompleteEventSwitch", "ON")];
    let config = [&[("Mode", "PUSH"), ("NotificationUrl", url.as_str())], &switches[..1]].concat();
    let answer = client.tencent_2018("ModifyEventConfig", &config).await;
    assert_eq!(answer["Error"], Value::Null, "{answer}");
    // Over another API: never told.
    add_url(&client, &receiver.url("/film.mp4")).await;
    let source = receiver.url("/film.mp4");
    let pulled = [("pullset.0.url", source.as_str()), ("pullset.0.fileName", "film")];
    let answer = client.tencent(Method::POST, "MultiPullVodFile", &pulled).await;
    assert_eq!(answer["code"], 0, "{answer}");
    let told = bodies(&receiver, 1, "EventType").await;
    let file_id = told["PullComplete"]["PullCompleteEvent"]["FileId"].as_str().expect("an id").to_owned();
    client.settled_media(&file_id).await;
    // Over another API, but a video of this one.
    assert!(client.delete(&format!("/v1/media/{file_id}")).await.is_success());
    let told = bodies(&receiver, 2, "EventType").await;
    assert_eq!(told["FileDeleted"]["FileDeleteEvent"]["FileIdSet"], json!([file_id]));

    // The queue tells the same as the callback.
    client.tencent_2018("ModifyEventConfig", &[("Mode", "PULL")]).await;
    let answer = client.tencent(Method::POST, "MultiPullVodFile", &pulled).await;
    assert_eq!(answer["code"], 0, "{answer}");
    let pulled = client.tencent(Method::GET, "PullEvent", &[]).await;
    let content = &pulled["eventList"][0]["eventContent"];
    assert_eq!(content["eventType"], "PullComplete", "{pulled}");
    assert_eq!(bodies(&receiver, 2, "EventType").await.len(), 2, "nothing is pushed any more");
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn alibabas_configuration_tells_its_types_of_all_videos_and_a_videos_own_callback_in_its_place() {
    let (_server, client, receiver) = stage().await;
    let configured = receiver.url("/events");
    let types = ("EventTypeList", "FileUploadComplete,UploadByURLComplete");
    let config = [("CallbackType", "HTTP"), ("CallbackURL", configured.as_str()), types];
    let (status, answer) = client.alibaba("SetMessageCallback", &config).await;
    assert!(status.is_success(), "{answer}");
    // Over another API, told all the same; its analysis is no type that was chosen.
    add_url(&client, &receiver.url("/film.mp4")).await;
    let told = bodies(&receiver, 2, "EventType").await;
    assert_eq!(told.keys().collect::<Vec<_>>(), ["FileUploadComplete", "UploadByURLComplete"]);
    let user_data = json!({ "MessageCallback": { "CallbackURL": receiver.url("/own") }, "Extend": "mine" });
    let (source, user_data) = (receiver.url("/film.mp4"), user_data.to_string());
    let asked = [("UploadURLs", source.as_str()), ("UserData", user_data.as_str())];
    let (status, answer) = client.alibaba("UploadMediaByURL", &asked).await;
    assert!(status.is_success(), "{answer}");
    let told = bodies_to(&receiver, ("/own", 2), "EventType").await;
    assert_eq!(told.keys().collect::<Vec<_>>(), ["FileUploadComplete", "UploadByURLComplete"]);
    assert_eq!(told["UploadByURLComplete"]["JobId"], answer["UploadJobs"][0]["JobId"]);
    assert_eq!(told["FileUploadComplete"]["Extend"], "mine");
    let video_id = told["FileUploadComplete"]["VideoId"].as_str().expect("an id");
    client.settled_media(video_id).await;
    assert_eq!(bodies(&receiver, 2, "EventType").await.len(), 2, "the app's own callback is spared");
}
