//! Curate: a pages part becomes a documents part and a links part, committed together.
//!
//! Rows are decoded and read on a pool of their own, never on the threads that fetch; they are
//! gathered in the order of the pages part, so that the output does not depend on the number of
//! threads (invariant I3).

use std::sync::Arc;

use jarvix_core::{
    Dataset, Document, Generation, Link, Ordinals, Page, PartName, PartRef, Role, RunId, Stage,
    StageRunner, WorkItem,
};
use jarvix_curate::{Curated, Policy};
use jarvix_store::{Commit, PartWriter, RowReader, Store};
use rayon::prelude::*;

use crate::LineError;

/// Rows and stored bytes of a batch, of which three are in memory at once: enough to keep every
/// thread busy.
const BATCH_ROWS: usize = 64;
const BATCH_BYTES: u64 = 4 * 1024 * 1024;

/// A pool of `threads` threads whose stacks are deep enough for the extractor.
pub fn pool(threads: usize) -> Result<Arc<rayon::ThreadPool>, LineError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .stack_size(jarvix_curate::EXTRACT_STACK_BYTES)
        .thread_name(|n| format!("curate-{n}"))
        .build();
    pool.map(Arc::new).map_err(|e| LineError::Threads { reason: e.to_string() })
}

/// Runs curate for one run and generation.
pub struct CurateRunner<'a> {
    store: Store,
    policy: &'a Policy,
    pool: Pool<'a>,
    progress: Progress<'a>,
}

/// Hears after every batch how many rows of the part are done; false gives the part up, so that a
/// stop does not wait for its end.
pub type Progress<'a> = &'a (dyn Fn(u64) -> bool + Send + Sync);

/// Says which pool the next batch is for: a part may outlast the stage above it, and what was one
/// thread then can be all of them now.
pub type Pool<'a> = &'a (dyn Fn() -> Arc<rayon::ThreadPool> + Send + Sync);

impl<'a> CurateRunner<'a> {
    /// A runner that reads from and commits to `store`, follows `policy`, asks `pool` before every
    /// batch and tells `progress` after it.
    pub fn new(store: Store, policy: &'a Policy, pool: Pool<'a>, progress: Progress<'a>) -> Self {
        Self { store, policy, pool, progress }
    }

    fn input(&self, run: &RunId, name: PartName) -> Result<Option<PartRef>, LineError> {
        let parts = self.store.catalogue().parts(run, Dataset::Pages)?;
        Ok(parts.into_iter().find(|part| part.name == name))
    }

    fn curate_part(&self, pages: &PartRef, generation: Generation) -> Result<u64, LineError> {
        let (run, name) = (&pages.run, pages.name);
        let mut output = Output {
            documents: self.store.writer::<Document>(run, name, generation)?,
            links: self.store.writer::<Link>(run, name, generation)?,
        };
        let mut pages = self.store.read::<Page>(pages)?;
        let mut batch = next_batch(&mut pages)?;
        let mut curated = Vec::new();
        while !(batch.is_empty() && curated.is_empty()) {
            // While this batch is curated, the one before it is written and the next one read.
            let done = std::mem::take(&mut curated);
            let ((written, read), now) = (self.pool)().install(|| {
                rayon::join(
                    || (output.write(done), next_batch(&mut pages)),
                    || curate_batch(std::mem::take(&mut batch), self.policy),
                )
            });
            written?;
            batch = read?;
            curated = now;
            if !(self.progress)(output.documents.rows() + curated.len() as u64) {
                // What is not committed leaves nothing behind and stays work to do.
                return Ok(0);
            }
        }
        let rows = output.documents.rows();
        let parts = vec![output.documents.finish()?, output.links.finish()?];
        self.store.commit(Commit {
            run: run.clone(),
            stage: Stage::Curate,
            generation,
            input: Some(name),
            parts,
            covers: Ordinals::new(),
            notes: Vec::new(),
        })?;
        Ok(rows)
    }
}

/// The parts that a pages part becomes.
struct Output {
    documents: PartWriter<Document>,
    links: PartWriter<Link>,
}

impl Output {
    fn write(&mut self, curated: Vec<Curated>) -> Result<(), LineError> {
        for row in curated {
            self.documents.append(&row.document)?;
            for link in &row.links {
                self.links.append(link)?;
            }
        }
        Ok(())
    }
}

/// The next pages that give a document; none at the end of the part.
fn next_batch(pages: &mut RowReader<Page>) -> Result<Vec<Page>, LineError> {
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    let mut bytes = 0;
    for page in pages {
        let page = page?;
        if !page.outcome.gives_document() {
            continue;
        }
        bytes += page.size_bytes();
        // A packed sitemap of a few KiB may list 50,000 addresses: one of them is a batch.
        let is_listing = page.found.role == Role::Sitemap;
        batch.push(page);
        if is_listing || batch.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
            break;
        }
    }
    Ok(batch)
}

/// One page at a time on every thread: pages differ a hundredfold in cost. The order stays.
fn curate_batch(pages: Vec<Page>, policy: &Policy) -> Vec<Curated> {
    let curate = |page: Page| jarvix_curate::curate(&page, policy);
    pages.into_par_iter().with_max_len(1).map(curate).collect()
}

impl StageRunner for CurateRunner<'_> {
    type Error = LineError;

    fn stage(&self) -> Stage {
        Stage::Curate
    }

    fn run(&self, item: &WorkItem) -> Result<u64, LineError> {
        let work = self.store.catalogue().work(&item.run, Stage::Curate, item.generation)?;
        if !work.contains(&item.part) {
            return Ok(0);
        }
        match self.input(&item.run, item.part)? {
            Some(pages) => self.curate_part(&pages, item.generation),
            None => Ok(0),
        }
    }
}
