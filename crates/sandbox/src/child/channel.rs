//! The child's end of the socket.

use std::io;
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

use stillframe_domain::SourceError;

use crate::message::{Order, Question, Report};
use crate::wire::{Received, receive, send};

/// The socket, of which one thread at a time sends, and one receives.
pub(super) struct Channel {
    socket: UnixStream,
    sending: Mutex<()>,
    receiving: Mutex<()>,
}

impl Channel {
    pub(super) fn new(socket: UnixStream) -> Self {
        Self { socket, sending: Mutex::new(()), receiving: Mutex::new(()) }
    }

    pub(super) fn tell(&self, report: &Report, bulk: &[u8]) -> io::Result<()> {
        let _alone = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        send(&self.socket, report, bulk, None)
    }

    pub(super) fn next(&self) -> io::Result<Received<Order>> {
        let _alone = self.receiving.lock().unwrap_or_else(PoisonError::into_inner);
        receive(&self.socket, &mut || None)
    }

    /// Asks the parent for bytes of the video; questions are answered one after another.
    pub(super) fn ask(&self, question: &Question) -> io::Result<()> {
        self.tell(&Report::Read(question.clone()), &[])
    }

    /// Waits for the next answer: how many bytes from the beginning of each range are in the window, none at the
    /// video's end, and of the first ranges alone as the parent likes.
    pub(super) fn answer_to(&self, question: &Question) -> io::Result<Vec<u32>> {
        match self.next()?.message {
            Order::Bytes(lengths) if is_answer(&lengths, &question.ranges) => Ok(lengths),
            Order::Bytes(_) => Err(io::Error::other("bytes not asked for")),
            Order::Unreadable(failure) => Err(SourceError(failure).into()),
            _ => Err(io::Error::other("no answer to a question for bytes")),
        }
    }
}

fn is_answer(lengths: &[u32], ranges: &[Range<u64>]) -> bool {
    let fits = |(&length, range): (&u32, &Range<u64>)| u64::from(length) <= range.end - range.start;
    (1..=ranges.len()).contains(&lengths.len()) && lengths.iter().zip(ranges).all(fits)
}
