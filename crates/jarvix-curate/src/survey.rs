//! One pass over the tokens of a page: what stands in its head, how it is built, and the marks
//! that gates look for. Everything later stages ask of the raw page is answered here once.

use std::collections::BTreeMap;

use jarvix_html::elements;
use jarvix_html::text::{TextLines, Visibility};
use jarvix_html::{Tag, TokenKind, tokens, unescape};
use memchr::memmem;

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
    "product:availability",
    "product:brand",
    "product:price:amount",
    "product:price:currency",
    "pubdate",
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
    /// Marks of bot checks, as they were found.
    pub(crate) bot_marks: Vec<&'static BotMark>,
}

/// A string in scripts or attributes that bot checks leave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BotMark {
    /// The string, as it stands in the page.
    pub(crate) text: &'static str,
    /// Whose it is.
    pub(crate) by: &'static str,
    /// Whether it stands on check pages only; the others also stand on pages behind the check.
    pub(crate) sure: bool,
}

const fn mark(text: &'static str, by: &'static str, sure: bool) -> BotMark {
    BotMark { text, by, sure }
}

/// Cloudflare's name alone, or its script on passed pages (`/jsd/`), is none.
const BOT_MARKS: &[BotMark] = &[
    mark("_cf_chl_opt", "Cloudflare", true),
    mark("__cf_chl_", "Cloudflare", true),
    mark("/orchestrate/chl_", "Cloudflare", true),
    mark("cf-browser-verification", "Cloudflare", true),
    mark("cf-error-details", "Cloudflare", false),
    mark("geo.captcha-delivery.com", "DataDome", false),
    mark("px-captcha", "PerimeterX", false),
    mark("_Incapsula_Resource", "Imperva", false),
    mark("sec-if-cpt-container", "Akamai", true),
    mark("awsWafCookieDomainList", "AWS WAF", false),
    mark("window.gokuProps", "AWS WAF", true),
    mark("sucuri_cloudproxy_js", "Sucuri", true),
    mark("/sorry/index", "Google", false),
    mark("g-recaptcha", "reCAPTCHA", false),
    mark("h-captcha", "hCaptcha", false),
    mark("cf-turnstile", "Turnstile", false),
];

impl Survey {
    /// Reads `html` once.
    pub(crate) fn of(html: &str) -> Self {
        let mut survey = Self::default();
        // Most pages hold no mark at all: one fast look at the whole saves a look at every part.
        let held =
            |mark: &&'static BotMark| memmem::find(html.as_bytes(), mark.text.as_bytes()).is_some();
        let marks = BOT_MARKS.iter().filter(held).collect();
        let mut pass = Pass { marks, ..Pass::default() };
        for token in tokens(html) {
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
            "html" => keep(&mut self.lang, tag.attribute("lang").as_deref()),
            "meta" => self.start_meta(tag),
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
            if ["id", "class", "src", "action"].iter().any(|n| name.eq_ignore_ascii_case(n)) {
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
        let chars = text.chars().filter(|c| !c.is_whitespace()).count() as u64;
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
            if !self.bot_marks.contains(mark) && text.contains(mark.text) {
                self.bot_marks.push(mark);
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
    marks: Vec<&'static BotMark>,
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
        let marks = |html| Survey::of(html).bot_marks.iter().map(|m| m.by).collect::<Vec<_>>();
        assert_eq!(marks("<script>window._cf_chl_opt={}</script>"), ["Cloudflare"]);
        assert_eq!(marks("<div id=px-captcha></div>"), ["PerimeterX"]);
        assert!(marks("<p>Look for _cf_chl_opt in the page.</p>").is_empty());
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
