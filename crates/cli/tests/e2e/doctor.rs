//! `stillframe doctor`, before the first start, beside a running server, and on what is broken.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::server::Server;

/// Runs it in a folder; gives its exit code and its document.
fn doctor(folder: &Path, env: &[(&str, &str)]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_stillframe"))
        .args(["doctor", "--json", "--data-dir", "data"])
        .current_dir(folder)
        .envs(env.iter().copied())
        .output()
        .expect("the binary runs");
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), document)
}

/// One check of a document.
fn check<'a>(document: &'a Value, name: &str) -> (&'a str, &'a str) {
    let checks = document["checks"].as_array().expect("checks");
    let check =
        checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {document:#}"));
    (check["status"].as_str().expect("a status"), check["detail"].as_str().expect("a detail"))
}

#[test]
fn a_machine_that_can_run_it_is_found_fit_before_the_first_start_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, document) = doctor(folder.path(), &[]);
    assert_eq!((code, &document["ok"]), (Some(0), &Value::Bool(true)), "{document:#}");
    let names: Vec<&str> =
        ["settings", "database", "storage", "disk", "libav", "sandbox", "outbound", "clock"].into();
    let found: Vec<&str> = document["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter_map(|check| check["name"].as_str())
        .collect();
    assert_eq!(found, names);
    assert!(check(&document, "database").1.contains("not there yet"));
    assert!(check(&document, "libav").1.contains("libavcodec"), "{document:#}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "a look changes nothing");
}

#[test]
fn a_confined_child_of_this_program_reaches_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (status, detail) = {
        let (_, document) = doctor(folder.path(), &[]);
        let (status, detail) = check(&document, "sandbox");
        (status.to_owned(), detail.to_owned())
    };
    // A kernel without Landlock is told of; what the others hold must hold.
    assert!(detail.contains("closed descriptors, resource limits"), "{status} {detail}");
    assert!(detail.contains("seccomp") && !detail.contains("could do this"), "{status} {detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_beside_a_running_server_and_the_server_goes_on() {
    let server = Server::start();
    let (code, document) = doctor(server.path(), &[("STILLFRAME__OUTBOUND__ALLOW", "10.0.0.0/8")]);
    assert_eq!(code, Some(0), "{document:#}");
    assert!(check(&document, "database").1.ends_with("is sound and up to date"), "{document:#}");
    assert!(check(&document, "storage").1.ends_with("takes objects and gives them back"), "{document:#}");
    assert!(check(&document, "outbound").1.contains("10.0.0.0/8"), "{document:#}");
    assert_eq!(server.client().get("/v1/app").await.0, 200);
    let left = std::fs::read_dir(server.data_dir().join("objects")).expect("the store").count();
    assert_eq!(left, 1, "nothing is left but the folder of what is being written");
}

#[test]
fn what_is_broken_is_named_and_the_exit_code_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, document) = doctor(folder.path(), &[("STILLFRAME__SANDBOX__CALLS_PER_CHILD", "0")]);
    assert_eq!((code, check(&document, "settings").0), (Some(1), "failed"), "{document:#}");
    assert!(check(&document, "settings").1.contains("calls_per_child"));

    std::fs::create_dir(folder.path().join("data")).expect("a folder");
    std::fs::write(folder.path().join("data/stillframe.db"), b"no database".repeat(1_000)).expect("a file");
    std::fs::write(folder.path().join("data/objects"), b"no folder").expect("a file");
    let (code, document) = doctor(folder.path(), &[("STILLFRAME__SANDBOX__MODE", "off")]);
    assert_eq!(code, Some(1));
    for broken in ["database", "storage"] {
        assert_eq!(check(&document, broken).0, "failed", "{document:#}");
    }
    assert_eq!(check(&document, "sandbox").0, "warning", "{document:#}");
}
