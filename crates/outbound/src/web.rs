//! The outside world as jobs and the relay see it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stillframe_domain::ByteSource;

use crate::{
    Answer, Download, DownloadLimits, Outbound, OutboundError, Post, Preflight, RemoteConfig, RemoteError,
};

/// What is asked of the outside world. The simulation has one of its own, without sockets, since what they
/// do cannot be repeated; everything else uses [`Outbound`].
#[async_trait]
pub trait Web: Send + Sync {
    /// Posts a body: [`Outbound::post`].
    ///
    /// # Errors
    /// When no status came within the time.
    async fn post(&self, post: Post<'_>) -> Result<Answer, OutboundError>;

    /// Asks a receiver for permission: [`Outbound::preflight`]. A world of receivers that know nothing of
    /// it need not say so.
    ///
    /// # Errors
    /// When no status came within the time.
    async fn preflight(
        &self,
        _url: &str,
        _headers: &[(String, String)],
        _within: Duration,
    ) -> Result<Preflight, OutboundError> {
        Ok(Preflight { status: 405, headers: Vec::new() })
    }

    /// Begins a download: [`Outbound::download`].
    ///
    /// # Errors
    /// When there is nothing to download; after the head has come, errors stand in the stream.
    async fn download(&self, url: &str, limits: DownloadLimits) -> Result<Download, OutboundError>;

    /// Opens a URL to be read by ranges: [`Outbound::open`].
    ///
    /// # Errors
    /// When it cannot be read.
    async fn open(&self, url: &str, config: &RemoteConfig) -> Result<Arc<dyn ByteSource>, RemoteError>;
}

#[async_trait]
impl Web for Outbound {
    async fn post(&self, post: Post<'_>) -> Result<Answer, OutboundError> {
        Self::post(self, post).await
    }

    async fn preflight(
        &self,
        url: &str,
        headers: &[(String, String)],
        within: Duration,
    ) -> Result<Preflight, OutboundError> {
        Self::preflight(self, url, headers, within).await
    }

    async fn download(&self, url: &str, limits: DownloadLimits) -> Result<Download, OutboundError> {
        Self::download(self, url, limits).await
    }

    async fn open(&self, url: &str, config: &RemoteConfig) -> Result<Arc<dyn ByteSource>, RemoteError> {
        Self::open(self, url, config).await
    }
}
