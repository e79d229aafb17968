//! What the operator can count.

use reqwest::Method;
use serde_json::json;
use stillframe_testkit::receiver::WebhookReceiver;

use crate::clips;
use crate::server::{PATIENCE, Server};

/// The value of a line, or 0.
fn value(text: &str, line: &str) -> f64 {
    let found = text.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(' '));
    found.map_or(0.0, |number| number.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_jobs_deliveries_and_decoding_are_counted() {
    let receiver = WebhookReceiver::start().await;
    let server = Server::start();
    let client = server.client();
    client
        .post("/v1/endpoints", &json!({ "url": receiver.url("/told"), "event_kinds": ["media.ready"] }))
        .await;
    let dead =
        json!({ "url": "http://127.0.0.1:9/", "event_kinds": ["media.ready"], "policy": { "retry": [] } });
    client.post("/v1/endpoints", &dead).await;
    let (_, media) = client.upload(&clips::film()).await;
    client.settled_media(media["id"].as_str().expect("an id")).await;
    receiver.wait_for(1, PATIENCE).await.expect("the event is told");
    client.get("/v1/media/7").await;
    client.alibaba("GetVideoList", &[]).await;
    client.tencent(Method::GET, "PullEvent", &[]).await;
    client.tencent_2018("DescribeEventConfig", &[]).await;
    client.mns(Method::GET, "/queues", "").await;
    client.fetch(&format!("{}/media/none", server.url)).await;

    let expected = [
        r#"stillframe_http_requests_total{api="native",status="2xx"}"#,
        r#"stillframe_http_requests_total{api="native",status="4xx"}"#,
        r#"stillframe_http_requests_total{api="alibaba",status="2xx"}"#,
        r#"stillframe_http_requests_total{api="tencent-legacy",status="2xx"}"#,
        r#"stillframe_http_requests_total{api="tencent-2018",status="2xx"}"#,
        r#"stillframe_http_requests_total{api="mns",status="2xx"}"#,
        r#"stillframe_http_requests_total{api="media",status="4xx"}"#,
        r#"stillframe_http_request_seconds_bucket{api="native",le="+Inf"}"#,
        r#"stillframe_jobs_finished_total{kind="probe",state="completed"}"#,
        r#"stillframe_jobs_finished_total{kind="snapshot",state="completed"}"#,
        r#"stillframe_decode_seconds_count{operation="probe"}"#,
        r#"stillframe_decode_seconds_count{operation="take"}"#,
        r#"stillframe_delivery_attempts_total{format="native",outcome="delivered",status="2xx"}"#,
        r#"stillframe_delivery_attempts_total{format="native",outcome="dead",status="none"}"#,
        r#"stillframe_http_connections"#,
    ];
    let url = format!("{}/metrics", server.admin_url);
    let begun = std::time::Instant::now();
    loop {
        let text = client.fetch(&url).await.text().await.expect("text");
        let missing: Vec<_> = expected.iter().filter(|line| value(&text, line) < 1.0).collect();
        if missing.is_empty() {
            let described = text.lines().filter(|line| line.starts_with("# TYPE ")).count();
            assert!(10 < described, "{text}");
            assert!(text.contains("stillframe_jobs{state=\"running\"} 0"), "{text}");
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "not counted: {missing:?} in {text}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_counted_with_its_age_and_each_name_is_documented() {
    // Nothing runs, so that what waits stays.
    let server = Server::start_with(&[("STILLFRAME__APP__TENCENT_MODE", "pull")]);
    let client = server.client();
    let queue = "<Queue xmlns=\"http://mns.aliyuncs.com/doc/v1/\"/>";
    client.mns(Method::PUT, "/queues/counted", queue).await;
    let message =
        "<Message xmlns=\"http://mns.aliyuncs.com/doc/v1/\"><MessageBody>YQ==</MessageBody></Message>";
    client.mns(Method::POST, "/queues/counted/messages", message).await;
    let late = json!({ "url": "http://127.0.0.1:9/", "policy": { "retry": [3_600_000] } });
    client.post("/v1/endpoints", &late).await;
    client.upload(&clips::film()).await;
    let url = format!("{}/metrics", server.admin_url);
    let begun = std::time::Instant::now();
    let text = loop {
        let text = client.fetch(&url).await.text().await.expect("text");
        let waits = ["stillframe_queue_messages", "stillframe_deliveries_pending"];
        if waits.iter().all(|name| 1.0 <= value(&text, name)) {
            break text;
        }
        assert!(begun.elapsed() < PATIENCE, "{text}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert!(0.0 < value(&text, "stillframe_queue_messages_oldest_age_seconds"), "{text}");
    let document = include_str!("../../../../docs/metrics.md");
    for name in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
        assert!(document.contains(&format!("`{name}`")), "docs/metrics.md does not know {name}");
    }
}
