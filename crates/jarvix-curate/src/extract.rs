//! The seam over the extractor crate: a guard in front of it, a net under it, our own document
//! behind it. Nothing outside this file knows which crate finds the main text.
//!
//! The guard: a page whose tree would be too deep or too large is read without a tree. The net: a
//! panic of the extractor becomes a defect. The extractor keeps a thread-local flag while it reads
//! a forum page, which a panic leaves set; it is put right before the next page, so that a page's
//! document never depends on the page before it.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use jarvix_core::{Defect, Document, limits};
use jarvix_html::{Shape, plain_text, shape};
use rs_trafilatura::page_type::PageType;
use rs_trafilatura::{ExtractResult, Options};

use crate::clean;
use crate::markdown;
use crate::metadata;
use crate::survey::Survey;
use crate::words::Words;

/// Largest page that a tree is built of, in bytes.
const HTML_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The costliest shape that a tree is built of (see [`Shape`]). The extractor walks up from every
/// element, takes the text of most of them, and spells out the cells of tables as often as they
/// span: real pages stay five times below these numbers, hostile ones take minutes or gigabytes.
const SHAPE_MAX: Shape = Shape {
    depth_max: limits::HTML_DEPTH_MAX,
    elements: 60_000,
    depth_sum: 1_000_000,
    text_depth_bytes: 64 * 1024 * 1024,
    cell_bytes: 32 * 1024 * 1024,
};

/// The document that `html` at `url` holds (metadata, text, Markdown, page type), and what was
/// wrong with it; fingerprints, signals and gates are not its business. Never panics.
///
/// It wants a stack of [`EXTRACT_STACK_BYTES`](crate::EXTRACT_STACK_BYTES).
pub fn extract(html: &str, url: &str) -> (Document, Vec<Defect>) {
    extract_surveyed(html, url, &Survey::of(html))
}

pub(crate) fn extract_surveyed(html: &str, url: &str, survey: &Survey) -> (Document, Vec<Defect>) {
    let mut defects = Vec::new();
    let found = match unfit_for_a_tree(html) {
        None => guarded(html, url).ok_or(Defect::ExtractorFailed),
        Some(defect) => Err(defect),
    };
    let found = found.unwrap_or_else(|defect| {
        defects.push(defect);
        ExtractResult { content_text: plain_text(html), ..ExtractResult::default() }
    });
    let mut document = metadata::of(url, survey, &found.metadata);
    let (text, cut) = clean::paragraphs(&main_text(&found), limits::TEXT_CHARS_MAX);
    let text = if is_title_only(&text, survey) { String::new() } else { text };
    if cut {
        defects.push(Defect::TextCut);
    }
    document.markdown = match &found.content_html {
        Some(html) => clean::markdown(&markdown::of_html(html), limits::TEXT_CHARS_MAX),
        None => markdown::of_text(&text),
    };
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

/// The extractor's text, with the line breaks of its HTML where it ran paragraphs together.
fn main_text(found: &ExtractResult) -> Cow<'_, str> {
    let text = &found.content_text;
    // In tables the text has the better lines: one a row.
    let html = found.content_html.as_deref().filter(|html| !html.contains("<table"));
    let lines = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).count();
    match html.map(plain_text) {
        Some(other)
            if lines(&other) > lines(text)
                && Words::of(&other).joined() == Words::of(text).joined() =>
        {
            Cow::Owned(other)
        }
        _ => Cow::Borrowed(text),
    }
}

/// For a page that shows nothing the extractor may give its title, more than once.
fn is_title_only(text: &str, survey: &Survey) -> bool {
    let title = Words::of(survey.title.as_deref().unwrap_or_default());
    survey.visible_chars == 0
        && Words::of(text)
            .joined()
            .replace(' ', "")
            .replace(&title.joined().replace(' ', ""), "")
            .is_empty()
}

/// Why no tree is built of the page, if none is.
fn unfit_for_a_tree(html: &str) -> Option<Defect> {
    if html.len() > HTML_BYTES_MAX {
        return Some(Defect::TooComplex);
    }
    let Shape { depth_max, elements, depth_sum, text_depth_bytes, cell_bytes } = shape(html);
    if depth_max > SHAPE_MAX.depth_max {
        return Some(Defect::DeepNesting);
    }
    let too_complex = elements > SHAPE_MAX.elements
        || depth_sum > SHAPE_MAX.depth_sum
        || text_depth_bytes > SHAPE_MAX.text_depth_bytes
        || cell_bytes > SHAPE_MAX.cell_bytes;
    too_complex.then_some(Defect::TooComplex)
}

/// Runs the extractor; after a panic once more as for an article, the plainest way through it.
fn guarded(html: &str, url: &str) -> Option<ExtractResult> {
    run(html, url, None).or_else(|| run(html, url, Some(PageType::Article)))
}

fn run(html: &str, url: &str, page_type: Option<PageType>) -> Option<ExtractResult> {
    let options = Options {
        url: Some(url.to_owned()),
        // It cuts within characters; the limit of the text is ours.
        max_extracted_len: usize::MAX,
        page_type,
        ..Options::default()
    };
    let found = quietly(|| rs_trafilatura::extract_with_options(html, &options));
    match found {
        Some(found) => found.ok(),
        None => {
            reset_thread();
            None
        }
    }
}

/// Reading a forum page to its end clears the extractor's thread-local flag.
fn reset_thread() {
    let options = Options { page_type: Some(PageType::Forum), ..Options::default() };
    // Only the side effect matters.
    quietly(|| rs_trafilatura::extract_with_options("<p>reset</p>", &options).is_ok());
}

thread_local! {
    /// Whether a panic on this thread is expected and caught.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; `None` if it panics. The panic hook stays silent about it, on this thread only.
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    QUIET.set(true);
    // The extractor shares nothing with us but the page, which it cannot change.
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_and_the_thread_stays_usable() {
        assert_eq!(quietly(|| -> u32 { panic!("planted") }), None);
        assert_eq!(quietly(|| 7), Some(7));
        reset_thread();
        let (document, defects) =
            extract("<title>T</title><p>Some text here.</p>", "https://x.org/");
        assert_eq!(document.title.as_deref(), Some("T"));
        assert!(!defects.contains(&Defect::ExtractorFailed));
    }

    #[test]
    fn what_does_not_fit_a_tree_is_read_without_one() {
        let deep = format!("<title>T</title>{}deep down", "<div>".repeat(1_000_000));
        let wide =
            format!("<title>T</title>{}deep down", "<p>x</p>".repeat(SHAPE_MAX.elements + 1));
        for (html, defect) in [(deep, Defect::DeepNesting), (wide, Defect::TooComplex)] {
            let (document, defects) = extract(&html, "https://x.org/");
            assert_eq!(defects, [defect]);
            assert!(document.text.ends_with("deep down"));
            assert_eq!(document.page_type.as_deref(), Some("other"));
        }
    }
}
