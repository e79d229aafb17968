//! Event bodies as a receiver gets them over HTTP, held against the tables of the two documents that
//! the product was asked for from.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use stillframe_testkit::receiver::WebhookReceiver;

use crate::client::Client;
use crate::clips;
use crate::server::{PATIENCE, Server};

/// A server with an endpoint of one vendor's format, and a probed video without automatic covers.
struct Stage {
    server: Server,
    client: Client,
    receiver: WebhookReceiver,
    media: Value,
}

impl Stage {
    async fn with(format: &str, origin: &str) -> Self {
        let server = Server::start();
        let client = server.client();
        let receiver = WebhookReceiver::start().await;
        client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
        let endpoint = json!({ "url": receiver.url("/events"), "format": format, "origins": [origin] });
        let (status, body) = client.post("/v1/endpoints", &endpoint).await;
        assert!(status.is_success(), "{body}");
        let media = client.add_clip(&clips::film()).await;
        client.settled_media(media["id"].as_str().expect("an id")).await;
        Self { server, client, receiver, media }
    }

    fn file_id(&self) -> &str {
        self.media["id"].as_str().expect("an id")
    }

    fn video_id(&self) -> &str {
        self.media["video_id"].as_str().expect("an id")
    }

    async fn ask_tencent(&self, definition: &str, offsets_ms: &[i64]) -> String {
        ask_tencent(&self.client, self.file_id(), definition, offsets_ms).await
    }

    async fn ask_alibaba(&self, params: &[(&str, &str)]) -> String {
        let all = [&[("VideoId", self.video_id())], params].concat();
        let (status, answer) = self.client.alibaba("SubmitSnapshotJob", &all).await;
        assert!(status.is_success(), "{answer}");
        answer["SnapshotJob"]["JobId"].as_str().expect("an id").to_owned()
    }

    /// The body number `count` that the receiver gets.
    async fn body(&self, count: usize) -> Value {
        let received = self.receiver.wait_for(count, PATIENCE).await.expect("the event comes");
        let last = &received[count - 1];
        assert_eq!(last.method, "POST");
        assert_eq!(last.header("content-type"), Some("application/json"));
        last.json().expect("JSON")
    }
}

async fn ask_tencent(client: &Client, file_id: &str, definition: &str, offsets_ms: &[i64]) -> String {
    let offsets: Vec<(String, String)> =
        offsets_ms.iter().enumerate().map(|(k, ms)| (format!("timeOffset.{k}"), ms.to_string())).collect();
    let mut params = vec![("fileId", file_id), ("definition", definition)];
    params.extend(offsets.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let answer = client.tencent(Method::POST, "CreateSnapshotByTimeOffset", &params).await;
    assert_eq!(answer["code"], 0, "{answer}");
    answer["vodTaskId"].as_str().expect("an id").to_owned()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// Replaces what differs from run to run.
pub fn masked(body: &Value, server: &Server) -> Value {
    let mut text = body.to_string().replace(&server.url, "http://HOST");
    for (name, length) in [("HEX32", 32), ("DECIMAL", 19)] {
        text = mask_runs(&text, length, name);
    }
    let mut masked: Value = serde_json::from_str(&text).expect("JSON");
    if masked["EventTime"].is_string() {
        masked["EventTime"] = json!("TIME");
    }
    masked
}

/// Replaces runs of exactly `length` hex digits.
fn mask_runs(text: &str, length: usize, by: &str) -> String {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let mut masked = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_hex) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_hex(c)).unwrap_or(from.len());
        masked.push_str(before);
        masked.push_str(if end == length { by } else { &from[..end] });
        rest = &from[end..];
    }
    masked + rest
}

#[tokio::test(flavor = "multi_thread")]
async fn tencent_success_has_the_fields_of_the_table_and_no_other() {
    let stage = Stage::with("tencent-4.0", "tencent").await;
    // Unsorted and repeated, as in the document's sample.
    let task = stage.ask_tencent("10", &[9_000, 1_000, 9_000]).await;
    let body = stage.body(1).await;
    assert_eq!(keys(&body), ["data", "eventType", "version"].into());
    assert_eq!(keys(&body["data"]), ["definition", "fileId", "picInfo", "vodTaskId"].into());
    assert_eq!(body["data"]["vodTaskId"], json!(task));
    let offsets: Vec<_> =
        body["data"]["picInfo"].as_array().expect("a list").iter().map(|one| &one["timeOffset"]).collect();
    assert_eq!(offsets, [9_000, 1_000, 9_000], "in the order asked, duplicates included");
    for picture in body["data"]["picInfo"].as_array().expect("a list") {
        assert_eq!(keys(picture), ["status", "timeOffset", "url"].into());
        stage.client.picture(picture["url"].as_str().expect("a URL")).await;
    }
    insta::assert_json_snapshot!("tencent_success", masked(&body, &stage.server));
}

#[tokio::test(flavor = "multi_thread")]
async fn tencent_partial_failure_omits_the_url_of_the_failed_picture_alone() {
    let stage = Stage::with("tencent-4.0", "tencent").await;
    stage.ask_tencent("10", &[1_000_000, 2_000]).await;
    let body = stage.body(1).await;
    assert_eq!(keys(&body["data"]["picInfo"][0]), ["status", "timeOffset"].into());
    insta::assert_json_snapshot!("tencent_partial_failure", masked(&body, &stage.server));
}

#[tokio::test(flavor = "multi_thread")]
async fn tencent_whole_failure_is_the_documents_second_sample() {
    let stage = Stage::with("tencent-4.0", "tencent").await;
    stage.ask_tencent("20", &[1_000_000]).await;
    let body = stage.body(1).await;
    insta::assert_json_snapshot!("tencent_whole_failure", masked(&body, &stage.server));
}

#[tokio::test(flavor = "multi_thread")]
async fn tencent_tells_of_a_discarded_job_with_every_asked_offset() {
    let stage = Stage::with("tencent-4.0", "tencent").await;
    let (_, media) = stage.client.upload_bytes("text.mp4", b"this is no video at all".repeat(40)).await;
    let id = media["id"].as_str().expect("an id");
    ask_tencent(&stage.client, id, "10", &[5_000, 0, 5_000]).await;
    let body = stage.body(1).await;
    insta::assert_json_snapshot!("tencent_discarded", masked(&body, &stage.server));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pulled_event_holds_the_same_values_as_the_pushed_body() {
    let stage = Stage::with("tencent-4.0", "tencent").await;
    stage.client.patch("/v1/app", &json!({ "tencent_mode": "pull" })).await;
    stage.ask_tencent("10", &[3_000, 1_000_000, 0]).await;
    let pushed = stage.body(1).await;
    let pulled = stage.client.tencent(Method::GET, "PullEvent", &[]).await;
    let list = pulled["eventList"].as_array().expect("a list");
    assert_eq!(list.len(), 1, "{pulled}");
    assert_eq!(list[0]["eventContent"], pushed);
    let handle = list[0]["msgHandle"].as_str().expect("a handle");
    let confirmed = stage.client.tencent(Method::POST, "ConfirmEvent", &[("msgHandle.0", handle)]).await;
    assert_eq!(confirmed["code"], 0, "{confirmed}");
    let again = stage.client.tencent(Method::POST, "ConfirmEvent", &[("msgHandle.0", handle)]).await;
    assert_ne!(again["code"], 0, "a used handle confirms nothing: {again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn alibaba_job_success_has_the_fields_of_the_tables_and_no_other() {
    let stage = Stage::with("alibaba", "alibaba").await;
    let user_data = r#"{"Extend":{"localId":"a b*~+"}}"#;
    let job = stage.ask_alibaba(&[("Count", "3"), ("Interval", "2"), ("UserData", user_data)]).await;
    let body = stage.body(1).await;
    let info = &body["SnapshotInfos"][0];
    let wanted = ["JobId", "SnapshotCount", "SnapshotFormat", "SnapshotRegular", "SnapshotType", "Status"];
    assert_eq!(keys(info), wanted.into());
    assert_eq!(info["JobId"], json!(job));
    insta::assert_json_snapshot!("alibaba_job_success", masked(&body, &stage.server));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_of_alibabas_rules_give_urls_that_answer() {
    let stage = Stage::with("alibaba", "alibaba").await;
    stage.ask_alibaba(&[("Count", "3"), ("Interval", "2")]).await;
    let body = stage.body(1).await;
    let info = &body["SnapshotInfos"][0];
    let text = |name: &str| info[name].as_str().expect(name).to_owned();
    for number in 1..=info["SnapshotCount"].as_u64().expect("a count") {
        let expand = |rule: String| rule.replace("{SnapshotCount}", &format!("{number:05}"));
        let by_regular = stage.client.picture(&expand(text("SnapshotRegular"))).await;
        let joined = format!("{}/media/{}", stage.server.url, expand(text("SnapshotFormat")));
        assert_eq!(by_regular, stage.client.picture(&joined).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alibaba_partial_failure_counts_only_the_pictures_that_exist() {
    let stage = Stage::with("alibaba", "alibaba").await;
    stage.ask_alibaba(&[("SpecifiedOffsetTimes", "[1000, 900000, 3000]")]).await;
    let body = stage.body(1).await;
    assert_eq!(body["SnapshotInfos"][0]["SnapshotCount"], 2);
    insta::assert_json_snapshot!("alibaba_partial_failure", masked(&body, &stage.server));
}

#[tokio::test(flavor = "multi_thread")]
async fn alibaba_whole_failure_has_a_code_and_neither_cover_nor_infos() {
    let stage = Stage::with("alibaba", "alibaba").await;
    stage.ask_alibaba(&[("SpecifiedOffsetTime", "900000"), ("Count", "1")]).await;
    let body = stage.body(1).await;
    let wanted = ["ErrorCode", "ErrorMessage", "EventTime", "EventType", "Status", "SubType", "VideoId"];
    assert_eq!(keys(&body), wanted.into());
    insta::assert_json_snapshot!("alibaba_whole_failure", masked(&body, &stage.server));
}

#[tokio::test(flavor = "multi_thread")]
async fn alibaba_tells_of_a_discarded_job() {
    let stage = Stage::with("alibaba", "alibaba").await;
    let (_, media) = stage.client.upload_bytes("text.mp4", b"this is no video at all".repeat(40)).await;
    let video_id = media["video_id"].as_str().expect("an id");
    let (status, answer) =
        stage.client.alibaba("SubmitSnapshotJob", &[("VideoId", video_id), ("Count", "2")]).await;
    assert!(status.is_success(), "{answer}");
    let body = stage.body(1).await;
    insta::assert_json_snapshot!("alibaba_discarded", masked(&body, &stage.server));
}

/// A sheet of 10,000 cells side by side is too large; the single pictures are there all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_failed_is_told_within_a_successful_event() {
    let stage = Stage::with("alibaba", "alibaba").await;
    let config = r#"{"Columns": 10000, "CellWidth": 120, "CellHeight": 68, "KeepCellPic": "keep"}"#;
    stage.ask_alibaba(&[("Count", "2"), ("Interval", "3"), ("SpriteSnapshotConfig", config)]).await;
    let body = stage.body(1).await;
    assert_eq!((&body["Status"], body.get("ErrorCode")), (&json!("success"), None), "{body}");
    let infos = body["SnapshotInfos"].as_array().expect("a list");
    let sprite = infos.iter().find(|info| info["SnapshotType"] == "SpriteSnapshot").expect("the sprite");
    assert_eq!((&sprite["Status"], &sprite["SnapshotCount"]), (&json!("fail"), &json!(0)), "{body}");
    assert_eq!(
        keys(sprite),
        ["JobId", "SnapshotCount", "SnapshotFormat", "SnapshotRegular", "SnapshotType", "Status"].into()
    );
    let listed = async |kind: &str| {
        let params = [("VideoId", stage.video_id()), ("SnapshotType", kind)];
        stage.client.alibaba("ListSnapshots", &params).await.1["MediaSnapshot"]["Total"].clone()
    };
    assert_eq!([listed("SpriteSnapshot").await, listed("SpriteOriginSnapshot").await], [json!(0), json!(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn automatic_covers_are_told_with_their_sprite_and_the_cover() {
    let stage = Stage::with("alibaba", "alibaba").await;
    stage.client.patch("/v1/app", &json!({ "automatic_covers": true })).await;
    let (_, media) = stage.client.upload(&clips::film()).await;
    let body = stage.body(1).await;
    assert_eq!(body["VideoId"], media["video_id"]);
    assert!(body.get("SubType").is_none(), "only for asked snapshots: {body}");
    stage.client.picture(body["CoverUrl"].as_str().expect("a URL")).await;
    insta::assert_json_snapshot!("alibaba_covers", masked(&body, &stage.server));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_when_nothing_is_configured() {
    let server = Server::start();
    let client = server.client();
    let media = client.add_clip(&clips::film()).await;
    let file_id = media["id"].as_str().expect("an id");
    let task = ask_tencent(&client, file_id, "10", &[1_000]).await;
    let job = task.split('-').next_back().expect("an id").to_owned();
    client.finished_job(&job).await;
    let told = client.get(&format!("/v1/jobs/{job}/events")).await.1;
    assert_eq!(told["items"][0]["deliveries"], json!([]));
    let refused = client.tencent(Method::GET, "PullEvent", &[]).await;
    assert_ne!(refused["code"], 0, "the app does not pull: {refused}");
    // Setting the app to pull afterwards brings no old event.
    client.patch("/v1/app", &json!({ "tencent_mode": "pull" })).await;
    let pulled = client.tencent(Method::GET, "PullEvent", &[]).await;
    assert_eq!(pulled["eventList"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jobs_own_callback_hears_of_it_alone() {
    let server = Server::start();
    let client = server.client();
    let receiver = WebhookReceiver::start().await;
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let media = client.add_clip(&clips::film()).await;
    let video_id = media["video_id"].as_str().expect("an id");
    let user_data = json!({ "MessageCallback": { "CallbackURL": receiver.url("/own") } }).to_string();
    let ask = [("VideoId", video_id), ("Count", "1"), ("UserData", &user_data)];
    let (_, asked) = client.alibaba("SubmitSnapshotJob", &ask).await;
    let (_, other) = client.alibaba("SubmitSnapshotJob", &ask[..2]).await;
    let job_id = |answer: &Value| answer["SnapshotJob"]["JobId"].as_str().expect("an id").to_owned();
    client.finished_job(&job_id(&other)).await;
    let received = receiver.wait_for(1, PATIENCE).await.expect("the job's own callback");
    assert_eq!(received[0].json().expect("JSON")["SnapshotInfos"][0]["JobId"], json!(job_id(&asked)));
    let told = client.get(&format!("/v1/jobs/{}/events", job_id(&other))).await.1;
    assert_eq!(told["items"][0]["deliveries"], json!([]), "another job has no callback");
}
