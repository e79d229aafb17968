//! What was told of the jobs: each job once, to each endpoint that hears of it, by the same body each time,
//! and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use stillframe_testkit::receiver::{Received, WebhookReceiver};

use crate::client::Client;
use crate::ledger::Ledger;
use crate::mns::Queues;
use crate::server::{PATIENCE, Server};

/// The queue that hears of every job.
pub const QUEUE: &str = "told";

/// Compares what was told with the jobs, all of which have ended.
pub async fn each_job_is_told_once(
    server: &Server,
    receiver: &WebhookReceiver,
    jobs: &[Value],
    ledger: &Ledger,
) -> Vec<String> {
    let client = server.client();
    let mut faults = Vec::new();
    // Event ids, by the jobs that they tell of.
    let mut events: BTreeMap<String, String> = BTreeMap::new();
    for job in jobs.iter().filter(|job| job["kind"] == "snapshot") {
        let id = job["id"].as_str().expect("an id");
        match delivered(&client, id).await {
            Ok(event) => drop(events.insert(event, id.to_owned())),
            Err(fault) => faults.push(fault),
        }
    }
    let told = Told::of(receiver.received());
    let dialect = |name: &str| -> BTreeSet<String> {
        let of = jobs.iter().filter(|job| job["kind"] == "snapshot" && job["origin"]["dialect"] == name);
        of.map(|job| job["id"].as_str().expect("an id").to_owned()).collect()
    };
    let all: BTreeSet<String> = events.keys().cloned().collect();
    faults.extend(same("native callbacks", &all, &told.native));
    faults.extend(same("callbacks of format tencent-4.0", &dialect("tencent"), &told.tencent));
    faults.extend(same("callbacks of format alibaba", &dialect("alibaba"), &told.alibaba));
    faults.extend(told.faults);
    take_queued(server, ledger).await;
    let kept = ledger.kept();
    let (queued, pulled) = (&kept.told, &kept.pulled);
    let twice = queued.iter().filter(|(_, ids)| 1 < ids.len());
    faults.extend(twice.map(|(id, _)| format!("phantom: event {id} stood in the queue twice")));
    faults.extend(same("messages of the queue that hears of all", &all, &queued.keys().cloned().collect()));
    let pulled: BTreeSet<String> = pulled.iter().map(|task| job_of_task(task)).collect();
    faults.extend(same("pulled events", &dialect("tencent"), &pulled));
    faults
}

/// The event of a job, once it came to every endpoint.
async fn delivered(client: &Client, job: &str) -> Result<String, String> {
    let begun = Instant::now();
    loop {
        let (_, told) = client.get(&format!("/v1/jobs/{job}/events")).await;
        let items = told["items"].as_array().cloned().unwrap_or_default();
        let [item] = items.as_slice() else {
            return Err(format!("job {job} was told {} times: {told:#}", items.len()));
        };
        let deliveries = item["deliveries"].as_array().cloned().unwrap_or_default();
        if !deliveries.is_empty() && deliveries.iter().all(|delivery| delivery["state"] == "delivered") {
            return Ok(item["event"]["id"].as_str().expect("an id").to_owned());
        }
        if PATIENCE < begun.elapsed() {
            return Err(format!("lost: the event of job {job} did not come to all endpoints: {told:#}"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What came to the receiver: event ids natively, jobs in the clouds' formats.
#[derive(Default)]
struct Told {
    native: BTreeSet<String>,
    tencent: BTreeSet<String>,
    alibaba: BTreeSet<String>,
    faults: Vec<String>,
}

impl Told {
    fn of(received: Vec<Received>) -> Self {
        let mut told = Self::default();
        let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for one in received {
            let body = one.json().unwrap_or_default();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (set, key) = match one.path.as_str() {
                "/native" => (&mut told.native, one.header("webhook-id").unwrap_or_default().to_owned()),
                "/tencent" => (&mut told.tencent, job_of_task(&text(&body["data"]["vodTaskId"]))),
                _ => (&mut told.alibaba, text(&body["SnapshotInfos"][0]["JobId"])),
            };
            set.insert(key.clone());
            let first = bodies.entry(format!("{} {key}", one.path)).or_insert_with(|| one.body.clone());
            if *first != one.body {
                told.faults.push(format!("{key} was told to {} by two bodies", one.path));
            }
        }
        told
    }
}

/// Takes what stands in the queue, and notes which message told of which event.
async fn take_queued(server: &Server, ledger: &Ledger) {
    let queues = Queues::of(server);
    loop {
        let came = queues.receive(QUEUE).await.unwrap_or_default();
        if came.is_empty() {
            return;
        }
        for message in came {
            let body: Value = serde_json::from_str(&message.body).unwrap_or_default();
            let id = body["id"].as_str().unwrap_or(&message.body).to_owned();
            ledger.kept().told.entry(id).or_default().insert(message.id);
            assert!(queues.delete(QUEUE, &message.handle).await, "nothing is killed meanwhile");
        }
    }
}

fn same(what: &str, wanted: &BTreeSet<String>, found: &BTreeSet<String>) -> Vec<String> {
    let lost = wanted.difference(found).map(|id| format!("lost: {what} lack {id}"));
    let phantom = found.difference(wanted).map(|id| format!("phantom: {what} have {id}"));
    lost.chain(phantom).collect()
}

fn job_of_task(task: &str) -> String {
    task.split('-').next_back().unwrap_or_default().to_owned()
}
