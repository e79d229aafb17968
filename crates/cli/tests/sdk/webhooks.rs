//! What is sent, checked by the libraries that receivers use: signatures by `standardwebhooks`, events by
//! `cloudevents`, of PyPI and of npm each, and signatures of ed25519 by the cryptography of both languages.

use std::path::Path;

use serde_json::{Value, json};
use stillframe_testkit::receiver::{Received, Reply, WebhookReceiver};

use crate::client::Client;
use crate::driver;
use crate::server::{PATIENCE, Server};

/// Endpoints by the path at which they are told.
const ENDPOINTS: [(&str, &str, &str); 5] = [
    ("/shared", "native", "hmac-sha256"),
    ("/ed25519", "native", "ed25519"),
    ("/rotated", "native", "hmac-sha256"),
    ("/structured", "cloudevents", "hmac-sha256"),
    ("/binary", "cloudevents-binary", "ed25519"),
];
/// A test, a new video, and its two ends.
const EVENTS: [&str; 4] = ["endpoint.ping", "media.created", "media.ready", "media.deleted"];
/// What each program checks: each event of each endpoint.
const CHECKS: usize = EVENTS.len() * ENDPOINTS.len();

#[tokio::test(flavor = "multi_thread")]
async fn the_libraries_of_receivers_accept_what_is_sent_and_nothing_else() {
    let (server, receiver) = (Server::start(), WebhookReceiver::start().await);
    let client = server.client();
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let mut told = Vec::new();
    for (path, format, signature) in ENDPOINTS {
        told.push(endpoint(&client, &receiver, (path, format, signature)).await);
    }
    let (status, media) = client.upload_bytes("F\u{ed}lm \u{1f3ac}.mp4", film()).await;
    assert!(status.is_success(), "{media}");
    let media = client.settled_media(media["id"].as_str().expect("an id")).await;
    assert!(client.delete(&format!("/v1/media/{}", media["id"].as_str().expect("an id"))).await.is_success());
    let is_all = |all: &[Received]| CHECKS <= all.iter().filter(|one| one.method == "POST").count();
    let received = receiver.wait_until(PATIENCE, is_all).await.expect("all are told");
    let posts: Vec<Value> = received.iter().filter(|one| one.method == "POST").map(document).collect();
    let asked = received.iter().filter(|one| one.method == "OPTIONS").count();
    assert_eq!((posts.len(), asked), (CHECKS, 2), "each receiver of CloudEvents is asked once");

    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("received.json");
    let given = json!({ "endpoints": told, "received": posts, "kinds": EVENTS });
    std::fs::write(&file, given.to_string()).expect("written");
    for program in ["webhooks.py", "webhooks.mjs"] {
        assert_eq!(checked(program, &file).await, CHECKS, "{program}");
    }
}

/// Makes an endpoint and tries it out; gives its path and the secrets by which it is signed.
async fn endpoint(client: &Client, receiver: &WebhookReceiver, of: (&str, &str, &str)) -> Value {
    let (path, format, signature) = of;
    let headers = vec![("webhook-allowed-origin".to_owned(), "*".to_owned())];
    receiver.answer(path, Reply::Answer { status: 200, headers, body: Vec::new() });
    let fields = json!({ "url": receiver.url(path), "format": format, "signature": signature });
    let (status, made) = client.post("/v1/endpoints", &fields).await;
    assert!(status.is_success(), "{made}");
    let id = made["id"].as_str().expect("an id");
    let mut keys = vec![key_of(&made)];
    if path == "/rotated" {
        let (status, rotated) = client.post(&format!("/v1/endpoints/{id}/rotate"), &json!({})).await;
        assert!(status.is_success(), "{rotated}");
        let (status, again) =
            client.post(&format!("/v1/endpoints/{id}/rotate"), &json!({ "signature": "ed25519" })).await;
        assert!(status.is_success(), "{again}");
        keys.extend([key_of(&rotated), key_of(&again)]);
    }
    let (status, ping) = client.post(&format!("/v1/endpoints/{id}/ping"), &json!({})).await;
    assert!(status.is_success(), "{ping}");
    json!({ "path": path, "format": format, "keys": keys })
}

/// What its receiver is given: the shared secret, or the public key.
fn key_of(endpoint: &Value) -> Value {
    let key = if endpoint["public_key"].is_null() { &endpoint["secret"] } else { &endpoint["public_key"] };
    key.clone()
}

fn document(received: &Received) -> Value {
    let headers: serde_json::Map<String, Value> =
        received.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    json!({ "path": received.path, "headers": headers, "body": received.text() })
}

fn film() -> Vec<u8> {
    std::fs::read(crate::clips::film()).expect("the clip can be read")
}

/// Runs a program on what was received, and gives how many messages it checked.
async fn checked(program: &str, file: &Path) -> usize {
    let mut command = driver::program(program);
    command.arg(file);
    let output = driver::output(command).await.unwrap_or_else(|failure| panic!("{program}: {failure}"));
    output.trim().parse().unwrap_or_else(|error| panic!("{program}: {error}: {output}"))
}
