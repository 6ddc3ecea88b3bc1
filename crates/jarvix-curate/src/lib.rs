//! From a page to a document: main text, metadata, language, quality signals, fingerprints, gates
//! and links.
//!
//! Everything is pure and synchronous and belongs on a thread pool of its own, with stacks of
//! [`EXTRACT_STACK_BYTES`]. A bad page is data: [`curate`] never fails and never panics; what was
//! wrong stands in the document's gate and defects. The same page gives the same document, byte
//! for byte, on every thread and machine. What this crate refuses to do: fetch, write, or follow
//! anything that a page says.

mod breadcrumbs;
mod byline;
mod clean;
mod contacts;
mod content;
mod context;
mod dates;
mod extract;
mod features;
mod fingerprint;
#[doc(hidden)]
pub mod fit;
mod gates;
mod keywords;
mod language;
mod listing;
mod markdown;
mod metadata;
mod microdata;
mod names;
mod page_type;
mod pii;
mod platform;
mod policy;
mod product;
mod quick;
mod read;
mod render;
mod repetition;
mod sections;
mod signals;
mod sources;
mod structured;
mod supplement;
mod survey;
mod title;
mod tree;
mod units;
mod vocabulary;
mod weights;
mod words;

use std::cell::OnceCell;

use jarvix_core::{Defect, Document, Link, LinkKind, Page, Role, Source, canonicalise, limits};
use jarvix_html::{PageLink, RobotsDirectives, TokenList, links};
use url::Url;

pub use extract::extract;
pub use fingerprint::{
    MINHASH_BANDS, MINHASH_HASHES, SHINGLE_WORDS, Signature, fingerprints, shared, shingles,
};
pub use language::language;
pub use listing::customary_sitemap;
pub use policy::{POLICY_BYTES_MAX, Policy, PolicyError, PolicyFile};

use extract::Surveyed;
use gates::Evidence;
use quick::Ready;
use signals::PageFacts;
use survey::Survey;
use words::Words;

/// Version of this code: part of the generation key of `documents`. Counts up whenever the same
/// page may give another document.
pub const CODE_VERSION: u32 = 5;

/// Stack that a thread needs to run [`curate`], in bytes. Nothing here goes deeper with the page:
/// only structured data is read by recursion, to the depth that its parser bounds.
pub const EXTRACT_STACK_BYTES: usize = 4 * 1024 * 1024;

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

/// What a reader who follows `policy` would take from `page`. Never fails, never panics.
pub fn curate(page: &Page, policy: &Policy) -> Curated {
    let mut curated = match page.found.role {
        Role::Page => curate_page(page, policy),
        Role::Sitemap => listing::sitemap(page),
        Role::Robots => listing::robots(page),
    };
    curated.document.url.clone_from(&page.url);
    curated.document.ordinal = page.ordinal;
    curated
}

fn curate_page(page: &Page, policy: &Policy) -> Curated {
    match read::read(page) {
        Ok(read) if read.is_html => curate_html(page, &read, policy),
        Ok(read) => curate_text(page, &read, policy),
        Err(unreadable) => Curated {
            document: Document {
                gate: Some(unreadable.gate),
                gate_reason: Some(unreadable.reason),
                bytes_decoded: unreadable.bytes_decoded,
                signals: vec![None; jarvix_core::Signal::ALL.len()],
                ..Document::default()
            },
            links: Vec::new(),
        },
    }
}

fn curate_html(page: &Page, read: &read::Read, policy: &Policy) -> Curated {
    let html = &read.text;
    let address = page.final_url.as_deref().unwrap_or(&page.url);
    // Every reader of the page's markup takes these; nobody reads it again.
    let tokens = TokenList::of(html);
    let survey = Survey::among(html, tokens.iter());
    let surveyed = Surveyed { html, tokens: &tokens, url: address, survey: &survey };
    let (mut document, defects) = extract::extract_with(&surveyed, Ready::shipped());
    tell_language(&mut document, survey.declared_language());
    let wishes = header_wishes(page).and(survey.wishes);
    document.robots = wishes.words().map(str::to_owned);
    let (mut found, cut) = page_links(page, &tokens, &survey, address, wishes);
    document.defects = read.defects.iter().copied().chain(defects).collect();
    if cut {
        document.defects.push(Defect::TooManyLinks);
    }
    document.defects.sort();
    let facts = PageFacts {
        survey: Some(&survey),
        links: found.len() as u64,
        external_links: found.iter().filter(|link| !link.internal).count() as u64,
    };
    finish(&mut document, read, &facts);
    let evidence = Evidence {
        html,
        survey: &survey,
        document: &document,
        url: &page.url,
        final_url: address,
        cf_mitigated: page.header("cf-mitigated"),
        lower_text: OnceCell::new(),
    };
    let gate = gates::check(&evidence, policy);
    close_gate(&mut document, gate);
    if let Some(canonical) = canonical_elsewhere(page, address, &document) {
        found.iter_mut().for_each(|link| link.position += 1);
        found.insert(0, canonical);
    }
    Curated { document, links: found }
}

/// The address that the page states as its own, if it is neither the one that was asked for nor the
/// one that answered. It stands before the page's other links.
fn canonical_elsewhere(page: &Page, address: &str, document: &Document) -> Option<Link> {
    let stated = canonicalise(document.canonical_url.as_deref()?).ok()?;
    let own = |known: &str| canonicalise(known).is_ok_and(|known| known == stated);
    if own(&page.url) || own(address) {
        return None;
    }
    Some(Link {
        url: page.url.clone(),
        ordinal: page.ordinal,
        kind: LinkKind::Canonical,
        position: 0,
        internal: Url::parse(address).is_ok_and(|a| a.host_str() == stated.url().host_str()),
        target: stated.as_str().to_owned(),
        text: None,
        rel: Some("canonical".to_owned()),
        nofollow: false,
    })
}

/// The language of the document's text, and what told it.
fn tell_language(document: &mut Document, declared: Option<&str>) {
    let Some(told) = language::told(&document.text, declared) else { return };
    document.language = Some(told.code);
    let (column, source) = ("language".to_owned(), told.source.to_owned());
    document.sources.push(Source { column, source, confidence: told.confidence });
    sources::sort(&mut document.sources);
}

/// Plain text, JSON, feeds: the text is the document.
fn curate_text(page: &Page, read: &read::Read, policy: &Policy) -> Curated {
    let (text, cut) = clean::paragraphs(&read.text, limits::TEXT_CHARS_MAX);
    let mut document = Document {
        page_type: Some(metadata::PAGE_TYPE_OTHER.to_owned()),
        robots: header_wishes(page).words().map(str::to_owned),
        markdown: text.clone(),
        sections: sections::of(&text, &[]),
        text,
        defects: read.defects.clone(),
        ..Document::default()
    };
    tell_language(&mut document, None);
    if cut {
        document.defects.push(Defect::TextCut);
    }
    document.defects.sort();
    finish(&mut document, read, &PageFacts::default());
    let address = page.final_url.as_deref().unwrap_or(&page.url);
    let gate = gates::check_text(&document, &page.url, address, policy);
    close_gate(&mut document, gate);
    Curated { document, links: Vec::new() }
}

/// What is counted and hashed once text, metadata and defects stand.
fn finish(document: &mut Document, read: &read::Read, facts: &PageFacts<'_>) {
    let words = Words::of(&document.text);
    document.word_count = words.len() as u64;
    document.text_hash = fingerprint::text_hash(&words);
    document.minhash = fingerprint::minhash(&words);
    document.charset = Some(read.charset.to_owned());
    document.bytes_decoded = read.bytes_decoded;
    document.signals = signals::measure(document, &words, facts);
}

fn close_gate(document: &mut Document, gate: Option<(jarvix_core::Gate, String)>) {
    if let Some((gate, reason)) = gate {
        document.gate = Some(gate);
        document.gate_reason = Some(reason);
    }
}

/// What the page asks of robots in its `X-Robots-Tag` headers.
fn header_wishes(page: &Page) -> RobotsDirectives {
    let header = page.headers.iter().filter(|header| header.name == "x-robots-tag");
    let wishes = header.map(|header| RobotsDirectives::parse(&header.value));
    wishes.fold(RobotsDirectives::default(), RobotsDirectives::and)
}

/// The links of the page and whether there are more.
fn page_links(
    page: &Page,
    tokens: &TokenList<'_>,
    survey: &Survey,
    address: &str,
    wishes: RobotsDirectives,
) -> (Vec<Link>, bool) {
    let Ok(address) = Url::parse(address) else { return (Vec::new(), false) };
    let base = links::base_at(survey.base.as_deref(), &address);
    let found = links::links_among(tokens.iter(), &base, &address);
    let row = |(position, link): (usize, PageLink)| Link {
        url: page.url.clone(),
        ordinal: page.ordinal,
        kind: LinkKind::Anchor,
        position: u32::try_from(position).unwrap_or(u32::MAX),
        target: link.target,
        text: link
            .text
            .and_then(|text| clean::line(&text, jarvix_html::links::LINK_TEXT_CHARS_MAX)),
        rel: link.rel.and_then(|rel| clean::line(&rel, jarvix_html::links::LINK_TEXT_CHARS_MAX)),
        internal: link.internal,
        nofollow: link.nofollow || wishes.nofollow,
    };
    (found.links.into_iter().enumerate().map(row).collect(), found.cut)
}
