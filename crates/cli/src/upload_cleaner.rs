//! Removes, from time to time, what uploads left that never came to their end.

use std::time::Duration;

use stillframe_service::Service;
use tokio_util::sync::CancellationToken;

/// How often it looks. What is over is of no use to anybody, so this only bounds how long it takes up room.
const INTERVAL: Duration = Duration::from_secs(10 * 60);

/// Looks at once and then at each interval, until it is told to stop.
pub async fn run(service: &Service, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        tokio::select! {
            _ = ticks.tick() => clean(service).await,
            () = stop.cancelled() => return,
        }
    }
}

async fn clean(service: &Service) {
    let mut removed = 0;
    loop {
        match service.clean_uploads().await {
            Ok(0) => break,
            Ok(count) => removed += count,
            // What was not removed is found again.
            Err(error) => {
                tracing::warn!(error = ?error, "could not remove what uploads left");
                break;
            }
        }
    }
    if removed > 0 {
        tracing::info!(upload_count = removed, "removed {removed} uploads that were over");
    }
}
