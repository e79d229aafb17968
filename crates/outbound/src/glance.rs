//! Looks at what a URL is answered with: why there is no content, a server often says in the body.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::client::Outbound;
use crate::error::OutboundError;
use crate::post::read_prefix;
use crate::target;

/// The beginning of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// HTTP status; redirects are answers like any other.
    pub status: u16,
    /// First part of the body: what came within the time and the limit.
    pub body_prefix: Vec<u8>,
}

impl Outbound {
    /// Sends `GET`, follows no redirect, and reads no more than `bytes_max` of the body.
    ///
    /// # Errors
    /// [`OutboundError`] when no status came within the time.
    pub async fn glance(
        &self,
        url: &str,
        within: Duration,
        bytes_max: usize,
    ) -> Result<Glance, OutboundError> {
        let deadline = Instant::now() + within;
        let url = target::read(url, &self.guard)?;
        let response = timeout_at(deadline, self.send_in_turn(&url, self.http.get(url.clone())))
            .await
            .map_err(|_elapsed| OutboundError::timed_out("answer", within))??;
        let status = response.status().as_u16();
        Ok(Glance { status, body_prefix: read_prefix(response, deadline, bytes_max).await })
    }
}
