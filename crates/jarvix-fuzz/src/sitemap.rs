//! Sitemaps, packed or not, and the lines of a robots.txt that name them.

use jarvix_core::limits;
use jarvix_html::{SitemapEntry, SitemapFacts, read_sitemap, robots_sitemaps};

use crate::{first_line, header};

/// A content coding, a line end, and a sitemap.
///
/// # Panics
/// When reading twice finds two things, or more than is allowed.
pub fn target(data: &[u8]) {
    let (coding, body) = first_line(data);
    let (whole, facts) = read(body, header(coding));
    assert_eq!(facts.entries, whole.len());
    assert!(facts.entries <= limits::SITEMAP_URLS_MAX);
    for entry in &whole {
        assert!(entry.loc.len() <= limits::URL_BYTES_MAX && !entry.loc.is_empty(), "{entry:?}");
        drop(jarvix_core::canonicalise(&entry.loc));
    }
    assert_eq!(whole, read(body, header(coding)).0, "the same bytes are the same sitemap");
    for address in robots_sitemaps(&String::from_utf8_lossy(body)) {
        assert!(!address.is_empty() && address.len() <= limits::URL_BYTES_MAX);
        assert!(!address.contains(char::is_whitespace), "{address:?}");
    }
}

fn read(body: &[u8], coding: Option<&str>) -> (Vec<SitemapEntry>, SitemapFacts) {
    let mut found = Vec::new();
    let facts = read_sitemap(body, coding, &mut |entry| found.push(entry));
    (found, facts)
}
