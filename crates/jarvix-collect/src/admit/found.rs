//! Admission of what was found on the way: one more segment, whose lines come from whoever follows
//! links and not from an input.
//!
//! Addresses are offered in an order that the caller makes the same every time; each that may be
//! new gets the next ordinal, repeats are found on disk as they are for inputs, and then the budgets
//! against traps are applied to what is new, the first of each host and path winning. One commit
//! makes the segment, its ordinals and the account visible together; a session that does not come
//! to it leaves files that the next one removes, and offering the same again gives the same.
//!
//! What this module refuses to do: read links, judge scopes, or keep an address that is over a
//! budget; those are counted by cause, with a few examples, because a trap must not decide how much
//! is written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jarvix_core::{Found, Generation, LeftOut, Ordinals, Role, RunId, Stage, limits};
use jarvix_store::{Commit, Store};
use serde::{Deserialize, Serialize};
use url::Url;

use super::keys::key_of;
use super::ledger::{self, Ledger, SegmentNote};
use super::recent::Recent;
use super::scratch::{Scratch, ScratchWriter};
use super::segment::NewSegment;
use super::sort::{HostSort, SortLimits};
use super::spill::{DedupeLimits, Spill};
use super::{AdmitError, SPILL, remove_leftovers};
use crate::frontier::{self, Body, Place};

/// The file of what was offered inside the frontier's folder.
const SCRATCH: &str = "found.scratch";
/// Addresses that are kept as examples of a cause.
const EXAMPLES: usize = 3;

/// An address that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its canonical form.
    pub url: String,
    /// How it was found.
    pub found: Found,
    /// What is known of it, as a JSON object.
    pub meta: Option<String>,
}

/// How much may be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundLimits {
    /// Most pages of one host; 0 is no limit.
    pub pages_per_host: u64,
    /// Most queries of one path; 0 is no limit.
    pub query_variants: u64,
    /// Most sitemaps of one host.
    pub sitemaps_per_host: u64,
}

impl Default for FoundLimits {
    fn default() -> Self {
        Self {
            pages_per_host: limits::CRAWL_PAGES_PER_HOST,
            query_variants: limits::CRAWL_QUERY_VARIANTS,
            sitemaps_per_host: limits::SITEMAPS_PER_HOST_MAX,
        }
    }
}

/// What was left out for one cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutCount {
    /// Addresses; one that is found again at a later level counts again.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<String>,
}

/// What was left out, by cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutCounts(pub BTreeMap<LeftOut, LeftOutCount>);

impl LeftOutCounts {
    /// Counts an address.
    pub fn add(&mut self, cause: LeftOut, url: &str) {
        let of_cause = self.0.entry(cause).or_default();
        of_cause.count += 1;
        if of_cause.examples.len() < EXAMPLES {
            of_cause.examples.push(url.to_owned());
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.values().map(|of_cause| of_cause.count).sum()
    }

    fn merge(&mut self, other: Self) {
        for (cause, more) in other.0 {
            let of_cause = self.0.entry(cause).or_default();
            of_cause.count += more.count;
            let room = EXAMPLES.saturating_sub(of_cause.examples.len());
            of_cause.examples.extend(more.examples.into_iter().take(room));
        }
    }
}

/// What was found in a run so far, and how far its pages were looked through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CrawlNote {
    /// Addresses that were admitted.
    pub(crate) found: u64,
    /// Times that an address was found which was known already.
    pub(crate) repeats: u64,
    /// Addresses that were left out.
    pub(crate) left_out: LeftOutCounts,
    /// Pages with lower ordinals were looked through for what they list.
    pub(crate) listed_below: u64,
    /// Pages with lower ordinals were looked through for their links.
    pub(crate) linked_below: u64,
}

/// What was found in a run so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crawled {
    /// Addresses that were admitted.
    pub found: u64,
    /// Times that an address was found which was known already.
    pub repeats: u64,
    /// Addresses that were left out.
    pub left_out: LeftOutCounts,
    /// Every ordinal of the run is lower.
    pub next_ordinal: u64,
    /// Pages with lower ordinals were looked through for what they list.
    pub listed_below: u64,
    /// Pages with lower ordinals were looked through for their links.
    pub linked_below: u64,
}

impl Crawled {
    /// What was found in `run`.
    pub fn recorded(store: &Store, run: &RunId) -> Result<Self, AdmitError> {
        let ledger = Ledger::load(store, run)?.unwrap_or_default();
        let CrawlNote { found, repeats, left_out, listed_below, linked_below } = ledger.crawl;
        let next_ordinal = ledger.next_ordinal;
        Ok(Self { found, repeats, left_out, next_ordinal, listed_below, linked_below })
    }
}

/// What a session has looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookedThrough {
    /// What sitemaps and robots.txt files list.
    Listings,
    /// The links of pages.
    Links,
}

/// What came of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundNow {
    /// Addresses that were admitted.
    pub admitted: u64,
    /// Addresses that were left out, the caller's among them.
    pub left_out: u64,
}

/// A session of admission. The caller holds the run's lock.
pub struct FoundSession<'a> {
    store: &'a Store,
    run: &'a RunId,
    dedupe: DedupeLimits,
    ledger: Ledger,
    folder: PathBuf,
    scratch: ScratchWriter,
    sort: HostSort,
    spill: Spill,
    recent: Recent,
    body: Vec<u8>,
    next_ordinal: u64,
    repeats: u64,
}

impl<'a> FoundSession<'a> {
    /// Begins a session; what an earlier one left without a commit goes.
    pub fn begin(
        store: &'a Store,
        run: &'a RunId,
        dedupe: DedupeLimits,
        sort: SortLimits,
    ) -> Result<Self, AdmitError> {
        let ledger = Ledger::load(store, run)?.unwrap_or_default();
        remove_leftovers(store, run, &ledger)?;
        let disk = &store.env().disk;
        let folder = frontier::folder(store, run);
        disk.create_dir_all(&folder).map_err(AdmitError::disk("create", &folder))?;
        let next_ordinal = ledger.next_ordinal;
        let path = folder.join(SCRATCH);
        let scratch = ScratchWriter::create(disk, &path, next_ordinal)
            .map_err(AdmitError::disk("create", &path))?;
        let spill = Spill::new(disk, &folder.join(SPILL), dedupe)?;
        let sort = HostSort::new(disk, &folder, sort);
        let (recent, body, repeats) = (Recent::new(), Vec::new(), 0);
        Ok(Self {
            store,
            run,
            dedupe,
            ledger,
            folder,
            scratch,
            sort,
            spill,
            recent,
            body,
            next_ordinal,
            repeats,
        })
    }

    /// Takes an address. The order of these calls is the order of the ordinals.
    pub fn offer(&mut self, candidate: Candidate) -> Result<(), AdmitError> {
        let Candidate { url, found, meta } = candidate;
        let key = key_of(&url);
        if self.recent.saw(key) {
            self.repeats += 1;
            return Ok(());
        }
        let ordinal = self.next_ordinal;
        let place = Url::parse(&url).map_or_else(|_| Place::of(""), |url| place_of(&url));
        self.spill.add(key, ordinal)?;
        self.body.clear();
        Body { line_no: None, input: 0, url, meta, relative: None, found }.write(&mut self.body);
        self.scratch.append(&self.body)?;
        self.sort.add(place, ordinal, &self.body)?;
        self.next_ordinal += 1;
        Ok(())
    }

    /// Ends the session: leaves out repeats and what is over a budget, and commits the rest with
    /// `left_out`, what the caller did not even offer. From now on every page that was admitted
    /// before this session counts as looked through.
    pub fn commit(
        self,
        looked: LookedThrough,
        limits: FoundLimits,
        mut left_out: LeftOutCounts,
    ) -> Result<FoundNow, AdmitError> {
        let Self { store, run, mut ledger, folder, next_ordinal, .. } = self;
        let first = ledger.next_ordinal;
        let offered = || (first..next_ordinal).collect::<Ordinals>();
        let level = Level {
            store,
            dedupe: self.dedupe,
            scratch: self.scratch.finish()?,
            segment: NewSegment {
                disk: &store.env().disk,
                folder: &folder,
                number: NewSegment::next_number(&ledger),
                ledger: &ledger,
            },
        };
        let (mut fresh, repeats) = (offered(), level.segment.resolve(self.spill)?);
        fresh.subtract(&repeats);
        for (cause, over) in level.over_budget(run, limits, &fresh)? {
            level.scratch.for_each(&over, &mut |_, body| {
                left_out.add(cause, &body.url);
                Ok(())
            })?;
            fresh.subtract(&over);
        }
        let number = level.segment.number;
        let hosts = if fresh.is_empty() { 0 } else { level.keep(self.sort, offered(), &fresh)? };

        let crawl = &mut ledger.crawl;
        match looked {
            LookedThrough::Listings => crawl.listed_below = first,
            LookedThrough::Links => crawl.linked_below = first,
        }
        crawl.found += fresh.len();
        crawl.repeats += self.repeats + repeats.len();
        let now = FoundNow { admitted: fresh.len(), left_out: left_out.total() };
        crawl.left_out.merge(left_out);
        // Where nothing is new, the files belong to no segment and the next session removes them.
        if !fresh.is_empty() {
            ledger.next_ordinal = next_ordinal;
            let admitted = fresh.len();
            ledger.segments.push(SegmentNote { number, admitted, hosts, found: true });
        }
        store.commit(Commit {
            run: run.clone(),
            stage: Stage::Admit,
            generation: Generation::FIRST,
            input: None,
            parts: Vec::new(),
            covers: fresh,
            notes: vec![(ledger::NOTE.to_owned(), ledger.to_json())],
        })?;
        remove_leftovers(store, run, &ledger)?;
        Ok(now)
    }
}

/// What was offered, while it is decided what of it stays.
struct Level<'a> {
    store: &'a Store,
    dedupe: DedupeLimits,
    scratch: Scratch,
    segment: NewSegment<'a>,
}

impl Level<'_> {
    fn spill(&self) -> Result<Spill, AdmitError> {
        Spill::new(self.segment.disk, &self.segment.folder.join(SPILL), self.dedupe)
    }

    /// Writes the segment of `fresh` and its keys, of what was `offered`; how many hosts there are.
    /// What is over a budget gets no key, so that an input may still name it.
    fn keep(&self, sort: HostSort, offered: Ordinals, fresh: &Ordinals) -> Result<u64, AdmitError> {
        let mut spill = self.spill()?;
        let mut add = |ordinal, body: &Body| spill.add(key_of(&body.url), ordinal);
        self.scratch.for_each(fresh, &mut add)?;
        self.segment.write_keys(spill, &mut [])?;
        let mut others = offered;
        others.subtract(fresh);
        self.segment.arrange(sort, &others)
    }

    /// What of `fresh` is over a budget, by cause. Everything that was found before counts towards
    /// the budgets; it is read again, so that no account of hosts and paths is kept in memory.
    fn over_budget(
        &self,
        run: &RunId,
        limits: FoundLimits,
        fresh: &Ordinals,
    ) -> Result<Vec<(LeftOut, Ordinals)>, AdmitError> {
        let admitted = self.store.catalogue().covered(run, Stage::Admit)?;
        let mut left = fresh.clone();
        let mut over = Vec::new();
        for (cause, most) in [
            (LeftOut::SitemapBudget, limits.sitemaps_per_host),
            (LeftOut::QueryVariants, limits.query_variants),
            (LeftOut::HostBudget, limits.pages_per_host),
        ] {
            if most == 0 {
                continue;
            }
            let mut spill = self.spill()?;
            let mut add = |ordinal, body: &Body| match budget_key(cause, body) {
                Some(key) => spill.add(key, ordinal),
                None => Ok(()),
            };
            for segment in self.segment.ledger.segments.iter().filter(|segment| segment.found) {
                let path = self.segment.folder.join(frontier::segment_name(segment.number));
                frontier::for_each_entry(self.store.env(), &path, &admitted, &mut add)?;
            }
            self.scratch.for_each(&left, &mut add)?;
            // Those of earlier segments come first, and were within the budget of their time.
            let mut beyond = spill.beyond(most)?;
            beyond.subtract(&admitted);
            left.subtract(&beyond);
            over.push((cause, beyond));
        }
        Ok(over)
    }
}

/// The place of the host of a canonical URL.
fn place_of(url: &Url) -> Place {
    Place::of(url.host_str().unwrap_or(""))
}

/// By what a budget counts: the host of pages, the host of sitemaps, the path of pages with a
/// query.
fn budget_key(cause: LeftOut, body: &Body) -> Option<u128> {
    let url = Url::parse(&body.url).ok()?;
    let is_page = body.found.role == Role::Page;
    match cause {
        LeftOut::HostBudget if is_page => url.host_str().map(key_of),
        LeftOut::SitemapBudget if body.found.role == Role::Sitemap => url.host_str().map(key_of),
        LeftOut::QueryVariants if is_page && url.query().is_some() => {
            Some(key_of(body.url.split('?').next().unwrap_or_default()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
