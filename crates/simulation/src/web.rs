//! The outside world without sockets: receivers of callbacks, and servers that hold videos.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use stillframe_domain::{ByteSource, ErrorCode, Event, EventKind, EventPayload, Failure};
use stillframe_outbound::{
    Answer, Download, DownloadLimits, OutboundError, Post, RemoteConfig, RemoteError, Web,
};

use crate::agent::Agent;
use crate::decoder;
use crate::invariants::objects;

/// The world as one agent reaches it.
pub struct SimWeb {
    agent: Arc<Agent>,
}

impl SimWeb {
    /// The world as this agent reaches it.
    pub fn new(agent: &Arc<Agent>) -> Self {
        Self { agent: Arc::clone(agent) }
    }

    /// What the receiver makes of a body: it looks whether what is told is so.
    fn receive(&self, url: &str, body: &Bytes) {
        let world = &self.agent.world;
        let event: Event = serde_json::from_slice(body).expect("bodies are events");
        let mut ledger = world.ledger();
        ledger.came("sent", &event);
        ledger.heard.insert((url.to_owned(), event.id.clone()));
        let may_be_gone = match &event.payload {
            EventPayload::Snapshot(fact) => ledger.may_be_gone.contains(&fact.media_id),
            EventPayload::Media(fact) => ledger.may_be_gone.contains(&fact.media_id),
            EventPayload::Endpoint(_) => false,
        };
        drop(ledger);
        if let EventPayload::Snapshot(fact) = &event.payload
            && !may_be_gone
            && event.kind != EventKind::JobProgress
        {
            objects::check_reported(world, "an event", &fact.outcomes);
        }
    }
}

#[async_trait]
impl Web for SimWeb {
    async fn post(&self, post: Post<'_>) -> Result<Answer, OutboundError> {
        let world = &self.agent.world;
        let odds = world.plan.web;
        let broken = |_failed| OutboundError::Broken { detail: "as the seed has it".to_owned() };
        let what = format!("post {}", post.url);
        if self.agent.goes_wrong(odds.hangs) {
            world.pass(post.timeout).await;
            let limit_ms = u64::try_from(post.timeout.as_millis()).unwrap_or(u64::MAX);
            return Err(OutboundError::TimedOut { awaited: "answer", limit_ms });
        }
        self.agent.before(&what, &odds).await.map_err(broken)?;
        if self.agent.goes_wrong(odds.fails * 2) {
            return Ok(Answer {
                status: 503,
                body_prefix: b"busy".to_vec(),
                retry_after: None,
                duration: Duration::ZERO,
            });
        }
        self.receive(post.url, &post.body);
        self.agent.after(&what, &odds).await.map_err(broken)?;
        Ok(Answer { status: 200, body_prefix: b"ok".to_vec(), retry_after: None, duration: Duration::ZERO })
    }

    async fn download(&self, url: &str, _limits: DownloadLimits) -> Result<Download, OutboundError> {
        let odds = self.agent.world.plan.web;
        let broken = |_failed| OutboundError::Broken { detail: "as the seed has it".to_owned() };
        self.agent.before(&format!("download {url}"), &odds).await.map_err(broken)?;
        let film = decoder::film(url);
        let (head, tail) = film.split_at(film.len() / 2);
        let tail = match self.agent.goes_wrong(odds.answer_lost) {
            true => Err(io::Error::other(OutboundError::Broken { detail: "in its middle".to_owned() })),
            false => Ok(Bytes::copy_from_slice(tail)),
        };
        let chunks = [Ok(Bytes::copy_from_slice(head)), tail];
        Ok(Download { content_length: None, etag: None, chunks: stream::iter(chunks).boxed() })
    }

    async fn open(&self, _url: &str, _config: &RemoteConfig) -> Result<Arc<dyn ByteSource>, RemoteError> {
        // No caller of the simulation leaves a video where it is.
        Err(RemoteError(Failure::new(ErrorCode::SourceUnreadable, "not in the simulation")))
    }
}
