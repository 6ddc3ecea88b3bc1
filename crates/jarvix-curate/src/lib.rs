//! From a page to a document: main text, metadata, language, quality signals, fingerprints, gates
//! and links.
//!
//! Everything is pure and synchronous and belongs on a thread pool of its own, with stacks of
//! [`EXTRACT_STACK_BYTES`]. A bad page is data: [`curate`] never fails and never panics; what was
//! wrong stands in the document's gate and defects. What this crate refuses to do: fetch, write,
//! or follow anything that a page says.

use jarvix_core::{Defect, Document, Link, Page, Signal};

/// Version of this code: part of the generation key of `documents`. Counts up whenever the same
/// page may give another document.
pub const CODE_VERSION: u32 = 1;

/// Stack that a thread needs to run [`curate`], in bytes: the tree of a page that passed the guard
/// may be as deep as [`jarvix_core::limits::HTML_DEPTH_MAX`].
pub const EXTRACT_STACK_BYTES: usize = 16 * 1024 * 1024;

/// The kinds of page that `documents.page_type` may say.
pub const PAGE_TYPES: &[&str] =
    &["article", "collection", "documentation", "forum", "listing", "other", "product", "service"];

/// What a page gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Curated {
    /// The row of `documents`.
    pub document: Document,
    /// The rows of `links`.
    pub links: Vec<Link>,
}

/// What a reader would take from `page`. Never fails, never panics.
pub fn curate(page: &Page) -> Curated {
    let mut document = Document {
        url: page.url.clone(),
        ordinal: page.ordinal,
        signals: vec![None; Signal::ALL.len()],
        ..Document::default()
    };
    let body = page.body.as_deref().unwrap_or_default();
    let (read, defects) = extract(&String::from_utf8_lossy(body), &page.url);
    document.text = read.text;
    document.defects = defects;
    Curated { document, links: Vec::new() }
}

/// The seam over the extractor: the document that `html` at `url` holds, without fingerprints,
/// signals and gates, and what was wrong with it.
pub fn extract(html: &str, url: &str) -> (Document, Vec<Defect>) {
    let text = jarvix_html::plain_text(html);
    (Document { url: url.to_owned(), text, ..Document::default() }, Vec::new())
}
