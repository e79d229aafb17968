//! schemathesis asks a real server what the native API's document allows, and what it does not: no answer
//! may be one that the document does not know, and none a 5xx.

use std::path::PathBuf;
use std::process::Command;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::clips;
use crate::driver::{PROXIES, installed, setting};
use crate::server::{KEY_ID, SECRET, Server};

/// Names the program; `./dev test` sets it.
const PROGRAM: &str = "STILLFRAME_SCHEMATHESIS";
/// What must hold of every answer. Beside these there are checks that need an API to refuse nothing for
/// reasons that a schema cannot say.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,unsupported_method,allow_header_conformance,\
    ignored_auth";
/// Most requests of one kind to one operation.
const EXAMPLES: &str = "20";
/// Longest run, in seconds.
const TIME_S: &str = "40";

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_one_that_the_document_does_not_know() {
    // What it makes up is refused, and the endpoints that it makes cannot be reached: that fills the log.
    let server = Server::start_with(&[("STILLFRAME__LOG__FILTER", "off")]);
    furnish(&server).await;
    let program = setting(PROGRAM).map_or_else(default_program, PathBuf::from);
    let venv = installed("schemathesis-venv");
    assert!(
        program.exists(),
        "schemathesis is not installed: run ./dev test, or: python3 -m venv {venv} && \
         {venv}/bin/pip install -r crates/cli/tests/sdk/schemathesis/requirements.txt",
        venv = venv.display(),
    );
    let mut command = Command::new(program);
    command
        .args(["run", &format!("{}/v1/openapi.json", server.url)])
        .args(["--auth", &format!("{KEY_ID}:{SECRET}"), "--checks", CHECKS])
        .args(["--max-examples", EXAMPLES, "--max-time", TIME_S, "--seed", "11", "--continue-on-failure"])
        .args(["--no-color", "--no-shrink", "--warnings", "off"])
        .current_dir(server.path());
    for name in PROXIES {
        command.env_remove(name);
    }
    let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("the task ends");
    let output = ended.expect("schemathesis runs");
    let (told, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{complained}");
    assert!(told.contains("passed") && !told.contains(" 0 generated"), "nothing was asked: {told}");
}

fn default_program() -> PathBuf {
    installed("schemathesis-venv").join("bin/schemathesis")
}

/// Puts one of everything there, so that lists and single things have something to show.
async fn furnish(server: &Server) {
    let client = server.client();
    let (status, media) = client.upload(&clips::film()).await;
    assert_eq!(status, StatusCode::CREATED, "{media}");
    let media = format!("/v1/media/{}", media["id"].as_str().expect("an id"));
    let sprite = json!({
        "offsets_ms": [0, 1_000, 99_999_999], "sprite": { "columns": 2, "rows": 1 }, "stills": true, "vtt": true
    });
    let made: [(&str, Value); 4] = [
        (&format!("{media}/snapshots"), sprite),
        ("/v1/workflows", json!({ "steps": [{ "keyframes": { "count": 2 } }] })),
        ("/v1/endpoints", json!({ "url": "http://127.0.0.1:9/told", "policy": { "retry": [60_000] } })),
        ("/v1/media", json!({ "url": "http://127.0.0.1:9/gone.mp4" })),
    ];
    for (path, body) in made {
        let (status, answer) = client.post(path, &body).await;
        assert!(status.is_success(), "{path}: {answer}");
        if path.ends_with("/snapshots") {
            client.finished_job(answer["id"].as_str().expect("an id")).await;
        }
    }
    let queue = "<Queue xmlns=\"http://mns.aliyuncs.com/doc/v1/\"/>";
    let (status, answer) = client.mns(Method::PUT, "/queues/furniture", queue).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
}
