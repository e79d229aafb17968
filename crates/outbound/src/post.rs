//! Sends callbacks.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use tokio::time::{Instant, timeout_at};

use crate::client::Outbound;
use crate::error::OutboundError;
use crate::target;

/// A body for a receiver.
#[derive(Debug, Clone)]
pub struct Post<'a> {
    /// Absolute `http` or `https` URL.
    pub url: &'a str,
    /// Headers.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: Bytes,
    /// Longest time from the beginning to the end of the answer.
    pub timeout: Duration,
    /// How much of the answer's body is kept; the rest is not read.
    pub answer_bytes_max: usize,
}

/// A receiver's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status; redirects are answers like any other.
    pub status: u16,
    /// First part of the body: what came within the time and the limit.
    pub body_prefix: Vec<u8>,
    /// The wait before the next request that the receiver asks for, as it is written.
    pub retry_after: Option<String>,
    /// From the beginning to the end of what was read.
    pub duration: Duration,
}

impl Outbound {
    /// Posts a body. Follows no redirect.
    ///
    /// The status decides; a body that is late or breaks off is kept as far as it came.
    ///
    /// # Errors
    /// [`OutboundError`] when no status came within the time.
    pub async fn post(&self, post: Post<'_>) -> Result<Answer, OutboundError> {
        let begin = Instant::now();
        let deadline = begin + post.timeout;
        let url = target::read(post.url, &self.guard)?;
        let headers = header_map(post.headers)?;
        let request = self.http.post(url.clone()).headers(headers).body(post.body);
        let response = timeout_at(deadline, self.send_in_turn(&url, request))
            .await
            .map_err(|_elapsed| OutboundError::timed_out("answer", post.timeout))??;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let body_prefix = read_prefix(response, deadline, post.answer_bytes_max).await;
        Ok(Answer { status, body_prefix, retry_after, duration: begin.elapsed() })
    }
}

/// What comes of a body until the time or the limit is reached, or it breaks off.
pub(crate) async fn read_prefix(
    mut response: reqwest::Response,
    deadline: Instant,
    bytes_max: usize,
) -> Vec<u8> {
    let mut prefix = Vec::new();
    while prefix.len() < bytes_max {
        let Ok(Ok(Some(chunk))) = timeout_at(deadline, response.chunk()).await else {
            break;
        };
        let kept = chunk.len().min(bytes_max - prefix.len());
        prefix.extend_from_slice(&chunk[..kept]);
    }
    prefix
}

pub(crate) fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, OutboundError> {
    let read = |(name, value): &(String, String)| {
        let pair = (HeaderName::try_from(name).ok(), HeaderValue::try_from(value).ok());
        match pair {
            (Some(read_name), Some(read_value)) => Ok((read_name, read_value)),
            _ => Err(OutboundError::InvalidHeader { name: name.clone() }),
        }
    };
    headers.iter().map(read).collect()
}
