//! One range on its way: attempts until it is whole, each going on where the last one broke off.

use std::ops::Range;
use std::sync::Arc;

use futures::StreamExt as _;
use stillframe_domain::ErrorCode;

use crate::fetch::FetchError;
use crate::reader::{Shared, Wish};
use crate::retry::Backoff;

/// Fetches a range into the cache.
pub(crate) async fn run(shared: Arc<Shared>, range: Range<u64>, wish: Wish) {
    let mut came_to = range.start;
    let mut backoff = Backoff::new(&shared.limits);
    let ended = loop {
        match attempt(&shared, &range, &mut came_to).await {
            Ok(()) => break Ok(()),
            Err(error) => match backoff.wait_after(error).await {
                Ok(()) => {}
                Err(error) => break Err(error),
            },
        }
    };
    if let Err(error) = &ended {
        tracing::warn!(?error, range.start, range.end, "a range could not be fetched");
    }
    shared.end(range, came_to, wish, ended);
}

async fn attempt(shared: &Shared, range: &Range<u64>, came_to: &mut u64) -> Result<(), FetchError> {
    let mut chunks = shared.fetch.fetch(*came_to..range.end, &shared.meter).await?;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        shared.meter.add_bytes(chunk.len() as u64)?;
        shared.fill(range.start, &chunk);
        *came_to += chunk.len() as u64;
    }
    if *came_to < range.end {
        return Err(FetchError::retry(ErrorCode::SourceUnreadable, "the video's bytes broke off"));
    }
    Ok(())
}
