//! What must hold after a kill, and what must hold once everything has come to its end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use stillframe_testkit::receiver::WebhookReceiver;

use crate::client::Client;
use crate::ledger::{Ledger, Marker, marker_of};
use crate::load;
use crate::mns::Queues;
use crate::objects;
use crate::server::Server;
use crate::told;

/// Longest time in which all accepted work has to be done, once nothing more is asked.
const SETTLE_MAX: Duration = Duration::from_secs(120);

/// Whatever was promised since the last kill is there.
pub async fn nothing_accepted_is_gone(client: &Client, ledger: &Ledger) -> Vec<String> {
    let (jobs, media, mut faults) = {
        let mut kept = ledger.kept();
        let kept = &mut *kept;
        (
            std::mem::take(&mut kept.new_jobs),
            std::mem::take(&mut kept.new_media),
            std::mem::take(&mut kept.faults),
        )
    };
    let paths = jobs.iter().map(|id| format!("/v1/jobs/{id}"));
    for path in paths.chain(media.iter().map(|id| format!("/v1/media/{id}"))) {
        let (status, body) = client.get(&path).await;
        if status != StatusCode::OK {
            faults.push(format!("lost: {path} was promised and is answered {status} {body}"));
        }
    }
    faults
}

/// Lets everything come to its end, and compares what there is with what was asked for.
pub async fn all_has_come_to_its_end(
    server: &Server,
    receiver: &WebhookReceiver,
    ledger: &Ledger,
) -> Vec<String> {
    let client = server.client();
    let mut faults = Vec::new();
    let jobs = match settled(&client).await {
        Ok(jobs) => jobs,
        Err(fault) => return vec![fault],
    };
    faults.extend(jobs_are_those_asked_for(&jobs, ledger));
    let media = all(&client, "/v1/media").await;
    faults.extend(media_are_those_uploaded(&media, ledger));
    drain(server, ledger).await;
    faults.extend(messages_are_those_sent(ledger));
    faults.extend(told::each_job_is_told_once(server, receiver, &jobs, ledger).await);
    faults.extend(objects::all_are_whole_and_referred_to(&server.data_dir(), &jobs, &media, ledger));
    faults.append(&mut ledger.kept().faults);
    faults
}

/// All jobs, once each has ended.
async fn settled(client: &Client) -> Result<Vec<Value>, String> {
    let begun = Instant::now();
    loop {
        let jobs = all(client, "/v1/jobs").await;
        let is_open = |job: &&Value| {
            !["completed", "discarded", "cancelled"].contains(&job["state"].as_str().unwrap_or_default())
        };
        let Some(open) = jobs.iter().find(is_open) else { return Ok(jobs) };
        if SETTLE_MAX < begun.elapsed() {
            return Err(format!("a job never ends: {open:#}"));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// All items of a list, over its pages.
async fn all(client: &Client, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut next = String::new();
    loop {
        let (status, mut page) = client.get(&format!("{path}?limit=100{next}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        items.append(page["items"].as_array_mut().expect("items"));
        match page["next"].as_str() {
            Some(after) => next = format!("&after={after}"),
            None => return items,
        }
    }
}

/// Each promised job is there and has its pictures; each job that is there was asked for, once.
fn jobs_are_those_asked_for(jobs: &[Value], ledger: &Ledger) -> Vec<String> {
    let kept = ledger.kept();
    let mut faults = Vec::new();
    let mut seen: BTreeMap<Marker, &str> = BTreeMap::new();
    let mut promised = kept.jobs.clone();
    for job in jobs.iter().filter(|job| job["kind"] == "snapshot") {
        let id = job["id"].as_str().expect("an id");
        let asked = marker(job).filter(|marker| kept.asked.contains(marker));
        match asked {
            None => faults.push(format!("phantom: nobody asked for job {id}: {job:#}")),
            Some(marker) => {
                if let Some(first) = seen.insert(marker, id) {
                    faults.push(format!("phantom: jobs {first} and {id} answer one request"));
                }
                if promised.remove(id).is_some_and(|of| of != marker) {
                    faults.push(format!("job {id} takes other pictures than were promised by it"));
                }
            }
        }
        if job["state"] != "completed" {
            faults.push(format!("job {id} took no pictures: {job:#}"));
        }
    }
    faults.extend(promised.keys().map(|id| format!("lost: job {id} was promised")));
    faults
}

/// Which request a job answers, by the times of its pictures.
fn marker(job: &Value) -> Option<Marker> {
    let pictures = job["outputs"][0]["pictures"].as_array()?;
    let times: Vec<u32> =
        pictures.iter().filter_map(|one| u32::try_from(one["offset_ms"].as_u64()?).ok()).collect();
    marker_of(times.try_into().ok()?)
}

fn media_are_those_uploaded(media: &[Value], ledger: &Ledger) -> Vec<String> {
    let kept = ledger.kept();
    let mut faults: Vec<String> = Vec::new();
    let mut promised = kept.media.clone();
    for one in media {
        promised.remove(one["id"].as_str().expect("an id"));
        if one["state"] != "ready" {
            faults.push(format!("a whole film did not become ready: {one:#}"));
        }
    }
    faults.extend(promised.iter().map(|id| format!("lost: video {id} was promised")));
    // One more is the film that pictures are taken of.
    if kept.uploads_sent as usize + 1 < media.len() {
        faults.push(format!("phantom: {} videos of {} uploads", media.len() - 1, kept.uploads_sent));
    }
    faults
}

/// Takes all that still waits in the queues, hidden messages included.
async fn drain(server: &Server, ledger: &Ledger) {
    let (client, queues) = (server.client(), Queues::of(server));
    let mut quiet_since = Instant::now();
    // Twice the time for which something may be hidden.
    while quiet_since.elapsed() < Duration::from_millis(2_200) {
        let came = load::receive(&queues, ledger).await + load::pull(&client, ledger).await;
        if 0 < came {
            quiet_since = Instant::now();
        } else {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn messages_are_those_sent(ledger: &Ledger) -> Vec<String> {
    let kept = ledger.kept();
    let lost = kept.messages_accepted.difference(&kept.messages_received);
    lost.map(|body| format!("lost: {body:?} was promised to be kept")).collect()
}
