//! From HTML to a document: the tree, the choice of what is content, text and Markdown of it, and
//! metadata. Nothing outside this file knows how the main text is found.
//!
//! Linear, without recursion. What it refuses to do: build a tree of a page that is too deep or too
//! large for one; such a page is read as plain text and says so.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jarvix_core::{Defect, Document, limits};
use jarvix_html::plain_text;

use crate::byline;
use crate::clean;
use crate::content;
use crate::markdown;
use crate::metadata;
use crate::render;
use crate::supplement;
use crate::survey::Survey;
use crate::tree::Tree;
use crate::weights::Weights;

/// Largest page that a tree is built of, in bytes.
const HTML_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most units that are weighed one by one.
const UNITS_MAX: usize = 30_000;

/// What reading a page through its tree gives.
#[derive(Debug, Default)]
struct Found {
    text: String,
    markdown: String,
    kind: Option<&'static str>,
    byline: byline::Byline,
}

/// The document that `html` at `url` holds (metadata, text, Markdown, page type), and what was
/// wrong with it; fingerprints, signals and gates are not its business. Never panics.
pub fn extract(html: &str, url: &str) -> (Document, Vec<Defect>) {
    extract_surveyed(html, url, &Survey::of(html))
}

pub(crate) fn extract_surveyed(html: &str, url: &str, survey: &Survey) -> (Document, Vec<Defect>) {
    let mut defects = Vec::new();
    // No page is known to make the reader panic; one that does is still a row.
    let found = catch_unwind(AssertUnwindSafe(|| read(html, url, survey)));
    let found = found.unwrap_or(Err(Defect::ExtractorFailed)).unwrap_or_else(|defect| {
        defects.push(defect);
        let text = plain_text(html);
        Found { markdown: markdown::of_text(&text), text, ..Found::default() }
    });
    let mut document = metadata::of(url, survey, &found.byline);
    document.page_type = Some(found.kind.unwrap_or(metadata::PAGE_TYPE_OTHER).to_owned());
    let (text, cut) = clean::paragraphs(&found.text, limits::TEXT_CHARS_MAX);
    if cut {
        defects.push(Defect::TextCut);
    }
    document.markdown = clean::markdown(&found.markdown, limits::TEXT_CHARS_MAX);
    document.text = text;
    if survey.structured.malformed {
        defects.push(Defect::JsonLdMalformed);
    }
    if document.title.is_none() {
        defects.push(Defect::NoTitle);
    }
    defects.sort();
    (document, defects)
}

/// Reads a page through its tree, or says why not.
fn read(html: &str, url: &str, survey: &Survey) -> Result<Found, Defect> {
    if html.len() > HTML_BYTES_MAX {
        return Err(Defect::TooComplex);
    }
    let added = supplement::of(html, survey);
    let whole = if added.is_empty() { None } else { Some(format!("{html}{added}")) };
    let tree = Tree::of(whole.as_deref().unwrap_or(html), html.len());
    if tree.too_deep {
        return Err(Defect::DeepNesting);
    }
    let found = content::find(&tree, survey, url, Weights::shipped(), UNITS_MAX);
    let found = found.filter(|_| !tree.too_large).ok_or(Defect::TooComplex)?;
    Ok(Found {
        text: render::text(&tree, &found.units, &found.chosen),
        markdown: render::markdown(&tree, &found.units, &found.chosen),
        kind: found.kind,
        byline: byline::of(&tree, &found.units, tree.added),
    })
}
