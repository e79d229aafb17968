#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| stillframe_fuzzing::signatures(data));
