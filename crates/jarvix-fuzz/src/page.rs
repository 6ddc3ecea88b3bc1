//! A whole page, from its bytes to the document.

use jarvix_core::{Outcome, Page, limits};
use jarvix_curate::{Policy, curate};

use crate::document::{URL, check};
use crate::{first_line, header};

/// A content type, a line end, and a body.
///
/// # Panics
/// When a document breaks a promise.
pub fn target(data: &[u8]) {
    let (content_type, body) = first_line(data);
    let mut page = Page::unfetched(URL.to_owned(), 0, Outcome::Fetched, "");
    page.reason = None;
    page.content_type = header(content_type).map(str::to_owned);
    page.body = Some(body.to_vec());
    let policy = Policy::default();
    let curated = curate(&page, &policy);
    check(&curated.document);
    assert!(curated.links.len() <= limits::LINKS_MAX + 1);
    assert_eq!(curated, curate(&page, &policy), "the same page gives the same document");
}
