#![no_main]

libfuzzer_sys::fuzz_target!(init: stillframe_fuzzing::child(), |data: &[u8]| stillframe_fuzzing::media(data));
