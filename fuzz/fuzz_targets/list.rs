//! See `jarvix_fuzz::list`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jarvix_fuzz::list::target(data));
