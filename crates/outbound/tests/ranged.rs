//! Reading by ranges from a real web server, through a proxy that spoils what it is told to.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stillframe_domain::{ByteSource, ErrorCode, Failure, SourceError};
use stillframe_outbound::{Outbound, OutboundConfig, RangeLimits, RemoteConfig};
use stillframe_testkit::SeededRng;
use stillframe_testkit::remote::{Fault, Nginx, Proxy};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const KIB: u64 = 1 << 10;
const SIZE: u64 = 3_000_001;

/// A server with one file, and a client of it.
struct World {
    folder: TempDir,
    proxy: Proxy,
    runtime: Runtime,
    limits: RangeLimits,
    _nginx: Nginx,
}

impl World {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("film"), content(1)).unwrap();
        let nginx = Nginx::start(folder.path());
        let proxy = Proxy::start(&nginx, Duration::ZERO);
        let limits = RangeLimits { backoff_ms: 5, attempts_max: 3, ..RangeLimits::default() };
        Self { folder, proxy, runtime: Runtime::new().unwrap(), limits, _nginx: nginx }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("film")
    }

    fn open_at(&self, path: &str) -> Result<Arc<dyn ByteSource>, Failure> {
        let allow = vec!["127.0.0.1/32".parse().unwrap()];
        let config = OutboundConfig {
            allow,
            connect_timeout_ms: 2_000,
            stall_timeout_ms: 400,
            ..OutboundConfig::default()
        };
        let outbound = Outbound::new(&config).unwrap();
        let config = RemoteConfig { limits: self.limits.clone(), spool_dir: std::env::temp_dir() };
        let opened = self.runtime.block_on(outbound.open(&self.proxy.url(path), &config));
        opened.map_err(|error| error.0)
    }

    fn open(&self) -> Arc<dyn ByteSource> {
        self.open_at("/film").unwrap()
    }

    /// What reading everything from `from` on fails with, once the first bytes were had.
    fn failure(&self, fault: impl Fn(u64) -> Option<Fault> + Send + Sync + 'static) -> Failure {
        self.proxy.set_fault(fault);
        read(self.open().as_ref(), SIZE / 2, 100).unwrap_err()
    }
}

/// Bytes that tell their place and their version.
fn content(version: u64) -> Vec<u8> {
    (0..SIZE).map(|place| (place * 31 + (place >> 8) * 17 + version * 101) as u8).collect()
}

fn read(source: &dyn ByteSource, offset: u64, count: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; count];
    let mut filled = 0;
    while filled < count {
        match source.read_at(offset + filled as u64, &mut bytes[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) => return Err(SourceError::failure_in(&error)),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn after_the_first(fault: Fault) -> impl Fn(u64) -> Option<Fault> {
    move |number| (0 < number).then(|| fault.clone())
}

#[test]
fn every_read_gives_the_bytes_of_the_file() {
    let mut world = World::new();
    // Small enough that pieces have to be dropped and fetched again.
    world.limits = RangeLimits { cache_bytes_max: 700 * KIB, range_bytes_max: 200 * KIB, ..world.limits };
    let (source, whole, rng) = (world.open(), content(1), SeededRng::new(5));
    assert_eq!(source.len(), SIZE);
    let below = |most: u64| stillframe_domain::Rng::next_u64(&rng) % most;
    for _ in 0..300 {
        let from = below(SIZE + 1_000);
        let count = below(if below(4) == 0 { 400 * KIB } else { 3_000 });
        if below(3) == 0 {
            let other = below(SIZE);
            source.prefetch(&[from..from + count, other..other + below(300 * KIB)]);
        }
        let expected = &whole[whole.len().min(from as usize)..whole.len().min((from + count) as usize)];
        assert!(
            read(source.as_ref(), from, count as usize).unwrap() == expected,
            "{count} bytes from {from}"
        );
    }
    // What was foreseen may still be on its way to the server.
    let begun = Instant::now();
    let arrived = || source.traffic().unwrap().requests == world.proxy.log().requests();
    while !arrived() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let (traffic, log) = (source.traffic().unwrap(), world.proxy.log());
    assert_eq!(traffic.requests, log.requests());
    assert!(traffic.bytes <= log.bytes());
}

#[test]
fn told_ranges_are_joined_and_fetched_together() {
    let world = World::new();
    let source = world.open();
    let ranges: Vec<_> = (1..=8).map(|k| k * 300 * KIB..k * 300 * KIB + 10 * KIB).collect();
    let near = 2_700 * KIB..2_701 * KIB;
    source.prefetch(&[ranges.as_slice(), &[near.clone(), near.end + 50 * KIB..near.end + 51 * KIB]].concat());
    for range in &ranges {
        read(source.as_ref(), range.start, (range.end - range.start) as usize).unwrap();
    }
    let log = world.proxy.log();
    assert_eq!(log.requests(), 1 + 8 + 1, "the first, one for each, one for two that are near");
    assert_eq!(log.bytes(), 64 * KIB + 8 * 10 * KIB + 52 * KIB);
    assert!(log.0[1..].iter().all(|exchange| exchange.if_range.is_some()), "each names the version");
}

#[test]
fn what_breaks_off_is_gone_on_with_and_not_begun_again() {
    let world = World::new();
    world.proxy.set_fault(|number| (number == 1).then_some(Fault::DropAfter(40_000)));
    let source = world.open();
    source.prefetch(std::slice::from_ref(&(0..400 * KIB)));
    assert!(read(source.as_ref(), 0, 400 << 10).unwrap() == content(1)[..400 << 10]);
    let ranges: Vec<_> = world.proxy.log().0.into_iter().map(|exchange| exchange.range.unwrap()).collect();
    let first = 64 * KIB;
    let expected = [(0, first), (first, 400 * KIB), (first + 40_000, 400 * KIB)];
    assert_eq!(ranges, expected.map(|(from, to)| format!("bytes={from}-{}", to - 1)));
}

#[test]
fn what_is_temporary_is_tried_again_and_not_for_ever() {
    for fault in [Fault::Status(503), Fault::DropAfter(0), Fault::StallAfter(10)] {
        let world = World::new();
        let passing = fault.clone();
        world.proxy.set_fault(move |number| (1..3).contains(&number).then(|| passing.clone()));
        let source = world.open();
        let middle = SIZE as usize / 2;
        assert!(read(source.as_ref(), SIZE / 2, 99).unwrap() == content(1)[middle..middle + 99], "{fault:?}");
        assert_eq!(source.traffic().unwrap().requests, 4, "{fault:?}");

        let world = World::new();
        let failure = world.failure(after_the_first(fault.clone()));
        assert!(failure.code.is_temporary(), "{fault:?}: {failure:?}");
        assert_eq!(world.proxy.log().requests(), 1 + 3, "{fault:?}");
    }
}

/// Writes a file anew, as some time later: nginx tells versions of one length apart by whole seconds.
fn replace(file: &Path, content: &[u8]) {
    let before = fs::metadata(file).unwrap().modified().unwrap();
    fs::write(file, content).unwrap();
    File::options().write(true).open(file).unwrap().set_modified(before + Duration::from_secs(2)).unwrap();
}

#[test]
fn a_file_that_changes_is_an_error_and_not_a_mixture() {
    let world = World::new();
    let file = world.file();
    world.proxy.before_request(move |number| {
        if number == 2 {
            replace(&file, &content(2));
        }
    });
    let source = world.open();
    assert!(read(source.as_ref(), 1_000_000, 30_000).unwrap() == content(1)[1_000_000..1_030_000]);
    let failure = read(source.as_ref(), 2_000_000, 10).unwrap_err();
    assert_eq!(failure.message, "the video changed while it was read");
    assert!(failure.code.is_temporary(), "a new attempt reads the new version");
    assert!(read(source.as_ref(), 0, 10).is_err(), "nothing more is read of either version");
    let again = world.open();
    assert!(read(again.as_ref(), 1_000_000, 30_000).unwrap() == content(2)[1_000_000..1_030_000]);
}

#[test]
fn a_change_is_seen_without_if_range_too() {
    let other_tag = Fault::Header("ETag", Some("\"another\"".to_owned()));
    let other_size = Fault::Header("Content-Range", Some(format!("bytes 1500000-1532767/{}", SIZE + 1)));
    for fault in [other_tag, other_size, Fault::Status(404)] {
        let failure = World::new().failure(after_the_first(fault.clone()));
        let expected = if fault == Fault::Status(404) {
            "the server answered with status 404"
        } else {
            "the video changed while it was read"
        };
        assert_eq!(failure.message, expected, "{fault:?}");
    }
    let world = World::new();
    let (file, source) = (world.file(), world.open());
    replace(&file, &content(2)[..70_000]);
    let failure = read(source.as_ref(), 2_000_000, 10).unwrap_err();
    assert_eq!(failure.message, "the video changed while it was read", "the file is shorter now");
}

#[test]
fn answers_that_contradict_the_question_are_refused() {
    let header = |name, value: &str| Fault::Header(name, Some(value.to_owned()));
    for fault in [
        header("Content-Range", &format!("bytes 0-32767/{SIZE}")),
        header("Content-Range", &format!("bytes 1500000-2532767/{SIZE}")),
        header("Content-Range", "bytes 1500000-1400000/*"),
        header("Content-Range", "pages 1-2/3"),
        header("Content-Length", "10"),
        header("Content-Encoding", "gzip"),
        Fault::Header("Content-Range", None),
    ] {
        let failure = World::new().failure(after_the_first(fault.clone()));
        assert_eq!(failure.code, ErrorCode::SourceUnreadable, "{fault:?}: {failure:?}");
    }
}

#[test]
fn a_server_that_forgets_ranges_does_not_pass_for_another_version() {
    let failure = World::new().failure(after_the_first(Fault::IgnoreRange));
    assert_eq!(failure.message, "the server stopped to answer ranges");
}

#[test]
fn a_part_that_is_called_a_whole_file_is_a_part() {
    let world = World::new();
    world.proxy.set_fault(|_| Some(Fault::WrongStatus(200)));
    let source = world.open();
    assert_eq!(source.len(), SIZE);
    for from in [0, 1_234_567, SIZE - 100] {
        assert!(read(source.as_ref(), from, 100).unwrap() == content(1)[from as usize..from as usize + 100]);
    }
    assert!(world.proxy.log().bytes() < SIZE / 2);
    // A range that its length contradicts says nothing.
    world.proxy.set_fault(|_| Some(Fault::Header("Content-Range", Some("bytes 0-65535/70000".to_owned()))));
    assert_eq!(world.open_at("/whole/film").unwrap().len(), SIZE);
}

#[test]
fn a_server_without_ranges_is_streamed_once() {
    let world = World::new();
    let source = world.open_at("/whole/film").unwrap();
    assert_eq!(source.len(), SIZE);
    for from in [SIZE - 100, 0, 1_234_567] {
        assert!(read(source.as_ref(), from, 100).unwrap() == content(1)[from as usize..from as usize + 100]);
    }
    assert_eq!((world.proxy.log().requests(), world.proxy.log().bytes()), (1, SIZE));
    assert_eq!(source.traffic().unwrap().requests, 1);

    let mut world = World::new();
    world.limits.bytes_max = SIZE - 1;
    let failure = world.open_at("/whole/film").err().unwrap();
    assert_eq!(failure.code, ErrorCode::SourceTooLarge);

    let world = World::new();
    world.proxy.set_fault(|_| Some(Fault::DropAfter(500_000)));
    let source = world.open_at("/whole/film").unwrap();
    assert!(read(source.as_ref(), 0, 1_000).is_ok());
    assert_eq!(read(source.as_ref(), SIZE - 10, 10).unwrap_err().code, ErrorCode::SourceUnreadable);
    assert_eq!(world.proxy.log().requests(), 1, "it is not begun again");
}

#[test]
fn redirects_are_followed_once_and_vetted() {
    let world = World::new();
    let film = world.proxy.url("/film");
    world.proxy.set_fault(move |number| (number == 0).then(|| Fault::Redirect(film.clone())));
    let source = world.open_at("/elsewhere").unwrap();
    assert!(read(source.as_ref(), SIZE / 2, 10).is_ok());
    let targets: Vec<_> = world.proxy.log().0.into_iter().map(|exchange| exchange.target).collect();
    assert_eq!(targets, ["/elsewhere", "/film", "/film"]);

    // The place that the redirect led to is not good any more, as a signed address after its time.
    let world = World::new();
    let film = world.proxy.url("/film?signed");
    world.proxy.set_fault(move |number| match number {
        0 | 3 => Some(Fault::Redirect(film.clone())),
        2 => Some(Fault::Status(403)),
        _ => None,
    });
    let source = world.open_at("/elsewhere").unwrap();
    assert!(read(source.as_ref(), SIZE / 2, 10).is_ok());
    assert_eq!(world.proxy.log().requests(), 5);

    for private in ["http://10.0.0.1/film", "http://169.254.169.254/latest/meta-data/", "http://[::1]/film"] {
        let world = World::new();
        world.proxy.set_fault(move |_| Some(Fault::Redirect(private.to_owned())));
        let failure = world.open_at("/film").err().unwrap();
        assert_eq!(failure.code, ErrorCode::SourceForbidden, "{private}");
    }
    let world = World::new();
    let failure = world.failure(after_the_first(Fault::Redirect("http://10.0.0.1/film".to_owned())));
    assert_eq!(failure.code, ErrorCode::SourceForbidden, "in the middle too");
}

#[test]
fn limits_end_the_reading_and_are_named() {
    let mut world = World::new();
    world.limits.requests_max = 2;
    let source = world.open();
    assert!(read(source.as_ref(), 1_000_000, 10).is_ok());
    let failure = read(source.as_ref(), 2_000_000, 10).unwrap_err();
    assert_eq!(failure.code, ErrorCode::LimitExceeded);
    assert!(failure.message.contains("requests_max"), "{failure:?}");

    let mut world = World::new();
    world.limits.bytes_max = 100 * KIB;
    let source = world.open();
    let failure = read(source.as_ref(), 0, 200 << 10).unwrap_err();
    assert!(failure.message.contains("bytes_max"), "{failure:?}");
}

#[test]
fn empty_and_missing_files_are_told_apart() {
    let world = World::new();
    fs::write(world.folder.path().join("empty"), b"").unwrap();
    assert_eq!(world.open_at("/empty").unwrap().len(), 0);
    assert_eq!(world.open_at("/gone").err().unwrap().code, ErrorCode::SourceMissing);
}
