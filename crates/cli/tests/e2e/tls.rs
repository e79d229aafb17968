//! HTTPS on the public listener.

use reqwest::StatusCode;

use crate::certificate;
use crate::server::{KEY_ID, PATIENCE, SECRET, Server};

#[expect(clippy::disallowed_methods, reason = "a test's client talks to loopback")]
#[tokio::test(flavor = "multi_thread")]
async fn the_public_listener_speaks_https_alone_when_a_certificate_is_set() {
    let dir = tempfile::tempdir().expect("a directory");
    let (cert, key) = certificate::make(dir.path());
    let server = Server::start_with(&[
        ("STILLFRAME__SERVER__TLS__CERT_FILE", cert.to_str().expect("UTF-8")),
        ("STILLFRAME__SERVER__TLS__KEY_FILE", key.to_str().expect("UTF-8")),
    ]);
    assert!(server.url.starts_with("https://"), "{}", server.url);
    let pem = std::fs::read(&cert).expect("the certificate");
    let root = reqwest::Certificate::from_pem(&pem).expect("PEM");
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    let trusting = client.add_root_certificate(root).build().expect("a client");
    let url = format!("{}/v1/app", server.url);
    let answer = trusting.get(&url).basic_auth(KEY_ID, Some(SECRET)).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);

    let plain = trusting.get(url.replace("https://", "http://")).send().await;
    assert!(plain.is_err(), "plain HTTP is not understood");
    let distrusting = reqwest::Client::builder().no_proxy().build().expect("a client");
    assert!(distrusting.get(&url).send().await.is_err(), "nobody vouches for the certificate");
}
