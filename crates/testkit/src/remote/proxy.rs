//! The proxy: adds a delay to each answer, counts, and spoils what it is told to.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::runtime::Runtime;

use super::http::Head;
use super::log::{Exchange, Log};
use super::nginx::Nginx;

/// Kept small, so that bytes which a client does not read are not counted as its own by the megabyte.
const SEND_BUFFER_BYTES: u32 = 32 << 10;

/// What goes wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed after so many bytes of content.
    DropAfter(u64),
    /// The server falls silent after so many bytes of content.
    StallAfter(u64),
    /// It is answered without content.
    Status(u16),
    /// It is answered with this status, and the content all the same.
    WrongStatus(u16),
    /// A header of the answer is another one, or missing.
    Header(&'static str, Option<String>),
    /// The request's `Range` is not seen.
    IgnoreRange,
    /// The request is sent elsewhere.
    Redirect(String),
}

type FaultRule = Box<dyn Fn(u64) -> Option<Fault> + Send + Sync>;
type Hook = Box<dyn Fn(u64) + Send + Sync>;

/// A running proxy before an [`Nginx`]; ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    // Ends all connections when dropped.
    runtime: Option<Runtime>,
}

struct Shared {
    upstream: PathBuf,
    latency: Duration,
    log: Mutex<Log>,
    fault: Mutex<Option<FaultRule>>,
    hook: Mutex<Option<Hook>>,
}

impl Proxy {
    /// Listens on a port of its own and delays each answer.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn start(nginx: &Nginx, latency: Duration) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime for the proxy");
        let shared = Arc::new(Shared {
            upstream: nginx.socket(),
            latency,
            log: Mutex::default(),
            fault: Mutex::default(),
            hook: Mutex::default(),
        });
        let (sender, receiver) = std::sync::mpsc::channel();
        let listening = Arc::clone(&shared);
        // Not `block_on`, which is not allowed where a test has a runtime of its own.
        runtime.spawn(async move { sender.send(listen(listening).await) });
        let address = receiver.recv().expect("an answer").expect("a port for the proxy");
        Self { address, shared, runtime: Some(runtime) }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Decides by a request's number, from 0, what goes wrong with its answer.
    pub fn set_fault(&self, rule: impl Fn(u64) -> Option<Fault> + Send + Sync + 'static) {
        *lock(&self.shared.fault) = Some(Box::new(rule));
    }

    /// Is called with each request's number, from 0, before the server sees it.
    pub fn before_request(&self, hook: impl Fn(u64) + Send + Sync + 'static) {
        *lock(&self.shared.hook) = Some(Box::new(hook));
    }

    /// What has passed so far.
    pub fn log(&self) -> Log {
        lock(&self.shared.log).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

async fn listen(shared: Arc<Shared>) -> io::Result<SocketAddr> {
    let socket = TcpSocket::new_v4()?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(128)?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            // A client that goes away ends its connection, which is no fault.
            tokio::spawn(Connection { client, shared: Arc::clone(&shared) }.serve());
        }
    });
    Ok(address)
}

struct Connection {
    client: TcpStream,
    shared: Arc<Shared>,
}

impl Connection {
    async fn serve(mut self) -> io::Result<()> {
        while let Some(request) = Head::read(&mut self.client).await? {
            let number = self.shared.note(&request);
            if let Some(hook) = lock(&self.shared.hook).as_ref() {
                hook(number);
            }
            let fault = lock(&self.shared.fault).as_ref().and_then(|rule| rule(number));
            tokio::time::sleep(self.shared.latency).await;
            let is_whole = match fault {
                Some(Fault::Status(status)) => self.answer(number, status, "").await,
                Some(Fault::Redirect(to)) => self.answer(number, 302, &format!("Location: {to}\r\n")).await,
                fault => self.relay(number, request, fault).await,
            };
            if !is_whole? {
                break;
            }
        }
        Ok(())
    }

    async fn answer(&mut self, number: u64, status: u16, header: &str) -> io::Result<bool> {
        self.shared.update(number, |exchange| exchange.answer(status));
        let head = format!("HTTP/1.1 {status} Spoilt\r\n{header}Content-Length: 0\r\n\r\n");
        self.client.write_all(head.as_bytes()).await.map(|()| true)
    }

    /// Passes a request on, and its answer back; false when the connection is of no use any more.
    async fn relay(&mut self, number: u64, mut request: Head, fault: Option<Fault>) -> io::Result<bool> {
        request.set("Connection", Some("close"));
        if fault == Some(Fault::IgnoreRange) {
            request.set("Range", None);
        }
        let mut server = UnixStream::connect(&self.shared.upstream).await?;
        server.write_all(&request.to_bytes()).await?;
        let mut head = Head::read(&mut server).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        head.set("Connection", None);
        if let Some(Fault::Header(name, value)) = &fault {
            head.set(name, value.as_deref());
        }
        if let Some(Fault::WrongStatus(status)) = fault {
            head.set_status(status);
        }
        let status = head.second_word().parse().unwrap_or(0);
        self.shared.update(number, |exchange| exchange.answer(status));
        self.client.write_all(&head.to_bytes()).await?;
        let most = match fault {
            Some(Fault::DropAfter(bytes) | Fault::StallAfter(bytes)) => bytes,
            _ => u64::MAX,
        };
        let is_whole = self.pass_on(number, &mut server, most).await?;
        if !is_whole && matches!(fault, Some(Fault::StallAfter(_))) {
            std::future::pending::<()>().await;
        }
        Ok(is_whole)
    }

    async fn pass_on(&mut self, number: u64, server: &mut UnixStream, most: u64) -> io::Result<bool> {
        let mut left = most;
        let mut buffer = [0; 8 << 10];
        loop {
            let count = server.read(&mut buffer).await?;
            if count == 0 {
                return Ok(true);
            }
            let passed = count.min(usize::try_from(left).unwrap_or(usize::MAX));
            self.hand_on(number, &buffer[..passed]).await?;
            left -= passed as u64;
            if left == 0 {
                return Ok(false);
            }
        }
    }

    /// Hands bytes to the client and counts them in one step, so that whoever has them finds them in the log.
    async fn hand_on(&self, number: u64, bytes: &[u8]) -> io::Result<()> {
        let mut left = bytes;
        while !left.is_empty() {
            self.client.writable().await?;
            let mut handed = Ok(0);
            self.shared.update(number, |exchange| {
                handed = self.client.try_write(left);
                exchange.bytes += handed.as_ref().map_or(0, |&count| count as u64);
            });
            match handed {
                Ok(count) => left = &left[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Shared {
    fn note(&self, request: &Head) -> u64 {
        let header = |name| request.get(name).map(str::to_owned);
        let exchange = Exchange {
            target: request.second_word().to_owned(),
            range: header("Range"),
            if_range: header("If-Range"),
            status: 0,
            bytes: 0,
            arrived_at: Instant::now(),
            answered_at: None,
        };
        let mut log = lock(&self.log);
        log.0.push(exchange);
        log.requests() - 1
    }

    fn update(&self, number: u64, change: impl FnMut(&mut Exchange)) {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        lock(&self.log).0.get_mut(place).into_iter().for_each(change);
    }
}

impl Exchange {
    fn answer(&mut self, status: u16) {
        self.status = status;
        self.answered_at = Some(Instant::now());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
