//! One pass over the tokens of a page: what stands in its head, how it is built, and the marks
//! that gates look for. Everything later stages ask of the raw page is answered here once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use jarvix_html::elements;
use jarvix_html::text::{TextLines, Visibility};
use jarvix_html::{RobotsDirectives, Tag, Token, TokenKind, unescape};

use crate::structured::Structured;

/// Longest metadata value that is kept, in bytes.
const VALUE_BYTES_MAX: usize = 8 * 1024;

/// Names of meta elements (`name`, `property` or `itemprop`, lower case) that are kept.
const META_NAMES: &[&str] = &[
    "application-name",
    "article.published",
    "article:author",
    "article:modified_time",
    "article:published_time",
    "author",
    "byl",
    "citation_author",
    "citation_date",
    "citation_online_date",
    "citation_publication_date",
    "content-language",
    "date",
    "datemodified",
    "datepublished",
    "dc.creator",
    "dc.date",
    "dc.date.issued",
    "dc.title",
    "dcterms.created",
    "dcterms.date",
    "dcterms.modified",
    "description",
    "generator",
    "last-modified",
    "lastmod",
    "og:availability",
    "og:description",
    "og:image",
    "og:locale",
    "og:price:amount",
    "og:price:currency",
    "og:site_name",
    "og:title",
    "og:type",
    "og:updated_time",
    "og:url",
    "parsely-author",
    "parsely-pub-date",
    "post_date",
    "product:availability",
    "product:brand",
    "product:price:amount",
    "product:price:currency",
    "pubdate",
    "publication_date",
    "publish-date",
    "publish_date",
    "published",
    "published-date",
    "sailthru.author",
    "sailthru.date",
    "twitter:description",
    "twitter:image",
    "twitter:title",
];

/// What one pass over a page finds.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The title element.
    pub(crate) title: Option<String>,
    /// The first main heading.
    pub(crate) heading: Option<String>,
    /// `lang` of the html element.
    pub(crate) lang: Option<String>,
    /// `href` of the canonical link.
    pub(crate) canonical: Option<String>,
    /// `href` of the first base element that has one.
    pub(crate) base: Option<String>,
    /// What meta elements ask of robots.
    pub(crate) wishes: RobotsDirectives,
    meta: BTreeMap<&'static str, String>,
    /// JSON-LD of all blocks.
    pub(crate) structured: Structured,
    /// Headings, h1 to h6.
    pub(crate) headings: u64,
    /// List items.
    pub(crate) list_items: u64,
    /// Tables.
    pub(crate) tables: u64,
    /// Images.
    pub(crate) images: u64,
    /// Password fields.
    pub(crate) password_fields: u64,
    /// Visible characters without white space.
    pub(crate) visible_chars: u64,
    /// Those of them that stand in links.
    pub(crate) link_chars: u64,
    /// Classes of the body element, in lower case.
    pub(crate) body_class: Option<String>,
    /// Marks of bot checks and parking services, as they were found.
    pub(crate) marks: Vec<&'static Mark>,
}

/// A string in scripts or attributes that bot checks and parking services leave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The string, as it stands in the page.
    pub(crate) text: &'static str,
    /// Whose it is.
    pub(crate) by: &'static str,
    /// What it is a mark of.
    pub(crate) kind: MarkKind,
}

/// What a mark is a mark of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkKind {
    /// A bot check; it stands on no other pages.
    SureCheck,
    /// A bot check, or a page behind it.
    Check,
    /// A parked domain, or a page that speaks of the service.
    Parking,
}

const fn mark(text: &'static str, by: &'static str, kind: MarkKind) -> Mark {
    Mark { text, by, kind }
}

/// Cloudflare's name alone, or its script on passed pages (`/jsd/`), is none.
const MARKS: &[Mark] = &[
    mark("_cf_chl_opt", "Cloudflare", MarkKind::SureCheck),
    mark("__cf_chl_", "Cloudflare", MarkKind::SureCheck),
    mark("/orchestrate/chl_", "Cloudflare", MarkKind::SureCheck),
    mark("cf-browser-verification", "Cloudflare", MarkKind::SureCheck),
    mark("cf-error-details", "Cloudflare", MarkKind::Check),
    mark("geo.captcha-delivery.com", "DataDome", MarkKind::Check),
    mark("px-captcha", "PerimeterX", MarkKind::Check),
    mark("_Incapsula_Resource", "Imperva", MarkKind::Check),
    mark("sec-if-cpt-container", "Akamai", MarkKind::SureCheck),
    mark("awsWafCookieDomainList", "AWS WAF", MarkKind::Check),
    mark("window.gokuProps", "AWS WAF", MarkKind::SureCheck),
    mark("sucuri_cloudproxy_js", "Sucuri", MarkKind::SureCheck),
    mark("within.website/x/cmd/anubis", "Anubis", MarkKind::SureCheck),
    mark("validate.perfdrive.com", "Radware", MarkKind::Check),
    mark("/sorry/index", "Google", MarkKind::Check),
    mark("g-recaptcha", "reCAPTCHA", MarkKind::Check),
    mark("h-captcha", "hCaptcha", MarkKind::Check),
    mark("cf-turnstile", "Turnstile", MarkKind::Check),
    mark("parkingcrew.net", "ParkingCrew", MarkKind::Parking),
    mark("d38psrni17bvxu.cloudfront.net", "ParkingCrew", MarkKind::Parking),
    mark("sedoparking.com", "Sedo", MarkKind::Parking),
    mark("sedo.com/search/details", "Sedo", MarkKind::Parking),
    mark("bodis.com", "Bodis", MarkKind::Parking),
    mark("parklogic.com", "ParkLogic", MarkKind::Parking),
    mark("parking-lander", "GoDaddy", MarkKind::Parking),
    mark("afternic.com/forsale", "Afternic", MarkKind::Parking),
    mark("hugedomains.com", "HugeDomains", MarkKind::Parking),
    mark("dan.com/buy-domain", "Dan", MarkKind::Parking),
    mark("above.com/marketplace", "Above", MarkKind::Parking),
];

/// The attribute of the html element by which parking services buy their way past blockers.
static PARKING_KEY: Mark = mark("data-adblockkey", "advertising", MarkKind::Parking);

/// Leftmost matches are what the finder has vector instructions for.
static MARK_FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let texts = MARKS.iter().map(|mark| mark.text);
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(texts).ok()
});

/// The marks that `html` holds anywhere, in the order of the table.
fn marks_held(html: &str) -> Vec<&'static Mark> {
    let Some(finder) = &*MARK_FINDER else { return Vec::new() };
    let mut held = [false; MARKS.len()];
    for found in finder.find_iter(html) {
        held[found.pattern().as_usize()] = true;
    }
    MARKS.iter().zip(held).filter(|(_, held)| *held).map(|(mark, _)| mark).collect()
}

impl Survey {
    /// Reads `html` once.
    #[cfg(test)]
    pub(crate) fn of(html: &str) -> Self {
        Self::among(html, jarvix_html::tokens(html))
    }

    /// Reads the tokens of `html`.
    pub(crate) fn among<'a>(html: &str, tokens: impl Iterator<Item = Token<'a>>) -> Self {
        let mut survey = Self::default();
        // Most pages hold no mark at all: one fast look at the whole saves a look at every part.
        let mut pass = Pass { marks: marks_held(html), ..Pass::default() };
        for token in tokens {
            let visible = pass.visibility.sees(&token);
            match token.kind {
                TokenKind::StartTag(tag) => survey.start(&tag, &mut pass),
                TokenKind::EndTag { name } => survey.end(name, &mut pass),
                TokenKind::Text(text) if visible => survey.text(text, &mut pass),
                TokenKind::RawText { of, text } => survey.raw_text(of, text, &mut pass),
                TokenKind::Text(_) | TokenKind::Comment(_) | TokenKind::Declaration(_) => {}
            }
        }
        survey
    }

    /// The first non-empty value among meta elements with these names.
    pub(crate) fn meta<'s>(&'s self, names: &[&str]) -> Option<&'s str> {
        names.iter().find_map(|name| self.meta.get(*name)).map(String::as_str)
    }

    /// The language that the page declares, as it stands.
    pub(crate) fn declared_language(&self) -> Option<&str> {
        self.lang.as_deref().or_else(|| self.meta(&["content-language", "og:locale"]))
    }

    fn start(&mut self, tag: &Tag<'_>, pass: &mut Pass) {
        pass.json_ld = false;
        match elements::id(tag.name).as_str() {
            "html" => {
                keep(&mut self.lang, tag.attribute("lang").as_deref());
                if tag.attribute("data-adblockkey").is_some() {
                    self.marks.push(&PARKING_KEY);
                }
            }
            "body" => {
                let class = tag.attribute("class").map(|class| class.to_ascii_lowercase());
                keep(&mut self.body_class, class.as_deref());
            }
            "base" if self.base.is_none() => {
                self.base = tag.attribute("href").map(Cow::into_owned);
            }
            "meta" => {
                self.wishes = self.wishes.and(RobotsDirectives::of_meta(tag));
                self.start_meta(tag);
            }
            "link" => {
                let rel = tag.attribute("rel").unwrap_or_default();
                if rel.split_ascii_whitespace().any(|r| r.eq_ignore_ascii_case("canonical")) {
                    keep(&mut self.canonical, tag.attribute("href").as_deref());
                }
            }
            "a" => pass.in_link = true,
            "h1" => {
                self.headings += 1;
                if self.heading.is_none() && pass.heading.is_none() {
                    pass.heading = Some(TextLines::default());
                }
            }
            "h2" | "h3" | "h4" | "h5" | "h6" => self.headings += 1,
            "li" => self.list_items += 1,
            "table" => self.tables += 1,
            "img" => self.images += 1,
            "input" => {
                let kind = tag.attribute("type");
                self.password_fields +=
                    u64::from(kind.is_some_and(|kind| kind.eq_ignore_ascii_case("password")));
            }
            "script" => {
                pass.json_ld = tag.attribute("type").is_some_and(|kind| {
                    kind.trim().to_ascii_lowercase().starts_with("application/ld+json")
                });
            }
            _ => {}
        }
        if pass.marks.is_empty() {
            return;
        }
        for (name, value) in tag.attributes() {
            if ["id", "class", "src", "action", "href"].iter().any(|n| name.eq_ignore_ascii_case(n))
            {
                self.look_for_marks(value, pass);
            }
        }
    }

    fn start_meta(&mut self, tag: &Tag<'_>) {
        let Some(content) = tag.attribute("content") else { return };
        let content = content.trim();
        if content.is_empty() || content.len() > VALUE_BYTES_MAX {
            return;
        }
        for key in ["name", "property", "itemprop", "http-equiv"] {
            let Some(name) = tag.attribute(key) else { continue };
            let name = name.trim().to_ascii_lowercase();
            if let Ok(at) = META_NAMES.binary_search(&name.as_str()) {
                self.meta.entry(META_NAMES[at]).or_insert_with(|| content.to_owned());
            }
        }
    }

    fn end(&mut self, name: &str, pass: &mut Pass) {
        if name.eq_ignore_ascii_case("a") {
            pass.in_link = false;
        } else if name.eq_ignore_ascii_case("h1")
            && let Some(heading) = pass.heading.take()
        {
            keep(&mut self.heading, Some(&heading.finish()));
        }
    }

    fn text(&mut self, raw: &str, pass: &mut Pass) {
        let text = unescape(raw);
        let chars = if text.is_ascii() {
            text.bytes().filter(|b| !matches!(b, b'\t'..=b'\r' | b' ')).count() as u64
        } else {
            text.chars().filter(|c| !c.is_whitespace()).count() as u64
        };
        self.visible_chars += chars;
        if pass.in_link {
            self.link_chars += chars;
        }
        if let Some(heading) = &mut pass.heading {
            heading.push(&text);
        }
    }

    fn raw_text(&mut self, of: &str, text: &str, pass: &mut Pass) {
        if of.eq_ignore_ascii_case("title") {
            keep(&mut self.title, Some(&unescape(text)));
        } else if of.eq_ignore_ascii_case("script") {
            if pass.json_ld {
                self.structured.add_block(text);
            } else {
                self.look_for_marks(text, pass);
            }
        }
    }

    fn look_for_marks(&mut self, text: &str, pass: &Pass) {
        for mark in &pass.marks {
            if !self.marks.contains(mark) && text.contains(mark.text) {
                self.marks.push(mark);
            }
        }
    }
}

/// What is open while the pass goes on.
#[derive(Debug, Default)]
struct Pass {
    visibility: Visibility,
    in_link: bool,
    heading: Option<TextLines>,
    json_ld: bool,
    /// The marks that the page holds anywhere, in text too.
    marks: Vec<&'static Mark>,
}

/// Keeps the first non-empty value of a bearable length.
fn keep(slot: &mut Option<String>, value: Option<&str>) {
    let value = value.map(str::trim).filter(|v| !v.is_empty() && v.len() <= VALUE_BYTES_MAX);
    if slot.is_none() {
        *slot = value.map(str::to_owned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_and_the_build_are_read() {
        let survey = Survey::of(
            "<html lang=de><title> A &amp; B </title><meta property=og:site_name content=Site>\
             <meta name=description content=''><link rel='canonical' href=/c>\
             <h1>Big <b>head</b></h1><h2>x</h2><ul><li>1<li>2</ul><table></table><img><img>\
             <a href=/>link</a> text<input type=password>\
             <script type=application/ld+json>{\"@type\":\"Article\",\"headline\":\"H\"}</script>\
             <svg><title>icon</title></svg>",
        );
        assert_eq!(survey.title.as_deref(), Some("A & B"));
        assert_eq!(survey.heading.as_deref(), Some("Big head"));
        assert_eq!(survey.declared_language(), Some("de"));
        assert_eq!(survey.canonical.as_deref(), Some("/c"));
        assert_eq!(survey.meta(&["description", "og:site_name"]), Some("Site"));
        assert_eq!(survey.structured.work_text("headline"), Some("H"));
        let counts = [survey.headings, survey.list_items, survey.tables, survey.images];
        assert_eq!(counts, [2, 2, 1, 2]);
        assert_eq!((survey.password_fields, survey.link_chars, survey.visible_chars), (1, 4, 18));
    }

    #[test]
    fn marks_count_in_scripts_and_attributes_not_in_text() {
        let marks = |html| Survey::of(html).marks.iter().map(|m| m.by).collect::<Vec<_>>();
        assert_eq!(marks("<script>window._cf_chl_opt={}</script>"), ["Cloudflare"]);
        assert_eq!(marks("<div id=px-captcha></div>"), ["PerimeterX"]);
        assert!(marks("<p>Look for _cf_chl_opt in the page.</p>").is_empty());
        assert_eq!(marks("<html data-adblockkey=MFww><p>x"), ["advertising"]);
        assert_eq!(marks("<a href=https://www.sedo.com/search/details/?domain=x>"), ["Sedo"]);
        assert!(
            marks("<script src=/cdn-cgi/challenge-platform/scripts/jsd/main.js></script>")
                .is_empty()
        );
    }

    #[test]
    fn the_table_of_names_is_sorted() {
        assert!(META_NAMES.is_sorted());
    }
}
