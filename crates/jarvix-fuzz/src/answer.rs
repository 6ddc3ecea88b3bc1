//! The answer of a server, from its first byte to the row of `pages`: status line, headers,
//! framing, redirects, and what is read from the headers.

use jarvix_collect::probe;
use jarvix_core::{Outcome, Page, canonicalise, limits};

/// Everything that a server sends before it hangs up; redirects meet the same bytes again.
///
/// # Panics
/// When the row breaks a promise.
pub fn target(data: &[u8]) {
    let page = probe::answer(data);
    let reason = page.reason.as_deref().unwrap_or_default();
    assert!(!reason.contains(['\n', '\r']), "{reason:?}");
    assert_eq!(reason.is_empty(), page.outcome == Outcome::Fetched, "{page:?}");
    assert_eq!(page.body.is_some(), page.body_hash.is_some(), "{page:?}");
    assert!(page.body.as_ref().is_none_or(|body| body.len() <= probe::BODY_BYTES_MAX));
    let good = page.status.is_some_and(|status| (200..300).contains(&status));
    assert!(page.outcome != Outcome::Fetched || good, "{page:?}");
    assert!(page.outcome != Outcome::Internal, "{page:?}");
    headers(&page);
    places(&page);
}

fn headers(page: &Page) {
    let all = page.redirects.iter().map(|hop| &hop.headers).chain([&page.headers]);
    for headers in all {
        assert!(headers.len() <= limits::HEADERS_MAX, "{} headers", headers.len());
        let bytes: usize = headers.iter().map(|h| h.name.len() + h.value.len()).sum();
        // What is not UTF-8 is written with three bytes for one.
        assert!(bytes <= limits::HEADER_BYTES_MAX * 3, "{bytes} bytes of headers");
        for header in headers {
            assert!(!header.name.is_empty() && header.name.is_ascii(), "{header:?}");
            assert!(!header.value.contains(['\n', '\r', '\0']), "{header:?}");
        }
    }
}

fn places(page: &Page) {
    assert!(page.redirects.len() <= limits::REDIRECTS_MAX);
    let hops = page.redirects.iter().map(|hop| &hop.url).chain(&page.final_url);
    for url in hops {
        let canonical = canonicalise(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(canonical.as_str(), url, "only canonical addresses are asked");
        assert!(canonical.is_web(), "{url}");
    }
}
