//! What a request still sends when it has been answered already.
//!
//! A request that is refused by its headers has often not been read to its end. The server would have to close
//! the connection, and a client that keeps connections would send its next request into the closed one. So
//! what is left of a small body is read and dropped before the answer goes out; with a larger or slower one,
//! the answer says that the connection ends.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONNECTION, EXPECT};
use axum::http::{HeaderValue, Version};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Frame, SizeHint};
use tokio::time::timeout;

/// Most bytes of a body that are read after its answer is known.
const UNREAD_BYTES_MAX: usize = 64 << 10;
/// Longest wait for them.
const UNREAD_WAIT: Duration = Duration::from_millis(500);

/// Reads what the handler left, or has the answer say that the connection ends.
pub(crate) async fn drop_unread(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Who waits to be asked for the body has not sent it.
    let is_sent = !request.headers().contains_key(EXPECT);
    let is_http1 = request.version() <= Version::HTTP_11;
    let left = Left::default();
    let request = request.map(|body| Body::new(Lent { body, left: left.clone() }));
    let mut response = next.run(request).await;
    if let Some(body) = left.take()
        && is_http1
        && !(is_sent && is_read(body).await)
    {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether a body could be read to its end.
async fn is_read(body: Body) -> bool {
    let all = Limited::new(body, UNREAD_BYTES_MAX).collect();
    matches!(timeout(UNREAD_WAIT, all).await, Ok(Ok(_)))
}

/// Where a body is put that was dropped before its end.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Option<Body>>>);

impl Left {
    fn take(&self) -> Option<Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, body: Body) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }
}

/// A body that goes back when it is dropped before its end.
struct Lent {
    body: Body,
    left: Left,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            self.left.put(std::mem::take(&mut self.body));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::put;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    /// A connection to a server that refuses every request by its headers.
    async fn connect() -> TcpStream {
        let refuse = put(|| async { (StatusCode::FORBIDDEN, "no") });
        let router = Router::new().route("/", refuse).layer(from_fn(drop_unread));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        TcpStream::connect(address).await.expect("a connection")
    }

    /// One answer, which ends with its text.
    async fn answer(stream: &mut TcpStream) -> String {
        let mut read = String::new();
        while !read.ends_with("\r\n\r\nno") {
            let mut some = [0; 1024];
            let count = stream.read(&mut some).await.expect("an answer");
            assert!(0 < count, "the connection ended after {read:?}");
            read.push_str(std::str::from_utf8(&some[..count]).expect("a text"));
        }
        read
    }

    fn head(length: usize, more: &str) -> String {
        format!("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n{more}\r\n")
    }

    #[tokio::test]
    async fn a_connection_outlives_a_refused_request_whose_body_comes_late() {
        let mut stream = connect().await;
        for _ in 0..3 {
            stream.write_all(head(1, "").as_bytes()).await.expect("sent");
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.write_all(b"x").await.expect("sent");
            let answer = answer(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("connection: close"), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_body_that_never_ends_ends_the_connection_openly() {
        for (length, more) in [(UNREAD_BYTES_MAX + 1, ""), (10, ""), (10, "Expect: 100-continue\r\n")] {
            let mut stream = connect().await;
            stream.write_all(head(length, more).as_bytes()).await.expect("sent");
            let answer = answer(&mut stream).await;
            assert!(answer.contains("connection: close"), "{answer}");
        }
    }
}
