//! Sending, receiving and deleting over MNS, and how soon a waiting receiver has a message.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::{Method, StatusCode};
use stillframe_domain::{Clock as _, SystemClock};
use stillframe_signing::mns;

use super::Options;
use super::load::{End, Measured, put};
use super::server::{KEY_ID, SECRET, Server};

/// Messages in a second that are to be received and deleted.
const MESSAGES_GOAL: f64 = 5_000.0;
/// Messages of one receive and delete.
const BATCH: usize = 16;
const MESSAGES: &str = "/queues/bench/messages";
const MESSAGE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Message xmlns=\"http://mns.aliyuncs.com/doc/v1/\">\
                       <MessageBody>c3RpbGxmcmFtZQ==</MessageBody></Message>";
/// How often the wake-up of a waiting receiver is measured, and with `--quick`.
const WAKE_UPS: (usize, usize) = (500, 20);
/// How long the receiver waits before the message is sent, at the least.
const BEFORE_SEND: Duration = Duration::from_millis(15);

/// What was measured.
pub struct Outcome {
    /// Rates.
    pub rates: Vec<Measured>,
    /// From the start of a send to the end of the receive that waited for it, sorted, in milliseconds.
    pub wake_ups_ms: Vec<f64>,
}

/// Puts the loads on a fresh server.
///
/// # Errors
/// When the server refuses a request.
pub async fn run(files: &Path, options: &Options) -> Result<Outcome> {
    let server = Server::start(files)?;
    let client = Client::new(&server.url)?;
    client.ask(Method::PUT, "/queues/bench", "").await?;
    let wake_ups_ms = wake_ups(&client, if options.quick { WAKE_UPS.1 } else { WAKE_UPS.0 }).await?;
    let sender = client.clone();
    let send = move || {
        let client = sender.clone();
        async move { client.ask(Method::POST, MESSAGES, MESSAGE).await.map(|_| 1) }
    };
    let name = "MNS SendMessage: messages";
    let end = End::After(options.time());
    let sent = put(&server, (name, None), options.connections, end, send).await?;
    let receive = move || receive_and_delete(client.clone());
    let name = "MNS BatchReceiveMessage + BatchDeleteMessage by 16: messages";
    let end = End::Reached(sent.count());
    let received =
        put(&server, (name, Some(MESSAGES_GOAL)), options.connections.min(16), end, receive).await?;
    Ok(Outcome { rates: vec![sent, received], wake_ups_ms })
}

async fn wake_ups(client: &Client, count: usize) -> Result<Vec<f64>> {
    let mut times_ms = Vec::with_capacity(count);
    for _ in 0..count {
        let waiting = tokio::spawn({
            let client = client.clone();
            async move {
                let resource = format!("{MESSAGES}?waitseconds=10");
                let answer = client.ask(Method::GET, &resource, "").await;
                (Instant::now(), answer)
            }
        });
        tokio::time::sleep(BEFORE_SEND).await;
        let begun = Instant::now();
        client.ask(Method::POST, MESSAGES, MESSAGE).await?;
        let (ended, answer) = waiting.await?;
        let handle = handles(&answer?).next().map(str::to_owned).context("a message without a handle")?;
        times_ms.push(ended.saturating_duration_since(begun).as_secs_f64() * 1e3);
        client.ask(Method::DELETE, &format!("{MESSAGES}?ReceiptHandle={handle}"), "").await?;
    }
    times_ms.sort_by(f64::total_cmp);
    Ok(times_ms)
}

/// Receives up to 16 messages and deletes them; says how many.
async fn receive_and_delete(client: Client) -> Result<u64> {
    let resource = format!("{MESSAGES}?numOfMessages={BATCH}");
    let answer = client.ask(Method::GET, &resource, "").await?;
    let all: String = handles(&answer).map(|one| format!("<ReceiptHandle>{one}</ReceiptHandle>")).collect();
    let count = handles(&answer).count();
    if 0 < count {
        let body =
            format!("<ReceiptHandles xmlns=\"http://mns.aliyuncs.com/doc/v1/\">{all}</ReceiptHandles>");
        client.ask(Method::DELETE, MESSAGES, &body).await?;
    }
    Ok(count as u64)
}

fn handles(answer: &str) -> impl Iterator<Item = &str> {
    answer.split("<ReceiptHandle>").skip(1).filter_map(|rest| rest.split('<').next())
}

/// A client of one server's queues. Cheap to clone.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "a client of our own service on loopback")]
    fn new(url: &str) -> Result<Self> {
        Ok(Self { http: reqwest::Client::builder().no_proxy().build()?, url: url.to_owned() })
    }

    /// A signed request; an empty queue gives an empty answer.
    async fn ask(&self, method: Method, resource: &str, body: &str) -> Result<String> {
        let now =
            chrono::DateTime::from_timestamp(SystemClock.now().as_secs(), 0).context("a time of our days")?;
        let mut headers = vec![
            ("date".to_owned(), now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
            ("x-mns-version".to_owned(), "2015-06-06".to_owned()),
        ];
        if !body.is_empty() {
            headers.push(("content-type".to_owned(), "text/xml;charset=UTF-8".to_owned()));
        }
        let request = mns::Request { method: method.as_str(), resource, headers: &headers };
        let authorization = mns::sign(&request, KEY_ID, SECRET);
        headers.push(("authorization".to_owned(), authorization));
        let mut request = self.http.request(method.clone(), format!("{}{resource}", self.url));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.body(body.to_owned()).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        match status {
            StatusCode::NOT_FOUND if text.contains("MessageNotExist") => Ok(String::new()),
            status if status.is_success() => Ok(text),
            _ => bail!("{method} {resource} was refused: {status} {text}"),
        }
    }
}
