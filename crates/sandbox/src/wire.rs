//! Messages over a socket: `length of the message, length of the bulk (u32 each, big-endian), message, bulk`.
//! A descriptor may travel with the first byte.

use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest message: a request of many outputs with thousands of offsets.
const MESSAGE_BYTES_MAX: u32 = 16 << 20;
/// Longest bulk: the largest picture that the limits let come about, uncompressed.
const BULK_BYTES_MAX: u32 = 512 << 20;
const HEAD_BYTES: usize = 8;

/// A message that came in.
pub(crate) struct Received<T> {
    pub(crate) message: T,
    pub(crate) bulk: Vec<u8>,
    pub(crate) file: Option<OwnedFd>,
}

/// Sends a message, in one call if the socket takes it: each call would wake the other side.
pub(crate) fn send<T: Serialize>(
    socket: &UnixStream,
    message: &T,
    bulk: &[u8],
    file: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    let text = serde_json::to_vec(message).map_err(io::Error::other)?;
    let length = |bytes: &[u8], most: u32| {
        u32::try_from(bytes.len()).ok().filter(|&length| length <= most).ok_or_else(|| too_long(most))
    };
    let mut head = [0; HEAD_BYTES];
    head[..4].copy_from_slice(&length(&text, MESSAGE_BYTES_MAX)?.to_be_bytes());
    head[4..].copy_from_slice(&length(bulk, BULK_BYTES_MAX)?.to_be_bytes());
    send_all(socket, &mut [IoSlice::new(&head), IoSlice::new(&text), IoSlice::new(bulk)], file)
}

/// Waits for a message. `is_over` is asked whenever nothing came for as long as the socket's read timeout;
/// it ends the wait with an error.
pub(crate) fn receive<T: DeserializeOwned>(
    socket: &UnixStream,
    is_over: &mut dyn FnMut() -> Option<io::Error>,
) -> io::Result<Received<T>> {
    let mut head = [0; HEAD_BYTES];
    let (got, file) = receive_first(socket, &mut head, is_over)?;
    fill(socket, &mut head[got..], is_over)?;
    let length = |part: [u8; 4], most: u32| {
        let length = u32::from_be_bytes(part);
        if length <= most { Ok(length as usize) } else { Err(too_long(most)) }
    };
    let [a, b, c, d, e, f, g, h] = head;
    let mut text = vec![0; length([a, b, c, d], MESSAGE_BYTES_MAX)?];
    let bulk_length = length([e, f, g, h], BULK_BYTES_MAX)?;
    fill(socket, &mut text, is_over)?;
    let message = serde_json::from_slice(&text).map_err(io::Error::other)?;
    let mut bulk = Vec::new();
    fill_growing(socket, &mut bulk, bulk_length, is_over)?;
    Ok(Received { message, bulk, file })
}

/// Sends all parts, the descriptor with the first bytes.
fn send_all(
    mut socket: &UnixStream,
    mut parts: &mut [IoSlice<'_>],
    mut file: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    while parts.iter().any(|part| !part.is_empty()) {
        let sent = match file {
            Some(file) => send_with(socket, parts, file),
            None => socket.write_vectored(parts),
        };
        match sent {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(sent) => {
                file = None;
                IoSlice::advance_slices(&mut parts, sent);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn send_with(socket: &UnixStream, parts: &[IoSlice<'_>], file: BorrowedFd<'_>) -> io::Result<usize> {
    let files = [file];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    Ok(rustix::net::sendmsg(socket, parts, &mut control, SendFlags::NOSIGNAL)?)
}

/// Receives the first bytes of a message, with the descriptor that may come along.
fn receive_first(
    socket: &UnixStream,
    head: &mut [u8],
    is_over: &mut dyn FnMut() -> Option<io::Error>,
) -> io::Result<(usize, Option<OwnedFd>)> {
    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(head)];
        let flags = RecvFlags::CMSG_CLOEXEC;
        match rustix::net::recvmsg(socket.as_fd(), &mut parts, &mut control, flags) {
            Ok(received) if received.bytes == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(received) => {
                let files = control.drain().filter_map(|message| match message {
                    RecvAncillaryMessage::ScmRights(files) => Some(files),
                    _ => None,
                });
                return Ok((received.bytes, files.flatten().next()));
            }
            Err(error) => go_on(error.into(), is_over)?,
        }
    }
}

fn fill(
    mut socket: &UnixStream,
    mut part: &mut [u8],
    is_over: &mut dyn FnMut() -> Option<io::Error>,
) -> io::Result<()> {
    while !part.is_empty() {
        match socket.read(part) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => part = &mut part[count..],
            Err(error) => go_on(error, is_over)?,
        }
    }
    Ok(())
}

/// Memory grows with what has come, not with what was announced.
fn fill_growing(
    socket: &UnixStream,
    bulk: &mut Vec<u8>,
    length: usize,
    is_over: &mut dyn FnMut() -> Option<io::Error>,
) -> io::Result<()> {
    const STEP: usize = 1 << 20;
    while bulk.len() < length {
        let from = bulk.len();
        bulk.resize(length.min(from + STEP), 0);
        fill(socket, &mut bulk[from..], is_over)?;
    }
    Ok(())
}

/// Whether a failed read is to be tried again.
fn go_on(error: io::Error, is_over: &mut dyn FnMut() -> Option<io::Error>) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => is_over().map_or(Ok(()), Err),
        _ => Err(error),
    }
}

fn too_long(most: u32) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("more than {most} bytes in one message"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Seek as _;

    fn never() -> Option<io::Error> {
        None
    }

    #[test]
    fn messages_arrive_with_their_bulk_and_descriptor() {
        let (one, other) = UnixStream::pair().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"film").unwrap();
        file.rewind().unwrap();
        let bulk = vec![7; 3 << 20];
        let sent = std::thread::spawn(move || {
            send(&one, &"first", &bulk, Some(file.as_fd())).unwrap();
            send(&one, &"second", &[], None).unwrap();
        });
        let first: Received<String> = receive(&other, &mut never).unwrap();
        assert_eq!((first.message.as_str(), first.bulk.len()), ("first", 3 << 20));
        let mut text = String::new();
        File::from(first.file.expect("a descriptor")).read_to_string(&mut text).unwrap();
        assert_eq!(text, "film");
        let second: Received<String> = receive(&other, &mut never).unwrap();
        assert_eq!((second.message.as_str(), second.file.is_some()), ("second", false));
        sent.join().unwrap();
        let closed = receive::<String>(&other, &mut never).err().map(|error| error.kind());
        assert_eq!(closed, Some(io::ErrorKind::UnexpectedEof));
    }

    #[test]
    fn announced_lengths_are_bounded_and_waits_can_be_ended() {
        let (mut one, other) = UnixStream::pair().unwrap();
        one.write_all(&[0xff; HEAD_BYTES]).unwrap();
        let refused = receive::<String>(&other, &mut never).err().map(|error| error.kind());
        assert_eq!(refused, Some(io::ErrorKind::InvalidData));
        other.set_read_timeout(Some(std::time::Duration::from_millis(5))).unwrap();
        let mut asked = 0;
        let ended = receive::<String>(&other, &mut || {
            asked += 1;
            (asked == 3).then(|| io::Error::other("enough"))
        });
        assert_eq!((ended.err().map(|error| error.to_string()).as_deref(), asked), (Some("enough"), 3));
    }
}
