//! Downloads videos.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use reqwest::header::{CONTENT_LENGTH, ETAG, HeaderMap, LOCATION};
use reqwest::{Response, StatusCode};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::client::Outbound;
use crate::error::OutboundError;
use crate::target;

/// Most redirects of one download.
pub const REDIRECTS_MAX: usize = 5;

/// Limits of one download.
#[derive(Debug, Clone, Copy)]
pub struct DownloadLimits {
    /// Most bytes.
    pub size_bytes_max: u64,
    /// Longest time from the beginning to the last byte.
    pub timeout: Duration,
}

/// A download whose head has come.
pub struct Download {
    /// Announced size in bytes, if there is one.
    pub content_length: Option<u64>,
    /// The server's name for this version of the content.
    pub etag: Option<String>,
    /// The bytes; an error of ours in it is found by [`OutboundError::in_io`].
    pub chunks: BoxStream<'static, io::Result<Bytes>>,
}

impl Outbound {
    /// Begins a download; follows up to [`REDIRECTS_MAX`] redirects, each vetted.
    ///
    /// # Errors
    /// [`OutboundError`]; after the head has come, errors stand in the stream.
    pub async fn download(&self, url: &str, limits: DownloadLimits) -> Result<Download, OutboundError> {
        let deadline = Instant::now() + limits.timeout;
        let response = self.follow(target::read(url, &self.guard)?, deadline, limits.timeout).await?;
        if !response.status().is_success() {
            return Err(OutboundError::Status { status: response.status().as_u16() });
        }
        let content_length = text(response.headers(), CONTENT_LENGTH).and_then(|length| length.parse().ok());
        if content_length.is_some_and(|length| limits.size_bytes_max < length) {
            return Err(OutboundError::TooLarge { size_bytes_max: limits.size_bytes_max });
        }
        let etag = text(response.headers(), ETAG);
        let stall_timeout = self.stall_timeout;
        let body = Body { response, limits, left: limits.size_bytes_max, deadline, stall_timeout };
        let chunks = stream::try_unfold(body, |mut body| async move {
            let chunk = body.next_chunk().await.map_err(OutboundError::into_io)?;
            Ok(chunk.map(|chunk| (chunk, body)))
        });
        Ok(Download { content_length, etag, chunks: chunks.boxed() })
    }

    async fn follow(&self, url: Url, deadline: Instant, limit: Duration) -> Result<Response, OutboundError> {
        let mut url = url;
        for _ in 0..=REDIRECTS_MAX {
            let response = self.head_of(url.clone(), deadline, limit).await?;
            if !is_redirect(response.status()) {
                return Ok(response);
            }
            let next = text(response.headers(), LOCATION).and_then(|location| url.join(&location).ok());
            let Some(next) = next else { break };
            target::vet(&next, &self.guard)?;
            url = next;
        }
        Err(OutboundError::Redirects { redirects_max: REDIRECTS_MAX })
    }

    async fn head_of(&self, url: Url, deadline: Instant, limit: Duration) -> Result<Response, OutboundError> {
        self.turn(&url).await?;
        let stalled_at = Instant::now() + self.stall_timeout;
        let waited = if deadline < stalled_at { limit } else { self.stall_timeout };
        timeout_at(deadline.min(stalled_at), self.http.get(url).send())
            .await
            .map_err(|_elapsed| OutboundError::timed_out("answer", waited))?
            .map_err(|error| OutboundError::of_request(&error, self.connect_timeout))
    }
}

/// What is left of a download.
struct Body {
    response: Response,
    limits: DownloadLimits,
    left: u64,
    deadline: Instant,
    stall_timeout: Duration,
}

impl Body {
    async fn next_chunk(&mut self) -> Result<Option<Bytes>, OutboundError> {
        let stalled_at = Instant::now() + self.stall_timeout;
        let chunk = match timeout_at(self.deadline.min(stalled_at), self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| OutboundError::of_request(&error, self.stall_timeout))?,
            Err(_elapsed) if self.deadline < stalled_at => {
                return Err(OutboundError::timed_out("end of the content", self.limits.timeout));
            }
            Err(_elapsed) => return Err(OutboundError::timed_out("further bytes", self.stall_timeout)),
        };
        let size_bytes = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        self.left = self
            .left
            .checked_sub(size_bytes)
            .ok_or(OutboundError::TooLarge { size_bytes_max: self.limits.size_bytes_max })?;
        Ok(chunk)
    }
}

pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn text(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
