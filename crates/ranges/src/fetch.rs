//! What can answer a range, and how that may fail.

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use stillframe_domain::{ErrorCode, Failure};

use crate::meter::Meter;

/// The bytes of a range as they come.
pub type Chunks = BoxStream<'static, Result<Bytes, FetchError>>;

/// Answers ranges of one version of a source.
#[async_trait]
pub trait RangeFetch: Send + Sync + 'static {
    /// Begins to fetch a range, which is not empty and lies within the source. The stream may end early,
    /// then the rest is asked for again; it never holds more. Each request that is sent is told to `meter`.
    ///
    /// # Errors
    /// [`FetchError`], here or in the stream.
    async fn fetch(&self, range: Range<u64>, meter: &Meter) -> Result<Chunks, FetchError>;
}

/// Why a range was not had, by what can be done.
#[derive(Debug, Clone)]
pub enum FetchError {
    /// Another attempt may succeed, not before the server's own wish if it has one.
    Retry {
        /// What to tell when no attempt is left.
        failure: Failure,
        /// How long the server asks to wait.
        after: Option<Duration>,
    },
    /// Another attempt would end alike.
    Fail(Failure),
    /// The source has become another one: nothing more may be read beside what was read.
    Changed,
}

impl FetchError {
    /// An attempt that broke off.
    pub fn retry(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Retry { failure: Failure::new(code, message), after: None }
    }

    /// A failure for good.
    pub fn fail(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Fail(Failure::new(code, message))
    }

    /// What to tell callers. A change is temporary: whoever begins anew reads the new version.
    pub fn failure(self) -> Failure {
        match self {
            Self::Retry { failure, .. } | Self::Fail(failure) => failure,
            Self::Changed => Failure::new(ErrorCode::SourceUnreadable, "the video changed while it was read"),
        }
    }
}
