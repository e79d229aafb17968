//! Each answer has the id of its request, in the words of its API, and the log names it.

use reqwest::{Method, Response};

use crate::client::now_s;
use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_names_its_request_as_the_log_does() {
    let mut server = Server::start_with(&[("STILLFRAME__LOG__FILTER", "info,stillframe_api=debug")]);
    server.log_to_file();
    let client = server.client();
    let id = |response: &Response| {
        let id = response.headers()["x-request-id"].to_str().expect("text").to_owned();
        assert_eq!(id.len(), 36, "{id}");
        id
    };
    let mut ids = Vec::new();

    let native = client.fetch(&format!("{}/v1/app", server.url)).await;
    ids.push(id(&native));
    let alibaba =
        client.alibaba_request(Method::POST, "GetVideoInfo", &[], "JSON").send().await.expect("an answer");
    ids.push(id(&alibaba));
    let told = alibaba.text().await.expect("a body").to_ascii_lowercase();
    assert!(told.contains(ids.last().expect("an id")), "{told}");
    let legacy =
        client.tencent_request(Method::GET, "PullEvent", &[], now_s()).send().await.expect("an answer");
    ids.push(id(&legacy));
    let newer = client.http().post(&server.url).header("x-tc-action", "DescribeTasks").send().await;
    let newer = newer.expect("an answer");
    ids.push(id(&newer));
    let told = newer.text().await.expect("a body");
    assert!(told.contains(ids.last().expect("an id")), "{told}");
    let mns = client.fetch(&format!("{}/queues", server.url)).await;
    ids.push(id(&mns));
    let digits: String = id(&mns).replace('-', "").chars().take(24).collect::<String>().to_ascii_uppercase();
    assert_eq!(mns.headers()["x-mns-request-id"], digits.as_str());
    let objects = client.http().put(format!("{}/stillframe-uploads-1/a", server.url)).send().await;
    let objects = objects.expect("an answer");
    ids.push(id(&objects));
    assert_eq!(objects.headers()["x-oss-request-id"], ids.last().expect("an id").as_str());

    let chosen =
        client.http().get(format!("{}/v1/app", server.url)).header("x-request-id", "trace-4711").send().await;
    assert_eq!(chosen.expect("an answer").headers()["x-request-id"], "trace-4711");
    ids.push("trace-4711".to_owned());
    let bad =
        client.http().get(format!("{}/v1/app", server.url)).header("x-request-id", "a b\"c").send().await;
    ids.push(id(&bad.expect("an answer")));

    assert!(server.stop());
    let log = server.log();
    for id in ids {
        assert!(
            log.lines().any(|line| line.contains(&id) && line.contains("answered")),
            "{id} is not in {log}"
        );
    }
}
