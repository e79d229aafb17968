//! Names of headers in the capitals that the vendors write them in.
//!
//! HTTP knows no capitals in names, and our server writes none. The vendors' clients do: that of COS looks
//! for `ETag`, and for it alone, in what it got. hyper writes the names of a response as they stand in an
//! extension, which only it can make, of the names of a request that it reads. So a request with these names
//! is read once, and what it left is given to each answer.
//!
//! Source: hyper 1, `http1::Builder::preserve_header_case`, read on 2026-11-24.

use std::convert::Infallible;
use std::sync::Mutex;

use axum::http::{Extensions, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::sync::OnceCell;

/// A request with all names that answers have.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n\
    Host: h\r\nETag: \r\nContent-Length: 0\r\nContent-Type: \r\nDate: \r\nLast-Modified: \r\n\
    Connection: close\r\n\r\n";

static NAMES: OnceCell<Extensions> = OnceCell::const_new();

/// Has the headers of an answer written in the vendors' capitals.
pub(super) async fn in_capitals<B>(mut response: Response<B>) -> Response<B> {
    let names = NAMES.get_or_init(read).await;
    response.extensions_mut().extend(names.clone());
    response
}

/// What reading the request leaves; nothing when it could not be read, and then names have no capitals.
async fn read() -> Extensions {
    let (mut client, server) = tokio::io::duplex(REQUEST.len());
    let found = Mutex::new(Extensions::new());
    let service = service_fn(|request: Request<Incoming>| {
        let extensions = request.into_parts().0.extensions;
        if let Ok(mut found) = found.lock() {
            *found = extensions;
        }
        std::future::ready(Ok::<_, Infallible>(Response::new(String::new())))
    });
    let mut builder = http1::Builder::new();
    let reading = builder.preserve_header_case(true).serve_connection(TokioIo::new(server), service);
    let asking = async {
        // Its answer is of no interest; dropping the client ends the connection.
        let _ = client.write_all(REQUEST).await;
        drop(client);
    };
    let _ = tokio::join!(reading, asking);
    found.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::header;
    use axum::routing::get;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn names_go_over_the_wire_in_capitals() {
        let answer = || async { in_capitals(Response::new("x".to_owned())).await };
        let routes = Router::new().route("/", get(answer)).layer(axum::middleware::map_response(
            |mut response: axum::response::Response| async {
                response.headers_mut().insert(header::ETAG, header::HeaderValue::from_static("\"e\""));
                response
            },
        ));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
        let mut client = TcpStream::connect(address).await.expect("a connection");
        client.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.expect("sent");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("an answer");
        serving.abort();
        for line in ["\r\nETag: \"e\"\r\n", "\r\nContent-Length: 1\r\n", "\r\nDate: "] {
            assert!(answer.contains(line), "{answer}");
        }
    }
}
