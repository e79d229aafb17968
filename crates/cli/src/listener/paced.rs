//! Bodies of requests that must come in time, and of answers that tell when they have gone out.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use stillframe_api::SlowBody;
use tokio::time::{Instant, Sleep, sleep};

use super::limits::Patience;
use super::phase::{Phase, SharedPhase};

/// A request's body that fails when it comes too slowly.
///
/// It is watched while somebody reads it: time that the server takes counts for its client.
pub struct Paced {
    body: Body,
    patience: Patience,
    /// Set by the first read.
    begun: Option<Begun>,
}

struct Begun {
    timer: Pin<Box<Sleep>>,
    at: Instant,
    bytes: u64,
    is_waiting: bool,
}

impl Paced {
    /// A body that must keep to these times.
    pub fn new(body: Body, patience: Patience) -> Self {
        Self { body, patience, begun: None }
    }

    /// When the next bytes must have come: within the patience for a pause, and by the time that so many
    /// bytes may have taken.
    fn deadline(&self, begun: &Begun) -> Instant {
        let pause = Instant::now() + self.patience.body;
        let allowed_ms = match self.patience.body_bytes_per_second_min {
            0 => return pause,
            least => begun.bytes.saturating_mul(1_000) / least,
        };
        pause.min(begun.at + self.patience.body + Duration::from_millis(allowed_ms))
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut begun = self.begun.take().unwrap_or_else(|| Begun {
            timer: Box::pin(sleep(Duration::ZERO)),
            at: Instant::now(),
            bytes: 0,
            is_waiting: false,
        });
        let polled = match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
                begun.bytes += data.map_or(0, |data| data.len() as u64);
                begun.is_waiting = false;
                Poll::Ready(frame)
            }
            Poll::Pending => {
                if !begun.is_waiting {
                    begun.is_waiting = true;
                    let deadline = self.deadline(&begun);
                    begun.timer.as_mut().reset(deadline);
                }
                begun.timer.as_mut().poll(context).map(|()| Some(Err(axum::Error::new(SlowBody))))
            }
        };
        self.begun = Some(begun);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body; when it has gone, the connection waits for its next request.
pub struct Answering {
    body: Body,
    phase: SharedPhase,
}

impl Answering {
    /// The body of an answer on that connection.
    pub fn new(body: Body, phase: SharedPhase) -> Self {
        Self { body, phase }
    }
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.phase.set(Phase::Idle);
    }
}
