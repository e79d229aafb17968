//! Mutated videos, decoded in a confined child as the server does it.

use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use stillframe_domain::{
    ByteSource, ErrorCode, Fit, FrameChoice, ImageFormat, MediaTime, Position, Product, Selection, SizeRule,
    SnapshotSpec,
};
use stillframe_engine::{Limits, Produced, TakeRequest};
use stillframe_sandbox::{Call, Decoder as _, Pool, PoolConfig};

/// The argument that makes this program a child.
const CHILD: &str = "decode-child";
/// Longest time of one call: the limits that it is given, and what ending it takes.
const CALL_MAX: Duration = Duration::from_secs(20);

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let no_progress = Duration::from_secs(8);
    let config = PoolConfig { idle_max: 1, no_progress, ..PoolConfig::of_this_program([CHILD]) };
    Pool::start(config).expect("a child starts").0
});

/// Decodes for the parent, if this process was started for that; asked first by every program that has this
/// entry point.
#[expect(clippy::disallowed_methods, reason = "a child holds nothing that would have to be written")]
pub fn child() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, command, memory, ..] = arguments.as_slice()
        && command == CHILD
    {
        let memory = memory.parse().expect("the pool gives a number");
        let served = stillframe_sandbox::serve(memory);
        std::process::exit(i32::from(served.is_err()));
    }
}

/// A file: whatever it is, the child lives, ends in time, and tells of no picture without its bytes.
pub fn media(data: &[u8]) {
    let begun = Instant::now();
    let source: Arc<dyn ByteSource> = Arc::new(OfMemory(data.to_vec()));
    let call = Call { source, version: None, is_abandoned: &|| false };
    let limits = Limits { wall_clock_ms_max: 5_000, ..Limits::default() };
    let probed = POOL.probe(&call, &limits);
    assert_alive(probed.as_ref().err().map(|failure| failure.code));
    let product = Product::Stills {
        size: SizeRule::default(),
        fit: Fit::Stretch,
        format: ImageFormat::Jpg,
        quality: 50,
    };
    let at = |ms| Position::At(MediaTime::from_millis(ms));
    let selection = Selection::Offsets(vec![at(0), at(40), Position::Percent(100.0)]);
    let spec = SnapshotSpec { selection, frame: FrameChoice::Exact, product, has_vtt: false };
    let request = TakeRequest { outputs: vec![spec], limits };
    let mut keep = |produced: Produced| {
        if let Produced::Picture(picture) = produced
            && let Ok(taken) = picture.result
        {
            assert!(taken.bytes.starts_with(&[0xff, 0xd8]), "a picture that is no JPEG");
        }
        ControlFlow::Continue(())
    };
    let taken = POOL.take(&call, &request, &mut keep);
    assert_alive(taken.err().map(|failure| failure.code));
    assert!(begun.elapsed() < CALL_MAX, "no end within {} s", CALL_MAX.as_secs());
}

fn assert_alive(code: Option<ErrorCode>) {
    assert_ne!(code, Some(ErrorCode::DecoderCrashed), "this file ends its decoder");
}

struct OfMemory(Vec<u8>);

impl ByteSource for OfMemory {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let at = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let count = (self.0.len() - at).min(buf.len());
        buf[..count].copy_from_slice(&self.0[at..at + count]);
        Ok(count)
    }

    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn validator(&self) -> String {
        "of memory".to_owned()
    }
}
