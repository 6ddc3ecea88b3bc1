//! Dates as pages write them.

use jarvix_curate::extract;

use crate::document::{URL, check};

/// A date, in each place where a page may have one.
///
/// # Panics
/// When a document breaks a promise.
pub fn target(data: &[u8]) {
    let text = String::from_utf8_lossy(data).replace(['"', '<', '&'], " ");
    for html in [
        format!("<meta property=article:published_time content=\"{text}\"><p>Words of a page."),
        format!("<h1>Head</h1><time datetime=\"{text}\">x</time><p>Words of a page."),
        format!("<h1>Head</h1><p>{text}</p><p>Words of a page."),
        format!("<h1>Head</h1><span itemprop=dateModified>{text}</span><p>Words of a page."),
    ] {
        check(&extract(&html, URL).0);
    }
}
