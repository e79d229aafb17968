//! An HTTP receiver that records what it gets and answers as it is told.

mod closable;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Router, body};
use futures::StreamExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::closable::{ClosableListener, Closer, Cut};

/// Largest body that is recorded, in bytes.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One request that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Such as `POST`.
    pub method: String,
    /// Path, with the query if there is one.
    pub path: String,
    /// Headers in the order of the wire; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// When the body was complete.
    pub at: Instant,
}

impl Received {
    /// The first header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; broken UTF-8 is shown as such.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `None` when it is none.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// How the receiver answers a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With this.
    Answer {
        /// HTTP status.
        status: u16,
        /// Headers.
        headers: Vec<(String, String)>,
        /// The body's bytes.
        body: Vec<u8>,
    },
    /// With this, after a time.
    After(Duration, Box<Reply>),
    /// With status 200 and a body that never ends.
    Endless,
    /// Never, with the connection open.
    Hang,
    /// With status 200 and this many bytes, one at a time with a pause after each.
    Drip(usize, Duration),
    /// Not at all: the connection is closed.
    Close,
    /// Not at all: the connection is reset.
    Reset,
}

impl Reply {
    /// An answer with a status and no body.
    pub const fn status(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A redirect.
    pub fn redirect(location: &str) -> Self {
        let headers = vec![("location".to_owned(), location.to_owned())];
        Self::Answer { status: 307, headers, body: Vec::new() }
    }
}

/// What was waited for did not come; holds what came.
#[derive(Debug, thiserror::Error)]
#[error("after {waited_ms} ms only {} requests had come", .received.len())]
pub struct NotReceived {
    /// How long was waited.
    pub waited_ms: u128,
    /// What came until then.
    pub received: Vec<Received>,
}

/// Listens on a free port of 127.0.0.1 until it is dropped; answers 200 unless told otherwise.
pub struct WebhookReceiver {
    address: SocketAddr,
    log: Arc<Log>,
    server: JoinHandle<()>,
}

struct Log {
    received: watch::Sender<Vec<Received>>,
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
}

impl WebhookReceiver {
    /// Starts to listen.
    ///
    /// # Panics
    /// When 127.0.0.1 has no free port.
    pub async fn start() -> Self {
        let listener =
            TcpListener::bind("127.0.0.1:0").await.expect("the loopback interface has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let log = Arc::new(Log { received: watch::Sender::new(Vec::new()), replies: Mutex::default() });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&log));
        let service = router.into_make_service_with_connect_info::<Closer>();
        let server = tokio::spawn(async move {
            // Ends only when the receiver is dropped.
            let _ = axum::serve(ClosableListener(listener), service).await;
        });
        Self { address, log, server }
    }

    /// URL of a path that begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers all requests for a path (without its query) like this from now on.
    pub fn answer(&self, path: &str, reply: Reply) {
        self.answer_in_turn(path, [reply]);
    }

    /// Answers requests for a path with these in turn; the last one stays.
    pub fn answer_in_turn(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.log.replies().insert(path.to_owned(), replies.into_iter().collect());
    }

    /// All requests so far, in the order in which their bodies were complete.
    pub fn received(&self) -> Vec<Received> {
        self.log.received.borrow().clone()
    }

    /// Waits until `count` requests have come, and gives all that have.
    ///
    /// # Errors
    /// [`NotReceived`] when fewer came within the time.
    pub async fn wait_for(&self, count: usize, timeout: Duration) -> Result<Vec<Received>, NotReceived> {
        self.wait_until(timeout, |received| count <= received.len()).await
    }

    /// Waits until what has come is enough, and gives it.
    ///
    /// # Errors
    /// [`NotReceived`] when it was not enough within the time.
    pub async fn wait_until(
        &self,
        timeout: Duration,
        mut is_enough: impl FnMut(&[Received]) -> bool,
    ) -> Result<Vec<Received>, NotReceived> {
        let mut changes = self.log.received.subscribe();
        let enough = changes.wait_for(|received| is_enough(received));
        match tokio::time::timeout(timeout, enough).await {
            Ok(Ok(received)) => Ok(received.clone()),
            // The sender lives as long as the receiver, so only the time can end the wait.
            Ok(Err(_)) | Err(_) => {
                Err(NotReceived { waited_ms: timeout.as_millis(), received: self.received() })
            }
        }
    }
}

impl Drop for WebhookReceiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Log {
    fn replies(&self) -> MutexGuard<'_, HashMap<String, VecDeque<Reply>>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_reply(&self, path: &str) -> Reply {
        let mut replies = self.replies();
        let turn = replies.get_mut(path);
        let next =
            turn.and_then(|turn| if turn.len() < 2 { turn.front().cloned() } else { turn.pop_front() });
        next.unwrap_or(Reply::status(200))
    }
}

async fn receive(
    State(log): State<Arc<Log>>,
    ConnectInfo(closer): ConnectInfo<Closer>,
    request: Request,
) -> Response {
    let (head, content) = request.into_parts();
    let Ok(content) = body::to_bytes(content, BODY_BYTES_MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let received = Received {
        method: head.method.to_string(),
        path,
        headers: texts(&head.headers),
        body: content.to_vec(),
        at: Instant::now(),
    };
    log.received.send_modify(|all| all.push(received));
    let mut reply = log.next_reply(head.uri.path());
    while let Reply::After(wait, then) = reply {
        tokio::time::sleep(wait).await;
        reply = *then;
    }
    respond(reply, &closer).await
}

async fn respond(reply: Reply, closer: &Closer) -> Response {
    match reply {
        Reply::Answer { status, headers, body } => {
            let response =
                headers.into_iter().fold(Response::builder().status(status), |response, (name, value)| {
                    response.header(name, value)
                });
            response.body(Body::from(body)).unwrap_or_else(|_| StatusCode::NOT_IMPLEMENTED.into_response())
        }
        Reply::Endless => {
            let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
            let chunks = futures::stream::repeat_with(move || Ok::<_, io::Error>(chunk.clone()));
            Response::new(Body::from_stream(chunks))
        }
        Reply::Drip(count, pause) => {
            let drops = futures::stream::iter(0..count).then(move |_| async move {
                tokio::time::sleep(pause).await;
                Ok::<_, io::Error>(Bytes::from_static(b"."))
            });
            Response::new(Body::from_stream(drops))
        }
        Reply::Close => {
            closer.cut(Cut::Close);
            StatusCode::OK.into_response()
        }
        Reply::Reset => {
            closer.cut(Cut::Reset);
            StatusCode::OK.into_response()
        }
        Reply::After(..) | Reply::Hang => std::future::pending().await,
    }
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(10);

    /// Sends a request on a connection of its own and reads until the receiver closes it.
    async fn exchange(receiver: &WebhookReceiver, path: &str) -> String {
        let mut stream = TcpStream::connect(receiver.address).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nX-Mark: 7\r\nconnection: close\r\ncontent-length: 7\r\n\r\n{{\"a\":1}}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn what_came_is_recorded_whole_and_in_order() {
        let receiver = WebhookReceiver::start().await;
        assert!(exchange(&receiver, "/one?x=1").await.starts_with("HTTP/1.1 200"));
        exchange(&receiver, "/two").await;
        let received = receiver.wait_for(2, LONG).await.unwrap();
        assert_eq!(received.iter().map(|r| r.path.as_str()).collect::<Vec<_>>(), ["/one?x=1", "/two"]);
        assert_eq!((received[0].method.as_str(), received[0].header("x-mark")), ("POST", Some("7")));
        assert_eq!(received[0].json(), Some(serde_json::json!({"a": 1})));
    }

    #[tokio::test]
    async fn replies_come_in_turn_and_the_last_one_stays() {
        let receiver = WebhookReceiver::start().await;
        receiver.answer_in_turn("/", [Reply::status(500), Reply::redirect("/x"), Reply::status(204)]);
        for status in ["500", "307", "204", "204"] {
            assert!(exchange(&receiver, "/?q").await.starts_with(&format!("HTTP/1.1 {status}")), "{status}");
        }
        assert!(exchange(&receiver, "/other").await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn a_cut_connection_gives_no_byte_and_a_hanging_one_no_end() {
        let receiver = WebhookReceiver::start().await;
        receiver.answer("/close", Reply::Close);
        receiver.answer("/hang", Reply::Hang);
        assert_eq!(exchange(&receiver, "/close").await, "");
        assert!(tokio::time::timeout(SHORT, exchange(&receiver, "/hang")).await.is_err());
        let missing = receiver.wait_for(3, SHORT).await.unwrap_err();
        assert_eq!(missing.received.len(), 2);
    }
}
