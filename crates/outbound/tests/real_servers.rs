//! The client against real servers that behave well and badly.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get};
use bytes::Bytes;
use futures::TryStreamExt;
use stillframe_outbound::{Answer, DownloadLimits, Outbound, OutboundConfig, OutboundError, Post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(20);

fn client(allow: &[&str]) -> Outbound {
    let allow = allow.iter().map(|net| net.parse().unwrap()).collect();
    let config = OutboundConfig {
        allow,
        connect_timeout_ms: 2_000,
        stall_timeout_ms: 300,
        ..OutboundConfig::default()
    };
    Outbound::new(&config).unwrap()
}

fn local() -> Outbound {
    client(&["127.0.0.1/32"])
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

/// Answers each connection with these bytes, a pause of 50 ms after each part; then closes or hangs.
async fn serve_raw(parts: &'static [&'static str], closes: Closes) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = socket.read(&mut request).await;
                for part in parts {
                    let _ = socket.write_all(part.as_bytes()).await;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                if closes == Closes::Never {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    base
}

#[derive(PartialEq, Clone, Copy)]
enum Closes {
    AtOnce,
    Never,
}

async fn post(outbound: &Outbound, url: &str, timeout: Duration) -> Result<Answer, OutboundError> {
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    let body = Bytes::from_static(b"{\"a\":1}");
    outbound.post(Post { url, headers: &headers, body, timeout, answer_bytes_max: 100 }).await
}

async fn download(outbound: &Outbound, url: &str, size_bytes_max: u64) -> Result<Vec<u8>, OutboundError> {
    let limits = DownloadLimits { size_bytes_max, timeout: LONG };
    let download = outbound.download(url, limits).await?;
    let chunks: Result<Vec<Bytes>, _> = download.chunks.try_collect().await;
    match chunks {
        Ok(chunks) => Ok(chunks.concat()),
        Err(error) => match OutboundError::in_io(&error) {
            Some(OutboundError::TimedOut { awaited, limit_ms }) => {
                Err(OutboundError::TimedOut { awaited, limit_ms: *limit_ms })
            }
            Some(OutboundError::TooLarge { size_bytes_max }) => {
                Err(OutboundError::TooLarge { size_bytes_max: *size_bytes_max })
            }
            Some(OutboundError::Broken { detail }) => Err(OutboundError::Broken { detail: detail.clone() }),
            other => panic!("{other:?}"),
        },
    }
}

/// A port that refuses connections.
async fn refusing_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_post_carries_headers_and_body_and_gives_status_and_answer() {
    let echo = |headers: HeaderMap, body: String| async move {
        let header = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        (StatusCode::ACCEPTED, format!("{}|{}|{body}", header("content-type"), header("user-agent")))
    };
    let base = serve(Router::new().route("/", any(echo))).await;
    let answer = post(&local(), &base, LONG).await.unwrap();
    assert_eq!(answer.status, 202);
    let wanted = format!("application/json|{}|{{\"a\":1}}", stillframe_outbound::USER_AGENT);
    assert_eq!(String::from_utf8(answer.body_prefix).unwrap(), wanted);
}

#[tokio::test]
async fn an_error_status_is_an_answer() {
    let fails = || async { (StatusCode::INTERNAL_SERVER_ERROR, "no luck") };
    let base = serve(Router::new().route("/", any(fails))).await;
    let answer = post(&local(), &base, LONG).await.unwrap();
    assert_eq!((answer.status, answer.body_prefix.as_slice()), (500, b"no luck".as_slice()));
}

#[tokio::test]
async fn a_posts_redirect_is_an_answer_and_is_not_followed() {
    let base = serve(
        Router::new()
            .route("/", any(|| async { Redirect::temporary("/there") }))
            .route("/there", any(|| async { "followed" })),
    )
    .await;
    let answer = post(&local(), &base, LONG).await.unwrap();
    assert_eq!((answer.status, answer.body_prefix.as_slice()), (307, b"".as_slice()));
}

#[tokio::test]
async fn a_server_that_hangs_costs_no_more_than_the_timeout() {
    let base = serve_raw(&[], Closes::Never).await;
    let begin = Instant::now();
    let error = post(&local(), &base, SHORT).await.unwrap_err();
    assert!(matches!(error, OutboundError::TimedOut { limit_ms: 300, .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_answer_that_drips_counts_with_what_came_in_time() {
    let base = serve_raw(&["HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nab", "cd"], Closes::Never).await;
    let begin = Instant::now();
    let answer = post(&local(), &base, SHORT).await.unwrap();
    assert_eq!((answer.status, answer.body_prefix.as_slice()), (200, b"abcd".as_slice()));
    assert!(begin.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn of_a_huge_answer_only_the_first_part_is_read() {
    let endless = || async {
        let chunks =
            futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 65_536])));
        axum::body::Body::from_stream(chunks)
    };
    let base = serve(Router::new().route("/", any(endless))).await;
    let answer = post(&local(), &base, LONG).await.unwrap();
    assert_eq!(answer.body_prefix, vec![b'x'; 100]);
    assert!(answer.duration < LONG);
}

#[tokio::test]
async fn a_refused_connection_an_unknown_name_and_nonsense_have_their_errors() {
    let outbound = local();
    let error = post(&outbound, &refusing_url().await, LONG).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable { .. }), "{error:?}");
    let error = post(&outbound, "http://no-such-name.invalid/", LONG).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable { .. }), "{error:?}");
    let nonsense = serve_raw(&["SSH-2.0-OpenSSH_9.2\r\n"], Closes::AtOnce).await;
    let error = post(&outbound, &nonsense, LONG).await.unwrap_err();
    assert!(matches!(error, OutboundError::Broken { .. }), "{error:?}");
    let silent = serve_raw(&[], Closes::AtOnce).await;
    let error = post(&outbound, &silent, LONG).await.unwrap_err();
    assert!(matches!(error, OutboundError::Broken { .. }), "{error:?}");
}

#[tokio::test]
async fn a_header_with_a_line_break_is_refused() {
    let base = serve(Router::new()).await;
    let headers = [("x-name".to_owned(), "a\r\nx-other: b".to_owned())];
    let request =
        Post { url: &base, headers: &headers, body: Bytes::new(), timeout: LONG, answer_bytes_max: 1 };
    let error = local().post(request).await.unwrap_err();
    assert!(matches!(error, OutboundError::InvalidHeader { .. }), "{error:?}");
}

#[tokio::test]
async fn loopback_is_forbidden_by_literal_and_by_name() {
    let base = serve(Router::new().route("/", any(|| async { "reached" }))).await;
    let closed = client(&[]);
    for url in [base.clone(), base.replace("127.0.0.1", "localhost")] {
        let error = post(&closed, &url, LONG).await.unwrap_err();
        assert!(matches!(error, OutboundError::Forbidden { .. }), "{url}: {error:?}");
        let error = download(&closed, &url, 100).await.unwrap_err();
        assert!(matches!(error, OutboundError::Forbidden { .. }), "{url}: {error:?}");
    }
    // Not every resolver knows the rooted name; none may lead there.
    assert!(post(&closed, &base.replace("127.0.0.1", "localhost."), LONG).await.is_err());
    let by_name = post(&local(), &base.replace("127.0.0.1", "localhost"), LONG).await.unwrap();
    assert_eq!(by_name.body_prefix, b"reached");
}

#[tokio::test]
async fn a_download_gives_its_bytes_and_facts() {
    let film = || async { ([(header::ETAG, "\"v1\"")], vec![7_u8; 300_000]) };
    let base = serve(Router::new().route("/film", get(film))).await;
    let limits = DownloadLimits { size_bytes_max: 300_000, timeout: LONG };
    let begun = local().download(&format!("{base}/film"), limits).await.unwrap();
    assert_eq!((begun.content_length, begun.etag.as_deref()), (Some(300_000), Some("\"v1\"")));
    let chunks: Vec<Bytes> = begun.chunks.try_collect().await.unwrap();
    assert_eq!(chunks.concat(), vec![7_u8; 300_000]);
}

#[tokio::test]
async fn a_download_over_the_limit_fails_whether_announced_or_not() {
    let announced = || async { vec![0_u8; 1_001] };
    let streamed = || async {
        let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![0; 100])));
        axum::body::Body::from_stream(chunks)
    };
    let router = Router::new().route("/announced", get(announced)).route("/streamed", get(streamed));
    let base = serve(router).await;
    for path in ["announced", "streamed"] {
        let error = download(&local(), &format!("{base}/{path}"), 1_000).await.unwrap_err();
        assert!(matches!(error, OutboundError::TooLarge { size_bytes_max: 1_000 }), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn a_download_that_stalls_breaks_off_or_never_ends_fails_in_time() {
    let stalls = serve_raw(&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"], Closes::Never).await;
    let error = download(&local(), &stalls, 100).await.unwrap_err();
    assert!(matches!(error, OutboundError::TimedOut { limit_ms: 300, .. }), "{error:?}");

    let hangs = serve_raw(&[], Closes::Never).await;
    let error = download(&local(), &hangs, 100).await.unwrap_err();
    assert!(matches!(error, OutboundError::TimedOut { limit_ms: 300, .. }), "{error:?}");

    let breaks = serve_raw(&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"], Closes::AtOnce).await;
    let error = download(&local(), &breaks, 100).await.unwrap_err();
    assert!(matches!(error, OutboundError::Broken { .. }), "{error:?}");

    let drips =
        serve_raw(&["HTTP/1.1 200 OK\r\n\r\n", "a", "b", "c", "d", "e", "f", "g", "h"], Closes::Never).await;
    let limits = DownloadLimits { size_bytes_max: 100, timeout: Duration::from_millis(200) };
    let begun = local().download(&drips, limits).await.unwrap();
    let error = begun.chunks.try_collect::<Vec<_>>().await.unwrap_err();
    let error = OutboundError::in_io(&error);
    assert!(matches!(error, Some(OutboundError::TimedOut { limit_ms: 200, .. })), "{error:?}");
}

#[tokio::test]
async fn download_statuses_have_their_source_codes() {
    let router = Router::new()
        .route("/gone", get(|| async { StatusCode::GONE }))
        .route("/fails", get(|| async { StatusCode::BAD_GATEWAY }));
    let base = serve(router).await;
    for (path, code) in
        [("gone", "source-missing"), ("nothing", "source-missing"), ("fails", "source-unreadable")]
    {
        let error = download(&local(), &format!("{base}/{path}"), 100).await.unwrap_err();
        assert_eq!(error.source_code().name(), code, "{path}: {error:?}");
    }
}

#[tokio::test]
async fn downloads_follow_few_redirects() {
    let router = Router::new()
        .route("/moved", get(|| async { Redirect::permanent("film?again#part") }))
        .route("/film", get(|| async { "film" }))
        .route("/round", get(|| async { Redirect::temporary("/round") }))
        .route("/nowhere", get(|| async { StatusCode::FOUND.into_response() }));
    let base = serve(router).await;
    assert_eq!(download(&local(), &format!("{base}/moved"), 100).await.unwrap(), b"film");
    for path in ["round", "nowhere"] {
        let error = download(&local(), &format!("{base}/{path}"), 100).await.unwrap_err();
        assert!(matches!(error, OutboundError::Redirects { .. }), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn each_redirect_is_vetted_like_the_first_url() {
    let target = serve(Router::new().route("/", get(|| async { "the metadata of the host" }))).await;
    let by_name = target.replace("127.0.0.1", "localhost");
    let other = target.replace("127.0.0.1", "127.0.0.2");
    let metadata = "http://169.254.169.254/latest/".to_owned();
    // Only 127.0.0.3 is allowed, and whoever listens there redirects to what is not.
    let listener = TcpListener::bind("127.0.0.3:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let mut router = Router::new();
    for (number, to) in [target, by_name, other, metadata].into_iter().enumerate() {
        router = router.route(&format!("/{number}"), get(move || async move { Redirect::temporary(&to) }));
    }
    router = router.route("/file", get(|| async { Redirect::temporary("file:///etc/passwd") }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let outbound = client(&["127.0.0.3/32"]);
    for number in 0..4 {
        let error = download(&outbound, &format!("{base}/{number}"), 100).await.unwrap_err();
        assert!(matches!(error, OutboundError::Forbidden { .. }), "{number}: {error:?}");
    }
    let error = download(&outbound, &format!("{base}/file"), 100).await.unwrap_err();
    assert!(matches!(error, OutboundError::InvalidUrl { .. }), "{error:?}");
}
