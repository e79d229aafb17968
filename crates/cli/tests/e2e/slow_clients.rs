//! Clients that are slow, many, or send what is no request: each is got rid of, and the others are served.

use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::raw::{answer, authorization, connect, connect_to, get, rest, send, status};
use crate::server::{PATIENCE, Server};

/// A server that is soon out of patience.
fn impatient(more: &[(&str, &str)]) -> Server {
    let limits = [
        ("STILLFRAME__LIMITS__HEAD_TIMEOUT_MS", "400"),
        ("STILLFRAME__LIMITS__BODY_TIMEOUT_MS", "400"),
        ("STILLFRAME__LIMITS__IDLE_TIMEOUT_MS", "400"),
        ("STILLFRAME__LIMITS__ANSWER_TIMEOUT_MS", "400"),
    ];
    Server::start_with(&[&limits, more].concat())
}

/// Sends a byte again and again until the server has had enough; false when it takes them for ever.
fn drips(stream: &TcpStream, byte: u8) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if !send(stream, &[byte]) {
            return true;
        }
        // The pace of the client is what is tested; nothing is waited for.
        std::thread::park_timeout(Duration::from_millis(20));
    }
    false
}

/// Waits until the server has no connection but the one that asks.
async fn until_alone(server: &Server) {
    let begun = Instant::now();
    loop {
        let text = server.client().fetch(&format!("{}/metrics", server.admin_url)).await.text().await;
        let text = text.expect("metrics");
        if text.lines().any(|line| line == "stillframe_http_connections 1") {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "a connection stays open: {text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_slow_with_a_head_or_a_next_request_is_dropped() {
    let server = impatient(&[]);
    for url in [&server.url, &server.admin_url] {
        let silent = connect_to(url);
        assert_eq!(rest(&silent), "", "nothing was ever sent");

        let dripping = connect_to(url);
        send(&dripping, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ");
        assert!(drips(&dripping, b'a'), "a head that never ends");
    }
    let kept = connect(&server);
    for _ in 0..3 {
        send(&kept, b"GET /docs/style.css HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(status(&answer(&kept)), 200);
    }
    assert_eq!(rest(&kept), "", "no further request comes");
    until_alone(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_or_drips_is_refused() {
    let server = impatient(&[]);
    let head = format!(
        "POST /v1/endpoints HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{}Content-Length: 900000\r\n\r\n{{",
        authorization()
    );
    let stopped = connect(&server);
    send(&stopped, head.as_bytes());
    let told = rest(&stopped);
    assert_eq!(status(&told), 408, "{told}");
    assert!(told.contains("application/problem+json") && told.contains("request-incomplete"), "{told}");

    let dripping = connect(&server);
    send(&dripping, head.as_bytes());
    assert!(drips(&dripping, b' '), "a byte at a time keeps no connection open");
    until_alone(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_or_is_gone_is_dropped() {
    let server = impatient(&[]);
    let (_, media) = server.client().upload_bytes("noise.bin", vec![7; 32 << 20]).await;
    let url = media["source"]["url"].as_str().expect("a URL").to_owned();
    let path = url.strip_prefix(&server.url).expect("of this server");
    let stuck = connect(&server);
    send(&stuck, format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    until_alone(&server).await;
    let came = rest(&stuck).len();
    assert!(0 < came && came < 32 << 20, "{came} bytes came");

    // Half a request, and then an end.
    let half = connect(&server);
    send(&half, b"GET /docs HTT");
    half.shutdown(Shutdown::Write).expect("half closed");
    rest(&half);
    until_alone(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_limited_in_all_and_by_address_and_come_free() {
    let server = Server::start_with(&[("STILLFRAME__LIMITS__CONNECTIONS_PER_ADDRESS_MAX", "3")]);
    let mut held: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
    for stream in &held {
        send(stream, b"GET /docs/style.css HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(status(&answer(stream)), 200);
    }
    let told = rest(&connect(&server));
    assert_eq!(status(&told), 503, "{told}");
    assert!(told.contains("retry-after: 1") && told.ends_with("too many connections now\n"), "{told}");
    drop(held.pop());
    let begun = Instant::now();
    loop {
        let stream = connect(&server);
        send(&stream, b"GET /docs/style.css HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        if status(&rest(&stream)) == 200 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "a place that was given up stays taken");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_answers_while_many_slow_clients_hold_their_connections() {
    let server = Server::start_with(&[("STILLFRAME__LIMITS__CONNECTIONS_PER_ADDRESS_MAX", "0")]);
    let slow: Vec<TcpStream> = (0..400).map(|_| connect(&server)).collect();
    for (number, stream) in slow.iter().enumerate() {
        let part: &[u8] = match number % 3 {
            0 => b"GET / HTTP/1.1\r\nX-Slow: ",
            1 => b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n",
            _ => b"",
        };
        assert!(send(stream, part));
    }
    let client = server.client();
    for _ in 0..20 {
        assert_eq!(client.get("/v1/app").await.0, StatusCode::OK);
    }
    let ready = client.fetch(&format!("{}/readyz", server.admin_url)).await;
    assert_eq!(ready.status(), StatusCode::OK);
    drop(slow);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_bodies_beyond_their_limits_are_refused() {
    let server = Server::start();
    let many: String = (0..101).map(|number| format!("X-{number}: a\r\n")).collect();
    assert_eq!(status(&get(&server, b"/docs", &many)), 431, "101 headers and those of the test");
    let large = format!("X-Large: {}\r\n", "a".repeat(200_000));
    assert_eq!(status(&get(&server, b"/docs", &large)), 431);
    let long = format!("/docs?{}", "a".repeat(70_000));
    assert_eq!(status(&get(&server, long.as_bytes(), "")), 414);

    let body = format!("{{\"url\": \"{}\"}}", "a".repeat(1 << 20));
    let stream = connect(&server);
    let head = format!(
        "POST /v1/endpoints HTTP/1.1\r\nHost: x\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n",
        authorization(),
        body.len()
    );
    send(&stream, head.as_bytes());
    send(&stream, body.as_bytes());
    let told = rest(&stream);
    assert!(status(&told) == 413 && told.contains("request-too-large"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_dropped() {
    let server = Server::start();
    let hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3];
    let twice = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd";
    for bytes in [
        &hello[..],
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nA\0: b\r\n\r\n",
        twice,
    ] {
        let stream = connect(&server);
        send(&stream, bytes);
        stream.shutdown(Shutdown::Write).expect("half closed");
        let told = rest(&stream);
        assert!(told.is_empty() || status(&told) == 400, "{bytes:?}: {told}");
    }
    assert_eq!(server.client().get("/v1/app").await.0, StatusCode::OK);
}
