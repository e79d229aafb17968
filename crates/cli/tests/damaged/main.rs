//! Damaged videos against a running server: it lives on, ends every job within its limit, keeps to its memory,
//! and says of no picture that it is there which is not.
//!
//! `cargo test --test damaged` takes some of the corpus, `./dev damaged` the whole
//! (`stillframe_testkit::damage`).

#[expect(dead_code, reason = "shared with the tests of the binary, which use all of it")]
#[path = "../e2e/client.rs"]
mod client;
#[expect(dead_code, reason = "shared with the tests of the binary, which use all of it")]
#[path = "../e2e/clips.rs"]
mod clips;
mod memory;
#[expect(dead_code, reason = "shared with the tests of the binary, which use all of it")]
#[path = "../e2e/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use stillframe_testkit::damage::{self, Damaged};
use tokio::sync::Semaphore;

use client::Client;
use memory::Watch;
use server::Server;

/// Files of a run that is not asked for all.
const SOME: usize = 60;
/// Files that are worked on at a time.
const FILES_AT_A_TIME: usize = 6;
/// Longest time from the request to the end of its job: the watchdog's and a machine that is busy.
const JOB_MAX: Duration = Duration::from_secs(60);
/// Longest silence of a decoder, in milliseconds.
const NO_PROGRESS_MS: &str = "15000";
/// Largest address space of a decoder: 1 GiB.
const CHILD_BYTES_MAX: u64 = 1 << 30;
/// Most memory that the server itself may have.
const SERVER_BYTES_MAX: u64 = 400 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_other =
        arguments.first().is_some_and(|first| !first.starts_with('-') && !"damaged".contains(first));
    if is_other || arguments.iter().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let is_whole = arguments.iter().any(|argument| argument == "--whole");
    let corpus = damage::corpus();
    let count = if is_whole { corpus.len() } else { SOME };
    let files: Vec<Damaged> = damage::some(corpus.len(), count).map(|index| corpus[index].clone()).collect();
    let files = if is_whole { corpus } else { files };
    println!("damaged files: {}", files.len());
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let faults = runtime.block_on(run(files));
    faults.iter().take(50).for_each(|fault| println!("  {fault}"));
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(files: Vec<Damaged>) -> Vec<String> {
    let begun = Instant::now();
    let folder = tempfile::tempdir().expect("a folder for the files");
    let root = folder.path().canonicalize().expect("it is there");
    let server = Server::start_with(&[
        ("STILLFRAME__INGEST__LOCAL_ROOTS", &format!("{},{}", root.display(), clips::dir().display())),
        ("STILLFRAME__SANDBOX__NO_PROGRESS_MS", NO_PROGRESS_MS),
        ("STILLFRAME__SANDBOX__MEMORY_BYTES_MAX", &CHILD_BYTES_MAX.to_string()),
        ("STILLFRAME__LOG__FILTER", "error"),
    ]);
    let client = server.client();
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let watch = Watch::start(&server.pid());
    let turns = Arc::new(Semaphore::new(FILES_AT_A_TIME));
    let mut tasks = tokio::task::JoinSet::new();
    for file in files {
        let (client, turns, root) = (client.clone(), Arc::clone(&turns), root.clone());
        tasks.spawn(async move {
            let _turn = turns.acquire_owned().await.expect("it is never closed");
            let path = root.join(&file.name);
            std::fs::write(&path, &file.bytes).expect("the disk has room");
            let ended = ask(&client, &path).await;
            std::fs::remove_file(&path).expect("it was there");
            (file.name, ended)
        });
    }
    let mut faults = Vec::new();
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    let mut slowest = (Duration::ZERO, String::new());
    while let Some(ended) = tasks.join_next().await {
        let (name, ended) = ended.expect("no panic");
        match ended {
            Ok(End { what, took }) => {
                *ends.entry(what).or_default() += 1;
                slowest = slowest.max((took, name));
            }
            Err(fault) => faults.push(format!("{name}: {fault}")),
        }
    }
    faults.extend(still_works(&client).await);
    let peak = watch.stop();
    faults.extend(peak.faults(SERVER_BYTES_MAX, CHILD_BYTES_MAX));
    ends.iter().for_each(|(what, count)| println!("{count:6}  {what}"));
    println!(
        "{} s; slowest {:.1} s ({}); peak memory: server {} MB, a decoder {} MB; faults: {}",
        begun.elapsed().as_secs(),
        slowest.0.as_secs_f64(),
        slowest.1,
        peak.server_bytes >> 20,
        peak.child_bytes >> 20,
        faults.len()
    );
    faults
}

/// How the job of a file ended.
struct End {
    what: String,
    took: Duration,
}

/// Adds a file, asks for pictures of it, and checks what is said of them.
async fn ask(client: &Client, path: &std::path::Path) -> Result<End, String> {
    let begun = Instant::now();
    let (status, media) = client.post("/v1/media", &json!({ "path": path })).await;
    if status != StatusCode::CREATED {
        return Err(format!("not taken in: {status} {media}"));
    }
    let asked = json!({ "offsets_ms": [0, 700, 1_960] });
    let path = format!("/v1/media/{}/snapshots", media["id"].as_str().expect("an id"));
    let (status, job) = client.post(&path, &asked).await;
    if status == StatusCode::CONFLICT && job["code"] == "media-not-ready" {
        // It was looked at before it was asked for, and is known to be none.
        let media = client.settled_media(media["id"].as_str().expect("an id")).await;
        let what = named("refused, since it is known", &media["failure"]["code"])?;
        return Ok(End { what, took: begun.elapsed() });
    }
    if status != StatusCode::ACCEPTED {
        return Err(format!("not accepted: {status} {job}"));
    }
    let id = job["id"].as_str().expect("an id");
    let job = ended(client, id).await?;
    let took = begun.elapsed();
    let pictures = job["outputs"][0]["pictures"].as_array().cloned().unwrap_or_default();
    let taken: Vec<&Value> = pictures.iter().filter(|picture| picture["status"] == "ok").collect();
    for picture in &taken {
        whole_picture(client, picture).await?;
    }
    let what = match job["state"].as_str() {
        Some("completed") if taken.is_empty() => return Err(format!("success without a picture: {job:#}")),
        Some("completed") => format!("{} of {} pictures", taken.len(), pictures.len()),
        Some("discarded") if taken.is_empty() && pictures.len() == 3 => {
            named("none", &job["failure"]["code"])?
        }
        _ => return Err(format!("an end that is none: {job:#}")),
    };
    Ok(End { what, took })
}

/// An end by the code that is told, which is not one of a fault of our own.
fn named(what: &str, code: &Value) -> Result<String, String> {
    match code.as_str() {
        None => Err(format!("{what}, without a code")),
        Some("internal") => Err(format!("{what}, as if it were the service's fault")),
        Some(code) => Ok(format!("{what}: {code}")),
    }
}

async fn ended(client: &Client, id: &str) -> Result<Value, String> {
    let begun = Instant::now();
    loop {
        let (status, job) = client.get(&format!("/v1/jobs/{id}")).await;
        if !status.is_success() {
            return Err(format!("the server says {status} {job}"));
        }
        if ["completed", "discarded", "cancelled"].contains(&job["state"].as_str().unwrap_or_default()) {
            return Ok(job);
        }
        if JOB_MAX < begun.elapsed() {
            return Err(format!("no end after {} s: {job:#}", JOB_MAX.as_secs()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A picture that is told of is there, decodes, has the size that it says, and shows something.
async fn whole_picture(client: &Client, told: &Value) -> Result<(), String> {
    let answer = client.fetch(told["url"].as_str().expect("a URL")).await;
    if answer.status() != StatusCode::OK {
        return Err(format!("a picture that cannot be had: {} {told}", answer.status()));
    }
    let bytes = answer.bytes().await.map_err(|error| error.to_string())?;
    let picture = image::load_from_memory(&bytes).map_err(|error| format!("{error}: {told}"))?.to_luma8();
    let size = json!([picture.width(), picture.height()]);
    if size != json!([told["width_px"], told["height_px"]]) {
        return Err(format!("a picture of {size}: {told}"));
    }
    let (darkest, lightest) =
        picture.pixels().fold((255, 0), |(low, high), one| (one.0[0].min(low), one.0[0].max(high)));
    if lightest - darkest < 8 {
        return Err(format!("a picture that shows nothing: {told}"));
    }
    Ok(())
}

/// The server still does what it is for.
async fn still_works(client: &Client) -> Option<String> {
    let media = client.add_clip(&clips::film()).await;
    let path = format!("/v1/media/{}/snapshots", media["id"].as_str().expect("an id"));
    let (_, job) = client.post(&path, &json!({ "offsets_ms": [500] })).await;
    let job = client.finished_job(job["id"].as_str().expect("an id")).await;
    (job["state"] != "completed").then(|| format!("the server takes no pictures any more: {job:#}"))
}
