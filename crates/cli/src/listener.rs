//! Serving HTTP to whoever comes: each connection has a place, and keeps to the times of its limits.
//!
//! ```text
//! accept -> admission (a place, or 503) -> TLS -> watched (head, idle, answer) -> hyper -> paced body -> routes
//! ```
//!
//! **Invariant:** no client holds anything longer than the limits say, however slowly it sends or reads.

mod admission;
pub mod limits;
mod paced;
mod phase;
mod watched;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use admission::Admission;
use limits::{LimitsConfig, Patience};
use paced::{Answering, Paced};
use phase::{Phase, SharedPhase};
use watched::Watched;

/// What a client hears for which there is no place.
const NO_PLACE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n\
    content-type: text/plain\r\ncontent-length: 25\r\n\r\ntoo many connections now\n";
/// Wait after an accept that failed, as with too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What all connections of a listener share.
struct Listener {
    routes: Router,
    tls: Option<TlsAcceptor>,
    patience: Patience,
    head_bytes_max: usize,
    stop: CancellationToken,
}

/// Serves until `stop`; then lets each connection end its request. Done when all have ended.
pub fn spawn(
    listener: TcpListener,
    routes: Router,
    tls: Option<TlsAcceptor>,
    limits: &LimitsConfig,
    stop: &CancellationToken,
) -> JoinHandle<()> {
    let admission = Admission::new(limits.connections_max, limits.connections_per_address_max);
    let shared = Listener {
        routes,
        tls,
        patience: limits.patience(),
        head_bytes_max: limits.head_bytes_max,
        stop: stop.clone(),
    };
    tokio::spawn(accept(listener, admission, Arc::new(shared)))
}

async fn accept(listener: TcpListener, admission: Arc<Admission>, shared: Arc<Listener>) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match admission.admit(address.ip()) {
            Some(place) => {
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    shared.connect(stream, address).await;
                    drop(place);
                });
            }
            None => refuse(&stream, address, shared.tls.is_some()),
        }
    }
    connections.close();
    connections.wait().await;
}

/// What fits into the client's window at once is all that it gets.
fn refuse(stream: &TcpStream, address: SocketAddr, is_tls: bool) {
    tracing::debug!(%address, "there is no place for a connection");
    metrics::counter!("stillframe_http_connections_refused_total").increment(1);
    if !is_tls {
        let _ = stream.try_write(NO_PLACE);
    }
}

impl Listener {
    async fn connect(&self, stream: TcpStream, address: SocketAddr) {
        // Answers are written whole, so that waiting for more of them only delays.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return self.serve(stream, address).await };
        match timeout(self.patience.head, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.serve(stream, address).await,
            Ok(Err(error)) => tracing::debug!(%address, %error, "a TLS handshake failed"),
            Err(_) => tracing::debug!(%address, "a TLS handshake took too long"),
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S, address: SocketAddr) {
        let phase = SharedPhase::fresh();
        let stream = Watched::new(stream, phase.clone(), self.patience);
        let service = service_fn(|request: Request<Incoming>| {
            phase.set(Phase::Busy);
            let (routes, patience, phase) = (self.routes.clone(), self.patience, phase.clone());
            async move {
                let request = request.map(|body| Body::new(Paced::new(Body::new(body), patience)));
                let answer = routes.oneshot(request).await;
                answer.map(|answer| answer.map(|body| Answering::new(body, phase)))
            }
        });
        let connection = http1::Builder::new()
            // `Watched` does that, beginning with the first byte of the head.
            .header_read_timeout(None)
            .max_buf_size(self.head_bytes_max)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                // Who has sent nothing loses nothing.
                if phase.get() == Phase::Fresh {
                    return;
                }
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%address, %error, "a connection broke off");
        }
    }
}
