//! The two threads beside the collector's loop: one reads the frontier from disk, one writes parts.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread::JoinHandle;

use jarvix_core::Stage;
use jarvix_store::StoreError;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::admit::AdmitError;
use crate::collect::{CollectError, CollectJob};
use crate::frontier::{Batch, Feed, Frontier, Most};
use crate::intake::{Delivery, Intake, JobBatch, Wish};
use crate::job::Job;
use crate::politeness::Politeness;
use crate::writer::{Finished, Tally, Writer};

/// Entries that the feed hands over at once: one wake-up for all of them.
const FEED_BATCH: usize = 128;
/// Bytes of URLs and other columns after which it hands over what it has.
const FEED_BYTES: usize = 256 * 1024;
/// Deliveries that it reads ahead.
const FEED_AHEAD: usize = 4;
/// What makes a generation of pages. The settings are operational and do not stand in it: pages
/// that were fetched with other settings are still what the servers answered.
const GENERATION_KEY: &str = "pages-1";

pub(crate) type FeedThread = JoinHandle<Result<(), AdmitError>>;

/// Reads the frontier on a thread of its own, because it is on disk; gives what it is asked for.
pub(crate) fn spawn_feed(
    frontier: &Frontier,
    entries_max: usize,
    pages_per_host: u64,
) -> Result<(Intake, FeedThread), CollectError> {
    let (wishes, asked) = mpsc::channel(1);
    let (send, deliveries) = mpsc::channel(FEED_AHEAD);
    let feed = frontier.feed();
    let mut courier = Courier { feed, send, pages_per_host, load: Delivery::default(), jobs: 0 };
    let thread = std::thread::Builder::new().name("jarvix-feed".to_owned());
    let thread = thread.spawn(move || courier.serve(asked)).map_err(CollectError::Thread)?;
    Ok((Intake::new(wishes, deliveries, entries_max), thread))
}

/// Between the frontier's feed and the collector's loop.
struct Courier {
    feed: Feed,
    send: mpsc::Sender<Delivery>,
    pages_per_host: u64,
    load: Delivery,
    jobs: usize,
}

/// The loop takes nothing more: it has been stopped.
struct Stopped;

impl Courier {
    fn serve(&mut self, mut asked: mpsc::Receiver<Wish>) -> Result<(), AdmitError> {
        while let Some(wish) = asked.blocking_recv() {
            if let Err(Stopped) = self.fulfil(&wish)? {
                break;
            }
        }
        Ok(())
    }

    fn fulfil(&mut self, wish: &Wish) -> Result<Result<(), Stopped>, AdmitError> {
        let most = |entries: usize| Most { entries: entries.min(FEED_BATCH), bytes: FEED_BYTES };
        for (run, entries) in &wish.more {
            let mut left = *entries;
            while left > 0 {
                let batch = self.feed.more(*run, most(left))?;
                let (given, more) = (batch.entries.len(), batch.more);
                if let Err(Stopped) = self.load(batch) {
                    return Ok(Err(Stopped));
                }
                left = if more { left.saturating_sub(given) } else { 0 };
            }
        }
        let (mut left, mut all_begun) = (wish.begin, false);
        while left > 0 && !all_begun {
            match self.feed.begin(most(wish.begin_each))? {
                None => all_begun = true,
                Some(batch) => {
                    left = left.saturating_sub(batch.entries.len().max(1));
                    if let Err(Stopped) = self.load(batch) {
                        return Ok(Err(Stopped));
                    }
                }
            }
        }
        self.load.end = Some(all_begun);
        Ok(self.send())
    }

    fn load(&mut self, batch: Batch) -> Result<(), Stopped> {
        let Batch { run, entries, more } = batch;
        self.jobs += entries.len();
        let limit = self.pages_per_host;
        let jobs = entries.into_iter().map(|fed| Job::fed(fed, run, limit)).collect();
        self.load.batches.push(JobBatch { run, jobs, more });
        let full = self.jobs >= FEED_BATCH || self.load.batches.len() >= FEED_BATCH;
        if full { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<(), Stopped> {
        self.jobs = 0;
        let load = std::mem::take(&mut self.load);
        self.send.blocking_send(load).map_err(|_| Stopped)
    }
}

pub(crate) type WriterThread = JoinHandle<Result<Tally, StoreError>>;

pub(crate) fn spawn_writer(
    job: &CollectJob,
    in_flight: &Arc<AtomicUsize>,
    politeness: &Arc<Politeness>,
    pages: mpsc::Receiver<Finished>,
) -> Result<WriterThread, CollectError> {
    let generation = job.store.begin_generation(&job.run, Stage::Collect, GENERATION_KEY)?;
    let writer = Writer {
        store: job.store.clone(),
        run: job.run.clone(),
        generation,
        rows_max: job.settings.chunk_rows.max(1),
        on_event: Arc::clone(&job.on_event),
        in_flight: Arc::clone(in_flight),
        politeness: Arc::clone(politeness),
    };
    let handle = Handle::current();
    let thread = std::thread::Builder::new().name("jarvix-pages".to_owned());
    thread.spawn(move || writer.run(pages, &handle)).map_err(CollectError::Thread)
}
