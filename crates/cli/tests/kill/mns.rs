//! Just enough of a client of the message queues, signing as the vendor's would. An answer may never come.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use reqwest::{Method, StatusCode};
use stillframe_signing::mns;

use crate::client::{Client, now_s};
use crate::server::{KEY_ID, SECRET, Server};

/// A client of a server's queues.
#[derive(Clone)]
pub struct Queues {
    client: Client,
}

/// A message that was received.
pub struct Message {
    pub id: String,
    pub body: String,
    pub handle: String,
}

impl Queues {
    pub fn of(server: &Server) -> Self {
        Self { client: server.client() }
    }

    /// Makes a queue whose received messages come again after so many seconds.
    pub async fn create(&self, name: &str, visibility_s: u32) {
        let body = format!("<Queue><VisibilityTimeout>{visibility_s}</VisibilityTimeout></Queue>");
        let (status, text) =
            self.ask(Method::PUT, &format!("/queues/{name}"), &body).await.expect("an answer");
        assert!(status.is_success(), "{text}");
    }

    /// Sends a message; whether it was promised.
    pub async fn send(&self, queue: &str, body: &str) -> bool {
        let document = format!("<Message><MessageBody>{}</MessageBody></Message>", STANDARD.encode(body));
        let answer = self.ask(Method::POST, &format!("/queues/{queue}/messages"), &document).await;
        answer.is_some_and(|(status, _)| status == StatusCode::CREATED)
    }

    /// Receives up to 16 messages.
    pub async fn receive(&self, queue: &str) -> Option<Vec<Message>> {
        let (status, text) =
            self.ask(Method::GET, &format!("/queues/{queue}/messages?numOfMessages=16"), "").await?;
        if status != StatusCode::OK {
            return Some(Vec::new());
        }
        let messages = text.split("<Message>").skip(1).map(|one| Message {
            id: element(one, "MessageId"),
            body: decoded(&element(one, "MessageBody")),
            handle: element(one, "ReceiptHandle"),
        });
        Some(messages.collect())
    }

    /// Removes a message; whether that was promised.
    pub async fn delete(&self, queue: &str, handle: &str) -> bool {
        let path = format!("/queues/{queue}/messages?ReceiptHandle={handle}");
        self.ask(Method::DELETE, &path, "").await.is_some_and(|(status, _)| status == StatusCode::NO_CONTENT)
    }

    async fn ask(&self, method: Method, resource: &str, body: &str) -> Option<(StatusCode, String)> {
        let date = chrono::DateTime::from_timestamp(i64::try_from(now_s()).ok()?, 0)?;
        let mut headers = vec![
            ("date".to_owned(), date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
            ("x-mns-version".to_owned(), "2015-06-06".to_owned()),
        ];
        if !body.is_empty() {
            headers.push(("content-md5".to_owned(), STANDARD.encode(Md5::digest(body))));
            headers.push(("content-type".to_owned(), "text/xml".to_owned()));
        }
        let signed = mns::Request { method: method.as_str(), resource, headers: &headers };
        let authorization = mns::sign(&signed, KEY_ID, SECRET);
        let mut request = self.client.http().request(method, format!("{}{resource}", self.client.url));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer =
            request.header("authorization", authorization).body(body.to_owned()).send().await.ok()?;
        let status = answer.status();
        Some((status, answer.text().await.ok()?))
    }
}

fn element(text: &str, name: &str) -> String {
    let inner =
        text.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    inner.map(|(inner, _)| inner.to_owned()).unwrap_or_default()
}

fn decoded(base64: &str) -> String {
    STANDARD.decode(base64).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
