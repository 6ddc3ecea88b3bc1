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
use crate::frontier::{Entry, Frontier};
use crate::politeness::Politeness;
use crate::writer::{Finished, Tally, Writer};

/// Entries that the feed hands over at once: one wake-up for all of them.
const FEED_BATCH: usize = 128;
/// Batches that it reads ahead.
const FEED_AHEAD: usize = 4;
/// What makes a generation of pages. The settings are operational and do not stand in it: pages
/// that were fetched with other settings are still what the servers answered.
const GENERATION_KEY: &str = "pages-1";

pub(crate) type FeedThread = JoinHandle<Result<(), AdmitError>>;

/// Reads the frontier on a thread of its own: it is on disk.
pub(crate) fn spawn_feed(
    frontier: &Frontier,
) -> Result<(mpsc::Receiver<Vec<Entry>>, FeedThread), CollectError> {
    let (send, feed) = mpsc::channel(FEED_AHEAD);
    let mut pending = frontier.pending();
    let read = move || {
        loop {
            let batch = pending.by_ref().take(FEED_BATCH).collect::<Result<Vec<Entry>, _>>()?;
            // Without a receiver the loop has been stopped.
            if batch.is_empty() || send.blocking_send(batch).is_err() {
                return Ok(());
            }
        }
    };
    let thread = std::thread::Builder::new().name("jarvix-feed".to_owned()).spawn(read);
    Ok((feed, thread.map_err(CollectError::Thread)?))
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
