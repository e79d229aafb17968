//! The known tricks by which a URL leads to where it must not, against real listeners.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener as StdListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::response::Redirect;
use axum::routing::any;
use bytes::Bytes;
use stillframe_outbound::{
    DownloadLimits, Lookup, Outbound, OutboundConfig, OutboundError, Post, RangeLimits, RemoteConfig,
};
use stillframe_testkit::name_server::{NameServer, Resolver};
use tokio::net::TcpListener;

const LONG: Duration = Duration::from_secs(20);

/// A name server whose answers change: of each name the first ones in turn, then the last one for ever.
#[derive(Default)]
struct Scripted {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn of(names: &[(&str, &[&[&str]])]) -> Arc<Self> {
        let addresses = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        let answers = names
            .iter()
            .map(|(name, answers)| ((*name).to_owned(), answers.iter().rev().map(addresses).collect()));
        Arc::new(Self { answers: Mutex::new(answers.collect()), asked: Mutex::default() })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl Lookup for Scripted {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let left = answers.get_mut(name).ok_or_else(|| io::Error::other("no such name"))?;
        Ok(if left.len() < 2 { left[0].clone() } else { left.pop().unwrap() })
    }
}

fn client(allow: &[&str], lookup: Arc<Scripted>) -> Outbound {
    let allow = allow.iter().map(|net| net.parse().unwrap()).collect();
    Outbound::with_lookup(&OutboundConfig { allow, ..OutboundConfig::default() }, lookup).unwrap()
}

/// A listener that nobody may reach.
struct Trap(StdListener);

impl Trap {
    fn at(address: &str) -> Self {
        let listener = StdListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn is_untouched(&self) -> bool {
        self.0.accept().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

async fn post(outbound: &Outbound, url: &str) -> Result<Vec<u8>, OutboundError> {
    let body = Bytes::from_static(b"{}");
    let post = Post { url, headers: &[], body, timeout: LONG, answer_bytes_max: 100 };
    outbound.post(post).await.map(|answer| answer.body_prefix)
}

/// What becomes of a URL over each way out: a callback, a question for permission, a look, a download, ranges.
async fn all_ways(outbound: &Outbound, url: &str) -> [Result<(), String>; 5] {
    let name = |error: &OutboundError| format!("{error:?}").split([' ', '{']).next().unwrap().to_owned();
    let posted = post(outbound, url).await.map(drop).map_err(|error| name(&error));
    let asked = outbound.preflight(url, &[], LONG).await.map(drop).map_err(|error| name(&error));
    let looked = outbound.glance(url, LONG, 100).await.map(drop).map_err(|error| name(&error));
    let limits = DownloadLimits { size_bytes_max: 100, timeout: LONG };
    let downloaded = outbound.download(url, limits).await.map(drop).map_err(|error| name(&error));
    let config = RemoteConfig { limits: RangeLimits::default(), spool_dir: std::env::temp_dir() };
    let opened = outbound.open(url, &config).await;
    let opened = opened.map(drop).map_err(|error| error.0.code.name().to_owned());
    [posted, asked, looked, downloaded, opened]
}

fn refused() -> [Result<(), String>; 5] {
    ["Forbidden", "Forbidden", "Forbidden", "Forbidden", "source-forbidden"]
        .map(|error| Err(error.to_owned()))
}

fn no_url() -> [Result<(), String>; 5] {
    ["InvalidUrl", "InvalidUrl", "InvalidUrl", "InvalidUrl", "invalid-parameter"]
        .map(|error| Err(error.to_owned()))
}

#[tokio::test]
async fn no_spelling_of_a_forbidden_address_is_connected_to() {
    let trap = Trap::at("127.0.0.1:0");
    let port = trap.port();
    let outbound = client(&[], Scripted::of(&[]));
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0X7F.1",
        "0177.0.0.1",
        "0177.0.0.01",
        "017700000001",
        "127.000.000.001",
        "0",
        "0.0.0.0",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:0:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[2606:4700::5efe:127.0.0.1]",
        "[fe80::1]",
        "[fd00::1]",
        "１２７.０.０.１",
        "127。0。0。1",
        "127%2E0.0.1",
        "%31%32%37.0.0.1",
        "①②⑦.0.0.1",
    ] {
        let url = format!("http://{host}:{port}/");
        assert_eq!(all_ways(&outbound, &url).await, refused(), "{url}");
    }
    for url in [
        format!("http://[fe80::1%25lo]:{port}/"),
        format!("http://[::1%lo]:{port}/"),
        format!("http://user@127.0.0.1:{port}/"),
        format!("http://example.org@127.0.0.1:{port}/"),
        format!("http://user:secret@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}@example.org/"),
        format!("gopher://127.0.0.1:{port}/_"),
        format!("file://127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}:80/"),
        format!("http://0x100000000000:{port}/"),
    ] {
        assert_eq!(all_ways(&outbound, &url).await, no_url(), "{url}");
    }
    assert!(trap.is_untouched());
}

#[tokio::test]
async fn a_name_is_as_good_as_its_addresses() {
    for (address, is_of) in [
        ("127.0.0.1", "loopback"),
        ("10.0.0.7", "private"),
        ("172.16.3.4", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "carrier"),
        ("169.254.169.254", "metadata of many clouds"),
        ("169.254.0.23", "metadata of Tencent Cloud"),
        ("100.100.100.200", "metadata of Alibaba Cloud"),
        ("192.0.0.192", "metadata of Oracle Cloud"),
        ("168.63.129.16", "host of Azure"),
        ("fd00:ec2::254", "metadata of AWS"),
        ("198.18.0.1", "benchmarks"),
        ("203.0.113.1", "documentation"),
        ("224.0.0.1", "multicast"),
        ("240.0.0.1", "class E"),
        ("255.255.255.255", "broadcast"),
        ("::ffff:10.0.0.1", "mapped"),
        ("64:ff9b::a00:1", "NAT64"),
        ("2002:a00:1::1", "6to4"),
        ("2001:0:a00:1::1", "Teredo"),
        ("fe80::1", "link-local"),
        ("ff02::1", "multicast"),
    ] {
        let lookup = Scripted::of(&[("name.example", &[&[address]])]);
        let outbound = client(&[], lookup);
        for name in ["name.example", "NAME.example"] {
            let url = format!("http://{name}:9/");
            assert_eq!(all_ways(&outbound, &url).await, refused(), "{address}: {is_of}");
        }
    }
}

/// A server on an address that is allowed, and a trap on the same port of one that is not.
async fn server_and_trap(router: Router) -> (u16, Trap) {
    loop {
        let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let Ok(trap) = StdListener::bind(("127.0.0.1", port)) else { continue };
        trap.set_nonblocking(true).unwrap();
        // Each request makes a connection of its own, hence looks the name up anew.
        let router =
            router.layer(axum::middleware::map_response(|mut response: axum::response::Response| async {
                response.headers_mut().insert("connection", "close".parse().unwrap());
                response
            }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        return (port, Trap(trap));
    }
}

#[tokio::test]
async fn what_was_vetted_is_connected_to_whatever_the_name_server_says_next() {
    let (port, trap) = server_and_trap(Router::new().route("/", any(|| async { "reached" }))).await;
    let lookup = Scripted::of(&[("rebinds.example", &[&["127.0.0.2"], &["127.0.0.1"]])]);
    let outbound = client(&["127.0.0.2/32"], Arc::clone(&lookup));
    let url = format!("http://rebinds.example:{port}/");
    assert_eq!(post(&outbound, &url).await.unwrap(), b"reached");
    assert_eq!(lookup.asked(), 1, "the name is looked up once, and what was found is connected to");
    let error = post(&outbound, &url).await.unwrap_err();
    assert!(matches!(error, OutboundError::Forbidden { .. }), "{error:?}");
    assert_eq!(lookup.asked(), 2);
    assert!(trap.is_untouched());
}

/// Asks a real name server over UDP.
struct Dns(Resolver);

#[async_trait]
impl Lookup for Dns {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.resolve(name).await?.into_iter().map(IpAddr::V4).collect())
    }
}

#[tokio::test]
async fn a_name_server_that_answers_otherwise_each_time_leads_nowhere_else() {
    let (port, trap) = server_and_trap(Router::new().route("/", any(|| async { "reached" }))).await;
    let (allowed, inside) = (Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::LOCALHOST);
    let names: &[(&str, &[&[Ipv4Addr]])] = &[
        ("turns.example", &[&[allowed], &[inside], &[allowed], &[inside]]),
        ("both.example", &[&[inside, allowed], &[inside]]),
    ];
    let server = NameServer::start(names).await.unwrap();
    let allow = vec!["127.0.0.2/32".parse().unwrap()];
    let config = OutboundConfig { allow, ..OutboundConfig::default() };
    let outbound = Outbound::with_lookup(&config, Arc::new(Dns(Resolver(server.address)))).unwrap();
    for name in ["turns.example", "both.example"] {
        let url = format!("http://{name}:{port}/");
        // The early check looks at no name: there is nothing that could change between it and the use.
        outbound.check_url(&url).unwrap();
        assert_eq!(post(&outbound, &url).await.unwrap(), b"reached");
        let error = post(&outbound, &url).await.unwrap_err();
        assert!(matches!(error, OutboundError::Forbidden { .. }), "{name}: {error:?}");
    }
    let turns = format!("http://turns.example:{port}/");
    assert_eq!(post(&outbound, &turns).await.unwrap(), b"reached");
    assert_eq!(all_ways(&outbound, &turns).await, refused());
    let asked = ["turns", "turns", "both", "both", "turns", "turns", "turns", "turns", "turns", "turns"];
    assert_eq!(server.asked(), asked.map(|name| format!("{name}.example")), "once for each request");
    let error = post(&outbound, "http://nowhere.example/").await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable { .. }), "{error:?}");
    assert!(trap.is_untouched());
}

#[tokio::test]
async fn of_several_addresses_only_vetted_ones_are_tried() {
    let (port, trap) = server_and_trap(Router::new().route("/", any(|| async { "reached" }))).await;
    let mixed: &[&[&str]] = &[&["127.0.0.1", "10.0.0.1", "127.0.0.2", "::1"]];
    let outbound = client(&["127.0.0.2/32"], Scripted::of(&[("mixed.example", mixed)]));
    assert_eq!(post(&outbound, &format!("http://mixed.example:{port}/")).await.unwrap(), b"reached");
    assert!(trap.is_untouched());
}

#[tokio::test]
async fn redirects_of_downloads_are_vetted_by_name_and_by_address_and_callbacks_follow_none() {
    let names: &[(&str, &[&[&str]])] = &[("inside.example", &[&["127.0.0.1"]])];
    for to in
        ["http://inside.example:PORT/", "http://127.0.0.1:PORT/", "http://0x7f.1:PORT/", "//127.1:PORT/"]
    {
        let (send, location) = tokio::sync::watch::channel(String::new());
        let redirects = any(move || {
            let location = location.borrow().clone();
            async move { Redirect::temporary(&location) }
        });
        let (port, trap) = server_and_trap(Router::new().route("/", redirects)).await;
        send.send(to.replace("PORT", &port.to_string())).unwrap();
        let outbound = client(&["127.0.0.2/32"], Scripted::of(names));
        let [posted, asked, looked, downloaded, opened] =
            all_ways(&outbound, &format!("http://127.0.0.2:{port}/")).await;
        assert_eq!([posted, asked, looked], [Ok(()), Ok(()), Ok(())], "a redirect is an answer");
        let [_, _, _, forbidden_download, forbidden_ranges] = refused();
        assert_eq!([downloaded, opened], [forbidden_download, forbidden_ranges], "{to}");
        assert!(trap.is_untouched(), "{to}");
    }
}

#[tokio::test]
async fn a_host_that_is_asked_too_often_is_left_alone_for_a_while() {
    let (port, _trap) = server_and_trap(Router::new().route("/", any(|| async { "reached" }))).await;
    let config = OutboundConfig {
        allow: vec!["127.0.0.2/32".parse().unwrap()],
        per_host_per_second_max: 2,
        ..OutboundConfig::default()
    };
    let outbound = Outbound::new(&config).unwrap();
    let url = format!("http://127.0.0.2:{port}/");
    let posts = (0..30).map(|_| post(&outbound, &url));
    let outcomes = futures::future::join_all(posts).await;
    let refused = outcomes.iter().filter(|one| matches!(one, Err(OutboundError::TooOften { .. }))).count();
    let reached = outcomes.iter().filter(|one| one.is_ok()).count();
    assert!(0 < refused && reached + refused == 30, "{outcomes:?}");
    assert!(reached < 10, "a burst, and those that waited their turn: {reached}");
}
