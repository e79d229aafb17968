//! Entry points for hostile bytes: each takes any bytes at all, and panics when a promise is broken.
//!
//! `./dev fuzz` feeds them by libFuzzer (`fuzz/`), the test `replay` with what is kept in `fuzz/corpus/`. What
//! fuzzing finds is put into that folder, so that it is tried from then on.
//!
//! To add one: a function here with its line in [`TARGETS`], a file in `fuzz/fuzz_targets/` with its lines in
//! `fuzz/Cargo.toml`, and a few inputs in `fuzz/corpus/`.

mod headers;
mod media;
mod pieces;
mod requests;
mod signatures;
mod texts;
#[path = "../../cli/src/snap/time.rs"]
mod time;
mod world;

pub use headers::{av1, hevc, vpx};
pub use media::{child, media};
pub use requests::{forms, json, mns};
pub use signatures::signatures;
pub use texts::{times, vtt};

/// An entry point.
pub type Entry = fn(&[u8]);

/// All of them, by the name of their fuzz target and of the folder of their corpus.
pub const TARGETS: [(&str, Entry); 10] = [
    ("av1", av1),
    ("forms", forms),
    ("hevc", hevc),
    ("json", json),
    ("media", media),
    ("mns", mns),
    ("signatures", signatures),
    ("times", times),
    ("vpx", vpx),
    ("vtt", vtt),
];
