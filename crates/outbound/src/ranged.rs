//! Videos read where they lie, by ranges.
//!
//! The first request asks for the first bytes. A server that answers with these alone is read by ranges
//! ([`stillframe_ranges`]); one that answers with everything is streamed once into a temporary file
//! (`spool.rs`), and read behind the stream.

mod answer;
mod http;
mod spool;
mod version;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::{Response, StatusCode};
use stillframe_domain::{ByteSource, ErrorCode, Failure};
use stillframe_ranges::{Backoff, FetchError, Meter, Opened, RangeLimits, RangeReader};
use tokio::runtime::Handle;

use crate::client::Outbound;
use crate::target;
use answer::{Part, read_part};
use http::{HttpRanges, chunks_of, request};
use spool::Spool;
use version::Version;

/// Bytes that the first request asks for: enough for the header of many files, and little for all others.
const FIRST_BYTES: u64 = 64 << 10;

/// How videos are read where they lie.
#[derive(Debug, Clone)]
pub struct RemoteConfig {
    /// What one video may cost.
    pub limits: RangeLimits,
    /// Where the bytes of a server without ranges wait; the file has no name.
    pub spool_dir: PathBuf,
}

/// Why a video cannot be read where it lies, in words for callers.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct RemoteError(pub Failure);

impl From<FetchError> for RemoteError {
    fn from(error: FetchError) -> Self {
        Self(error.failure())
    }
}

impl Outbound {
    /// Opens a URL to be read by ranges; follows redirects as a download does, each vetted.
    ///
    /// Reads of the source block and must not be made on the runtime's own threads, where its transfers run.
    ///
    /// # Errors
    /// [`RemoteError`] when the URL cannot be requested, or the server answers with no content.
    pub async fn open(&self, url: &str, config: &RemoteConfig) -> Result<Arc<dyn ByteSource>, RemoteError> {
        let url = target::read(url, &self.guard).map_err(|error| FetchError::from(&error))?;
        let meter = Arc::new(Meter::new(&config.limits));
        let http = HttpRanges::new(self.clone(), url);
        let mut backoff = Backoff::new(&config.limits);
        let first = loop {
            match first_answer(&http, &meter).await {
                Ok(first) => break first,
                Err(error) => backoff.wait_after(error).await?,
            }
        };
        let runtime = Handle::current();
        match first {
            First::Part { version, bytes } => {
                let (size_bytes, validator) = (version.size_bytes, version.validator());
                let opened = Opened { size_bytes, validator, first: bytes };
                let http = http.of_version(version);
                Ok(Arc::new(RangeReader::new(http, opened, config.limits.clone(), meter, runtime)))
            }
            First::Whole(response) => Ok(Arc::new(Spool::begin(self, response, config, meter).await?)),
        }
    }
}

/// What the first request was answered with.
enum First {
    /// The first bytes, of a server that knows ranges.
    Part { version: Version, bytes: Bytes },
    /// Everything.
    Whole(Response),
}

async fn first_answer(http: &HttpRanges, meter: &Meter) -> Result<First, FetchError> {
    let asked = 0..FIRST_BYTES;
    let response = request(http, Some(&asked), meter).await?;
    match answer::status_of(&response) {
        StatusCode::PARTIAL_CONTENT => match read_part(&response)? {
            Part { range, size_bytes: Some(size_bytes) } if range.start == 0 && range.end <= FIRST_BYTES => {
                let version = Version::of(response.headers(), size_bytes);
                let mut chunks = chunks_of(response, range.end, http.outbound().stall_timeout);
                let mut bytes = Vec::new();
                while let Some(chunk) = chunks.next().await {
                    let chunk = chunk?;
                    meter.add_bytes(chunk.len() as u64)?;
                    bytes.extend_from_slice(&chunk);
                }
                Ok(First::Part { version, bytes: bytes.into() })
            }
            // Without the whole size, ranges are of no use.
            Part { size_bytes: None, .. } => {
                let whole = request(http, None, meter).await?;
                if whole.status() == StatusCode::OK { Ok(First::Whole(whole)) } else { Err(refused(&whole)) }
            }
            Part { .. } => Err(not_asked_for()),
        },
        StatusCode::OK => Ok(First::Whole(response)),
        StatusCode::RANGE_NOT_SATISFIABLE if answer::unsatisfied_size(&response) == Some(0) => {
            let version = Version::of(response.headers(), 0);
            Ok(First::Part { version, bytes: Bytes::new() })
        }
        _ => Err(refused(&response)),
    }
}

/// What to make of an answer that holds no content.
fn refused(response: &Response) -> FetchError {
    answer::refusal(response)
}

fn not_asked_for() -> FetchError {
    FetchError::fail(ErrorCode::SourceUnreadable, "the server answered with bytes that were not asked for")
}
