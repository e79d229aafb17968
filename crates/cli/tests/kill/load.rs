//! The load: clients of all dialects that ask, note what they asked and what was promised, and do not mind
//! that the server dies under them.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use stillframe_domain::Rng as _;
use stillframe_testkit::SeededRng;
use tokio::task::JoinSet;

use crate::client::{Client, now_s};
use crate::clips;
use crate::ledger::{Ledger, QUEUE, times_ms};
use crate::mns::Queues;
use crate::server::Server;

/// Clients at a time.
const CLIENTS: u64 = 4;
/// What a client waits between two requests, so that the work of a round is done within a few of them.
const PAUSE: Duration = Duration::from_millis(15);

/// The film that pictures are taken of, by both names.
#[derive(Clone)]
pub struct Film {
    id: String,
    video_id: String,
}

impl Film {
    pub fn of(media: &Value) -> Self {
        let text = |name: &str| media[name].as_str().expect(name).to_owned();
        Self { id: text("id"), video_id: text("video_id") }
    }
}

/// Clients at work.
pub struct Load {
    tasks: JoinSet<()>,
}

impl Load {
    /// Starts the clients.
    pub fn start(server: &Server, film: &Film, ledger: &Arc<Ledger>, seed: u64) -> Self {
        let mut tasks = JoinSet::new();
        for number in 0..CLIENTS {
            let rng = SeededRng::new(seed.wrapping_add(number));
            let one = One {
                client: server.client(),
                queues: Queues::of(server),
                film: film.clone(),
                ledger: Arc::clone(ledger),
            };
            tasks.spawn(async move {
                loop {
                    one.ask(rng.next_u64()).await;
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
        Self { tasks }
    }

    /// Ends them; an answer that is on its way is lost to them.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// One client.
struct One {
    client: Client,
    queues: Queues,
    film: Film,
    ledger: Arc<Ledger>,
}

impl One {
    async fn ask(&self, chance: u64) {
        match chance % 20 {
            0..=4 => self.ask_natively().await,
            5..=8 => self.ask_tencent().await,
            9..=11 => self.ask_alibaba().await,
            12..=13 => self.upload().await,
            14..=16 => self.send().await,
            17 => drop(receive(&self.queues, &self.ledger).await),
            _ => drop(pull(&self.client, &self.ledger).await),
        }
    }

    fn mark(&self) -> (u32, [u32; 2]) {
        let marker = self.ledger.next();
        self.ledger.kept().asked.insert(marker);
        (marker, times_ms(marker))
    }

    async fn ask_natively(&self) {
        let (marker, times) = self.mark();
        let path = format!("/v1/media/{}/snapshots", self.film.id);
        let answer = heard(self.native(&path).json(&json!({ "offsets_ms": times }))).await;
        if let Some((StatusCode::ACCEPTED, job)) = answer {
            self.ledger.accept_job(job["id"].as_str().expect("an id"), marker);
        }
    }

    async fn ask_tencent(&self) {
        let (marker, [first, second]) = self.mark();
        let (first, second) = (first.to_string(), second.to_string());
        let params = [
            ("fileId", self.film.id.as_str()),
            ("definition", "10"),
            ("timeOffset.0", &first),
            ("timeOffset.1", &second),
        ];
        let request =
            self.client.tencent_request(Method::POST, "CreateSnapshotByTimeOffset", &params, now_s());
        let answer = heard(request).await;
        if let Some((_, answer)) = answer.filter(|(_, answer)| answer["code"] == 0) {
            let task = answer["vodTaskId"].as_str().expect("a task");
            self.ledger.accept_job(task.split('-').next_back().expect("an id"), marker);
        }
    }

    async fn ask_alibaba(&self) {
        let (marker, times) = self.mark();
        let times = json!(times).to_string();
        let params = [("VideoId", self.film.video_id.as_str()), ("SpecifiedOffsetTimes", &times)];
        let answer =
            heard(self.client.alibaba_request(Method::POST, "SubmitSnapshotJob", &params, "JSON")).await;
        if let Some((StatusCode::OK, answer)) = answer {
            self.ledger.accept_job(answer["SnapshotJob"]["JobId"].as_str().expect("an id"), marker);
        }
    }

    async fn upload(&self) {
        self.ledger.kept().uploads_sent += 1;
        let bytes = std::fs::read(clips::film()).expect("the clip can be read");
        let part = reqwest::multipart::Part::bytes(bytes).file_name("film.mp4");
        let form = reqwest::multipart::Form::new().part("file", part);
        if let Some((StatusCode::CREATED, media)) = heard(self.native("/v1/media").multipart(form)).await {
            let id = media["id"].as_str().expect("an id").to_owned();
            let mut kept = self.ledger.kept();
            kept.new_media.push(id.clone());
            kept.media.insert(id);
        }
    }

    async fn send(&self) {
        let body = format!("message {}", self.ledger.next());
        self.ledger.kept().messages_sent.insert(body.clone());
        if self.queues.send(QUEUE, &body).await {
            self.ledger.kept().messages_accepted.insert(body);
        }
    }

    fn native(&self, path: &str) -> RequestBuilder {
        let request = self.client.http().post(format!("{}{path}", self.client.url));
        request.basic_auth(crate::server::KEY_ID, Some(crate::server::SECRET))
    }
}

/// Receives messages and removes them; says how many came.
pub async fn receive(queues: &Queues, ledger: &Ledger) -> usize {
    let messages = queues.receive(QUEUE).await.unwrap_or_default();
    for message in &messages {
        {
            let mut kept = ledger.kept();
            if kept.messages_deleted.contains(&message.body) {
                kept.faults.push(format!("{} came after its removal was promised", message.body));
            }
            if !kept.messages_sent.contains(&message.body) {
                kept.faults.push(format!("a message that nobody sent: {:?}", message.body));
            }
            kept.messages_received.insert(message.body.clone());
        }
        if queues.delete(QUEUE, &message.handle).await {
            ledger.kept().messages_deleted.insert(message.body.clone());
        }
    }
    messages.len()
}

/// Pulls events and confirms them; says how many came.
pub async fn pull(client: &Client, ledger: &Ledger) -> usize {
    let answer = heard(client.tencent_request(Method::GET, "PullEvent", &[], now_s())).await;
    let Some((_, answer)) = answer else { return 0 };
    let events = answer["eventList"].as_array().cloned().unwrap_or_default();
    for event in &events {
        let task = event["eventContent"]["data"]["vodTaskId"].as_str().expect("a task").to_owned();
        let handle = event["msgHandle"].as_str().expect("a handle");
        {
            let mut kept = ledger.kept();
            if kept.confirmed.contains(&task) {
                kept.faults.push(format!("the event of {task} came after it was confirmed"));
            }
            kept.pulled.insert(task.clone());
        }
        let confirm =
            client.tencent_request(Method::POST, "ConfirmEvent", &[("msgHandle.0", handle)], now_s());
        if heard(confirm).await.is_some_and(|(_, answer)| answer["code"] == 0) {
            ledger.kept().confirmed.insert(task);
        }
    }
    events.len()
}

/// The answer, if one came whole.
async fn heard(request: RequestBuilder) -> Option<(StatusCode, Value)> {
    let answer = request.send().await.ok()?;
    let status = answer.status();
    let body = answer.bytes().await.ok()?;
    Some((status, serde_json::from_slice(&body).ok()?))
}
