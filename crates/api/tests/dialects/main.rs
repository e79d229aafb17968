//! The clouds' dialects over the real router, database and store, by the cases in `testdata/dialects`.
//!
//! Each case is one YAML file: requests with the answers that the vendor's document promises (see
//! `case.rs` for the form, docs/howto/add-a-dialect-operation.md for how to add one). Every case has a
//! world of its own, described in `world.rs`.

mod case;
mod client;
mod client_2018;
mod client_acs3;
mod client_mns;
mod world;

use std::path::{Path, PathBuf};

use case::Case;
use futures::{StreamExt, future, stream};
use world::World;

/// Cases at a time: much of each is waiting for the disk.
const CASES_AT_A_TIME: usize = 4;

/// The case files of a dialect, each with the operation whose folder it stands in.
fn case_files(dialect: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/dialects").join(dialect);
    let entries = |dir: &Path| -> Vec<PathBuf> {
        let list = std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
        let mut paths: Vec<PathBuf> = list.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
    };
    entries(&root).iter().flat_map(|operation| entries(operation)).collect()
}

async fn check(dialect: &str) {
    let files = case_files(dialect);
    let cases = stream::iter(&files).map(|file| failure_of(dialect, file));
    let failures: Vec<String> = cases.buffered(CASES_AT_A_TIME).filter_map(future::ready).collect().await;
    assert!(files.len() > 10, "the cases were not found");
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), files.len(), failures.join("\n\n"));
}

async fn failure_of(dialect: &str, file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).expect("case files are readable");
    let case: Case =
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let reason = case.run(dialect, &mut World::new().await).await.err()?;
    Some(format!("{}\n{reason}", file.display()))
}

#[tokio::test]
async fn tencents_requests_are_answered_as_documented() {
    check("tencent").await;
}

#[tokio::test]
async fn requests_to_queues_are_answered_as_documented() {
    check("mns").await;
}

#[tokio::test]
async fn alibabas_requests_are_answered_as_documented() {
    check("alibaba").await;
}
