//! Every operation that the product speaks, driven by the vendors' own, unmodified SDKs against the real
//! binary: `py/*.py` and `node/*.mjs` make the calls and claim their answers and effects, this test gives
//! them a server each and gathers what they asserted into `docs/sdk-coverage.md`.

#[expect(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../e2e/client.rs"]
mod client;
#[expect(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../e2e/clips.rs"]
mod clips;
#[expect(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../e2e/server.rs"]
mod server;

#[path = "../e2e/certificate.rs"]
mod certificate;
mod coverage;
mod driver;
mod schemathesis;
mod scope;
mod stage;
mod webhooks;

use std::path::Path;

use coverage::Coverage;

/// Where the table stands.
const DOCUMENT: &str = "docs/sdk-coverage.md";

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_driven_by_the_vendors_own_sdks() {
    let runs = scope::DIALECTS.iter().map(|dialect| tokio::spawn(driver::run(dialect)));
    let mut coverage = Coverage::default();
    let mut failures = Vec::new();
    for run in runs.collect::<Vec<_>>() {
        match run.await.expect("the driver's task ends") {
            Ok(rows) => coverage.add(rows),
            Err(failure) => failures.push(failure),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(coverage.missing(scope::DIALECTS), Vec::<String>::new(), "operations that no SDK exercised");
    assert_eq!(coverage.unknown(scope::DIALECTS), Vec::<String>::new(), "add these to scope.rs");
    is_up_to_date(&coverage.document(scope::DIALECTS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_uploaded_by_one_clouds_sdk_is_snapshot_by_the_others_and_all_are_told() {
    let (_, rows) = driver::run(scope::CROSSING).await.unwrap_or_else(|failure| panic!("{failure}"));
    let operations: Vec<&str> = rows.iter().map(|row| row.operation.as_str()).collect();
    assert_eq!(operations, ["CreateUploadVideo", "ProcessMedia", "SnapshotComplete", "ReceiveMessage"]);
}

fn is_up_to_date(text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(DOCUMENT);
    if driver::setting("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, text).expect("the document can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{DOCUMENT} is not up to date: run this test with UPDATE_EXPECT=1");
}
