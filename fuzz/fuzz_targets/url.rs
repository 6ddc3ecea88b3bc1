//! See `jarvix_fuzz::url`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jarvix_fuzz::url::target(data));
