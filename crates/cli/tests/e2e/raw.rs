//! Bytes on a socket, for what no proper client would send.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::server::{KEY_ID, PATIENCE, SECRET, Server};

/// A connection to the public listener.
pub fn connect(server: &Server) -> TcpStream {
    connect_to(&server.url)
}

/// A connection to the listener of a URL.
pub fn connect_to(url: &str) -> TcpStream {
    let address = url.split_once("://").expect("a URL").1;
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// The header of the first app's key.
pub fn authorization() -> String {
    format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{KEY_ID}:{SECRET}")))
}

/// What comes until the connection ends; it ends, or the test fails.
pub fn rest(mut stream: &TcpStream) -> String {
    let mut read = Vec::new();
    match stream.read_to_end(&mut read) {
        Ok(_) => {}
        // The server closes without reading what else was sent.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open: {error} after {}", String::from_utf8_lossy(&read)),
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// One answer with a length, of a connection that stays open.
pub fn answer(mut stream: &TcpStream) -> String {
    let mut read = Vec::new();
    let mut some = [0; 4096];
    loop {
        let count = stream.read(&mut some).expect("an answer in time");
        assert!(0 < count, "the connection ended after {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&some[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if length.is_none_or(|length: usize| length <= body.len()) {
            return text;
        }
    }
}

/// Sends what may not be taken any more.
pub fn send(mut stream: &TcpStream, bytes: &[u8]) -> bool {
    stream.write_all(bytes).is_ok()
}

/// One request whose path is sent as it stands, on a connection of its own.
pub fn get(server: &Server, path: &[u8], headers: &str) -> String {
    let stream = connect(server);
    let mut request = [b"GET ", path, b" HTTP/1.1\r\nHost: "].concat();
    request.extend_from_slice(server.url.split_once("://").expect("a URL").1.as_bytes());
    request.extend_from_slice(format!("\r\nConnection: close\r\n{headers}\r\n").as_bytes());
    send(&stream, &request);
    rest(&stream)
}

/// The status of an answer.
pub fn status(answer: &str) -> u16 {
    let number = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer:?}"))
}
