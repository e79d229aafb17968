//! The child's end of the socket.

use std::io;
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stillframe_domain::SourceError;

use crate::message::{Order, Question, Report};
use crate::wire::{Received, receive, send};

/// The socket, held by one thread for a question with its answer.
pub(super) struct Channel {
    socket: Mutex<UnixStream>,
}

impl Channel {
    pub(super) fn new(socket: UnixStream) -> Self {
        Self { socket: Mutex::new(socket) }
    }

    pub(super) fn tell(&self, report: &Report, bulk: &[u8]) -> io::Result<()> {
        send(&self.lock(), report, bulk, None)
    }

    pub(super) fn next(&self) -> io::Result<Received<Order>> {
        receive(&self.lock(), &mut || None)
    }

    /// Asks the parent for ranges of the video, not more than a mebibyte together: gives how many bytes of each
    /// are in the window then, none at the video's end, and of the first ranges alone as the parent likes.
    pub(super) fn ask(&self, question: &Question) -> io::Result<Vec<u32>> {
        let socket = self.lock();
        send(&socket, &Report::Read(question.clone()), &[], None)?;
        let received: Received<Order> = receive(&socket, &mut || None)?;
        match received.message {
            Order::Bytes(lengths) if is_answer(&lengths, &question.ranges) => Ok(lengths),
            Order::Bytes(_) => Err(io::Error::other("bytes not asked for")),
            Order::Unreadable(failure) => Err(SourceError(failure).into()),
            _ => Err(io::Error::other("no answer to a question for bytes")),
        }
    }

    fn lock(&self) -> MutexGuard<'_, UnixStream> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_answer(lengths: &[u32], ranges: &[Range<u64>]) -> bool {
    let fits = |(&length, range): (&u32, &Range<u64>)| u64::from(length) <= range.end - range.start;
    (1..=ranges.len()).contains(&lengths.len()) && lengths.iter().zip(ranges).all(fits)
}
