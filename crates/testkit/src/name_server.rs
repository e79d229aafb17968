//! A name server on loopback whose answers change from one question to the next, as those of one who rebinds a
//! name do. It knows addresses of version 4 alone, each good for 0 seconds.
//!
//! Source of the messages: RFC 1035, sections 4.1.1 to 4.1.4 (read 2026-11-28).

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// Largest message over UDP.
const MESSAGE_BYTES_MAX: usize = 512;
const HEADER_BYTES: usize = 12;
const TYPE_A: u16 = 1;
const CLASS_IN: u16 = 1;
/// An answer, recursion available.
const FLAGS_ANSWER: u16 = 0x8180;
/// The same: there is no such name.
const FLAGS_NO_NAME: u16 = 0x8183;
/// Where the question's name stands in the message.
const NAME_OF_QUESTION: u16 = 0xC00C;

/// Answers until it is dropped.
pub struct NameServer {
    /// Where it listens, by UDP.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl NameServer {
    /// Starts one that gives of each name the first answer, then the next, and the last one for ever.
    ///
    /// # Errors
    /// When loopback has no free port.
    pub async fn start(names: &[(&str, &[&[Ipv4Addr]])]) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let address = socket.local_addr()?;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut answers: HashMap<String, Vec<Vec<Ipv4Addr>>> = names
            .iter()
            .map(|(name, all)| ((*name).to_owned(), all.iter().rev().map(|one| one.to_vec()).collect()))
            .collect();
        let noted = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut question = [0; MESSAGE_BYTES_MAX];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                // What is no question has no answer.
                let Some(name) = name_in(&question[..length]) else { continue };
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
                let found = answers
                    .get_mut(&name)
                    .and_then(|left| if left.len() < 2 { left.last().cloned() } else { left.pop() });
                let answer = answer(&question[..length], found.as_deref());
                // Who asked may be gone.
                let _ = socket.send_to(&answer, from).await;
            }
        });
        Ok(Self { address, asked, task })
    }

    /// The names that were asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A client that asks one name server and remembers nothing.
#[derive(Debug, Clone, Copy)]
pub struct Resolver(pub SocketAddr);

impl Resolver {
    /// The addresses of a name, in the order of the answer.
    ///
    /// # Errors
    /// When there is no such name, or the server does not answer.
    pub async fn resolve(&self, name: &str) -> io::Result<Vec<Ipv4Addr>> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        socket.connect(self.0).await?;
        let question = question(name);
        socket.send(&question).await?;
        let mut answer = [0; MESSAGE_BYTES_MAX];
        let length = socket.recv(&mut answer).await?;
        addresses_in(&answer[..length], question.len())
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name"))
    }
}

fn question(name: &str) -> Vec<u8> {
    let mut message = Vec::from([0; HEADER_BYTES]);
    // Recursion desired; one question.
    message[2] = 1;
    message[5] = 1;
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
        message.extend_from_slice(label.as_bytes());
    }
    message.push(0);
    push_all(&mut message, &[TYPE_A, CLASS_IN]);
    message
}

/// The name of the one question, in lower case.
fn name_in(message: &[u8]) -> Option<String> {
    let mut rest = message.get(HEADER_BYTES..)?;
    let mut labels = Vec::new();
    loop {
        let (&length, behind) = rest.split_first()?;
        if length == 0 {
            return Some(labels.join("."));
        }
        let (label, behind) = behind.split_at_checked(length.into())?;
        labels.push(String::from_utf8(label.to_ascii_lowercase()).ok()?);
        rest = behind;
    }
}

fn answer(question: &[u8], found: Option<&[Ipv4Addr]>) -> Vec<u8> {
    let flags = if found.is_some() { FLAGS_ANSWER } else { FLAGS_NO_NAME };
    let addresses = found.unwrap_or_default();
    let mut message = question[..2].to_vec();
    let count = u16::try_from(addresses.len()).unwrap_or(u16::MAX);
    push_all(&mut message, &[flags, 1, count, 0, 0]);
    message.extend_from_slice(&question[HEADER_BYTES..]);
    for address in addresses {
        // Its time to live is 0 seconds, and it has 4 bytes.
        push_all(&mut message, &[NAME_OF_QUESTION, TYPE_A, CLASS_IN, 0, 0, 4]);
        message.extend_from_slice(&address.octets());
    }
    message
}

fn addresses_in(message: &[u8], question_bytes: usize) -> Option<Vec<Ipv4Addr>> {
    const RECORD_BYTES: usize = 16;
    const ADDRESS_BYTES: usize = 4;
    let has_failed = message.get(3)? & 0x0f != 0;
    let records = message.get(question_bytes..).filter(|_| !has_failed)?;
    let address = |record: &[u8]| {
        let octets = <[u8; ADDRESS_BYTES]>::try_from(&record[RECORD_BYTES - ADDRESS_BYTES..]).ok()?;
        Some(Ipv4Addr::from(octets))
    };
    records.chunks_exact(RECORD_BYTES).map(address).collect()
}

fn push_all(message: &mut Vec<u8>, words: &[u16]) {
    words.iter().for_each(|word| message.extend_from_slice(&word.to_be_bytes()));
}
