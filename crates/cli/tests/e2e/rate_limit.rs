//! A key that asks too often is refused in the words of each API; others are not.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::raw::{authorization, get, status};
use crate::server::Server;

/// Asks until it is refused: what a key may ask comes back while a slow machine asks.
async fn until<T>(ask: impl AsyncFn() -> T, is_refused: impl Fn(&T) -> bool) -> T {
    for _ in 0..1_000 {
        let told = ask().await;
        if is_refused(&told) {
            return told;
        }
    }
    panic!("a key may ask as often as it likes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_asks_too_often_is_refused_in_the_words_of_each_api() {
    let server = Server::start_with(&[
        ("STILLFRAME__LIMITS__REQUESTS_PER_SECOND", "1"),
        ("STILLFRAME__LIMITS__REQUESTS_BURST", "2"),
    ]);
    let client = server.client();
    let (status, problem) =
        until(async || client.get("/v1/app").await, |told| told.0 != StatusCode::OK).await;
    assert_eq!((status, &problem["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("too-many-requests")));
    let wrong = client.with_secret("wrong").get("/v1/app").await.0;
    assert_eq!(wrong, StatusCode::UNAUTHORIZED, "who has not the secret does not even hear that");

    let ask = async || client.tencent(Method::GET, "PullEvent", &[]).await;
    let told = until(ask, |told| told["code"] == 4400).await;
    assert_eq!(told["codeDesc"], "RequestLimitExceeded", "{told}");
    let ask = async || client.tencent_2018("DescribeEventConfig", &[]).await;
    let told = until(ask, |told| told["Error"].is_object()).await;
    assert_eq!(told["Error"]["Code"], "RequestLimitExceeded", "{told}");
    let ask = async || client.alibaba("GetVideoList", &[]).await;
    let (status, told) = until(ask, |told| told.0 != StatusCode::OK).await;
    assert_eq!((status, &told["Code"]), (StatusCode::BAD_REQUEST, &json!("Throttling.User")));
    assert_eq!(told["Message"], "Request was denied due to user flow control.");
    let ask = async || client.mns(Method::GET, "/queues", "").await;
    let (status, told) = until(ask, |told| told.0 != StatusCode::OK).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{told}");
    assert!(told.contains("<Code>QpsLimitExceeded</Code>"), "{told}");

    assert_eq!(server.another_app(&[]).get("/v1/app").await.0, StatusCode::OK, "another key has its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_hears_when_to_come_back_and_may_then() {
    let server = Server::start_with(&[
        ("STILLFRAME__LIMITS__REQUESTS_PER_SECOND", "5"),
        ("STILLFRAME__LIMITS__REQUESTS_BURST", "2"),
    ]);
    let ask = async || get(&server, b"/v1/app", &authorization());
    let told = until(ask, |told| status(told) != 200).await;
    assert!(status(&told) == 429 && told.to_ascii_lowercase().contains("\r\nretry-after: 1\r\n"), "{told}");
    let client = server.client();
    client.get_until("/v1/app", |_| true).await;
    // Signed by nobody, so that no key is counted.
    let request = client.http().get(format!("{}/v1/openapi.json", server.url));
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
}
