#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| stillframe_fuzzing::vpx(data));
