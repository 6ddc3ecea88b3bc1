//! robots.txt, as it is received, and the same grammar in headers.

use jarvix_collect::probe;
use jarvix_html::RobotsDirectives;

use crate::{first_line, header};

/// A path, a line end, and a robots.txt.
///
/// # Panics
/// When the same rules say two things, or when what forbids everything forbids less.
pub fn target(data: &[u8]) {
    let (path, body) = first_line(data);
    let path = String::from_utf8_lossy(path);
    let url = format!("http://h.example/{}", path.trim_start_matches('/'));
    let Ok(url) = jarvix_core::canonicalise(&url) else { return };
    let verdict = probe::robots_allow(body, None, url.url());
    assert_eq!(verdict, probe::robots_allow(body, None, url.url()), "rules are rules");
    if let Some(value) = header(body) {
        let wishes = RobotsDirectives::parse(value);
        assert_eq!(wishes.and(wishes), wishes);
    }
}
