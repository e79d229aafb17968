//! Signed picture URLs, end to end: a receiver expands the rules of its event, signs the URLs by itself
//! and reads the pictures; what is unsigned, altered or expired opens nothing.

use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use stillframe_signing::url_keys::{alibaba, native, tencent};
use stillframe_testkit::receiver::WebhookReceiver;

use crate::client::{Client, now_s};
use crate::clips;
use crate::server::{PATIENCE, Server};

const PRIMARY: &str = "primarykey123456";
const SECONDARY: &str = "secondarykey12345";

/// Signs a path at a time by a key.
type Sign = fn(&str, u32, &str) -> String;

const fn shapes() -> [(&'static str, Sign); 6] {
    [
        ("alibaba-a", |path, at, key| alibaba::sign_a(path, at, "0", key)),
        ("alibaba-b", |path, at, key| alibaba::sign_b(path, at, key)),
        ("alibaba-c1", |path, at, key| alibaba::sign_c1(path, at, key)),
        ("alibaba-c2", |path, at, key| alibaba::sign_c2(path, at, key)),
        ("tencent", |path, at, key| tencent::sign(path, at + 1_800, &tencent::Restrictions::default(), key)),
        ("native", |path, at, key| native::sign(path, at + 1_800, key)),
    ]
}

/// A server whose app had three pictures taken, with the event that told of them.
struct Stage {
    server: Server,
    client: Client,
    event: Value,
}

impl Stage {
    async fn new() -> Self {
        let server = Server::start();
        let client = server.client();
        let receiver = WebhookReceiver::start().await;
        client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
        let endpoint = json!({ "url": receiver.url("/"), "format": "alibaba", "origins": ["alibaba"] });
        let (status, body) = client.post("/v1/endpoints", &endpoint).await;
        assert!(status.is_success(), "{body}");
        let media = client.add_clip(&clips::film()).await;
        client.settled_media(media["id"].as_str().expect("an id")).await;
        let video_id = media["video_id"].as_str().expect("an id");
        let params = [("VideoId", video_id), ("Count", "3"), ("Interval", "1")];
        let (status, answer) = client.alibaba("SubmitSnapshotJob", &params).await;
        assert!(status.is_success(), "{answer}");
        let received = receiver.wait_for(1, PATIENCE).await.expect("the event comes");
        let event = received[0].json().expect("JSON");
        Self { server, client, event }
    }

    async fn protect(&self, keys: &[(&str, &str)]) {
        let keys: Vec<Value> =
            keys.iter().map(|(scheme, secret)| json!({ "scheme": scheme, "secret": secret })).collect();
        let settings = json!({ "url_signing": { "keys": keys, "valid_s": 1800 } });
        let (status, body) = self.client.patch("/v1/app", &settings).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }

    /// The URLs that a client makes of one rule of the event.
    fn expanded(&self, rule: &str) -> Vec<String> {
        let info = &self.event["SnapshotInfos"][0];
        let rule = info[rule].as_str().unwrap_or_else(|| panic!("a rule {rule} in {info}"));
        let count = info["SnapshotCount"].as_u64().expect("a count");
        (1..=count).map(|number| rule.replace("{SnapshotCount}", &format!("{number:05}"))).collect()
    }

    fn path_of(&self, url: &str) -> String {
        url.strip_prefix(&self.server.url).expect("on this server").to_owned()
    }

    async fn get(&self, path: &str) -> Response {
        self.client.fetch(&format!("{}{path}", self.server.url)).await
    }
}

/// The URL with another character within its token.
fn altered(url: &str) -> String {
    // Without a query the token stands in front of the path.
    let at = if url.contains('?') { url.len() - 2 } else { 20 };
    let by = if url[at..].starts_with('0') { "1" } else { "0" };
    let mut altered = url.to_owned();
    altered.replace_range(at..=at, by);
    altered
}

fn now() -> u32 {
    u32::try_from(now_s()).expect("a time of this century")
}

async fn is_picture(response: Response) -> bool {
    response.status() == StatusCode::OK
        && response.bytes().await.is_ok_and(|body| body.starts_with(&[0xff, 0xd8]))
}

fn is_denied(response: &Response) -> bool {
    let reason = response.headers().get("x-tengine-error").and_then(|value| value.to_str().ok());
    response.status() == StatusCode::FORBIDDEN
        && reason.is_some_and(|reason| reason.starts_with("denied by req auth: "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_expands_the_rule_signs_it_itself_and_reads_every_picture() {
    let stage = Stage::new().await;
    let urls = stage.expanded("SnapshotRegular");
    assert_eq!(urls.len(), 3, "{}", stage.event);
    for (scheme, sign) in shapes() {
        stage.protect(&[(scheme, PRIMARY), (scheme, SECONDARY)]).await;
        for url in &urls {
            let path = stage.path_of(url);
            for key in [PRIMARY, SECONDARY] {
                assert!(is_picture(stage.get(&sign(&path, now(), key)).await).await, "{scheme} {path}");
            }
        }
        let path = stage.path_of(&urls[0]);
        let unsigned = stage.get(&path).await;
        assert!(is_denied(&unsigned), "{scheme}: {unsigned:?}");
        let expired = stage.get(&sign(&path, now() - 3_700, PRIMARY)).await;
        assert!(is_denied(&expired), "{scheme}: {expired:?}");
        let of_another_key = stage.get(&sign(&path, now(), "anotherkey123456")).await;
        assert!(is_denied(&of_another_key), "{scheme}: {of_another_key:?}");
        let signed = sign(&path, now(), PRIMARY);
        let denied = stage.get(&altered(&signed)).await;
        assert!(is_denied(&denied), "{scheme}: {denied:?}");
        let moved = stage.get(&signed.replacen("/normal/", "/norm4l/", 1)).await;
        assert!(is_denied(&moved), "{scheme}: {moved:?}");
        if scheme != "tencent" {
            // A Tencent URL is good for all files of its folder.
            let denied = stage.get(&signed.replacen("-00001.jpg", "-00002.jpg", 1)).await;
            assert!(is_denied(&denied), "{scheme}: {denied:?}");
        }
    }
    stage.protect(&[]).await;
    assert!(is_picture(stage.get(&stage.path_of(&urls[0])).await).await, "open again without keys");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_custom_domain_with_the_format_works_signed_and_open() {
    let stage = Stage::new().await;
    let (status, _) = stage.client.patch("/v1/app", &json!({ "media_base_url": "img.example.com" })).await;
    assert_eq!(status, StatusCode::OK);
    let on_domain = async |path: String| {
        let request = stage.client.http().get(format!("{}{path}", stage.server.url));
        request.header(header::HOST, "img.example.com").send().await.expect("an answer")
    };
    for format in stage.expanded("SnapshotFormat") {
        let path = format!("/{format}");
        stage.protect(&[]).await;
        assert!(is_picture(on_domain(path.clone()).await).await, "{path}");
        for (scheme, sign) in shapes() {
            stage.protect(&[(scheme, PRIMARY)]).await;
            assert!(is_picture(on_domain(sign(&path, now(), PRIMARY)).await).await, "{scheme} {path}");
            assert!(is_denied(&on_domain(path.clone()).await), "{scheme} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_give_signed_urls_that_open() {
    let stage = Stage::new().await;
    let video_id = stage.event["VideoId"].as_str().expect("an id");
    for (scheme, _) in shapes() {
        stage.protect(&[(scheme, PRIMARY)]).await;
        let (_, listed) = stage.client.get(&format!("/v1/media/{video_id}/snapshots")).await;
        let pictures = listed["items"][0]["pictures"].as_array().expect("pictures");
        assert_eq!(pictures.len(), 3, "{listed}");
        for picture in pictures {
            let url = picture["url"].as_str().expect("a URL");
            assert!(is_picture(stage.client.fetch(url).await).await, "{scheme} {url}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_none_are_refused() {
    let server = Server::start();
    let client = server.client();
    for keys in [
        json!([{ "scheme": "alibaba-a", "secret": "short" }]),
        json!([{ "scheme": "alibaba-a", "secret": "with-a-hyphen-in-it" }]),
        json!([{ "scheme": "alibaba-d", "secret": PRIMARY }]),
        json!(vec![json!({ "scheme": "native", "secret": PRIMARY }); 9]),
    ] {
        let (status, body) = client.patch("/v1/app", &json!({ "url_signing": { "keys": keys } })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{keys}: {body}");
    }
    let (status, _) = client.patch("/v1/app", &json!({ "url_signing": { "valid_s": 0 } })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_pictures_are_signed_for_as_long_as_was_asked_and_their_rule_is_not() {
    let stage = Stage::new().await;
    stage.protect(&[("alibaba-a", PRIMARY)]).await;
    let video_id = stage.event["VideoId"].as_str().expect("an id");
    for (asked, good_for_s) in [("60", 3_600), ("7200", 7_200)] {
        let params = [("VideoId", video_id), ("SnapshotType", "NormalSnapshot"), ("AuthTimeout", asked)];
        let (_, answer) = stage.client.alibaba("ListSnapshots", &params).await;
        let listed = &answer["MediaSnapshot"];
        let url = listed["Snapshots"]["Snapshot"][0]["Url"].as_str().expect("a URL");
        assert!(is_picture(stage.client.fetch(url).await).await, "{url}");
        let start = url.split_once("auth_key=").and_then(|(_, key)| key.split('-').next());
        let start: i64 = start.and_then(|start| start.parse().ok()).expect("a time");
        let left_s = start + 1_800 - i64::from(now());
        assert!((good_for_s - 30..=good_for_s).contains(&left_s), "{left_s} s are left of {asked} s");
        let rule = listed["Regular"].as_str().expect("a rule");
        let plain = rule.replace("{SnapshotCount}", "00001");
        assert_eq!(url.split_once('?').map(|(plain, _)| plain), Some(plain.as_str()));
        assert_eq!(stage.client.fetch(&plain).await.status(), StatusCode::FORBIDDEN);
    }
}
