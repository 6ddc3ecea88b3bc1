//! See `jarvix_fuzz::dates`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jarvix_fuzz::dates::target(data));
