//! A child as its parent sees it.

mod processor;
mod terms;
mod window;
mod words;

use std::collections::VecDeque;
use std::io;
use std::ops::{ControlFlow, Range};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use stillframe_domain::{ErrorCode, Failure, MediaFacts};
use stillframe_engine::{Limits, Produced, TakeRequest};

use crate::confine::Confinement;
use crate::decoder::Call;
use crate::message::{Order, Question, RANGES_MAX, Report, SourceFacts, put_file};
use crate::pool::PoolConfig;
use crate::tray::{Place, Taking};
use crate::wire::{Received, receive, send};
use terms::Terms;
use window::Window;
use words::Words;

/// Bytes that one side may have sent before the other reads them, so that a picture does not keep a child from
/// planning.
const UNREAD_BYTES: usize = 1 << 20;

/// How often a waiting parent looks whether it still has to wait.
const LOOK: Duration = Duration::from_millis(100);
/// How long a child may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// Versions of videos that a child is looked for by.
const VERSIONS_KNOWN_MAX: usize = 4;

/// A child process.
pub(crate) struct Worker {
    process: Child,
    socket: UnixStream,
    /// Where it sees a video that it is given no file of.
    window: Window,
    /// Where it lays pictures down.
    tray: Taking,
    words: Words,
    /// What keeps it from the rest of the machine.
    pub(crate) confinement: Confinement,
    /// Calls that it has ended.
    pub(crate) call_count: u32,
    /// Versions of videos that it was asked about last.
    known: VecDeque<String>,
}

/// How a call ended.
pub(crate) enum Ended {
    /// As it should; the child can be used again.
    Answered(Result<MediaFacts, Failure>),
    /// The caller lost interest; the child is in the middle of something.
    Stopped,
    /// The child was gone before it had its order: another one can have it.
    Gone,
    /// The child is of no use any more.
    Broken(Failure),
}

impl Worker {
    /// Starts a child.
    pub(crate) fn start(config: &PoolConfig) -> io::Result<Self> {
        let (socket, of_child) = UnixStream::pair()?;
        // Without it each waits a little longer for the other; the kernel may allow less.
        for end in [&socket, &of_child] {
            let _ = rustix::net::sockopt::set_socket_send_buffer_size(end, UNREAD_BYTES);
        }
        let window = Window::open()?;
        let tray = Taking::open()?;
        let (words, stderr) = Words::listen()?;
        let mut process = Command::new(&config.program)
            .arg0("stillframe")
            .args(&config.arguments)
            .arg(config.memory_bytes_max.to_string())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(of_child)))
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()?;
        socket.set_read_timeout(Some(LOOK))?;
        socket.set_write_timeout(Some(config.no_progress))?;
        let begun = Instant::now();
        let mut is_over =
            || (START_TIMEOUT < begun.elapsed()).then(|| io::Error::from(io::ErrorKind::TimedOut));
        let ready =
            receive(&socket, &mut is_over).and_then(|received: Received<Report>| match received.message {
                Report::Ready(confinement) => Ok(confinement),
                _ => Err(io::Error::other("a child that is not ready")),
            });
        let ready = ready.and_then(|confinement| {
            send(&socket, &Order::Begin, &[], Some(tray.as_fd())).map(|()| confinement)
        });
        match ready {
            Ok(confinement) => Ok(Self {
                process,
                socket,
                window,
                tray,
                words,
                confinement,
                call_count: 0,
                known: VecDeque::new(),
            }),
            Err(error) => {
                let _ = process.kill();
                let status = process.wait().ok();
                tracing::warn!(?status, said = words.said(), "a decoder did not start");
                Err(error)
            }
        }
    }

    /// Whether it may still know a version of a video.
    pub(crate) fn knows(&self, version: Option<&String>) -> bool {
        version.is_some_and(|version| self.known.contains(version))
    }

    pub(crate) fn probe(&mut self, call: &Call<'_>, limits: &Limits, config: &PoolConfig) -> Ended {
        let order = |source| Order::Probe { source, limits: limits.clone() };
        let wall_clock = Duration::from_millis(limits.wall_clock_ms_max);
        self.call(call, order, Terms { wall_clock, config, planned: Vec::new() }, &mut |_| {
            ControlFlow::Continue(())
        })
    }

    pub(crate) fn take(
        &mut self,
        call: &Call<'_>,
        request: &TakeRequest,
        config: &PoolConfig,
        sink: &mut dyn FnMut(Produced) -> ControlFlow<()>,
    ) -> Ended {
        let order = |source| Order::Take { source, request: request.clone() };
        let wall_clock = Duration::from_millis(request.limits.wall_clock_ms_max);
        let planned = vec![None; request.outputs.len()];
        if let Some(version) = call.version.as_ref().filter(|version| !self.known.contains(version)) {
            self.known.push_back(version.clone());
            if VERSIONS_KNOWN_MAX < self.known.len() {
                self.known.pop_front();
            }
        }
        self.call(call, order, Terms { wall_clock, config, planned }, sink)
    }

    fn call(
        &mut self,
        call: &Call<'_>,
        order: impl FnOnce(SourceFacts) -> Order,
        mut terms: Terms<'_>,
        sink: &mut dyn FnMut(Produced) -> ControlFlow<()>,
    ) -> Ended {
        let file = call.source.file();
        let source = SourceFacts {
            size_bytes: call.source.len(),
            validator: call.source.validator(),
            version: call.version.clone(),
            is_file: file.is_some(),
        };
        let sent = processor::allow(self.process.id(), terms.config.cpu_s_max)
            .and_then(|()| send(&self.socket, &order(source), &[], file.or(Some(self.window.as_fd()))));
        if let Err(error) = sent {
            tracing::warn!(error = &error as &dyn std::error::Error, "a waiting decoder was gone");
            return Ended::Gone;
        }
        let begun = Instant::now();
        loop {
            let received = match self.hear(call, &terms, begun) {
                Ok(received) => received,
                Err(_) if (call.is_abandoned)() => return Ended::Stopped,
                Err(error) => return self.broken(&error),
            };
            let answered = match received.message {
                Report::Done(done) => {
                    self.call_count += 1;
                    return Ended::Answered(done);
                }
                Report::Working => Ok(()),
                Report::Read(question) => self.answer(call, &question),
                Report::Foreseen(ranges) => foresee(call, &ranges),
                Report::Produced { mut produced, place } => {
                    let file = match self.file_at(place, received.bulk) {
                        Ok(file) => file,
                        Err(error) => return self.broken(&error),
                    };
                    if !put_file(&mut produced, file) || !terms.accept(&produced) {
                        return self.broken(&io::Error::other("a result that was not asked for"));
                    }
                    match sink(produced) {
                        ControlFlow::Continue(()) => Ok(()),
                        ControlFlow::Break(()) => return Ended::Stopped,
                    }
                }
                Report::Ready(_) => Err(io::Error::other("ready a second time")),
            };
            if let Err(error) = answered {
                return self.broken(&error);
            }
        }
    }

    fn hear(&self, call: &Call<'_>, terms: &Terms<'_>, begun: Instant) -> io::Result<Received<Report>> {
        let waiting_since = Instant::now();
        // The engine ends a call by itself at its limit; the parent gives it a little longer.
        let wall_clock = terms.wall_clock + terms.config.no_progress;
        receive(&self.socket, &mut || {
            let is_late = terms.config.no_progress < waiting_since.elapsed() || wall_clock < begun.elapsed();
            let is_over = is_late || (call.is_abandoned)();
            is_over.then(|| io::Error::from(io::ErrorKind::TimedOut))
        })
    }

    /// The file of a result: on the tray, or what came behind the message.
    fn file_at(&mut self, place: Option<Place>, bulk: Vec<u8>) -> io::Result<Vec<u8>> {
        match place {
            Some(place) if bulk.is_empty() => self.tray.take(place),
            Some(_) => Err(io::Error::other("a result with two files")),
            None => Ok(bulk),
        }
    }

    fn answer(&mut self, call: &Call<'_>, question: &Question) -> io::Result<()> {
        let order = match self.window.show(&*call.source, question)? {
            Ok(lengths) => Order::Bytes(lengths),
            Err(failure) => Order::Unreadable(failure),
        };
        send(&self.socket, &order, &[], None)
    }

    /// What to tell of a child that died, hung or broke the protocol.
    fn broken(&mut self, error: &io::Error) -> Ended {
        let _ = self.process.kill();
        let status = self.process.wait().ok();
        let said = self.words.said();
        let error_shown = error as &dyn std::error::Error;
        tracing::warn!(error = error_shown, ?status, said, "a decoder ended before its work");
        let timed_out = |message| Failure::new(ErrorCode::TimedOut, message);
        let failure = match error.kind() {
            io::ErrorKind::TimedOut => timed_out("the decoder made no progress"),
            _ if status.is_some_and(used_up_processor) => timed_out("the decoder used up its processor time"),
            _ => crashed(),
        };
        Ended::Broken(failure)
    }
}

fn used_up_processor(status: ExitStatus) -> bool {
    status.signal() == Some(libc::SIGXCPU)
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn foresee(call: &Call<'_>, ranges: &[Range<u64>]) -> io::Result<()> {
    if RANGES_MAX < ranges.len() {
        return Err(io::Error::other("too many ranges at once"));
    }
    call.source.prefetch(ranges);
    Ok(())
}

/// What to tell of a video that ended its decoder.
pub(crate) fn crashed() -> Failure {
    Failure::new(ErrorCode::DecoderCrashed, "the decoder broke down on this video")
}
