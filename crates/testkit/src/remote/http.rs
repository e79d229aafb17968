//! As much of HTTP/1.1 as a proxy of requests without bodies needs.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Longest head that is read.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// The head of a request or an answer: its first line and its headers.
#[derive(Debug, Clone)]
pub(super) struct Head {
    first_line: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads a head and not one byte more; `None` when the other side has closed before it.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            match from.read_u8().await {
                Ok(byte) => bytes.push(byte),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && bytes.is_empty() => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
            if HEAD_BYTES_MAX < bytes.len() {
                return Err(io::Error::other("a head without an end"));
            }
        }
        let text = String::from_utf8(bytes).map_err(io::Error::other)?;
        let mut lines = text.trim_end().split("\r\n");
        let first_line = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        };
        Ok(Some(Self { first_line, headers: lines.filter_map(header).collect() }))
    }

    /// The second word of the first line: the target of a request, the status of an answer.
    pub(super) fn second_word(&self) -> &str {
        self.first_line.split(' ').nth(1).unwrap_or_default()
    }

    /// Makes it the head of an answer with another status.
    pub(super) fn set_status(&mut self, status: u16) {
        self.first_line = format!("HTTP/1.1 {status} Spoilt");
    }

    /// A header's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Sets a header, or takes it away.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// As it goes over the wire.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("{}\r\n{}\r\n", self.first_line, headers.collect::<String>()).into_bytes()
    }
}
