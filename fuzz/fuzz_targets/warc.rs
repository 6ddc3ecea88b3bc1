//! See `jarvix_fuzz::warc`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jarvix_fuzz::warc::target(data));
