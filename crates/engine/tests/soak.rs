//! Nothing is lost with each call: the resident memory stays where it is, damaged files included.
//!
//! `./dev bench soak` does the same ten thousand times.

#[path = "support/memory.rs"]
mod memory;
#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::sync::Arc;

use stillframe_testkit::clips::{ClipSpec, Codec, Container, cached};

use memory::Memory;
use support::{at, stills, take_all};

/// Calls until caches and arenas are as large as they get.
const WARM_CALLS: usize = 200;
const CALLS: usize = 1_200;
const GROWTH_BYTES_MAX: u64 = 4 << 20;

#[test]
fn memory_does_not_grow_with_the_number_of_calls() {
    let files = files();
    let mut at_start = 0;
    for call in 0..CALLS {
        if call == WARM_CALLS {
            at_start = resident_bytes();
        }
        let time = (call * 397 % 2_000) as i64;
        // What fails has to be let go of as well as what succeeds.
        let _ =
            take_all(Arc::new(Memory(files[call % files.len()].clone())), vec![stills(at(&[time, 5_000]))]);
    }
    let growth = resident_bytes().saturating_sub(at_start);
    assert!(growth <= GROWTH_BYTES_MAX, "{growth} bytes more after {CALLS} calls than after {WARM_CALLS}");
}

/// Small clips in several containers: whole, cut, and with flipped bits.
fn files() -> Vec<Vec<u8>> {
    let pairs = [
        (Container::Mp4, Codec::H264),
        (Container::FragmentedMp4, Codec::H264),
        (Container::Mkv, Codec::Vp9),
        (Container::MpegTs, Codec::Mpeg2),
        (Container::Flv, Codec::H264),
        (Container::Avi, Codec::Mjpeg),
    ];
    let mut files = Vec::new();
    for (container, codec) in pairs {
        let spec = ClipSpec {
            container,
            codec,
            width_px: 128,
            height_px: 72,
            frame_count: 50,
            ..ClipSpec::numbered()
        };
        let whole = std::fs::read(cached(&spec)).unwrap();
        let mut flipped = whole.clone();
        let (from, step) = (whole.len() / 4, (whole.len() / 40).max(1));
        flipped[from..].iter_mut().step_by(step).for_each(|byte| *byte ^= 0x24);
        files.push(whole[..whole.len() * 6 / 10].to_vec());
        files.push(flipped);
        files.push(whole);
    }
    files
}

/// Source: proc(5), `/proc/pid/statm`: the second number counts pages.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4_096
}
