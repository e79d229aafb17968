//! Ranges over HTTP.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use reqwest::header::{ACCEPT_ENCODING, IF_RANGE, LOCATION, RANGE};
use reqwest::{Response, StatusCode};
use stillframe_domain::ErrorCode;
use stillframe_ranges::{Chunks, FetchError, Meter, RangeFetch};
use tokio::time::timeout;
use url::Url;

use super::answer::{read_part, refusal, status_of, unsatisfied_size};
use super::not_asked_for;
use super::version::Version;
use crate::client::Outbound;
use crate::download::{REDIRECTS_MAX, is_redirect};
use crate::error::OutboundError;
use crate::target;

/// A file on a server, in one version once that is known.
pub(super) struct HttpRanges {
    outbound: Outbound,
    /// As the user named it.
    url: Url,
    /// Where redirects led to; asked first, so that they are not followed again for each range.
    found_at: Mutex<Url>,
    version: Option<Version>,
}

impl HttpRanges {
    /// The file at a URL that was vetted, in whichever version.
    pub(super) fn new(outbound: Outbound, url: Url) -> Self {
        Self { outbound, found_at: Mutex::new(url.clone()), url, version: None }
    }

    /// The same in this version alone.
    pub(super) fn of_version(self, version: Version) -> Self {
        Self { version: Some(version), ..self }
    }

    /// The client.
    pub(super) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    fn found_at(&self) -> Url {
        self.found_at.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_found_at(&self, url: Url) {
        *self.found_at.lock().unwrap_or_else(PoisonError::into_inner) = url;
    }
}

#[async_trait]
impl RangeFetch for HttpRanges {
    async fn fetch(&self, range: Range<u64>, meter: &Meter) -> Result<Chunks, FetchError> {
        let response = request(self, Some(&range), meter).await?;
        let differs = |size_bytes| {
            self.version.as_ref().is_some_and(|version| version.differs_from(response.headers(), size_bytes))
        };
        match status_of(&response) {
            StatusCode::PARTIAL_CONTENT => {
                let part = read_part(&response)?;
                if differs(part.size_bytes) {
                    return Err(FetchError::Changed);
                }
                if part.range.start != range.start || range.end < part.range.end {
                    return Err(not_asked_for());
                }
                let length = part.range.end - part.range.start;
                Ok(chunks_of(response, length, self.outbound.stall_timeout))
            }
            // `If-Range` makes a server send all of another version; but it may also be one that has
            // forgotten how to answer ranges.
            StatusCode::OK if differs(response.content_length()) => Err(FetchError::Changed),
            StatusCode::OK => {
                let message = "the server stopped to answer ranges";
                Err(FetchError::retry(ErrorCode::SourceUnreadable, message))
            }
            StatusCode::RANGE_NOT_SATISFIABLE if differs(unsatisfied_size(&response)) => {
                Err(FetchError::Changed)
            }
            _ => Err(refusal(&response)),
        }
    }
}

/// Sends a request and follows redirects. Where they led before is asked first; when that is no longer
/// good, as a signed address may be, the way is looked for again.
pub(super) async fn request(
    http: &HttpRanges,
    range: Option<&Range<u64>>,
    meter: &Meter,
) -> Result<Response, FetchError> {
    let found_at = http.found_at();
    let is_shortcut = found_at != http.url;
    let response = follow(http, found_at, range, meter).await?;
    if is_shortcut && matches!(response.status().as_u16(), 401 | 403 | 404 | 410) {
        return follow(http, http.url.clone(), range, meter).await;
    }
    Ok(response)
}

async fn follow(
    http: &HttpRanges,
    mut url: Url,
    range: Option<&Range<u64>>,
    meter: &Meter,
) -> Result<Response, FetchError> {
    for _ in 0..=REDIRECTS_MAX {
        meter.begin_request()?;
        let response = send(http, url.clone(), range).await?;
        if !is_redirect(response.status()) {
            http.set_found_at(url);
            return Ok(response);
        }
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let Some(next) = location.and_then(|location| url.join(location).ok()) else { break };
        target::vet(&next, &http.outbound.guard).map_err(|error| FetchError::from(&error))?;
        url = next;
    }
    Err(FetchError::from(&OutboundError::Redirects { redirects_max: REDIRECTS_MAX }))
}

async fn send(http: &HttpRanges, url: Url, range: Option<&Range<u64>>) -> Result<Response, FetchError> {
    let outbound = &http.outbound;
    outbound.turn(&url).await.map_err(|error| FetchError::from(&error))?;
    // A coding would count its own bytes.
    let mut request = outbound.http.get(url).header(ACCEPT_ENCODING, "identity");
    if let Some(range) = range {
        request = request.header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
    }
    if let Some(validator) = http.version.as_ref().and_then(Version::if_range) {
        request = request.header(IF_RANGE, validator);
    }
    let answered = timeout(outbound.stall_timeout, request.send()).await;
    let answered = answered.map_err(|_elapsed| OutboundError::timed_out("answer", outbound.stall_timeout));
    let sorted = answered.and_then(|response| {
        response.map_err(|error| OutboundError::of_request(&error, outbound.connect_timeout))
    });
    sorted.map_err(|error| FetchError::from(&error))
}

/// The bytes of an answer, which are to be `length`.
pub(super) fn chunks_of(response: Response, length: u64, stall_timeout: Duration) -> Chunks {
    let chunks = stream::try_unfold((response, length), move |(mut response, left)| async move {
        let chunk = match timeout(stall_timeout, response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| OutboundError::of_request(&error, stall_timeout)),
            Err(_elapsed) => Err(OutboundError::timed_out("further bytes", stall_timeout)),
        };
        let Some(chunk) = chunk.map_err(|error| FetchError::from(&error))? else { return Ok(None) };
        let left = left.checked_sub(chunk.len() as u64).ok_or_else(not_asked_for)?;
        Ok(Some((chunk, (response, left))))
    });
    chunks.boxed()
}
