//! The child's side: waits for an order, works, answers, until the parent closes the socket.

mod asked;
mod channel;
mod source;

use std::io;
use std::ops::ControlFlow;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use stillframe_engine::Shelf;

use crate::confine::confine;
use crate::message::{Order, Report, take_file};
use crate::tray::Laying;
use crate::wire::Received;
use channel::Channel;
use source::open;

/// Confines this process and serves the parent, whose socket is the standard input, until it closes it.
///
/// # Errors
/// When the standard input is no socket, or the parent breaks the protocol.
pub fn serve(memory_bytes_max: u64) -> io::Result<()> {
    match serve_until_closed(memory_bytes_max) {
        // The parent is gone, or does not wait for the answer: that ends a child as it should.
        Err(error) if is_closed(&error) => Ok(()),
        ended => ended,
    }
}

fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | BrokenPipe | ConnectionReset)
}

fn serve_until_closed(memory_bytes_max: u64) -> io::Result<()> {
    stillframe_engine::keep_memory_between_calls();
    let (confinement, socket) = confine(memory_bytes_max, || {
        let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        socket.try_clone().map(|watched| (socket, watched))
    });
    let (socket, watched) = socket?;
    end_with_parent(watched)?;
    let channel = Arc::new(Channel::new(socket));
    channel.tell(&Report::Ready(confinement), &[])?;
    let mut tray = receive_tray(&channel)?;
    let mut shelf = Shelf::default();
    loop {
        let received = channel.next()?;
        let done = match received.message {
            Order::Probe { source, limits } => {
                let source = open(&channel, source, received.file)?;
                stillframe_engine::probe(source, &limits).map_err(|error| error.failure())
            }
            Order::Take { source, request } => {
                let version = source.version.clone();
                let source = open(&channel, source, received.file)?;
                let mut sink = |mut produced| {
                    let file = take_file(&mut produced);
                    let place = tray.lay(&file).unwrap_or_default();
                    let bulk = if place.is_some() { &[] } else { &*file };
                    match channel.tell(&Report::Produced { produced, place }, bulk) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_gone) => ControlFlow::Break(()),
                    }
                };
                let done = shelf.take(version.as_deref(), &request, source, &mut sink);
                done.map_err(|error| error.failure())
            }
            // What was read ahead for the call before, and not needed.
            Order::Bytes(_) | Order::Unreadable(_) => continue,
            Order::Begin => return Err(io::Error::other("begun a second time")),
        };
        channel.tell(&Report::Done(done), &[])?;
    }
}

fn receive_tray(channel: &Channel) -> io::Result<Laying> {
    match channel.next()? {
        Received { message: Order::Begin, file: Some(memory), .. } => Ok(Laying::new(memory)),
        _ => Err(io::Error::other("begun without a tray")),
    }
}

/// Ends this process as soon as the parent is gone: in the middle of a call nobody else would notice. (The
/// kernel's signal at a parent's death comes already when the thread ends that started the child.)
#[expect(clippy::disallowed_methods, reason = "it holds nothing that would have to be written")]
fn end_with_parent(socket: UnixStream) -> io::Result<()> {
    let watch = move || {
        loop {
            let mut watched = [PollFd::new(&socket, PollFlags::empty())];
            let is_gone = poll(&mut watched, None).is_ok_and(|count| 0 < count);
            if is_gone {
                std::process::exit(0);
            }
        }
    };
    std::thread::Builder::new().name("parent".to_owned()).spawn(watch).map(drop)
}
