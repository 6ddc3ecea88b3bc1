//! From HTML to a document: the tree, the choice of what is content, text and Markdown of it, and
//! metadata. Nothing outside this file knows how the main text is found.
//!
//! Linear, without recursion. What it refuses to do: build a tree of a page that is too deep or too
//! large for one; such a page is read as plain text and says so.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jarvix_core::{Defect, Document, Source, limits};
use jarvix_html::{TokenList, plain_text};

use crate::breadcrumbs;
use crate::byline;
use crate::clean;
use crate::contacts;
use crate::content;
use crate::markdown;
use crate::metadata;
use crate::microdata;
use crate::platform;
use crate::product;
use crate::quick::Ready;
use crate::render;
use crate::sections;
use crate::sources::{self, Sources};
use crate::supplement;
use crate::survey::Survey;
use crate::tree::Tree;

/// Largest page that a tree is built of, in bytes.
const HTML_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most units that are weighed one by one.
const UNITS_MAX: usize = 30_000;

/// What reading a page through its tree gives.
#[derive(Debug, Default)]
struct Found {
    text: String,
    markdown: String,
    /// The chosen headings, with their levels.
    headings: Vec<(u8, String)>,
    /// The kind of the page, and how likely it is.
    kind: Option<(&'static str, f32)>,
    byline: byline::Byline,
    product: Option<microdata::Item>,
    /// What the page is about, in microdata; asked only where it shows nothing.
    work: Option<microdata::Item>,
    breadcrumbs: Vec<String>,
    contacts: contacts::Contacts,
    sources: Sources,
}

/// The document that `html` at `url` holds (metadata, text, Markdown, page type), and what was
/// wrong with it; fingerprints, signals and gates are not its business. Never panics.
pub fn extract(html: &str, url: &str) -> (Document, Vec<Defect>) {
    let tokens = TokenList::of(html);
    let survey = Survey::among(html, tokens.iter());
    let page = Surveyed { html, tokens: &tokens, url, survey: &survey };
    extract_with(&page, Ready::shipped())
}

/// A page, and what one pass over it has found.
pub(crate) struct Surveyed<'p> {
    /// The page.
    pub(crate) html: &'p str,
    /// Its tokens.
    pub(crate) tokens: &'p TokenList<'p>,
    /// Its address.
    pub(crate) url: &'p str,
    /// Its survey.
    pub(crate) survey: &'p Survey,
}

/// The same of a page that was surveyed, by what `ready` has learned.
pub(crate) fn extract_with(page: &Surveyed<'_>, ready: &Ready<'_>) -> (Document, Vec<Defect>) {
    let Surveyed { html, url, survey, .. } = *page;
    let mut defects = Vec::new();
    // No page is known to make the reader panic; one that does is still a row.
    let found = catch_unwind(AssertUnwindSafe(|| read(page, ready)));
    let found = found.unwrap_or(Err(Defect::ExtractorFailed)).unwrap_or_else(|defect| {
        defects.push(defect);
        let text = plain_text(html);
        Found { markdown: markdown::of_text(&text), text, ..Found::default() }
    });
    let mut noted = Sources::default();
    let kind = found.kind.map_or(metadata::PAGE_TYPE_OTHER, |(kind, _)| kind);
    if let Some((_, confidence)) = found.kind {
        noted.push("page_type", "structure and words", confidence);
    }
    let asked = metadata::Asked { url, survey, byline: &found.byline, kind };
    let mut document = metadata::of(&asked, &mut noted);
    document.page_type = Some(kind.to_owned());
    document.breadcrumbs = found.breadcrumbs;
    document.product = product::of(survey, found.product.as_ref(), &mut noted);
    document.platform = platform::of(html, survey, &mut noted);
    (document.contacts, document.social_links) =
        (found.contacts.addresses, found.contacts.profiles);
    document.sources = found.sources.finish();
    document.sources.extend(noted.finish());
    let (mut text, mut as_markdown) = (found.text, found.markdown);
    if text.trim().is_empty()
        && let Some((stated, source)) = stated_text(survey, found.work.as_ref())
    {
        as_markdown = markdown::of_text(&stated);
        text = stated;
        document.sources.push(Source { column: "text".to_owned(), source, confidence: 0.3 });
    }
    sources::sort(&mut document.sources);
    let (text, cut) = clean::paragraphs(&text, limits::TEXT_CHARS_MAX);
    if cut {
        defects.push(Defect::TextCut);
    }
    document.sections = sections::of(&text, &found.headings);
    document.markdown = clean::markdown(&as_markdown, limits::TEXT_CHARS_MAX);
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

/// What a page that shows nothing says of its content: in microdata or RDFa, else to those who link
/// to it. (What stands in JSON-LD was weighed with the page's own text.)
fn stated_text(survey: &Survey, work: Option<&microdata::Item>) -> Option<(String, String)> {
    let in_work = |name| work.and_then(|work| work.get(name));
    // Of an application or a site the description is no content.
    let kind = survey.meta(&["og:type"]).unwrap_or_default();
    let is_work = ["article", "product", "book", "video", "music"]
        .iter()
        .any(|work| kind.starts_with(work) || kind.ends_with(work));
    let ways = [
        (in_work("articleBody"), "microdata articleBody"),
        (in_work("text"), "microdata text"),
        (in_work("description"), "microdata description"),
        (survey.meta(&["og:description"]).filter(|_| is_work), "open_graph description"),
    ];
    let (text, source) = ways.into_iter().find_map(|(text, source)| Some((text?, source)))?;
    Some((jarvix_html::unescape(text).into_owned(), source.to_owned()))
}

/// Items that a page may be about.
const WORKS: &[&str] = &[
    "Article",
    "BlogPosting",
    "NewsArticle",
    "DiscussionForumPosting",
    "Product",
    "Recipe",
    "CreativeWork",
    "WebPage",
];

/// Reads a page through its tree, or says why not.
fn read(page: &Surveyed<'_>, ready: &Ready<'_>) -> Result<Found, Defect> {
    let Surveyed { html, tokens, url, survey } = *page;
    if html.len() > HTML_BYTES_MAX {
        return Err(Defect::TooComplex);
    }
    let added = supplement::of(html, survey);
    let whole = if added.is_empty() { None } else { Some(format!("{html}{added}")) };
    let whole = whole.as_deref().unwrap_or(html);
    let tree = Tree::among(tokens.iter_on(whole), whole.len(), html.len());
    if tree.too_deep {
        return Err(Defect::DeepNesting);
    }
    let found = content::find(&tree, survey, url, ready, UNITS_MAX);
    let found = found.filter(|_| !tree.too_large).ok_or(Defect::TooComplex)?;
    let is_thread = found.kind.is_some_and(|(kind, _)| kind == "forum");
    let mut sources = Sources::default();
    let structured = &survey.structured;
    let is_bare = !found.chosen.contains(&true);
    Ok(Found {
        work: is_bare.then(|| microdata::Item::find(&tree, WORKS)).flatten(),
        text: render::text(&tree, &found.units, &found.chosen),
        markdown: render::markdown(&tree, &found.units, &found.chosen),
        headings: render::headings(&tree, &found.units, &found.chosen),
        kind: found.kind,
        byline: byline::of(&tree, &found.units, tree.added, is_thread),
        product: microdata::Item::find(&tree, &["Product", "ProductGroup"]),
        breadcrumbs: breadcrumbs::of(structured, &tree, &mut sources),
        contacts: contacts::of(&tree, structured, &mut sources),
        sources,
    })
}
