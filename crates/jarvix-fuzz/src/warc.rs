//! Web archives, as they are imported.

/// A WARC file.
///
/// # Panics
/// When the reader breaks a promise.
pub fn target(data: &[u8]) {
    let once = jarvix_warc::fuzz::read_all(data);
    assert_eq!(once, jarvix_warc::fuzz::read_all(data), "the same bytes are the same archive");
}
