//! The sandbox with real children: this program is its own child, told by its first argument.

use std::io::{self, Read as _, Write as _};
use std::ops::ControlFlow;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use stillframe_domain::{
    ByteSource, ErrorCode, Failure, Fit, FrameChoice, ImageFormat, MediaTime, Position, Product, Selection,
    SizeRule, SnapshotSpec,
};
use stillframe_engine::{Limits, Produced, TakeRequest};
use stillframe_sandbox::{Call, Checked, Decoder, InProcess, Pool, PoolConfig};
use stillframe_testkit::clips::{self, ClipSpec, Codec, Container};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", memory] => {
            stillframe_sandbox::serve(memory.parse().expect("a number")).expect("the parent keeps to it");
        }
        ["self-check"] => self_check(),
        ["die", _] => misbehave(|_| {}),
        ["spin", _] => misbehave(|_| {
            let mut sum = 0_u64;
            loop {
                sum = std::hint::black_box(sum.wrapping_add(1));
            }
        }),
        ["abort", _] => {
            stillframe_sandbox::check(4 << 30);
            let words = "last words \x1b[31m".repeat(1 << 16);
            io::stderr().write_all(words.as_bytes()).expect_err("more than the pipe holds");
            std::process::abort();
        }
        ["hang", _] => misbehave(|_| std::thread::park_timeout(Duration::from_secs(600))),
        ["slow", _] => misbehave(|socket| {
            for _ in 0..4 {
                std::thread::park_timeout(Duration::from_secs(1));
                say(socket, r#""working""#);
            }
            say(socket, NOT_A_VIDEO);
        }),
        ["plan", _] => misbehave(|socket| say_planned(socket, 0, "null")),
        ["lie", _] => misbehave(|socket| say_planned(socket, 9, "null")),
        ["point-beside", _] => {
            misbehave(|socket| say_planned(socket, 0, r#"{"first_slot":63,"length_bytes":65537}"#));
        }
        ["ask-too-much", _] => {
            misbehave(|socket| {
                say(socket, r#"{"read":{"ranges":[{"start":0,"end":4294967295}],"place":0}}"#);
            });
        }
        ["ask-beyond", _] => {
            misbehave(|socket| say(socket, r#"{"read":{"ranges":[{"start":0,"end":9}],"place":2097144}}"#));
        }
        ["babble", _] => misbehave(|mut socket| socket.write_all(&[0xff; 64]).expect("sent")),
        _ => return run_tests(words.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default()),
    }
    ExitCode::SUCCESS
}

/// Runs the cases whose name contains the filter.
fn run_tests(filter: &str) -> ExitCode {
    let cases: [(&str, fn()); 15] = [
        ("children_answer_as_this_process_does", children_answer_as_this_process_does),
        ("children_look_at_the_checksums_of_files", children_look_at_the_checksums_of_files),
        ("a_confined_process_reaches_nothing", a_confined_process_reaches_nothing),
        ("a_child_that_breaks_down_costs_one_call", a_child_that_breaks_down_costs_one_call),
        ("a_child_that_hangs_is_ended", a_child_that_hangs_is_ended),
        ("an_abandoned_call_ends_soon", an_abandoned_call_ends_soon),
        ("a_sink_that_breaks_ends_the_call_with_the_facts", a_sink_that_breaks_ends_the_call_with_the_facts),
        ("children_are_replaced_after_their_calls", children_are_replaced_after_their_calls),
        ("children_outlive_the_thread_that_started_them", children_outlive_the_thread_that_started_them),
        ("a_child_knows_a_video_that_it_was_asked_about", a_child_knows_a_video_that_it_was_asked_about),
        ("bytes_are_asked_for_in_large_pieces", bytes_are_asked_for_in_large_pieces),
        ("a_child_that_computes_for_ever_is_ended", a_child_that_computes_for_ever_is_ended),
        (
            "a_child_that_reads_is_not_taken_for_one_that_hangs",
            a_child_that_reads_is_not_taken_for_one_that_hangs,
        ),
        ("a_lost_child_is_replaced_before_it_is_needed", a_lost_child_is_replaced_before_it_is_needed),
        ("a_child_may_abort_and_its_last_words_do_no_harm", a_child_may_abort_and_its_last_words_do_no_harm),
    ];
    for (name, case) in cases.into_iter().filter(|(name, _)| name.contains(filter)) {
        until_childless();
        case();
        println!("test {name} ... ok");
    }
    ExitCode::SUCCESS
}

const NOT_A_VIDEO: &str = r#"{"done":{"Err":{"code":"not-a-video","message":"in the end"}}}"#;
const READY: &str =
    r#"{"ready":{"has_closed_descriptors":true,"has_limits":true,"has_landlock":true,"has_seccomp":true}}"#;

/// A child that says it is ready, and after its first order does something else.
fn misbehave(then: impl FnOnce(&UnixStream)) {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned().expect("a socket"));
    say(&socket, READY);
    for _ in ["with the tray", "of the call"] {
        hear(&socket);
    }
    then(&socket);
}

fn hear(mut socket: &UnixStream) {
    let mut head = [0; 8];
    socket.read_exact(&mut head).expect("an order");
    let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
    socket.read_exact(&mut vec![0; length as usize]).expect("an order");
}

/// Says how many pictures an output will have, and where the file of this result lies; then that all is over.
fn say_planned(socket: &UnixStream, output: usize, place: &str) {
    let planned = format!(r#"{{"planned":{{"output":{output},"picture_count":1,"best":null}}}}"#);
    say(socket, &format!(r#"{{"produced":{{"produced":{planned},"place":{place}}}}}"#));
    say(socket, NOT_A_VIDEO);
}

fn say(mut socket: &UnixStream, message: &str) {
    let length = u32::try_from(message.len()).expect("short");
    socket.write_all(&[length.to_be_bytes(), [0; 4]].concat()).expect("sent");
    socket.write_all(message.as_bytes()).expect("sent");
}

fn self_check() {
    println!(
        "{}",
        serde_json::to_string(&stillframe_sandbox::check(4 << 30)).expect("plain values are JSON")
    );
}

fn pool(mode: &str) -> Pool {
    let config =
        PoolConfig { no_progress: Duration::from_millis(500), ..PoolConfig::of_this_program([mode]) };
    Pool::start(config).expect("a child starts").0
}

fn request(offsets_ms: &[i64]) -> TakeRequest {
    let at = |ms: &i64| Position::At(MediaTime::from_millis(*ms));
    let product = Product::Stills {
        size: SizeRule::default(),
        fit: Fit::Stretch,
        format: ImageFormat::Jpg,
        quality: 85,
    };
    let selection = Selection::Offsets(offsets_ms.iter().map(at).collect());
    let spec = SnapshotSpec { selection, frame: FrameChoice::Exact, product, has_vtt: false };
    TakeRequest { outputs: vec![spec], limits: Limits::default() }
}

/// A video as the store opens it, and one that only the parent can read.
fn sources() -> [Arc<dyn ByteSource>; 2] {
    let path = clips::cached(&ClipSpec::numbered());
    let file = std::fs::File::open(&path).expect("it is there");
    let bytes = std::fs::read(&path).expect("it can be read");
    [Arc::new(OfFile(file, bytes.len() as u64)), Arc::new(OfMemory(bytes))]
}

struct OfFile(std::fs::File, u64);

impl ByteSource for OfFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.0, buf, offset)
    }
    fn len(&self) -> u64 {
        self.1
    }
    fn validator(&self) -> String {
        "of a file".to_owned()
    }
    fn file(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
}

struct OfMemory(Vec<u8>);

impl ByteSource for OfMemory {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let rest = self.0.get(usize::try_from(offset).expect("small")..).unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
    fn validator(&self) -> String {
        "of memory".to_owned()
    }
}

const NEVER: &(dyn Fn() -> bool + Sync) = &|| false;

/// Two frames as one picture that moves.
fn preview() -> SnapshotSpec {
    let size = SizeRule { width_px: Some(64), ..SizeRule::default() };
    let product = Product::Stills { size, fit: Fit::Inside, format: ImageFormat::Webp, quality: 80 };
    let selection = Selection::Preview { start: MediaTime::from_millis(500), length_ms: 400, step_ms: 200 };
    SnapshotSpec { selection, frame: FrameChoice::Exact, product, has_vtt: false }
}

fn take(decoder: &dyn Decoder, source: &Arc<dyn ByteSource>) -> (Vec<Produced>, Result<(), Failure>) {
    let mut all = Vec::new();
    let call = Call { source: Arc::clone(source), version: None, is_abandoned: NEVER };
    let mut request = request(&[0, 1_000, 999_999]);
    request.outputs.push(preview());
    let ended = decoder.take(&call, &request, &mut |produced| {
        all.push(produced);
        ControlFlow::Continue(())
    });
    (all, ended.map(|_| ()))
}

fn children_answer_as_this_process_does() {
    let pool = pool("serve");
    for source in sources() {
        let call = Call { source: Arc::clone(&source), version: None, is_abandoned: NEVER };
        let facts = pool.probe(&call, &Limits::default()).expect("a video");
        assert_eq!(facts, InProcess.probe(&call, &Limits::default()).expect("a video"));
        let (ours, theirs) = (take(&InProcess, &source), take(&pool, &source));
        assert_eq!(ours, theirs);
        assert!(ours.0.len() >= 7, "facts, two plans, three pictures and one that moves");
    }
    let text: Arc<dyn ByteSource> = Arc::new(OfMemory(b"no video".repeat(100)));
    let refused = take(&pool, &text).1.expect_err("it is no video");
    assert_eq!(refused.code, ErrorCode::NotAVideo);
}

/// A flipped bit that the decoder itself does not notice: a child knows that it reads a file, of which the
/// checksums can be looked at.
fn children_look_at_the_checksums_of_files() {
    let spec = ClipSpec { codec: Codec::Vp8, container: Container::Mkv, ..ClipSpec::numbered() };
    let mut bytes = std::fs::read(clips::cached(&spec)).expect("it can be read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&bytes).expect("written");
    let on_disk: Arc<dyn ByteSource> = Arc::new(OfFile(file, bytes.len() as u64));
    let from_afar: Arc<dyn ByteSource> = Arc::new(OfMemory(bytes));
    let pool = pool("serve");
    let failed_count = |decoder: &dyn Decoder, source| {
        let call = Call { source: Arc::clone(source), version: None, is_abandoned: NEVER };
        let offsets_ms: Vec<i64> = (0..10).map(|k| 1_000 * k).collect();
        let mut failed = 0;
        let ended = decoder.take(&call, &request(&offsets_ms), &mut |produced| {
            failed += usize::from(matches!(produced, Produced::Picture(picture) if picture.result.is_err()));
            ControlFlow::Continue(())
        });
        ended.expect("most can be had");
        failed
    };
    assert_eq!(failed_count(&pool, &from_afar), 0, "the decoder notices nothing");
    let expected = failed_count(&InProcess, &on_disk);
    assert!(0 < expected, "checksums tell");
    assert_eq!(failed_count(&pool, &on_disk), expected);
}

fn a_confined_process_reaches_nothing() {
    // What a careless library of the server could leave open.
    let leaked = std::fs::File::open("/etc/passwd").expect("it is there");
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).expect("it is open");
    let program = std::env::current_exe().expect("this program has a place");
    let output = Command::new(program)
        .arg("self-check")
        .env_clear()
        .stdout(Stdio::piped())
        .output()
        .expect("the child runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let Checked { confinement, refused } = serde_json::from_str(&text).expect("what was found");
    let layers = [confinement.has_closed_descriptors, confinement.has_limits, confinement.has_seccomp];
    assert_eq!(layers, [true; 3], "{text}");
    assert_eq!(refused.open(), [""; 0], "a confined process could do this");
}

fn a_child_that_breaks_down_costs_one_call() {
    let [source, _] = sources();
    assert_eq!(take(&pool("plan"), &source).1.expect_err("in the end").code, ErrorCode::NotAVideo);
    for mode in ["die", "lie", "point-beside", "ask-too-much", "ask-beyond", "babble"] {
        let pool = pool(mode);
        for _ in 0..2 {
            let failure = take(&pool, &source).1.expect_err(mode);
            assert_eq!(failure.code, ErrorCode::DecoderCrashed, "{mode}: {failure:?}");
        }
    }
}

fn a_child_that_hangs_is_ended() {
    let [source, _] = sources();
    let begun = Instant::now();
    let failure = take(&pool("hang"), &source).1.expect_err("it hangs");
    assert_eq!(failure.code, ErrorCode::TimedOut);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

fn an_abandoned_call_ends_soon() {
    let config = PoolConfig::of_this_program(["hang"]);
    let (pool, _) = Pool::start(config).expect("a child starts");
    let [source, _] = sources();
    let is_abandoned = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let call = scope.spawn(|| {
            let is_over = || is_abandoned.load(Ordering::Relaxed);
            let call = Call { source, version: None, is_abandoned: &is_over };
            pool.probe(&call, &Limits::default())
        });
        std::thread::park_timeout(Duration::from_millis(200));
        is_abandoned.store(true, Ordering::Relaxed);
        assert!(call.join().expect("no panic").is_err());
    });
}

fn a_sink_that_breaks_ends_the_call_with_the_facts() {
    let pool = pool("serve");
    let [source, _] = sources();
    let call = Call { source: Arc::clone(&source), version: None, is_abandoned: NEVER };
    let facts = pool.take(&call, &request(&[0, 1_000]), &mut |produced| match produced {
        Produced::Facts(_) => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    assert_eq!(facts, InProcess.probe(&call, &Limits::default()));
    assert!(take(&pool, &source).1.is_ok(), "another child takes the next call");
}

fn children_are_replaced_after_their_calls() {
    let config = PoolConfig { calls_per_child: 1, ..PoolConfig::of_this_program(["serve"]) };
    let (pool, confinement) = Pool::start(config).expect("a child starts");
    assert!(confinement.has_seccomp && confinement.has_limits, "{confinement:?}");
    let [source, _] = sources();
    for _ in 0..3 {
        assert!(take(&pool, &source).1.is_ok());
    }
}

fn children_outlive_the_thread_that_started_them() {
    let config = PoolConfig { calls_per_child: 2, idle_max: 1, ..PoolConfig::of_this_program(["serve"]) };
    let started = std::thread::spawn(|| Pool::start(config).expect("a child starts").0);
    let pool = started.join().expect("no panic");
    std::thread::park_timeout(Duration::from_millis(200));
    let [source, _] = sources();
    assert!(take(&pool, &source).1.is_ok());
    assert_eq!(children().len(), 1, "the one that waited did the work");
}

fn a_child_that_computes_for_ever_is_ended() {
    let config = PoolConfig { cpu_s_max: 1, ..PoolConfig::of_this_program(["spin"]) };
    let (pool, _) = Pool::start(config).expect("a child starts");
    let [source, _] = sources();
    let failure = take(&pool, &source).1.expect_err("it computes");
    assert_eq!(failure.code, ErrorCode::TimedOut);
    assert!(failure.message.contains("processor time"), "{failure:?}");
}

/// A file that takes longer to read than a child may be silent.
fn a_child_that_reads_is_not_taken_for_one_that_hangs() {
    let config =
        PoolConfig { no_progress: Duration::from_millis(1_500), ..PoolConfig::of_this_program(["slow"]) };
    let (pool, _) = Pool::start(config).expect("a child starts");
    let [source, _] = sources();
    let begun = Instant::now();
    let call = Call { source, version: None, is_abandoned: NEVER };
    pool.probe(&call, &Limits::default()).expect_err("what it answers at last");
    assert!(Duration::from_secs(3) <= begun.elapsed(), "it was let go on: {:?}", begun.elapsed());
}

fn a_lost_child_is_replaced_before_it_is_needed() {
    let config = PoolConfig { idle_max: 1, ..PoolConfig::of_this_program(["die"]) };
    let (pool, _) = Pool::start(config).expect("a child starts");
    let [source, _] = sources();
    let first = children();
    take(&pool, &source).1.expect_err("it dies");
    let begun = Instant::now();
    while children() == first || children().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "no other child was started");
        std::thread::yield_now();
    }
}

fn a_child_may_abort_and_its_last_words_do_no_harm() {
    let config = PoolConfig::of_this_program(["abort"]);
    let error = Pool::start(config).err().expect("it does not start");
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "it ended, and was not waited for: {error}");
}

/// Waits for the children of the case before, of which some may still be starting.
fn until_childless() {
    let begun = Instant::now();
    while !children().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "children are left: {:?}", children());
        std::thread::yield_now();
    }
}

/// Process ids of the children of this process, whichever thread started them.
fn children() -> Vec<String> {
    let mut all = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").expect("it is there").flatten() {
        let listed = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(listed.split_whitespace().map(str::to_owned));
    }
    all
}

/// Counts the bytes that are read of a video in memory, and how often some are.
struct Counted(OfMemory, AtomicU64, AtomicU64);

impl Counted {
    fn new(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self(OfMemory(bytes), AtomicU64::new(0), AtomicU64::new(0)))
    }
}

impl ByteSource for Counted {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read_at(offset, buf)?;
        self.1.fetch_add(count as u64, Ordering::Relaxed);
        self.2.fetch_add(1, Ordering::Relaxed);
        Ok(count)
    }
    fn len(&self) -> u64 {
        self.0.len()
    }
    fn validator(&self) -> String {
        self.0.validator()
    }
}

fn a_child_knows_a_video_that_it_was_asked_about() {
    let pool = pool("serve");
    let bytes = std::fs::read(clips::cached(&ClipSpec::numbered())).expect("a clip");
    let read_bytes = |version: &str| {
        let source = Counted::new(bytes.clone());
        let call = Call { source: source.clone(), version: Some(version.to_owned()), is_abandoned: NEVER };
        let mut taken_count = 0;
        let ended = pool.take(&call, &request(&[0, 1_000]), &mut |produced| {
            taken_count +=
                usize::from(matches!(produced, Produced::Picture(picture) if picture.result.is_ok()));
            ControlFlow::Continue(())
        });
        assert_eq!((ended.map(drop), taken_count), (Ok(()), 2));
        source.1.load(Ordering::Relaxed)
    };
    let first = read_bytes("1");
    assert!(read_bytes("1") < first, "the index is known");
    assert_eq!(read_bytes("2"), first);
}

fn bytes_are_asked_for_in_large_pieces() {
    // A megabyte, of which libav reads 128 KiB at a time.
    let spec = ClipSpec { width_px: 1_280, height_px: 720, ..ClipSpec::numbered() };
    let bytes = std::fs::read(clips::cached(&spec)).expect("a clip");
    let questions = |decoder: &dyn Decoder| {
        let source = Counted::new(bytes.clone());
        let (produced, ended) = take(decoder, &(Arc::clone(&source) as Arc<dyn ByteSource>));
        assert_eq!((ended, produced.is_empty()), (Ok(()), false));
        source.2.load(Ordering::Relaxed)
    };
    let (by_child, by_libav) = (questions(&pool("serve")), questions(&InProcess));
    assert!(by_child * 3 <= by_libav * 2, "{by_child} questions for {by_libav} reads");
}
