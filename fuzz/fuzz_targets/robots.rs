//! See `jarvix_fuzz::robots`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jarvix_fuzz::robots::target(data));
