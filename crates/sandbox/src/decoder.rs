//! Who decodes: this process, or a child of it.

use std::ops::ControlFlow;
use std::sync::Arc;

use stillframe_domain::{ByteSource, Failure, MediaFacts};
use stillframe_engine::{Limits, Produced, TakeRequest};

/// What one call of a [`Decoder`] works on.
pub struct Call<'a> {
    /// The video.
    pub source: Arc<dyn ByteSource>,
    /// Names these bytes among all videos and versions of them, so that what is known of them from an
    /// earlier call can be used again.
    pub version: Option<String>,
    /// Whether nobody waits for the result any more; the call then ends soon.
    pub is_abandoned: &'a (dyn Fn() -> bool + Sync),
}

/// Probes videos and takes pictures. Calls block.
pub trait Decoder: Send + Sync {
    /// Finds out what a video is.
    ///
    /// # Errors
    /// What to tell the caller when it is none, cannot be read, or exceeds a limit.
    fn probe(&self, call: &Call<'_>, limits: &Limits) -> Result<MediaFacts, Failure>;

    /// Takes pictures and hands each to `sink` as it comes about, until it breaks.
    ///
    /// # Errors
    /// What to tell the caller when nothing could be planned.
    fn take(
        &self,
        call: &Call<'_>,
        request: &TakeRequest,
        sink: &mut dyn FnMut(Produced) -> ControlFlow<()>,
    ) -> Result<MediaFacts, Failure>;
}

/// Decodes in this process: for commands that a user runs on files of their own, and for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct InProcess;

impl Decoder for InProcess {
    fn probe(&self, call: &Call<'_>, limits: &Limits) -> Result<MediaFacts, Failure> {
        stillframe_engine::probe(Arc::clone(&call.source), limits).map_err(|error| error.failure())
    }

    fn take(
        &self,
        call: &Call<'_>,
        request: &TakeRequest,
        sink: &mut dyn FnMut(Produced) -> ControlFlow<()>,
    ) -> Result<MediaFacts, Failure> {
        let mut guarded = |produced| {
            if (call.is_abandoned)() { ControlFlow::Break(()) } else { sink(produced) }
        };
        stillframe_engine::take(request, Arc::clone(&call.source), &mut guarded)
            .map_err(|error| error.failure())
    }
}
