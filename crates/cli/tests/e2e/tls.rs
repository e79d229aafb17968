//! HTTPS on the public listener.

use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::StatusCode;

use crate::server::{KEY_ID, PATIENCE, SECRET, Server};

/// A certificate for 127.0.0.1 that signs itself, and its key.
fn certificate(dir: &Path) -> (PathBuf, PathBuf) {
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    let request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let names = ["-subj", "/CN=stillframe test", "-addext", "subjectAltName=IP:127.0.0.1"];
    let end_entity = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let made = Command::new("openssl")
        .args(request)
        .args(names)
        .args(end_entity)
        .arg("-out")
        .arg(&cert)
        .arg("-keyout")
        .arg(&key)
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (cert, key)
}

#[expect(clippy::disallowed_methods, reason = "a test's client talks to loopback")]
#[tokio::test(flavor = "multi_thread")]
async fn the_public_listener_speaks_https_alone_when_a_certificate_is_set() {
    let dir = tempfile::tempdir().expect("a directory");
    let (cert, key) = certificate(dir.path());
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
