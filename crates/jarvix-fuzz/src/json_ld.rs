//! Structured data by itself.

use jarvix_curate::extract;

use crate::document::{URL, check};

/// A block of JSON-LD, in a page that shows little else.
///
/// # Panics
/// When a document breaks a promise.
pub fn target(data: &[u8]) {
    let block = String::from_utf8_lossy(data);
    let html = format!(
        "<title>T</title><script type=application/ld+json>{block}</script><h1>Head</h1><p>Text."
    );
    check(&extract(&html, URL).0);
}
