//! See `jarvix_fuzz::sitemap`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jarvix_fuzz::sitemap::target(data));
