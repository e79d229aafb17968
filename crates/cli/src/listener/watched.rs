//! A stream that fails when its client is too slow: with the head of a request, with a next request, or in
//! taking an answer. While a request is being answered, nothing need come.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::limits::Patience;
use super::phase::{Phase, SharedPhase};

/// A watched stream.
pub struct Watched<S> {
    stream: S,
    phase: SharedPhase,
    patience: Patience,
    reading: Watch<Phase>,
    writing: Watch<()>,
}

impl<S> Watched<S> {
    /// Watches a stream whose phase others set too.
    pub fn new(stream: S, phase: SharedPhase, patience: Patience) -> Self {
        Self { stream, phase, patience, reading: Watch::new(), writing: Watch::new() }
    }

    /// Fails when the client was waited for too long where it stands.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let phase = self.phase.get();
        let patience = match phase {
            // What is left of the last answer is still going out.
            Phase::Idle if self.writing.is_running() => {
                self.reading.stop();
                return Poll::Pending;
            }
            Phase::Idle | Phase::Fresh => self.patience.idle,
            Phase::Head => self.patience.head,
            Phase::Busy => {
                self.reading.stop();
                self.phase.wake_at_next(context.waker());
                return Poll::Pending;
            }
        };
        self.reading.poll(context, phase, patience)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            let is_next = matches!(self.phase.get(), Phase::Idle | Phase::Fresh);
            if before < buffer.filled().len() && is_next {
                self.phase.set(Phase::Head);
                self.reading.stop();
            }
            return Poll::Ready(read);
        }
        Poll::Ready(Err(ready!(self.poll_patience(context))))
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// What a write came to, which must not take too long.
    fn watch<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            // A reader that found it running has to look again.
            if self.writing.is_running() {
                context.waker().wake_by_ref();
            }
            self.writing.stop();
            return written;
        }
        Poll::Ready(Err(ready!(self.writing.poll(context, (), self.patience.answer))))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watch(context, shut)
    }
}

/// A timer that runs while something is waited for.
struct Watch<W> {
    timer: Pin<Box<Sleep>>,
    waits_for: Option<W>,
}

impl<W: Copy + PartialEq> Watch<W> {
    fn new() -> Self {
        Self { timer: Box::pin(sleep(Duration::ZERO)), waits_for: None }
    }

    /// What was waited for has come.
    fn stop(&mut self) {
        self.waits_for = None;
    }

    /// Whether something is waited for.
    fn is_running(&self) -> bool {
        self.waits_for.is_some()
    }

    /// Ready with the failure once this has been waited for so long.
    fn poll(&mut self, context: &mut Context<'_>, what: W, patience: Duration) -> Poll<io::Error> {
        if self.waits_for != Some(what) {
            self.waits_for = Some(what);
            self.timer.as_mut().reset(Instant::now() + patience);
        }
        self.timer.as_mut().poll(context).map(|()| io::ErrorKind::TimedOut.into())
    }
}
