//! Sitemaps and robots.txt: pages that list addresses. What they list becomes rows of `links`, and
//! their document is gated, because it is no content. Nothing is followed here.

use jarvix_core::{Defect, Document, Gate, Link, LinkKind, Page, Signal, canonicalise, limits};
use jarvix_html::{SitemapEntry, SitemapFacts, read_sitemap, robots_sitemaps};
use url::Url;

use crate::Curated;
use crate::clean;

/// Where a sitemap lies if nobody says it (a custom, not the protocol).
const CUSTOMARY: &str = "/sitemap.xml";
/// Longest time stamp that is kept, in characters.
const LASTMOD_CHARS_MAX: usize = 40;

/// Reads a sitemap.
pub(crate) fn sitemap(page: &Page) -> Curated {
    let Some(mut rows) = Rows::of(page) else { return Curated::gated(page, "its URL is none") };
    let body = page.body.as_deref().unwrap_or_default();
    let facts =
        read_sitemap(body, page.content_encoding.as_deref(), &mut |entry| rows.listed(entry));
    let mut curated = Curated::gated(page, &described(facts));
    curated.document.bytes_decoded = facts.bytes;
    curated.links = rows.links;
    curated
}

fn described(facts: SitemapFacts) -> String {
    let listed = match facts.entries {
        1 => "a sitemap with 1 address".to_owned(),
        entries => format!("a sitemap with {entries} addresses"),
    };
    match (facts.kind, facts.flaw) {
        (Some(_), None) => listed,
        (Some(_), Some(flaw)) => format!("{listed}; {}", flaw.about()),
        (None, flaw) => flaw.map_or("it is no sitemap", |flaw| flaw.about()).to_owned(),
    }
}

/// Reads the sitemaps that a robots.txt names; the customary one where it names none.
pub(crate) fn robots(page: &Page) -> Curated {
    let Some(mut rows) = Rows::of(page) else { return Curated::gated(page, "its URL is none") };
    let body = page.body.as_deref().unwrap_or_default();
    let coding = page.content_encoding.as_deref();
    let text = jarvix_html::decode_prefix(body, coding, limits::ROBOTS_BYTES_MAX);
    let named = robots_sitemaps(&String::from_utf8_lossy(&text));
    for address in &named {
        rows.add(address, LinkKind::Sitemap, None);
    }
    if named.is_empty()
        && let Some(address) = customary_sitemap(&page.url)
    {
        rows.add(&address, LinkKind::Sitemap, None);
    }
    let mut curated = Curated::gated(page, &format!("a robots.txt that names {}", named.len()));
    curated.document.bytes_decoded = text.len() as u64;
    curated.links = rows.links;
    curated
}

/// Where the sitemap of a site lies whose robots.txt is at `robots` and names none.
pub fn customary_sitemap(robots: &str) -> Option<String> {
    Some(Url::parse(robots).ok()?.join(CUSTOMARY).ok()?.into())
}

impl Curated {
    fn gated(page: &Page, reason: &str) -> Self {
        let document = Document {
            gate: Some(Gate::Listing),
            gate_reason: Some(reason.to_owned()),
            defects: if page.truncated { vec![Defect::Truncated] } else { Vec::new() },
            signals: vec![None; Signal::ALL.len()],
            ..Document::default()
        };
        Self { document, links: Vec::new() }
    }
}

/// Links in the making.
struct Rows<'a> {
    page: &'a Page,
    /// What relative addresses stand on.
    base: Url,
    links: Vec<Link>,
}

impl<'a> Rows<'a> {
    fn of(page: &'a Page) -> Option<Self> {
        let base = Url::parse(page.final_url.as_deref().unwrap_or(&page.url)).ok()?;
        Some(Self { page, base, links: Vec::new() })
    }

    fn listed(&mut self, entry: SitemapEntry) {
        let kind = if entry.is_sitemap { LinkKind::Sitemap } else { LinkKind::Listed };
        let changed = entry.lastmod.and_then(|text| clean::line(&text, LASTMOD_CHARS_MAX));
        self.add(&entry.loc, kind, changed);
    }

    /// Adds an address; one that is none is left out.
    fn add(&mut self, address: &str, kind: LinkKind, text: Option<String>) {
        let joined = self.base.join(address).ok();
        let Some(target) = joined.and_then(|url| canonicalise(url.as_str()).ok()) else { return };
        self.links.push(Link {
            url: self.page.url.clone(),
            ordinal: self.page.ordinal,
            kind,
            position: u32::try_from(self.links.len()).unwrap_or(u32::MAX),
            internal: target.url().host_str() == self.base.host_str(),
            target: target.as_str().to_owned(),
            text,
            rel: None,
            nofollow: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use jarvix_core::{Outcome, Role};

    use super::*;
    use crate::{Policy, curate};

    fn page(role: Role, body: &str) -> Page {
        let url = "https://a.example/robots.txt".to_owned();
        let mut page = Page::unfetched(url, 7, Outcome::Fetched, "");
        page.found.role = role;
        page.body = Some(body.as_bytes().to_vec());
        page
    }

    #[track_caller]
    fn check(role: Role, body: &str, expected: &[(&str, LinkKind)], reason: &str) {
        let curated = curate(&page(role, body), &Policy::default());
        let found: Vec<_> = curated.links.iter().map(|l| (l.target.as_str(), l.kind)).collect();
        assert_eq!(found, expected, "{body}");
        let document = &curated.document;
        assert_eq!((document.gate, document.ordinal), (Some(Gate::Listing), 7));
        assert_eq!(document.gate_reason.as_deref(), Some(reason));
    }

    #[test]
    fn lists_become_links() {
        check(
            Role::Sitemap,
            "<urlset><url><loc>/x#y</loc><lastmod>2025</lastmod></url><url><loc>http://</loc></url>\
             <url><loc>https://b.example</loc></url></urlset>",
            &[("https://a.example/x", LinkKind::Listed), ("https://b.example/", LinkKind::Listed)],
            "a sitemap with 3 addresses",
        );
        check(
            Role::Sitemap,
            "<sitemapindex><sitemap><loc>https://a.example/1.xml</loc>",
            &[],
            "a sitemap with 0 addresses; it ends too early",
        );
        check(Role::Sitemap, "<html>", &[], "it is no sitemap");
        check(
            Role::Robots,
            "Sitemap: /map.xml",
            &[("https://a.example/map.xml", LinkKind::Sitemap)],
            "a robots.txt that names 1",
        );
        check(
            Role::Robots,
            "User-agent: *",
            &[("https://a.example/sitemap.xml", LinkKind::Sitemap)],
            "a robots.txt that names 0",
        );
    }

    #[test]
    fn a_page_that_is_no_listing_stays_a_page() {
        let curated = curate(&page(Role::Page, "<p>Some words of a page.</p>"), &Policy::default());
        assert_ne!(curated.document.gate, Some(Gate::Listing));
    }
}
