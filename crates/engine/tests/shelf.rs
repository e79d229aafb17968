//! A video that was opened for one call serves the next one about the same version.

#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use stillframe_domain::ByteSource;
use stillframe_engine::{Limits, Produced, Shelf, TakeRequest};
use stillframe_testkit::clips::{ClipSpec, Codec, Container, cached};

use support::{at, stills};

/// Counts what is read; fails when it is told to.
#[derive(Default)]
struct Counted {
    bytes: Vec<u8>,
    read_count: AtomicU64,
    is_failing: AtomicBool,
}

impl Counted {
    fn of(bytes: &[u8]) -> Arc<Self> {
        Arc::new(Self { bytes: bytes.to_vec(), ..Self::default() })
    }
}

impl ByteSource for Counted {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if self.is_failing.load(Ordering::Relaxed) {
            return Err(io::Error::other("the source is gone"));
        }
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        self.read_count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn validator(&self) -> String {
        String::new()
    }
}

const TIMES_MS: [i64; 4] = [100, 7_300, 3_333, 9_000];

/// The pictures of one call, in the order asked; `None` for those that failed.
fn take(shelf: &mut Shelf, version: Option<&str>, source: &Arc<Counted>) -> Vec<Option<Vec<u8>>> {
    let request = TakeRequest { outputs: vec![stills(at(&TIMES_MS))], limits: Limits::default() };
    let mut pictures = vec![None; TIMES_MS.len()];
    let source = Arc::clone(source) as Arc<dyn ByteSource>;
    let taken = shelf.take(version, &request, source, &mut |produced| {
        if let Produced::Picture(picture) = produced {
            pictures[picture.index] = picture.result.ok().map(|taken| taken.bytes);
        }
        ControlFlow::Continue(())
    });
    if taken.is_err() { vec![None; TIMES_MS.len()] } else { pictures }
}

fn clip(codec: Codec, container: Container) -> Vec<u8> {
    std::fs::read(cached(&ClipSpec { codec, container, ..ClipSpec::numbered() })).unwrap()
}

#[test]
fn the_next_call_takes_the_same_pictures_and_reads_less() {
    for (codec, container) in
        [(Codec::H264, Container::Mp4), (Codec::H264, Container::Mkv), (Codec::Av1, Container::Mkv)]
    {
        let bytes = clip(codec, container);
        let mut shelf = Shelf::default();
        let calls = [0; 3].map(|_| {
            let source = Counted::of(&bytes);
            let pictures = take(&mut shelf, Some("1"), &source);
            (pictures, source.read_count.load(Ordering::Relaxed), Arc::strong_count(&source))
        });
        assert!(calls[0].0.iter().all(Option::is_some), "{codec:?} {container:?}");
        assert!(calls.iter().all(|(pictures, ..)| *pictures == calls[0].0), "{codec:?} {container:?}");
        assert!(calls[1].1 < calls[0].1, "{codec:?} {container:?}: {} of {}", calls[1].1, calls[0].1);
        assert!(calls.iter().all(|&(.., holders)| holders == 1), "nobody holds the source after the call");
    }
}

#[test]
fn what_has_no_index_is_opened_anew_and_gives_the_same_pictures() {
    let bytes = clip(Codec::H264, Container::MpegTs);
    let mut shelf = Shelf::default();
    let [first, second] = [0; 2].map(|_| {
        let source = Counted::of(&bytes);
        let pictures = take(&mut shelf, Some("1"), &source);
        assert_eq!(Arc::strong_count(&source), 1, "nobody holds the source after the call");
        (pictures, source.read_count.load(Ordering::Relaxed))
    });
    assert!(first.0.iter().all(Option::is_some));
    assert!(first == second, "{} bytes and {}", first.1, second.1);
}

#[test]
fn another_version_is_opened_anew() {
    let (first, second) = (clip(Codec::H264, Container::Mp4), clip(Codec::Mpeg2, Container::MpegTs));
    let mut shelf = Shelf::default();
    let expected = [&first, &second].map(|bytes| take(&mut Shelf::default(), None, &Counted::of(bytes)));
    for _ in 0..2 {
        assert!(take(&mut shelf, Some("1"), &Counted::of(&first)) == expected[0]);
        assert!(take(&mut shelf, Some("2"), &Counted::of(&second)) == expected[1]);
        assert!(take(&mut shelf, None, &Counted::of(&second)) == expected[1]);
    }
    // A name that stands for other bytes after all is not believed when their number tells.
    assert!(take(&mut shelf, Some("1"), &Counted::of(&second)) == expected[1]);
}

#[test]
fn a_video_whose_bytes_could_not_be_read_is_not_kept() {
    let bytes = clip(Codec::H264, Container::Mp4);
    let mut shelf = Shelf::default();
    let source = Counted::of(&bytes);
    assert!(take(&mut shelf, Some("1"), &source).iter().all(Option::is_some));
    source.is_failing.store(true, Ordering::Relaxed);
    assert!(take(&mut shelf, Some("1"), &source).iter().all(Option::is_none));
    source.is_failing.store(false, Ordering::Relaxed);
    let before = source.read_count.load(Ordering::Relaxed);
    assert!(take(&mut shelf, Some("1"), &source).iter().all(Option::is_some));
    assert!(before <= source.read_count.load(Ordering::Relaxed) - before, "it was opened anew");
}

#[test]
fn only_the_last_versions_are_kept() {
    let bytes = clip(Codec::H264, Container::Mp4);
    let mut shelf = Shelf::default();
    let mut read_for = |version: &str| {
        let source = Counted::of(&bytes);
        take(&mut shelf, Some(version), &source);
        source.read_count.load(Ordering::Relaxed)
    };
    let opening = read_for("1");
    for version in ["2", "3", "4"] {
        assert_eq!(read_for(version), opening);
    }
    assert!(read_for("1") < opening, "one of four is kept");
    for version in ["5", "6", "7"] {
        assert_eq!(read_for(version), opening);
    }
    assert!(read_for("1") < opening, "it was the newest of four");
    for version in ["2", "3", "4", "8"] {
        assert_eq!(read_for(version), opening);
    }
    assert_eq!(read_for("1"), opening);
}
