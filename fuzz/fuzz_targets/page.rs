//! See `jarvix_fuzz::page`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jarvix_fuzz::page::target(data));
