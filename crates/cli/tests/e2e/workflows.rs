//! Workflows over the native API; the dialects' own tests ask for them.

use reqwest::StatusCode;
use serde_json::json;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_kept_for_its_app_alone_until_it_is_removed() {
    let server = Server::start();
    let (owner, other) = (server.client(), server.another_app(&[]));
    let steps = json!([
        { "offsets_ms": [1000], "width_px": 320 },
        { "series": { "interval_ms": 1000 }, "sprite": { "columns": 2, "rows": 2 }, "vtt": true },
    ]);
    let document = json!({ "id": "storyboard", "name": "Storyboard", "steps": steps });
    let (status, made) = owner.post("/v1/workflows", &document).await;
    assert_eq!((status, made["id"].as_str()), (StatusCode::CREATED, Some("storyboard")), "{made}");
    assert_eq!(made["steps"].as_array().map(Vec::len), Some(2));
    let (status, again) = owner.post("/v1/workflows", &document).await;
    assert_eq!((status, again["code"].as_str()), (StatusCode::CONFLICT, Some("duplicate-procedure")));
    let (_, minted) = owner.post("/v1/workflows", &json!({ "steps": steps })).await;
    assert_eq!(minted["id"].as_str().map(str::len), Some(32), "{minted}");

    assert_eq!(owner.get("/v1/workflows/storyboard").await, (StatusCode::OK, made.clone()));
    let (_, page) = owner.get("/v1/workflows").await;
    assert_eq!(page["items"], json!([made, minted]));
    assert_eq!(other.get("/v1/workflows").await.1["items"], json!([]));
    assert_eq!(other.get("/v1/workflows/storyboard").await.0, StatusCode::NOT_FOUND);
    assert_eq!(other.delete("/v1/workflows/storyboard").await, StatusCode::NOT_FOUND);
    assert_eq!(owner.delete("/v1/workflows/storyboard").await, StatusCode::NO_CONTENT);
    assert_eq!(owner.get("/v1/workflows/storyboard").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_checked_when_a_workflow_is_made() {
    let server = Server::start();
    let client = server.client();
    for (steps, status, code) in [
        (json!([]), StatusCode::BAD_REQUEST, "invalid-parameter"),
        (json!([{ "width_px": 320 }]), StatusCode::BAD_REQUEST, "invalid-parameter"),
        (json!([{ "offsets_ms": [0], "width_px": 1 }]), StatusCode::BAD_REQUEST, "invalid-parameter"),
        (json!([{ "offsets_ms": [0], "pass_through": "x" }]), StatusCode::BAD_REQUEST, "invalid-parameter"),
        (json!([{ "offsets_ms": [0], "colour": "red" }]), StatusCode::BAD_REQUEST, "invalid-parameter"),
        (json!([{ "template_id": "0".repeat(32) }]), StatusCode::NOT_FOUND, "template-not-found"),
    ] {
        let (told, problem) = client.post("/v1/workflows", &json!({ "steps": steps })).await;
        assert_eq!((told, problem["code"].as_str()), (status, Some(code)), "{steps}: {problem}");
    }
}
