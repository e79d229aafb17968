//! Endpoints and deliveries over the native API: tried out, replaced secrets, switched off and on, told
//! again; and what a server does not do when it sends.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use stillframe_testkit::receiver::{Received, Reply, WebhookReceiver};

use crate::client::Client;
use crate::server::{PATIENCE, Server};
use crate::{certificate, clips};

/// An endpoint of these fields, with its secret.
async fn endpoint(client: &Client, fields: &Value) -> Value {
    let (status, endpoint) = client.post("/v1/endpoints", fields).await;
    assert_eq!(status, StatusCode::CREATED, "{endpoint}");
    endpoint
}

fn id_of(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

/// Asks for something to be done, and gives the answer.
async fn ask(client: &Client, path: &str, body: &Value) -> Value {
    let (status, answer) = client.post(path, body).await;
    assert!(status.is_success(), "{path}: {answer}");
    answer
}

/// Tries an endpoint out, and gives the delivery once it is in this state.
async fn ping(client: &Client, endpoint: &Value, state: &str) -> Value {
    let delivery = ask(client, &format!("/v1/endpoints/{}/ping", id_of(endpoint)), &json!({})).await;
    let path = format!("/v1/deliveries/{}", id_of(&delivery));
    client.get_until(&path, |delivery| delivery["state"] == state).await
}

fn to_path(received: Vec<Received>, path: &str) -> Vec<Received> {
    received.into_iter().filter(|one| one.path == path).collect()
}

async fn wait_for(receiver: &WebhookReceiver, path: &str, count: usize) -> Vec<Received> {
    let is_enough = |all: &[Received]| count <= to_path(all.to_vec(), path).len();
    to_path(receiver.wait_until(PATIENCE, is_enough).await.expect("they come"), path)
}

/// The names of the schemes by which a request is signed.
fn schemes(received: &Received) -> Vec<&str> {
    let signatures = received.header("webhook-signature").expect("it is signed");
    signatures.split(' ').map(|signature| signature.split(',').next().expect("a scheme")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_made_given_and_replaced_one_after_the_other() {
    let (server, receiver) = (Server::start(), WebhookReceiver::start().await);
    let client = server.client();
    let url = receiver.url("/hook");
    let shared = endpoint(&client, &json!({ "url": url })).await;
    assert!(shared["secret"].as_str().expect("a secret").starts_with("whsec_"), "{shared}");
    assert_eq!(shared["public_key"], Value::Null);
    let tested = ping(&client, &shared, "delivered").await;
    assert_eq!((&tested["attempts"][0]["status"], tested["attempt_count"].as_u64()), (&json!(200), Some(1)));
    let path = format!("/v1/endpoints/{}/rotate", id_of(&shared));
    let rotated = ask(&client, &path, &json!({ "signature": "ed25519" })).await;
    assert!(rotated["secret"].as_str().expect("a secret").starts_with("whsk_"), "{rotated}");
    assert!(rotated["public_key"].as_str().expect("a key").starts_with("whpk_"), "{rotated}");
    assert_eq!(rotated["former_secrets_until"].as_array().map(Vec::len), Some(1));
    ping(&client, &shared, "delivered").await;
    let given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let replaced = ask(&client, &path, &json!({ "secret": given, "overlap_ms": 0 })).await;
    assert_eq!(replaced["secret"], given);
    ping(&client, &shared, "delivered").await;
    let received = wait_for(&receiver, "/hook", 3).await;
    let signed: Vec<_> = received.iter().map(schemes).collect();
    // The key of ed25519 is gone at once; the first secret still signs for a day.
    assert_eq!(signed, [vec!["v1"], vec!["v1a", "v1"], vec!["v1", "v1"]]);
    let (_, shown) = client.get(&format!("/v1/endpoints/{}", id_of(&shared))).await;
    assert_eq!(shown.get("secret"), None, "it is shown once");

    for body in [
        json!({ "secret": "whsec_c2hvcnQ=" }),
        json!({ "secret": "text" }),
        json!({ "overlap_ms": 604_800_001 }),
    ] {
        let (status, problem) = client.post(&path, &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {problem}");
    }
    for _ in 0..3 {
        ask(&client, &path, &json!({})).await;
    }
    let (status, problem) = client.post(&path, &json!({})).await;
    assert_eq!((status, &problem["parameter"]), (StatusCode::BAD_REQUEST, &json!("overlap_ms")), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_switched_off_and_on_and_told_what_it_missed() {
    let (server, receiver) = (Server::start(), WebhookReceiver::start().await);
    let client = server.client();
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let kinds = json!(["media.created", "media.deleted"]);
    let fields = json!({ "url": receiver.url("/hook"), "event_kinds": kinds });
    let hook = endpoint(&client, &fields).await;
    let path = format!("/v1/endpoints/{}", id_of(&hook));
    let (since, missed) = ("2020-01-01T00:00:00Z", clips::film());
    client.add_clip(&missed).await;
    wait_for(&receiver, "/hook", 1).await;
    let off = ask(&client, &format!("{path}/disable"), &json!({})).await;
    assert_eq!(off["disabled"]["reason"], "owner", "{off}");
    let media = client.add_clip(&missed).await;
    let on = ask(&client, &format!("{path}/enable"), &json!({})).await;
    assert_eq!(on["disabled"], Value::Null, "{on}");
    let missing = json!({ "since": since, "missing_only": true });
    let told = ask(&client, &format!("{path}/replay"), &missing).await;
    assert_eq!(told, json!({ "count": 1, "next": null }));
    let received = wait_for(&receiver, "/hook", 2).await;
    assert_eq!(received[1].json().expect("JSON")["data"]["media_id"], media["id"]);
    let told = ask(&client, &format!("{path}/replay"), &json!({ "since": since })).await;
    assert_eq!(told["count"], 2);
    let received = wait_for(&receiver, "/hook", 4).await;
    let again: Vec<_> = received.iter().filter(|one| one.body == received[0].body).collect();
    assert_eq!(again.len(), 2, "the same event has the same bytes");
    assert_eq!(again[0].header("webhook-id"), again[1].header("webhook-id"));
    let (status, problem) = client.post(&format!("{path}/replay"), &json!({ "since": "yesterday" })).await;
    assert_eq!((status, &problem["parameter"]), (StatusCode::BAD_REQUEST, &json!("since")), "{problem}");

    let changed = json!({ "url": receiver.url("/moved"), "event_kinds": ["media.deleted"] });
    let (status, answer) = client.patch(&path, &changed).await;
    assert_eq!((status, &answer["event_kinds"]), (StatusCode::OK, &json!(["media.deleted"])), "{answer}");
    assert!(client.delete(&format!("/v1/media/{}", id_of(&media))).await.is_success());
    wait_for(&receiver, "/moved", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_recovered_and_made_again() {
    let (server, receiver) = (Server::start(), WebhookReceiver::start().await);
    let client = server.client();
    receiver.answer("/hook", Reply::status(500));
    let fields = json!({
        "url": receiver.url("/hook"), "event_kinds": ["media.created"], "policy": { "retry": [1], "concurrency_max": 2 },
    });
    let hook = endpoint(&client, &fields).await;
    client.add_clip(&clips::film()).await;
    client.add_clip(&clips::film()).await;
    let list = format!("/v1/deliveries?endpoint_id={}&state=dead", id_of(&hook));
    let dead =
        client.get_until(&list, |page| page["items"].as_array().is_some_and(|all| all.len() == 2)).await;
    let one = &dead["items"][0];
    assert_eq!((&one["event_kind"], &one["attempt_count"]), (&json!("media.created"), &json!(2)), "{one}");
    let (_, shown) = client.get(&format!("/v1/endpoints/{}", id_of(&hook))).await;
    assert!(shown["failing_since"].is_string() && shown["policy"]["concurrency_max"] == 2, "{shown}");

    receiver.answer("/hook", Reply::status(200));
    let replay = format!("/v1/deliveries/{}/replay", id_of(one));
    let again = ask(&client, &replay, &json!({})).await;
    assert_eq!(again["attempts"].as_array().map(Vec::len), Some(2), "{again}");
    let path = format!("/v1/deliveries/{}", id_of(one));
    let made = client.get_until(&path, |delivery| delivery["state"] == "delivered").await;
    let statuses: Vec<_> =
        made["attempts"].as_array().expect("a list").iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [500, 500, 200]);
    let recover = format!("/v1/endpoints/{}/recover", id_of(&hook));
    let since = json!({ "since": "2020-01-01T00:00:00Z" });
    assert_eq!(ask(&client, &recover, &since).await, json!({ "count": 1, "may_be_more": false }));
    let delivered = "/v1/deliveries?state=delivered&limit=1";
    let page = client.get_until(delivered, |page| page["next"].is_string()).await;
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1), "{page}");
    assert_eq!(client.get(&list).await.1["items"], json!([]));

    let other = server.another_app(&[]);
    for path in [path.clone(), format!("/v1/deliveries/{}", i64::MAX), "/v1/deliveries/none".to_owned()] {
        assert_eq!(other.get(&path).await.0, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(
            other.post(&format!("{path}/replay"), &json!({})).await.0,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let of_hook = format!("/v1/endpoints/{}", id_of(&hook));
    for action in ["ping", "rotate", "disable", "enable"] {
        let (status, answer) = other.post(&format!("{of_hook}/{action}"), &json!({})).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{action}: {answer}");
    }
    for action in ["recover", "replay"] {
        let (status, answer) = other.post(&format!("{of_hook}/{action}"), &since).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{action}: {answer}");
    }
    assert_eq!(other.patch(&of_hook, &json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(other.get("/v1/deliveries").await.1["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_callback_is_governed_by_its_own_api_and_has_no_words_for_a_test() {
    let (server, receiver) = (Server::start(), WebhookReceiver::start().await);
    let client = server.client();
    let url = receiver.url("/hook");
    let config = [("CallbackType", "HTTP"), ("CallbackURL", url.as_str()), ("EventTypeList", "ALL")];
    let (status, answer) = client.alibaba("SetMessageCallback", &config).await;
    assert!(status.is_success(), "{answer}");
    let (_, page) = client.get("/v1/endpoints").await;
    let path = format!("/v1/endpoints/{}", id_of(&page["items"][0]));
    for (action, body) in [("ping", json!({})), ("rotate", json!({}))] {
        let (status, problem) = client.post(&format!("{path}/{action}"), &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{action}: {problem}");
    }
    assert_eq!(client.patch(&path, &json!({ "origins": [] })).await.0, StatusCode::BAD_REQUEST);
    for field in ["concurrency_max", "per_minute_max"] {
        let fields = json!({ "url": url, "policy": { field: 0 } });
        let (status, problem) = client.post("/v1/endpoints", &fields).await;
        let parameter = format!("policy.{field}");
        assert_eq!(
            (status, &problem["parameter"]),
            (StatusCode::BAD_REQUEST, &json!(parameter)),
            "{problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_whose_certificate_nobody_vouches_for_is_sent_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let (cert, key) = certificate::make(dir.path());
    let receiver = Server::start_with(&[
        ("STILLFRAME__SERVER__TLS__CERT_FILE", cert.to_str().expect("UTF-8")),
        ("STILLFRAME__SERVER__TLS__KEY_FILE", key.to_str().expect("UTF-8")),
    ]);
    let mut server = Server::start();
    let client = server.client();
    let fields = json!({ "url": format!("{}/no/such/path", receiver.url), "policy": { "retry": [] } });
    let hook = endpoint(&client, &fields).await;
    let failed = ping(&client, &hook, "dead").await;
    let attempt = &failed["attempts"][0];
    assert_eq!(attempt["status"], Value::Null, "{failed}");
    assert!(attempt["answer"].as_str().expect("a reason").contains("certificate"), "{failed}");
    // The same receiver answers a server that trusts the certificate.
    assert!(server.stop());
    server.restart(&[("SSL_CERT_FILE", cert.to_str().expect("UTF-8"))]);
    let answered = ping(&server.client(), &hook, "dead").await;
    assert_eq!(answered["attempts"][0]["status"], 404, "{answered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_of_the_environment_are_not_used() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    proxy.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}", proxy.local_addr().expect("an address"));
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let server = Server::start_with(&names.map(|name| (name, url.as_str())));
    let receiver = WebhookReceiver::start().await;
    let film = std::fs::read(clips::film()).expect("the clip can be read");
    receiver.answer("/film.mp4", Reply::Answer { status: 200, headers: Vec::new(), body: film });
    let client = server.client();
    let hook = endpoint(&client, &json!({ "url": receiver.url("/hook") })).await;
    ping(&client, &hook, "delivered").await;
    for fetch in [true, false] {
        let source = json!({ "url": receiver.url("/film.mp4"), "fetch": fetch });
        let (status, media) = client.post("/v1/media", &source).await;
        assert!(status.is_success(), "{media}");
        assert_eq!(client.settled_media(id_of(&media)).await["state"], "ready");
    }
    let untouched = proxy.accept().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    assert!(untouched, "nothing was asked of the proxy");
}

/// How long the receiver of the next test takes for an answer.
const SLOW: Duration = Duration::from_millis(400);

/// Whether no more than `most` of these were under way at a time, each for [`SLOW`].
fn were_at_most(received: &[Received], most: usize) -> bool {
    received.iter().zip(received.iter().skip(most)).all(|(first, later)| SLOW <= later.at - first.at)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_say_how_many_callbacks_are_made_at_a_time() {
    let server = Server::start_with(&[
        ("STILLFRAME__RELAY__CONCURRENCY", "2"),
        ("STILLFRAME__RELAY__ENDPOINT_CONCURRENCY", "1"),
        ("STILLFRAME__RELAY__RETRY_CONCURRENCY", "2"),
        ("STILLFRAME__RELAY__RETRY_ENDPOINT_CONCURRENCY", "1"),
    ]);
    let (client, receiver) = (server.client(), WebhookReceiver::start().await);
    let mut deliveries = Vec::new();
    for path in ["/one", "/two", "/three", "/four"] {
        receiver.answer(path, Reply::After(SLOW, Box::new(Reply::status(200))));
        let made = endpoint(&client, &json!({ "url": receiver.url(path) })).await;
        let pings = if path == "/one" { 3 } else { 1 };
        for _ in 0..pings {
            let ping = ask(&client, &format!("/v1/endpoints/{}/ping", id_of(&made)), &json!({})).await;
            deliveries.push(ping);
        }
    }
    // What is sent again by hand has slots of its own.
    for round in [1, 2] {
        receiver.wait_until(PATIENCE, |all| all.len() == 6 * round).await.expect("they come");
        let mut told: Vec<Received> = receiver.received().split_off(6 * (round - 1));
        told.sort_by_key(|one| one.at);
        let to_one = to_path(told.clone(), "/one");
        assert_eq!(to_one.len(), 3);
        assert!(were_at_most(&to_one, 1), "round {round}: {to_one:#?}");
        assert!(were_at_most(&told, 2), "round {round}: {told:#?}");
        assert!(!were_at_most(&told, 1), "round {round}: both slots are used: {told:#?}");
        let paths: Vec<String> =
            deliveries.iter().map(|delivery| format!("/v1/deliveries/{}", id_of(delivery))).collect();
        for path in &paths {
            client.get_until(path, |delivery| delivery["state"] == "delivered").await;
        }
        for path in paths.iter().filter(|_| round == 1) {
            ask(&client, &format!("{path}/replay"), &json!({})).await;
        }
    }
}
