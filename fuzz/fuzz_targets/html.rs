//! See `jarvix_fuzz::html`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jarvix_fuzz::html::target(data));
