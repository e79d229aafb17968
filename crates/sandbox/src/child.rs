//! The child's side: waits for an order, works, answers, until the parent closes the socket.

use std::fs::File;
use std::io;
use std::ops::{ControlFlow, Range};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use stillframe_domain::{ByteSource, ErrorCode, Failure, SourceError};
use stillframe_engine::Shelf;

use crate::confine::confine;
use crate::message::{FORESEEN_RANGES_MAX, Order, Report, SourceFacts, take_file};
use crate::wire::{Received, receive, send};

/// Most bytes asked for at a time.
const READ_BYTES_MAX: usize = 1 << 20;
/// How often a child that reads a file by itself says that it does.
const WORKING_EVERY: Duration = Duration::from_secs(1);

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
    let channel = Arc::new(Channel { socket: Mutex::new(socket) });
    channel.tell(&Report::Ready(confinement), &[])?;
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
                    match channel.tell(&Report::Produced(produced), &file) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_gone) => ControlFlow::Break(()),
                    }
                };
                let done = shelf.take(version.as_deref(), &request, source, &mut sink);
                done.map_err(|error| error.failure())
            }
            Order::Bytes | Order::Unreadable(_) => {
                let message = "bytes that were not asked for";
                Err(Failure::new(ErrorCode::Internal, message))
            }
        };
        channel.tell(&Report::Done(done), &[])?;
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

/// The socket, held by one thread for a question with its answer.
struct Channel {
    socket: Mutex<UnixStream>,
}

impl Channel {
    fn tell(&self, report: &Report, bulk: &[u8]) -> io::Result<()> {
        send(&self.lock(), report, bulk, None)
    }

    fn next(&self) -> io::Result<Received<Order>> {
        receive(&self.lock(), &mut || None)
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let socket = self.lock();
        let most = buf.len().min(READ_BYTES_MAX);
        let length = u32::try_from(most).map_err(io::Error::other)?;
        send(&socket, &Report::Read { offset, length }, &[], None)?;
        let received: Received<Order> = receive(&socket, &mut || None)?;
        match received.message {
            Order::Bytes if received.bulk.len() <= most => {
                buf[..received.bulk.len()].copy_from_slice(&received.bulk);
                Ok(received.bulk.len())
            }
            Order::Unreadable(failure) => Err(SourceError(failure).into()),
            _ => Err(io::Error::other("no answer to a question for bytes")),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, UnixStream> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(
    channel: &Arc<Channel>,
    facts: SourceFacts,
    file: Option<OwnedFd>,
) -> io::Result<Arc<dyn ByteSource>> {
    match (facts.is_file, file) {
        (true, Some(file)) => {
            let told_at = Mutex::new(Instant::now());
            Ok(Arc::new(FileSource { file: File::from(file), facts, channel: Arc::clone(channel), told_at }))
        }
        (false, None) => Ok(Arc::new(AskedSource { channel: Arc::clone(channel), facts })),
        _ => Err(io::Error::other("an order whose video does not come as it says")),
    }
}

/// A video that the parent opened.
struct FileSource {
    file: File,
    facts: SourceFacts,
    channel: Arc<Channel>,
    /// When the parent last heard that the file is read.
    told_at: Mutex<Instant>,
}

impl FileSource {
    /// A decoder that is stuck reads nothing, and so says nothing.
    fn tell_working(&self) {
        let mut told_at = self.told_at.lock().unwrap_or_else(PoisonError::into_inner);
        if WORKING_EVERY <= told_at.elapsed() {
            *told_at = Instant::now();
            // A parent that is gone ends this process by itself.
            let _ = self.channel.tell(&Report::Working, &[]);
        }
    }
}

impl ByteSource for FileSource {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.tell_working();
        self.file.read_at(buf, offset)
    }

    fn len(&self) -> u64 {
        self.facts.size_bytes
    }

    fn file(&self) -> Option<BorrowedFd<'_>> {
        Some(self.file.as_fd())
    }

    fn validator(&self) -> String {
        self.facts.validator.clone()
    }
}

/// A video that the parent reads.
struct AskedSource {
    channel: Arc<Channel>,
    facts: SourceFacts,
}

impl ByteSource for AskedSource {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.channel.read(offset, buf)
    }

    fn len(&self) -> u64 {
        self.facts.size_bytes
    }

    fn validator(&self) -> String {
        self.facts.validator.clone()
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        for some in ranges.chunks(FORESEEN_RANGES_MAX) {
            // A parent that is gone is noticed by the next read.
            let _ = self.channel.tell(&Report::Foreseen(some.to_vec()), &[]);
        }
    }
}
