//! Asks a receiver for permission before it is sent anything.

use std::time::Duration;

use reqwest::Method;
use tokio::time::timeout;

use crate::client::Outbound;
use crate::error::OutboundError;
use crate::post::header_map;
use crate::target;

/// A receiver's answer to `OPTIONS`, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// HTTP status.
    pub status: u16,
    /// Headers whose values are text, their names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Preflight {
    /// The first header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl Outbound {
    /// Sends `OPTIONS` with these headers. Follows no redirect and reads no body.
    ///
    /// # Errors
    /// [`OutboundError`] when no status came within the time.
    pub async fn preflight(
        &self,
        url: &str,
        headers: &[(String, String)],
        within: Duration,
    ) -> Result<Preflight, OutboundError> {
        let url = target::read(url, &self.guard)?;
        let headers = header_map(headers)?;
        let request = self.http.request(Method::OPTIONS, url.clone()).headers(headers);
        let response = timeout(within, self.send_in_turn(&url, request))
            .await
            .map_err(|_elapsed| OutboundError::timed_out("answer", within))??;
        let text = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        Ok(Preflight {
            status: response.status().as_u16(),
            headers: response.headers().iter().filter_map(text).collect(),
        })
    }
}
