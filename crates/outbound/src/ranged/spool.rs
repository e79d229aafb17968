//! A file of a server without ranges: streamed once, read behind the stream.
//!
//! **Invariant:** the bytes are those of one answer; a stream that breaks off is not begun again.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use futures::StreamExt as _;
use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;
use stillframe_domain::{ByteSource, ErrorCode, Failure, SourceError, Traffic};
use stillframe_ranges::{Chunks, FetchError, Meter};
use tokio::task::AbortHandle;

use super::http::chunks_of;
use super::version::Version;
use super::{RemoteConfig, RemoteError, not_asked_for};
use crate::client::Outbound;
use crate::error::OutboundError;

/// A stream on its way into a temporary file.
pub(super) struct Spool {
    shared: Arc<Shared>,
    size_bytes: u64,
    validator: String,
    meter: Arc<Meter>,
    stream: AbortHandle,
}

struct Shared {
    file: File,
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Default)]
struct Progress {
    bytes: u64,
    ended: Option<Result<(), Failure>>,
}

impl Spool {
    /// Begins to stream an answer. Without an announced size, it is streamed to its end first.
    pub(super) async fn begin(
        outbound: &Outbound,
        response: Response,
        config: &RemoteConfig,
        meter: Arc<Meter>,
    ) -> Result<Self, RemoteError> {
        if response.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(not_asked_for().into());
        }
        let most = config.limits.bytes_max;
        let announced = response.content_length();
        if announced.is_some_and(|size| most < size) {
            let error = OutboundError::TooLarge { size_bytes_max: most };
            return Err(FetchError::from(&error).into());
        }
        let file =
            tempfile::tempfile_in(&config.spool_dir).map_err(|error| RemoteError(unwritten(&error)))?;
        let shared = Arc::new(Shared { file, progress: Mutex::default(), changed: Condvar::new() });
        let headers = response.headers().clone();
        let chunks = chunks_of(response, announced.unwrap_or(u64::MAX), outbound.stall_timeout);
        let task = tokio::spawn(copy(Arc::clone(&shared), chunks, announced, Arc::clone(&meter)));
        let stream = task.abort_handle();
        let size_bytes = match announced {
            Some(size_bytes) => size_bytes,
            None => {
                // Its error stands in the progress.
                let _ = task.await;
                shared.whole().map_err(RemoteError)?
            }
        };
        let validator = Version::of(&headers, size_bytes).validator();
        Ok(Self { shared, size_bytes, validator, meter, stream })
    }
}

async fn copy(shared: Arc<Shared>, mut chunks: Chunks, announced: Option<u64>, meter: Arc<Meter>) {
    let mut came = 0;
    let ended = loop {
        let chunk = match chunks.next().await {
            Some(Ok(chunk)) => chunk,
            Some(Err(error)) => break Err(error.failure()),
            None if announced.is_some_and(|size| came < size) => {
                break Err(Failure::new(ErrorCode::SourceUnreadable, "the video's bytes broke off"));
            }
            None => break Ok(()),
        };
        if let Err(error) = meter.add_bytes(chunk.len() as u64) {
            break Err(error.failure());
        }
        if let Err(error) = (&shared.file).write_all(&chunk) {
            break Err(unwritten(&error));
        }
        came += chunk.len() as u64;
        shared.lock().bytes = came;
        shared.changed.notify_all();
    };
    shared.lock().ended = Some(ended);
    shared.changed.notify_all();
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The size of a stream that has ended.
    fn whole(&self) -> Result<u64, Failure> {
        let progress = self.lock();
        match &progress.ended {
            Some(Ok(())) => Ok(progress.bytes),
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(Failure::new(ErrorCode::Internal, "the stream of the video was lost")),
        }
    }

    /// Waits until there are bytes after an offset, or none will come.
    fn wait_beyond(&self, offset: u64) -> Result<u64, Failure> {
        let mut progress = self.lock();
        loop {
            match &progress.ended {
                _ if offset < progress.bytes => return Ok(progress.bytes),
                Some(Ok(())) => return Ok(progress.bytes),
                Some(Err(failure)) => return Err(failure.clone()),
                None => {}
            }
            progress = self.changed.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl ByteSource for Spool {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if self.size_bytes <= offset {
            return Ok(0);
        }
        let here = self.shared.wait_beyond(offset).map_err(SourceError)?;
        let most = usize::try_from(here.saturating_sub(offset)).unwrap_or(usize::MAX).min(buf.len());
        self.shared.file.read_at(&mut buf[..most], offset)
    }

    fn len(&self) -> u64 {
        self.size_bytes
    }

    fn validator(&self) -> String {
        self.validator.clone()
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.meter.traffic())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.stream.abort();
    }
}

fn unwritten(error: &io::Error) -> Failure {
    tracing::error!(error = error as &dyn std::error::Error, "cannot keep a stream of a video");
    Failure::new(ErrorCode::Internal, "there is no room for the video's bytes")
}
