//! A certificate of a test's own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A certificate for 127.0.0.1 that signs itself, and its key.
pub fn make(dir: &Path) -> (PathBuf, PathBuf) {
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    let request =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
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
