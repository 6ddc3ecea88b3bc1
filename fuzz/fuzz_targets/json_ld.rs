//! See `jarvix_fuzz::json_ld`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jarvix_fuzz::json_ld::target(data));
