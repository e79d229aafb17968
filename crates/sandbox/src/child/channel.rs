//! The child's end of the socket.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stillframe_domain::SourceError;

use crate::message::{Order, Report};
use crate::wire::{Received, receive, send};

/// Most bytes asked for at a time.
pub(super) const READ_BYTES_MAX: usize = 1 << 20;

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

    /// Asks the parent for bytes of the video: up to `count` of them, none at its end.
    pub(super) fn ask(&self, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let socket = self.lock();
        let most = count.min(READ_BYTES_MAX);
        let length = u32::try_from(most).map_err(io::Error::other)?;
        send(&socket, &Report::Read { offset, length }, &[], None)?;
        let received: Received<Order> = receive(&socket, &mut || None)?;
        match received.message {
            Order::Bytes if received.bulk.len() <= most => Ok(received.bulk),
            Order::Unreadable(failure) => Err(SourceError(failure).into()),
            _ => Err(io::Error::other("no answer to a question for bytes")),
        }
    }

    fn lock(&self) -> MutexGuard<'_, UnixStream> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
