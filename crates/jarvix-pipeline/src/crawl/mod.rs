//! The crawl: how committed pages lead to further ones, level by level.
//!
//! When everything that was admitted is fetched and curated, the rows of `links` say where it leads.
//! They are read in the order of their pages' ordinals and of their place on the page, judged, and
//! offered to admission as one more segment of the frontier: the next level. A level is one commit
//! and depends on committed rows alone. So it is there as a whole or not at all, a session that was
//! killed makes the same one again, and the number of threads changes nothing.
//!
//! What this module refuses to do: fetch, read pages, or hold links in memory; both of its readers
//! are sorted streams of the query engine, which spills.

mod candidates;
mod judge;
mod settings;

use std::sync::atomic::Ordering;

use jarvix_collect::admit::{
    Crawled, DedupeLimits, FoundLimits, FoundNow, FoundSession, LookedThrough, SortLimits,
};
use jarvix_core::{Event, RunId, limits};
use jarvix_query::{Query, Session};
use jarvix_report::CrawlFacts;
use jarvix_store::Store;

pub use settings::{CrawlSettings, Heed, Reach};

use crate::{Line, LineError};
use candidates::Offering;
use judge::Judge;

/// Puts what the pages so far lead to on the frontier; false if they lead to nothing new. Called
/// when nothing is pending and every page is curated.
pub fn next_level(line: &Line<'_>, crawl: &CrawlSettings) -> Result<bool, LineError> {
    let runtime = crate::line::runtime(line.settings.threads)?;
    runtime.block_on(look_on(line, crawl))
}

async fn look_on(line: &Line<'_>, crawl: &CrawlSettings) -> Result<bool, LineError> {
    let crawled = Crawled::recorded(line.store, line.run)?;
    // What sitemaps list comes first: it counts as input, links are counted from there.
    if crawl.listings && crawled.listed_below < crawled.next_ordinal {
        let now = level(line, crawl, LookedThrough::Listings, crawled.listed_below).await?;
        if now.is_none_or(|now| now.admitted > 0) {
            return Ok(true);
        }
    }
    if crawl.depth > 0 && crawled.linked_below < crawled.next_ordinal {
        let now = level(line, crawl, LookedThrough::Links, crawled.linked_below).await?;
        return Ok(now.is_none_or(|now| now.admitted > 0));
    }
    Ok(false)
}

/// Admits one level; none if the user asks to stop.
async fn level(
    line: &Line<'_>,
    crawl: &CrawlSettings,
    looked: LookedThrough,
    from: u64,
) -> Result<Option<FoundNow>, LineError> {
    let (dedupe, sort) = (DedupeLimits::default(), SortLimits::default());
    let session = line.query.session_for_run(line.run)?;
    let judge = Judge::new(crawl.reach, &crawl.filter);
    let stop = || line.stop.load(Ordering::SeqCst);
    let admission = FoundSession::begin(line.store, line.run, dedupe, sort)?;
    let mut offering = Offering::new(&session, crawl, judge, admission, &stop);
    let mut level = 0;
    let complete = match looked {
        LookedThrough::Listings => offering.listings(from).await?,
        LookedThrough::Links => {
            let mut complete = true;
            for parents in levels_from(&session, from, crawl.depth).await? {
                level = parents + 1;
                complete = complete && offering.links(from, parents).await?;
            }
            complete
        }
    };
    if !complete {
        return Ok(None);
    }
    let (admission, left_out) = offering.into_parts();
    let now = admission.commit(looked, limits_of(line), left_out)?;
    (line.publish)(Event::LevelAdmitted {
        run: line.run.clone(),
        level,
        depth: crawl.depth,
        admitted: now.admitted,
        left_out: now.left_out,
    });
    Ok(Some(now))
}

fn limits_of(line: &Line<'_>) -> FoundLimits {
    FoundLimits {
        pages_per_host: line.settings.collect.crawl_pages_per_host,
        query_variants: line.settings.collect.crawl_query_variants,
        sitemaps_per_host: limits::SITEMAPS_PER_HOST_MAX,
    }
}

/// The levels of pages whose links are not looked through yet, lowest first: almost always one.
async fn levels_from(session: &Session, from: u64, depth: u32) -> Result<Vec<u32>, LineError> {
    let sql = format!(
        "SELECT DISTINCT level FROM pages WHERE ordinal >= {from} AND role = 'page' \
         AND level < {depth} ORDER BY level"
    );
    let table = session.rows(&sql).await?;
    let level = |row: &Vec<jarvix_query::Value>| u32::try_from(row.first()?.as_u64()?).ok();
    Ok(table.rows.iter().filter_map(level).collect())
}

/// How the pages of a run came into it and what was left out: what the report says of it.
pub async fn facts(store: &Store, query: &Query, run: &RunId) -> Result<CrawlFacts, LineError> {
    let session = query.session_for_run(run)?;
    crate::summary::found::facts(&session, &Crawled::recorded(store, run)?).await
}

/// Whether everything that the pages of a run lead to is admitted.
pub fn is_exhausted(store: &Store, run: &RunId, crawl: &CrawlSettings) -> Result<bool, LineError> {
    let crawled = Crawled::recorded(store, run)?;
    let listed = !crawl.listings || crawled.listed_below == crawled.next_ordinal;
    let linked = crawl.depth == 0 || crawled.linked_below == crawled.next_ordinal;
    Ok(listed && linked)
}
