//! From committed rows to candidates: two streams, pages and links, both sorted by the page's
//! ordinal, are read side by side.

use jarvix_collect::admit::{Candidate, FoundSession, LeftOutCounts};
use jarvix_core::{Found, LeftOut, LinkKind, Outcome, Role, canonicalise, limits};
use jarvix_query::{RowStream, Session, Value};
use url::Url;

use super::judge::{Base, Judge, is_web};
use super::{CrawlSettings, Heed};
use crate::LineError;

/// Addresses on their way into admission.
pub(super) struct Offering<'a> {
    session: &'a Session,
    crawl: &'a CrawlSettings,
    judge: Judge<'a>,
    admission: FoundSession<'a>,
    left_out: LeftOutCounts,
    stop: &'a dyn Fn() -> bool,
}

/// A page that may lead somewhere.
struct Parent {
    ordinal: u64,
    url: String,
    level: u32,
    role: Role,
    outcome: Option<Outcome>,
    /// Whether it is an input.
    is_input: bool,
    /// What scopes are relative to.
    seed: String,
    base: Base,
}

/// A row of `links`.
struct LinkRow {
    ordinal: u64,
    kind: LinkKind,
    target: String,
    text: Option<String>,
    nofollow: bool,
}

impl<'a> Offering<'a> {
    pub(super) fn new(
        session: &'a Session,
        crawl: &'a CrawlSettings,
        judge: Judge<'a>,
        admission: FoundSession<'a>,
        stop: &'a dyn Fn() -> bool,
    ) -> Self {
        Self { session, crawl, judge, admission, left_out: LeftOutCounts::default(), stop }
    }

    pub(super) fn into_parts(self) -> (FoundSession<'a>, LeftOutCounts) {
        (self.admission, self.left_out)
    }

    /// Offers what the links of the pages of one level lead to; false if it was stopped.
    pub(super) async fn links(&mut self, from: u64, level: u32) -> Result<bool, LineError> {
        let pages = format!("ordinal >= {from} AND role = 'page' AND level = {level}");
        let kinds = "kind IN ('anchor', 'canonical')";
        let (mut parents, mut links) = self.streams(from, &pages, kinds).await?;
        while let Some(parent) = parents.next().await? {
            if (self.stop)() {
                return Ok(false);
            }
            let mut elsewhere = false;
            while let Some(link) = links.of(parent.ordinal).await? {
                // The address that a page states as its own stands before its other links.
                if link.kind == LinkKind::Canonical {
                    elsewhere = self.crawl.canonical == Heed::Obey;
                    if elsewhere {
                        self.offer_page(&parent, link.target, level + 1, None)?;
                    }
                } else if elsewhere {
                    // The other address will give these links, or others.
                } else if link.nofollow && self.crawl.nofollow == Heed::Obey {
                    self.left_out.add(LeftOut::Nofollow, &link.target);
                } else {
                    self.offer_page(&parent, link.target, level + 1, None)?;
                }
            }
        }
        Ok(true)
    }

    /// Offers what sitemaps and robots.txt files list, and the robots.txt of the inputs' hosts;
    /// false if it was stopped.
    pub(super) async fn listings(&mut self, from: u64) -> Result<bool, LineError> {
        let inputs = if self.crawl.sitemaps { "found_on IS NULL" } else { "FALSE" };
        let pages = format!("ordinal >= {from} AND (role <> 'page' OR {inputs})");
        let kinds = "kind IN ('sitemap', 'listed')";
        let (mut parents, mut links) = self.streams(from, &pages, kinds).await?;
        while let Some(parent) = parents.next().await? {
            if (self.stop)() {
                return Ok(false);
            }
            if parent.is_input && self.crawl.sitemaps && parent.role == Role::Page {
                self.offer_beside(&parent, "/robots.txt", Role::Robots)?;
            }
            // A robots.txt that cannot be had names no sitemap; curate has seen the others.
            let unread = !parent.outcome.is_some_and(Outcome::gives_document);
            if parent.role == Role::Robots && unread {
                self.offer_beside(&parent, "/sitemap.xml", Role::Sitemap)?;
            }
            while let Some(link) = links.of(parent.ordinal).await? {
                match link.kind {
                    LinkKind::Sitemap => self.offer_sitemap(&parent, link.target)?,
                    LinkKind::Listed => self.offer_page(&parent, link.target, 0, link.text)?,
                    LinkKind::Anchor | LinkKind::Canonical => {}
                }
            }
        }
        Ok(true)
    }

    fn offer_page(
        &mut self,
        parent: &Parent,
        url: String,
        level: u32,
        lastmod: Option<String>,
    ) -> Result<(), LineError> {
        if let Some(cause) = self.judge.refusal(&url, &parent.base) {
            self.left_out.add(cause, &url);
            return Ok(());
        }
        let meta = lastmod.map(|lastmod| serde_json::json!({ "lastmod": lastmod }).to_string());
        let found = parent.leads_to(Role::Page, level);
        Ok(self.admission.offer(Candidate { url, found, meta })?)
    }

    /// A sitemap may lie on another host: whoever can write a site's robots.txt may say so. What it
    /// lists is judged like every page.
    fn offer_sitemap(&mut self, parent: &Parent, url: String) -> Result<(), LineError> {
        let level = if parent.role == Role::Sitemap { parent.level + 1 } else { 0 };
        if !Url::parse(&url).is_ok_and(|url| is_web(&url)) {
            self.left_out.add(LeftOut::NotWeb, &url);
        } else if level > limits::SITEMAP_NESTING_MAX {
            self.left_out.add(LeftOut::SitemapBudget, &url);
        } else {
            let found = parent.leads_to(Role::Sitemap, level);
            self.admission.offer(Candidate { url, found, meta: None })?;
        }
        Ok(())
    }

    /// Offers a file at its customary place on the parent's host.
    fn offer_beside(&mut self, parent: &Parent, path: &str, role: Role) -> Result<(), LineError> {
        let at = if parent.is_input { &parent.seed } else { &parent.url };
        let Some(url) = Url::parse(at).ok().filter(is_web).and_then(|url| url.join(path).ok())
        else {
            return Ok(());
        };
        let Ok(url) = canonicalise(url.as_str()) else { return Ok(()) };
        let (url, found) = (url.as_str().to_owned(), parent.leads_to(role, 0));
        Ok(self.admission.offer(Candidate { url, found, meta: None })?)
    }

    async fn streams(
        &self,
        from: u64,
        pages: &str,
        kinds: &str,
    ) -> Result<(Parents, Links), LineError> {
        let pages = format!(
            "SELECT ordinal, url, level, role, outcome, found_on, seed, final_url FROM pages \
             WHERE {pages} ORDER BY ordinal"
        );
        let links = format!(
            "SELECT ordinal, position, kind, target, text, nofollow FROM links \
             WHERE ordinal >= {from} AND {kinds} ORDER BY ordinal, position"
        );
        Ok((
            Parents(Rows::of(self.session.stream(&pages).await?)),
            Links { rows: Rows::of(self.session.stream(&links).await?), next: None },
        ))
    }
}

impl Parent {
    fn of(row: &[Value]) -> Option<Self> {
        let text = |at: usize| row.get(at).and_then(Value::as_text).map(str::to_owned);
        let url = text(1)?;
        let seed = text(6).or_else(|| text(7)).unwrap_or_else(|| url.clone());
        Some(Self {
            ordinal: row.first()?.as_u64()?,
            level: u32::try_from(row.get(2)?.as_u64()?).ok()?,
            role: Role::parse(&text(3)?)?,
            outcome: Outcome::parse(&text(4)?),
            is_input: text(5).is_none(),
            base: Base::of(&seed),
            url,
            seed,
        })
    }

    fn leads_to(&self, role: Role, level: u32) -> Found {
        Found { role, level, on: Some(self.url.clone()), seed: Some(self.seed.clone()) }
    }
}

impl LinkRow {
    fn of(row: &[Value]) -> Option<Self> {
        let text = |at: usize| row.get(at).and_then(Value::as_text).map(str::to_owned);
        Some(Self {
            ordinal: row.first()?.as_u64()?,
            kind: LinkKind::parse(&text(2)?)?,
            target: text(3)?,
            text: text(4),
            nofollow: row.get(5).and_then(Value::as_bool).unwrap_or(false),
        })
    }
}

/// The rows of a stream, one by one.
struct Rows {
    stream: RowStream,
    batch: std::vec::IntoIter<Vec<Value>>,
}

impl Rows {
    fn of(stream: RowStream) -> Self {
        Self { stream, batch: Vec::new().into_iter() }
    }

    async fn next(&mut self) -> Result<Option<Vec<Value>>, LineError> {
        loop {
            if let Some(row) = self.batch.next() {
                return Ok(Some(row));
            }
            match self.stream.next_rows().await? {
                Some(rows) => self.batch = rows.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

/// Pages by ordinal.
struct Parents(Rows);

impl Parents {
    async fn next(&mut self) -> Result<Option<Parent>, LineError> {
        while let Some(row) = self.0.next().await? {
            // The columns are never empty in rows that this version writes.
            if let Some(parent) = Parent::of(&row) {
                return Ok(Some(parent));
            }
        }
        Ok(None)
    }
}

/// Links by their page's ordinal.
struct Links {
    rows: Rows,
    next: Option<LinkRow>,
}

impl Links {
    /// The next link of the page `ordinal`; links of pages before it are passed over. Pages are
    /// asked for in ascending order.
    async fn of(&mut self, ordinal: u64) -> Result<Option<LinkRow>, LineError> {
        loop {
            if self.next.is_none() {
                let Some(row) = self.rows.next().await? else { return Ok(None) };
                self.next = LinkRow::of(&row);
            }
            match self.next.take() {
                Some(link) if link.ordinal == ordinal => return Ok(Some(link)),
                Some(link) if link.ordinal > ordinal => {
                    self.next = Some(link);
                    return Ok(None);
                }
                _ => {}
            }
        }
    }
}
