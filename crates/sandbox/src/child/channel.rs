//! The child's end of the socket.

use std::io;
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stillframe_domain::SourceError;

use crate::message::{Order, Report};
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

    /// Asks the parent for ranges of the video, not more than a mebibyte together: gives bytes from the
    /// beginning of each, none at the video's end, and of the first ranges alone as the parent likes.
    pub(super) fn ask(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Vec<u8>>> {
        let socket = self.lock();
        send(&socket, &Report::Read(ranges.to_vec()), &[], None)?;
        let received: Received<Order> = receive(&socket, &mut || None)?;
        match received.message {
            Order::Bytes(lengths) => {
                split(received.bulk, &lengths, ranges).ok_or_else(|| io::Error::other("bytes not asked for"))
            }
            Order::Unreadable(failure) => Err(SourceError(failure).into()),
            _ => Err(io::Error::other("no answer to a question for bytes")),
        }
    }

    fn lock(&self) -> MutexGuard<'_, UnixStream> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of each range; `None` when they are not of these ranges.
fn split(mut bulk: Vec<u8>, lengths: &[u32], ranges: &[Range<u64>]) -> Option<Vec<Vec<u8>>> {
    let fits = |(&length, range): (&u32, &Range<u64>)| u64::from(length) <= range.end - range.start;
    let total: u64 = lengths.iter().copied().map(u64::from).sum();
    let is_of_these = (1..=ranges.len()).contains(&lengths.len()) && lengths.iter().zip(ranges).all(fits);
    if !is_of_these || total != bulk.len() as u64 {
        return None;
    }
    let mut parts: Vec<_> =
        lengths[1..].iter().rev().map(|&length| bulk.split_off(bulk.len() - length as usize)).collect();
    parts.push(bulk);
    parts.reverse();
    Some(parts)
}
