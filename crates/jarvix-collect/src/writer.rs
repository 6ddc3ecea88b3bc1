//! The one writer of a collecting process: takes finished pages in the order in which they came,
//! appends them to a part, and commits the part with the ordinals that it covers. It is a thread of
//! its own, because encoding and syncing would hold up the fetches; a full channel slows those.
//!
//! A page gives its share of the byte budget back once it is in the part. Events about a part are
//! published after its commit, facts about pages in batches (invariant I6).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jarvix_core::{
    Dataset, Event, Generation, HostFacts, Ordinals, Outcome, Page, PartName, RunId, Stage, limits,
};
use jarvix_store::{Commit, PartWriter, Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::budget::Lease;
use crate::collect::EventSink;
use crate::politeness::Politeness;

/// Finished pages that may wait for the writer; the byte budget bounds what they weigh.
pub(crate) const WAITING_MAX: usize = 512;
/// Pages that are taken from the channel at once.
const BATCH: usize = 128;
/// How long the writer lets pages gather before it takes them: one wake-up for all of them.
const GATHER: Duration = Duration::from_millis(2);
/// Facts about pages are published when there are this many ...
const EVENT_PAGES: u64 = 256;
/// ... or when the first of them is this old.
const EVENT_GAP: Duration = Duration::from_millis(100);

/// A page on its way into a part.
pub(crate) struct Finished {
    pub(crate) page: Page,
    /// Its share of the byte budget.
    pub(crate) lease: Lease,
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) outcomes: BTreeMap<Outcome, u64>,
    pub(crate) bytes_wire: u64,
    pub(crate) pages: u64,
    pub(crate) parts: u64,
}

/// Where the pages go.
pub(crate) struct Writer {
    pub(crate) store: Store,
    pub(crate) run: RunId,
    pub(crate) generation: Generation,
    pub(crate) rows_max: u64,
    pub(crate) on_event: EventSink,
    pub(crate) in_flight: Arc<AtomicUsize>,
    /// Gives what hosts were asked for the pages of a part.
    pub(crate) politeness: Arc<Politeness>,
}

struct OpenPart {
    name: PartName,
    rows: PartWriter<Page>,
    covers: Ordinals,
    closes: Instant,
}

/// Facts about pages that are not published yet.
#[derive(Default)]
struct News {
    outcomes: BTreeMap<Outcome, u64>,
    bytes_wire: u64,
    pages: u64,
    due: Option<Instant>,
}

impl Writer {
    /// Writes until the channel is closed. After an error the channel is closed from this side and
    /// what was not committed stays pending.
    pub(crate) fn run(
        self,
        mut pages: mpsc::Receiver<Finished>,
        handle: &Handle,
    ) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        let mut news = News::default();
        let mut open: Option<OpenPart> = None;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let wake = open.as_ref().map(|part| part.closes).into_iter().chain(news.due).min();
            let next = handle.block_on(next_batch(&mut pages, &mut batch, wake));
            for finished in batch.drain(..) {
                news.add(&finished.page);
                self.append(&mut open, finished)?;
                if open.as_ref().is_some_and(|part| self.is_full(part)) {
                    self.close(&mut open, &mut tally)?;
                }
            }
            let (now, closed) = (Instant::now(), next == Next::Closed);
            if closed || open.as_ref().is_some_and(|part| part.closes <= now) {
                self.close(&mut open, &mut tally)?;
            }
            if closed || news.pages >= EVENT_PAGES || news.due.is_some_and(|due| due <= now) {
                self.publish(&mut news, &mut tally);
            }
            if closed {
                self.settle(&mut tally)?;
                return Ok(tally);
            }
        }
    }

    fn append(&self, open: &mut Option<OpenPart>, finished: Finished) -> Result<(), StoreError> {
        let part = match open {
            Some(part) => part,
            None => open.insert(self.begin()?),
        };
        part.covers.insert(finished.page.ordinal);
        part.rows.push(finished.page)?;
        drop(finished.lease);
        Ok(())
    }

    fn begin(&self) -> Result<OpenPart, StoreError> {
        let name = self.store.catalogue().next_part_name(&self.run, Dataset::Pages)?;
        let rows = self.store.writer(&self.run, name, self.generation)?;
        let closes = Instant::now() + limits::PART_OPEN_MAX;
        Ok(OpenPart { name, rows, covers: Ordinals::new(), closes })
    }

    fn is_full(&self, part: &OpenPart) -> bool {
        part.rows.rows() >= self.rows_max || part.rows.is_full()
    }

    fn close(&self, open: &mut Option<OpenPart>, tally: &mut Tally) -> Result<(), StoreError> {
        let Some(part) = open.take() else { return Ok(()) };
        let asked = self.politeness.take_record();
        let mut parts = vec![part.rows.finish()?];
        if !asked.is_empty() {
            let mut hosts = self.store.writer(&self.run, part.name, self.generation)?;
            asked.iter().try_for_each(|host: &HostFacts| hosts.append(host))?;
            parts.push(hosts.finish()?);
        }
        let committed = self.store.commit(Commit {
            run: self.run.clone(),
            stage: Stage::Collect,
            generation: self.generation,
            input: None,
            parts,
            covers: part.covers,
            notes: Vec::new(),
        })?;
        // What hosts were asked comes along with the pages and is no work for anybody.
        for part in committed.into_iter().filter(|part| part.dataset == Dataset::Pages) {
            tally.parts += 1;
            (self.on_event)(Event::PartCommitted { part, stage: Stage::Collect });
        }
        Ok(())
    }

    /// Commits what was asked after the last part was closed, by fetches that gave no page: with a
    /// part that has none.
    fn settle(&self, tally: &mut Tally) -> Result<(), StoreError> {
        if !self.politeness.has_record() {
            return Ok(());
        }
        let mut rest = Some(self.begin()?);
        self.close(&mut rest, tally)
    }

    fn publish(&self, news: &mut News, tally: &mut Tally) {
        let news = std::mem::take(news);
        if news.pages == 0 {
            return;
        }
        for (outcome, count) in &news.outcomes {
            *tally.outcomes.entry(*outcome).or_default() += count;
        }
        tally.pages += news.pages;
        tally.bytes_wire += news.bytes_wire;
        (self.on_event)(Event::PagesFetched {
            run: self.run.clone(),
            outcomes: news.outcomes.into_iter().collect(),
            bytes_wire: news.bytes_wire,
            in_flight: u32::try_from(self.in_flight.load(Ordering::Relaxed)).unwrap_or(u32::MAX),
        });
    }
}

impl News {
    fn add(&mut self, page: &Page) {
        *self.outcomes.entry(page.outcome).or_default() += 1;
        self.bytes_wire += page.bytes_wire;
        self.pages += 1;
        self.due.get_or_insert_with(|| Instant::now() + EVENT_GAP);
    }
}

/// What came of waiting for pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Pages, or none because it was time to wake.
    Gathered,
    /// There will be no more.
    Closed,
}

/// Puts the pages that come next into `batch`; waits at most until `wake`.
async fn next_batch(
    pages: &mut mpsc::Receiver<Finished>,
    batch: &mut Vec<Finished>,
    wake: Option<Instant>,
) -> Next {
    let gathered = async {
        let first = pages.recv().await?;
        batch.push(first);
        if pages.len() < BATCH {
            tokio::time::sleep(GATHER).await;
        }
        while batch.len() < BATCH
            && let Ok(next) = pages.try_recv()
        {
            batch.push(next);
        }
        Some(())
    };
    let gathered = match wake {
        Some(wake) => tokio::time::timeout_at(wake, gathered).await,
        None => Ok(gathered.await),
    };
    match gathered {
        Ok(None) => Next::Closed,
        Ok(Some(())) | Err(_) => Next::Gathered,
    }
}
