//! The kill test: load, `kill -9` at a random moment, start again, hundreds of times over the same data; then
//! everything that was promised is looked for, and everything that is there has to have been asked for.
//!
//! `cargo test --test kill` runs ten rounds, `./dev kill` three hundred. A failure prints the seed, which
//! repeats the moments of the kills, though not how the machine's processes take turns.

#[expect(dead_code, reason = "shared with the tests of the binary, which use all of it")]
#[path = "../e2e/client.rs"]
mod client;
#[expect(dead_code, reason = "shared with the tests of the binary, which use all of it")]
#[path = "../e2e/clips.rs"]
mod clips;
mod ledger;
mod load;
mod mns;
mod objects;
#[expect(dead_code, reason = "shared with the tests of the binary, which use all of it")]
#[path = "../e2e/server.rs"]
mod server;
mod told;
mod verdict;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use stillframe_domain::{OsRng, Rng};
use stillframe_testkit::SeededRng;
use stillframe_testkit::receiver::WebhookReceiver;

use ledger::Ledger;
use load::Load;
use server::Server;

/// Rounds of a run that is not asked for more.
const ROUNDS: u32 = 10;
/// Longest load before a kill.
const LOAD_MS_MAX: u64 = 600;
/// Of so many kills one comes while the server starts.
const START_KILL_ONE_IN: u64 = 4;
/// Longest time from the start to such a kill.
const START_MS_MAX: u64 = 200;
/// After so many rounds everything is let come to its end and looked at.
const ROUNDS_TO_LOOK: u32 = 100;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).and_then(|value| value.parse::<u64>().ok())
    };
    let is_other = arguments.first().is_some_and(|first| !first.starts_with('-') && !"kill".contains(first));
    if is_other || arguments.iter().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let rounds = value("--rounds").map_or(ROUNDS, |rounds| u32::try_from(rounds).unwrap_or(u32::MAX));
    let seed = value("--seed").unwrap_or_else(|| OsRng.next_u64() >> 16);
    println!("kill test: {rounds} rounds, seed {seed}");
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let faults = runtime.block_on(run(rounds, &SeededRng::new(seed)));
    if faults.is_empty() {
        println!("test kill ... ok: nothing lost, nothing that was not asked for");
        return ExitCode::SUCCESS;
    }
    println!("{} faults, seed {seed}:", faults.len());
    faults.iter().take(50).for_each(|fault| println!("  {fault}"));
    ExitCode::FAILURE
}

async fn run(rounds: u32, rng: &SeededRng) -> Vec<String> {
    let begun = Instant::now();
    let receiver = WebhookReceiver::start().await;
    let settings = [
        ("STILLFRAME__APP__TENCENT_MODE", "pull"),
        ("STILLFRAME__QUEUE__VISIBILITY_TIMEOUT_MS", "1000"),
        ("STILLFRAME__QUEUE__LONG_POLL_MS", "0"),
    ];
    let mut server = Server::start_with(&settings);
    let ledger = Arc::new(Ledger::default());
    let film = prepare(&server, &receiver).await;
    let mut faults = Vec::new();
    let mut start_kills = 0;
    for round in 1..=rounds {
        let load = Load::start(&server, &film, &ledger, rng.next_u64());
        tokio::time::sleep(Duration::from_millis(rng.next_u64() % LOAD_MS_MAX)).await;
        server.kill();
        load.stop().await;
        if rng.next_u64().is_multiple_of(START_KILL_ONE_IN) {
            server.kill_at_start(Duration::from_millis(rng.next_u64() % START_MS_MAX));
            start_kills += 1;
        }
        server.restart(&[]);
        faults.extend(verdict::nothing_accepted_is_gone(&server.client(), &ledger).await);
        if round % ROUNDS_TO_LOOK == 0 || round == rounds || !faults.is_empty() {
            faults.extend(verdict::all_has_come_to_its_end(&server, &receiver, &ledger).await);
            println!("after {round} rounds, {} s: {}", begun.elapsed().as_secs(), ledger.summary());
        }
        if !faults.is_empty() {
            break;
        }
    }
    println!("{rounds} kills under load, {start_kills} more while starting");
    faults
}

/// A probed film, endpoints of three formats, one of them a queue, and a queue for messages of our own.
async fn prepare(server: &Server, receiver: &WebhookReceiver) -> load::Film {
    let client = server.client();
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let queues = mns::Queues::of(server);
    queues.create(told::QUEUE, 1).await;
    queues.create(ledger::QUEUE, 1).await;
    let retry = vec![200; 30];
    let endpoints = [
        (receiver.url("/native"), "native", json!([])),
        (receiver.url("/tencent"), "tencent-4.0", json!(["tencent"])),
        (receiver.url("/alibaba"), "alibaba", json!(["alibaba"])),
        (format!("queue:{}", told::QUEUE), "native", json!([])),
    ];
    for (url, format, origins) in endpoints {
        let kinds = json!(["snapshot.completed", "snapshot.failed"]);
        let policy = if url.starts_with("queue:") { json!({}) } else { json!({ "retry": retry }) };
        let endpoint = json!({ "url": url, "format": format, "origins": origins, "event_kinds": kinds, "policy": policy });
        let (status, body) = client.post("/v1/endpoints", &endpoint).await;
        assert!(status.is_success(), "{body}");
    }
    let media = client.add_clip(&clips::film()).await;
    client.settled_media(media["id"].as_str().expect("an id")).await;
    load::Film::of(&media)
}
